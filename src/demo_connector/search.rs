//! The conditions of searches.

use std::cmp::Ordering;

use super::actor_types::ActorType;
use super::fields::{self, Field};
use super::problem::Problem;
use super::values::Value;
use crate::connector::carriers::{FieldType, SearchRestriction};
use crate::store::demo_erp::Actor;

/// The number of characters of an unknown operator that an explanation repeats.
const SHOWN_CHARS: usize = 20;

/// The most characters of a text to search for, and of an operand. No stored value is longer.
const MAX_CHARS: usize = 254;
/// The most restrictions of a search.
const MAX_RESTRICTIONS: usize = 20;
/// The most operands of a restriction.
const MAX_OPERANDS: usize = 100;

/// A text to search for, in any letter case.
#[derive(Debug)]
pub struct SearchText(String);

impl SearchText {
    /// Checks the text of a search.
    ///
    /// # Errors
    /// If it is too long.
    pub fn new(text: &str) -> Result<Self, Problem> {
        if text.chars().count() > MAX_CHARS {
            return Err(Problem::refused(format!("The search text has more than {MAX_CHARS} characters.")));
        }
        Ok(SearchText(text.trim().to_lowercase()))
    }

    /// Whether the key or a text of an actor contains the text. A blank one is contained in every one.
    #[must_use]
    pub fn is_in(&self, actor: &Actor, actor_type: &ActorType) -> bool {
        let texts = actor_type.fields.iter().filter(|field| field.field_type == FieldType::Text);
        let values = texts.filter_map(|field| actor.field_values.get(field.key));
        std::iter::once(&actor.erp_key).chain(values).any(|value| value.to_lowercase().contains(&self.0))
    }
}

/// Checks the restrictions of actors of a type.
///
/// # Errors
/// If there are too many, a field or an operator is unknown, the operator is not one for the field, or an operand is
/// missing, unfit or too long.
pub fn conditions(
    actor_type: &'static ActorType,
    restrictions: &[SearchRestriction],
) -> Result<Vec<Condition>, Problem> {
    if restrictions.len() > MAX_RESTRICTIONS {
        return Err(Problem::refused(format!("The search has more than {MAX_RESTRICTIONS} restrictions.")));
    }
    restrictions.iter().map(|restriction| Condition::new(actor_type, restriction)).collect()
}

/// A restriction that is checked.
#[derive(Debug)]
pub struct Condition {
    field: &'static Field,
    operator: Operator,
    operands: Vec<Value>,
}

/// The operators of the vendor's interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equals,
    NotEquals,
    Greater,
    Less,
    GreaterOrEquals,
    LessOrEquals,
    Between,
    In,
    Begins,
    Contains,
    Ends,
    NotBegins,
    NotContains,
    NotEnds,
}

impl Operator {
    fn parse(text: &str) -> Option<Self> {
        Some(match text.trim().to_ascii_lowercase().as_str() {
            "=" => Operator::Equals,
            "!=" | "isnot" => Operator::NotEquals,
            ">" => Operator::Greater,
            "<" => Operator::Less,
            ">=" => Operator::GreaterOrEquals,
            "<=" => Operator::LessOrEquals,
            "between" => Operator::Between,
            "in" => Operator::In,
            "begins" => Operator::Begins,
            "contains" => Operator::Contains,
            "ends" => Operator::Ends,
            "notbegins" => Operator::NotBegins,
            "notcontains" => Operator::NotContains,
            "notends" => Operator::NotEnds,
            _ => return None,
        })
    }

    fn is_for_texts(self) -> bool {
        matches!(
            self,
            Operator::Begins
                | Operator::Contains
                | Operator::Ends
                | Operator::NotBegins
                | Operator::NotContains
                | Operator::NotEnds
        )
    }
}

