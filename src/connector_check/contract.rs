//! The contract that a connector's responses have to keep.

use std::collections::{BTreeMap, BTreeSet};

use super::report::Finding;
use super::values::check_value;
use crate::connector::carriers::{FieldMetadata, FieldType};
use crate::connector::dictionary::Dictionary;
use crate::connector::error::{CallError, Cause};
use crate::connector::responses::{Outcome, ResponseState};
use crate::erp_sync::actor_types::ErpActorType;
use crate::protocol::value::Enumeration;

/// The limit of keys and names, which are stored.
const MAX_CHARS: usize = 254;

/// Checks the outcome of a successful call.
pub fn check_success(outcome: &Outcome) -> Option<Finding> {
    let is_blank = |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
    let state = outcome.state.name();
    (outcome.state != ResponseState::Ok && is_blank(&outcome.user_explanation))
        .then(|| Finding::doubtful(format!("the state is {state}, and UserExplanation does not say why")))
}

/// Checks the failure of a call.
pub fn check_failure(problem: &CallError) -> Vec<Finding> {
    let mut findings = vec![Finding::broken(problem.to_string())];
    if let Cause::Refused { refusal, .. } = &problem.cause
        && problem.user_explanation().is_none()
    {
        findings.push(Finding::broken(match &refusal.tech_explanation {
            Some(_) => "the error has a TechExplanation only, which users do not see: give a UserExplanation as well",
            None => "the error has neither a UserExplanation nor a TechExplanation",
        }));
    }
    if let Cause::Fault { .. } = problem.cause {
        findings.push(Finding::broken("a connector reports errors by the State of its result, not by SOAP faults"));
    }
    findings
}

/// Checks the descriptions of config fields, or of the fields of an actor type.
pub fn check_fields(fields: &[FieldMetadata]) -> Vec<Finding> {
    let mut findings = repeated("the FieldKey", fields.iter().map(|field| field.field_key.as_str()));
    let mut ranks = BTreeMap::<i32, Vec<&str>>::new();
    for field in fields {
        ranks.entry(field.rank).or_default().push(&field.field_key);
    }
    for (rank, keys) in ranks.iter().filter(|(_, keys)| keys.len() > 1) {
        findings.push(Finding::broken(format!("the Rank {rank} is that of {}: ranks are unique", keys.join(", "))));
    }
    for field in fields {
        let key = &field.field_key;
        if key.trim().is_empty() {
            findings.push(Finding::broken("a FieldKey is empty"));
        }
        let (name, description) = (field.display_name.as_deref(), field.display_description.as_deref());
        for (member, text) in
            [("FieldKey", Some(key.as_str())), ("DisplayName", name), ("DisplayDescription", description)]
        {
            if text.is_some_and(|text| text.chars().count() > MAX_CHARS) {
                findings.push(Finding::broken(format!("{key}: the {member} has more than {MAX_CHARS} characters")));
            }
        }
        if name.is_none_or(|name| name.trim().is_empty()) {
            findings.push(Finding::doubtful(format!("{key}: the DisplayName is empty")));
        }
        if field.field_type == FieldType::List && list_name(field).is_none() {
            findings.push(Finding::broken(format!("{key}: a field of type List has no ListName")));
        }
        if field.max_length < 0 {
            findings.push(Finding::broken(format!("{key}: the MaxLength is negative")));
        }
        let default = field.default_value.as_deref().and_then(|value| check_value(field.field_type, value));
        findings.extend(default.map(|problem| Finding::broken(format!("{key}: the DefaultValue {problem}"))));
    }
    findings
}

/// Returns the name of the list that the values of a field are from.
pub fn list_name(field: &FieldMetadata) -> Option<&str> {
    let name = field.list_name.as_deref().filter(|name| !name.trim().is_empty());
    name.filter(|_| field.field_type == FieldType::List)
}

/// Checks the items of a list.
pub fn check_list(items: &Dictionary) -> Vec<Finding> {
    let mut findings = repeated("the key", items.entries().map(|(key, _)| key));
    for (key, name) in items.entries() {
        if key.trim().is_empty() {
            findings.push(Finding::broken("the key of an item is empty"));
        }
        if name.is_none_or(|name| name.trim().is_empty()) {
            findings.push(Finding::doubtful(format!("the item {key} has no name")));
        }
    }
    if items.0.is_empty() {
        findings.push(Finding::doubtful("the list has no items"));
    }
    findings
}

/// Returns the actor type with this name on the wire, which is one of the fixed English ones.
pub fn actor_type(name: &str) -> Option<ErpActorType> {
    ErpActorType::find(|known, actor_type| known == name && actor_type != ErpActorType::Unknown)
}

