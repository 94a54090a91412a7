//! The contract that a connector's actors have to keep.

use std::collections::BTreeMap;

use super::contract::{list_name, repeated};
use super::report::Finding;
use super::values::check_value;
use crate::connector::carriers::{ErpActor, FieldAccess, FieldMetadata};
use crate::connector::dictionary::Dictionary;

/// The description of a type of actors.
#[derive(Debug)]
pub struct ActorType {
    /// The name on the wire.
    pub name: String,
    /// The fields.
    pub fields: Vec<FieldMetadata>,
    /// The items of the lists of fields, by list.
    pub lists: BTreeMap<String, Dictionary>,
}

/// Returns the key of an actor; empty if there is none.
pub fn key_of(actor: &ErpActor) -> &str {
    actor.erp_key.as_deref().unwrap_or_default()
}

/// Checks actors with the values of all their fields.
pub fn check_actors(actors: &[ErpActor], actor_type: &ActorType) -> Vec<Finding> {
    let keys = actors.iter().map(key_of).filter(|key| !key.is_empty());
    let mut findings = repeated("the ErpKey", keys);
    findings.extend(actors.iter().flat_map(|actor| check_actor(actor, actor_type)));
    findings
}

fn check_actor(actor: &ErpActor, actor_type: &ActorType) -> Vec<Finding> {
    let key = key_of(actor);
    let mut findings = Vec::new();
    if key.trim().is_empty() {
        findings.push(Finding::broken("the ErpKey of an actor is empty"));
    }
    let (expected, found) = (&actor_type.name, &actor.actor_type);
    if found != expected {
        findings.push(Finding::broken(format!("{key}: the ActorType is {found:?}, and not {expected}")));
    }
    if is_blank(actor.last_modified.as_deref()) {
        findings.push(Finding::doubtful(format!("{key}: LastModified is empty, so that changes are not found")));
    }
    if is_blank(actor.parent_erp_key.as_deref()) != is_blank(actor.parent_actor_type.as_deref()) {
        findings.push(Finding::broken(format!("{key}: of ParentErpKey and ParentActorType, one is empty")));
    }
    let no_values = Dictionary::default();
    let values = actor.field_values.as_ref().unwrap_or(&no_values);
    for (field_key, _) in values.entries() {
        if !actor_type.fields.iter().any(|field| field.field_key == field_key) {
            findings.push(Finding::broken(format!("{key}: {field_key} is no field of the type")));
        }
    }
    for field in &actor_type.fields {
        let value = values.get(&field.field_key).unwrap_or_default();
        let problem = match check_value(field.field_type, value) {
            Some(problem) => Some(problem),
            None if value.is_empty() => {
                (field.access == FieldAccess::Mandatory).then(|| "is empty, and the field is mandatory".to_owned())
            }
            None => list_name(field).and_then(|name| check_item(value, name, actor_type)),
        };
        let field_key = &field.field_key;
        findings.extend(problem.map(|problem| Finding::broken(format!("{key}: the value of {field_key}: {problem}"))));
    }
    findings
}

/// Checks that a value is an item of its list, if the list was read.
fn check_item(value: &str, list_name: &str, actor_type: &ActorType) -> Option<String> {
    let items = actor_type.lists.get(list_name)?;
    let is_item = items.entries().any(|(key, _)| key == value);
    (!is_item).then(|| format!("{value:?} is no item of the list {list_name}"))
}

fn is_blank(text: Option<&str>) -> bool {
    text.is_none_or(|text| text.trim().is_empty())
}

/// Checks that the actors with these keys, and no others, were returned.
pub fn check_keys(actors: &[ErpActor], requested: &[String]) -> Vec<Finding> {
    let missing = requested.iter().filter(|key| !actors.iter().any(|actor| key_of(actor) == key.as_str()));
    let missing = missing.map(|key| Finding::broken(format!("the actor {key} was requested, and not returned")));
    let others = actors.iter().map(key_of).filter(|key| !requested.iter().any(|requested| requested == key));
    let others = others.map(|key| Finding::broken(format!("the actor {key} was returned, and not requested")));
    missing.chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::carriers::FieldType;

    fn customers() -> ActorType {
        let field = |key: &str, field_type, access| FieldMetadata {
            field_key: key.to_owned(),
            field_type,
            access,
            list_name: Some("Groups".to_owned()),
            ..FieldMetadata::default()
        };
        let groups: Dictionary = [("A", Some("Wholesale"))].into_iter().collect();
        ActorType {
            name: "Customer".to_owned(),
            fields: vec![
                field("NAME", FieldType::Text, FieldAccess::Mandatory),
                field("GROUP", FieldType::List, FieldAccess::Normal),
                field("CREDIT", FieldType::Double, FieldAccess::Normal),
            ],
            lists: [("Groups".to_owned(), groups)].into(),
        }
    }

    fn customer(key: &str, values: &[(&str, &str)]) -> ErpActor {
        ErpActor {
            actor_type: "Customer".to_owned(),
            erp_key: Some(key.to_owned()),
            field_values: Some(values.iter().map(|(key, value)| (*key, Some(*value))).collect()),
            last_modified: Some("1".to_owned()),
            ..ErpActor::default()
        }
    }

    #[test]
    fn an_actor_has_a_key_and_values_of_its_fields() {
        let good = customer("1", &[("NAME", "a"), ("GROUP", "A"), ("CREDIT", "[F:1.5]")]);
        assert_eq!(check_actors(&[good], &customers()), []);
        let bad = customer("2", &[("GROUP", "B"), ("CREDIT", "1.5"), ("OTHER", "")]);
        let expected = [
            "2: OTHER is no field of the type",
            "2: the value of NAME: is empty, and the field is mandatory",
            "2: the value of GROUP: \"B\" is no item of the list Groups",
            "2: the value of CREDIT: \"1.5\" is not of the form [F:1.5]",
        ];
        assert_eq!(check_actors(&[bad], &customers()), expected.map(Finding::broken));
        let orphan = ErpActor {
            actor_type: "customer".to_owned(),
            last_modified: None,
            parent_erp_key: Some("1".to_owned()),
            ..customer("", &[("NAME", "a")])
        };
        let expected = [
            Finding::broken("the ErpKey of an actor is empty"),
            Finding::broken(": the ActorType is \"customer\", and not Customer"),
            Finding::doubtful(": LastModified is empty, so that changes are not found"),
            Finding::broken(": of ParentErpKey and ParentActorType, one is empty"),
        ];
        assert_eq!(check_actors(&[orphan], &customers()), expected);
    }

    #[test]
    fn the_requested_actors_are_returned_once() {
        let actors = ["1", "1", "3"].map(|key| customer(key, &[("NAME", "a")]));
        assert_eq!(check_actors(&actors, &customers()), [Finding::broken("the ErpKey 1 occurs 2 times")]);
        let expected = ["the actor 2 was requested, and not returned", "the actor 3 was returned, and not requested"];
        assert_eq!(check_keys(&actors, &["1".to_owned(), "2".to_owned()]), expected.map(Finding::broken));
    }
}