impl Condition {
    /// Checks a restriction of actors of a type.
    ///
    /// # Errors
    /// If there is no such field or operator, the operator is not one for the field, or an operand is missing or unfit.
    fn new(actor_type: &'static ActorType, restriction: &SearchRestriction) -> Result<Self, Problem> {
        let field = fields::find(actor_type.fields, &restriction.field_key)?;
        let (key, type_name) = (field.key, field.field_type.name());
        let operator = Operator::parse(&restriction.operator)
            .filter(|operator| !operator.is_for_texts() || field.field_type == FieldType::Text);
        let Some(operator) = operator else {
            let shown: String = restriction.operator.chars().take(SHOWN_CHARS).collect();
            return Err(Problem::refused(format!("{key} is a {type_name}, for which there is no operator {shown}.")));
        };
        let sent = restriction.values.as_deref().unwrap_or_default();
        if sent.len() > MAX_OPERANDS || sent.iter().any(|text| text.chars().count() > MAX_CHARS) {
            return Err(Problem::refused(format!(
                "The restriction of {key} has more than {MAX_OPERANDS} operands, or one of more than {MAX_CHARS} characters."
            )));
        }
        let sent = sent.iter();
        let operands: Option<Vec<_>> = sent.map(|text| Value::parse(field.field_type, text)).collect();
        let Some(operands) = operands else {
            return Err(Problem::refused(format!("An operand of the restriction of {key} is no {type_name}.")));
        };
        let is_enough = match operator {
            Operator::In => true,
            Operator::Between => operands.len() == 2,
            _ => operands.len() == 1,
        };
        if is_enough {
            Ok(Condition { field, operator, operands })
        } else {
            Err(Problem::refused(format!("The restriction of {key} has the wrong number of operands.")))
        }
    }

    /// Whether an actor meets the condition. A field without a value meets only conditions that deny.
    #[must_use]
    pub fn is_met_by(&self, actor: &Actor) -> bool {
        let stored = actor.field_values.get(self.field.key).filter(|text| !text.is_empty());
        let value = stored.and_then(|text| Value::parse(self.field.field_type, text));
        let compare = |operand: &Value| value.as_ref().and_then(|value| value.compare(operand));
        let first = || self.operands.first().and_then(compare);
        let text = || value.as_ref().and_then(lower).zip(self.operands.first().and_then(lower));
        match self.operator {
            Operator::Equals => first() == Some(Ordering::Equal),
            Operator::NotEquals => first() != Some(Ordering::Equal),
            Operator::Greater => first() == Some(Ordering::Greater),
            Operator::Less => first() == Some(Ordering::Less),
            Operator::GreaterOrEquals => first().is_some_and(Ordering::is_ge),
            Operator::LessOrEquals => first().is_some_and(Ordering::is_le),
            Operator::Between => {
                let last = self.operands.last().and_then(compare);
                first().is_some_and(Ordering::is_ge) && last.is_some_and(Ordering::is_le)
            }
            Operator::In => self.operands.iter().any(|operand| compare(operand) == Some(Ordering::Equal)),
            Operator::Begins => text().is_some_and(|(value, operand)| value.starts_with(&operand)),
            Operator::Contains => text().is_some_and(|(value, operand)| value.contains(&operand)),
            Operator::Ends => text().is_some_and(|(value, operand)| value.ends_with(&operand)),
            Operator::NotBegins => !text().is_some_and(|(value, operand)| value.starts_with(&operand)),
            Operator::NotContains => !text().is_some_and(|(value, operand)| value.contains(&operand)),
            Operator::NotEnds => !text().is_some_and(|(value, operand)| value.ends_with(&operand)),
        }
    }
}

fn lower(value: &Value) -> Option<String> {
    if let Value::Text(text) = value { Some(text.to_lowercase()) } else { None }
}

#[cfg(test)]
mod tests {
    use super::super::actor_types;
    use super::*;

    fn restriction(field_key: &str, operator: &str, values: &[&str]) -> SearchRestriction {
        let values = Some(values.iter().map(ToString::to_string).collect());
        SearchRestriction { field_key: field_key.to_owned(), operator: operator.to_owned(), values }
    }

    fn customer() -> Actor {
        let values = [
            ("NAME", "Oslo Bakery 1"),
            ("CATEGORY", "A"),
            ("CREDITLIMIT", "[F:100.5]"),
            ("BLOCKED", "[I:0]"),
            ("CUSTOMERSINCE", "[D:02/03/2020]"),
            ("ORDERS", "[I:7]"),
        ];
        let field_values = values.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        Actor { erp_key: "C1001".to_owned(), field_values, ..Actor::default() }
    }