/// Checks the names of actor types.
pub fn check_actor_types(names: &[String]) -> Vec<Finding> {
    let mut findings = repeated("the type", names.iter().map(String::as_str));
    let unknown = names.iter().filter(|name| actor_type(name).is_none());
    let expected = <ErpActorType as Enumeration>::EXPECTED;
    findings.extend(unknown.map(|name| Finding::doubtful(format!("{name} is ignored: not {expected}"))));
    if !names.iter().any(|name| actor_type(name).is_some()) {
        findings.push(Finding::broken(format!("there is no type that is known: {expected}")));
    }
    findings
}

/// Checks the keys of the fields that a search can restrict, against the fields of the actor type.
pub fn check_searchable(keys: &[String], fields: &[FieldMetadata]) -> Vec<Finding> {
    let mut findings = repeated("the FieldKey", keys.iter().map(String::as_str));
    let known: BTreeSet<&str> = fields.iter().map(|field| field.field_key.as_str()).collect();
    let unknown = keys.iter().filter(|key| !known.contains(key.as_str()));
    findings.extend(unknown.map(|key| Finding::broken(format!("{key} is no field of the type"))));
    findings
}

/// Returns a finding for each text that occurs more than once.
pub fn repeated<'t>(what: &str, texts: impl Iterator<Item = &'t str>) -> Vec<Finding> {
    let mut seen = BTreeMap::<&str, usize>::new();
    for text in texts {
        *seen.entry(text).or_default() += 1;
    }
    let repeated = seen.into_iter().filter(|(_, count)| *count > 1);
    repeated.map(|(text, count)| Finding::broken(format!("{what} {text} occurs {count} times"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(key: &str, rank: i32) -> FieldMetadata {
        let display_name = Some(key.to_owned());
        FieldMetadata { field_key: key.to_owned(), rank, display_name, ..FieldMetadata::default() }
    }

    #[track_caller]
    fn assert_broken(findings: &[Finding], expected: &[&str]) {
        let broken = |text: &&str| Finding::broken(*text);
        assert_eq!(findings, expected.iter().map(broken).collect::<Vec<_>>());
    }

    #[test]
    fn fields_have_unique_keys_and_ranks() {
        assert_broken(&check_fields(&[]), &[]);
        let text = |key: &str, rank: i32| FieldMetadata { field_type: FieldType::Text, ..field(key, rank) };
        assert_broken(&check_fields(&[text("A", 1), text("B", 2)]), &[]);
        assert_broken(
            &check_fields(&[text("A", 1), text("B", 1), text("A", 2)]),
            &["the FieldKey A occurs 2 times", "the Rank 1 is that of A, B: ranks are unique"],
        );
    }

    #[test]
    fn a_field_is_checked_member_by_member() {
        let list = FieldMetadata { field_type: FieldType::List, list_name: Some(" ".to_owned()), ..field("L", 1) };
        assert_broken(&check_fields(&[list]), &["L: a field of type List has no ListName"]);
        let number = FieldMetadata {
            field_type: FieldType::Integer,
            default_value: Some("5".to_owned()),
            max_length: -1,
            ..field("N", 1)
        };
        let expected = ["N: the MaxLength is negative", "N: the DefaultValue \"5\" is not of the form [I:1]"];
        assert_broken(&check_fields(&[number]), &expected);
        let long = FieldMetadata { display_name: Some("x".repeat(255)), field_type: FieldType::Text, ..field("", 1) };
        assert_broken(
            &check_fields(&[long]),
            &["a FieldKey is empty", ": the DisplayName has more than 254 characters"],
        );
        let unnamed = FieldMetadata { display_name: None, field_type: FieldType::Text, ..field("U", 1) };
        assert_eq!(check_fields(&[unnamed]), [Finding::doubtful("U: the DisplayName is empty")]);
    }

    #[test]
    fn a_state_that_is_not_ok_is_explained() {
        assert_eq!(check_success(&Outcome::default()), None);
        let warning = Outcome { state: ResponseState::Warning, ..Outcome::default() };
        let expected = Finding::doubtful("the state is Warning, and UserExplanation does not say why");
        assert_eq!(check_success(&warning), Some(expected));
    }

    #[test]
    fn lists_actor_types_and_searchable_fields_are_checked() {
        let items: Dictionary = [("A", Some("a")), ("A", Some("b")), ("", Some("c"))].into_iter().collect();
        assert_broken(&check_list(&items), &["the key A occurs 2 times", "the key of an item is empty"]);
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_broken(&check_actor_types(&texts(&["Customer", "Person"])), &[]);
        let findings = check_actor_types(&texts(&["Kunde"]));
        assert!(matches!(&findings[..], [Finding::Doubtful(_), Finding::Broken(_)]), "{findings:?}");
        let fields = [field("A", 1)];
        assert_broken(&check_searchable(&texts(&["A", "B"]), &fields), &["B is no field of the type"]);
    }
}