    #[test]
    fn every_operator_compares_values_of_its_types() {
        let customers = actor_types::find("Customer").expect("a type");
        let is_met = |(key, operator, values): (&str, &str, &[&str])| {
            Condition::new(customers, &restriction(key, operator, values)).expect("a condition").is_met_by(&customer())
        };
        let met: [(&str, &str, &[&str]); 22] = [
            ("NAME", "=", &["oslo bakery 1"]),
            ("NAME", "begins", &["OSLO"]),
            ("NAME", "contains", &["bake"]),
            ("NAME", "ends", &["1"]),
            ("NAME", "notbegins", &["bake"]),
            ("NAME", "notcontains", &["dairy"]),
            ("NAME", "notends", &["2"]),
            ("NAME", "isnot", &["Oslo"]),
            ("NAME", "between", &["N", "P"]),
            ("PHONE", "notcontains", &["5"]),
            ("CATEGORY", "=", &["A"]),
            ("CATEGORY", "in", &["B", "A"]),
            ("CREDITLIMIT", ">", &["[F:100]"]),
            ("CREDITLIMIT", "<", &["[F:100.6]"]),
            ("CREDITLIMIT", ">=", &["100.5"]),
            ("CREDITLIMIT", "<=", &["100.5"]),
            ("CREDITLIMIT", "between", &["90", "[F:110]"]),
            ("ORDERS", "!=", &["[I:8]"]),
            ("ORDERS", "in", &["7"]),
            ("BLOCKED", "=", &["[I:0]"]),
            ("CUSTOMERSINCE", "between", &["[D:01/01/2020]", "[D:12/31/2020]"]),
            ("CUSTOMERSINCE", ">", &["[D:11/30/2019]"]),
        ];
        for condition in met {
            assert!(is_met(condition), "{condition:?}");
        }
        let unmet: [(&str, &str, &[&str]); 7] = [
            ("NAME", "notbegins", &["oslo"]),
            ("PHONE", "=", &["5"]),
            ("CATEGORY", "in", &[]),
            ("CREDITLIMIT", "between", &["1", "2"]),
            ("ORDERS", "!=", &["7"]),
            ("BLOCKED", "!=", &["false"]),
            ("CUSTOMERSINCE", "<", &["[D:02/03/2020]"]),
        ];
        for condition in unmet {
            assert!(!is_met(condition), "{condition:?}");
        }
    }

    #[test]
    fn what_would_take_long_is_refused() {
        let customers = actor_types::find("Customer").expect("a type");
        let long = "x".repeat(MAX_CHARS + 1);
        assert!(SearchText::new(&long).is_err() && SearchText::new(&long[1..]).is_ok());
        let of = |operands: &[&str]| restriction("NAME", "in", operands);
        assert!(Condition::new(customers, &of(&[&long])).is_err());
        assert!(Condition::new(customers, &of(&["x"; MAX_OPERANDS])).is_ok());
        assert!(Condition::new(customers, &of(&["x"; MAX_OPERANDS + 1])).is_err());
        let restrictions: Vec<_> = (0..=MAX_RESTRICTIONS).map(|_| of(&["x"])).collect();
        assert!(conditions(customers, &restrictions).is_err() && conditions(customers, &restrictions[1..]).is_ok());
    }

    #[test]
    fn unknown_fields_operators_and_operands_are_refused() {
        let customers = actor_types::find("Customer").expect("a type");
        let refused: [(&str, &str, &[&str]); 7] = [
            ("name", "=", &["a"]),
            ("NAME", "like", &["a"]),
            ("NAME", "=", &[]),
            ("NAME", "between", &["a"]),
            ("ORDERS", "begins", &["7"]),
            ("ORDERS", "=", &["seven"]),
            ("CATEGORY", "contains", &["A"]),
        ];
        for (key, operator, values) in refused {
            assert!(Condition::new(customers, &restriction(key, operator, values)).is_err(), "{key} {operator}");
        }
    }
}
