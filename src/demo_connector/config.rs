//! The config fields of connections. One of them makes the connector misbehave, for those who test their error handling.

use std::time::Duration;

use jiff::civil::Date;

use super::fields::{self, Field};
use super::lists::{BEHAVIOURS, CATEGORIES, Lists};
use super::problem::Problem;
use super::values::Value;
use crate::connector::carriers::FieldType::{Checkbox, Datetime, Double, Integer, Label, Password, Text};
use crate::store::demo_erp::ConfigFields;

const COMPANY: &str = "COMPANY";
const READ_ONLY: &str = "READ_ONLY";
const MAX_ACTORS: &str = "MAX_ACTORS";
const CATEGORY: &str = "CATEGORY";
const PROJECTS_FROM: &str = "PROJECTS_FROM";
const BEHAVIOUR: &str = "BEHAVIOUR";
const OPERATION: &str = "OPERATION";
const DELAY: &str = "DELAY";

/// The number of actors that a search returns if the connection does not limit it.
const DEFAULT_MAX_ACTORS: u16 = 50;
/// The delay of a slow response in seconds, if the connection does not set it.
const DEFAULT_DELAY: f64 = 5.0;
/// The maximum delay in seconds.
const MAX_DELAY: f64 = 300.0;

/// The config fields, of every type.
pub static CONFIG_FIELDS: [Field; 10] = [
    Field::new(COMPANY, ("Company", "Firma"), Text)
        .mandatory()
        .described("The company in the ERP system. Every name is accepted.", ""),
    Field::new("PASSWORD", ("Password", "Passord"), Password).described("Every password is accepted.", ""),
    Field::new(READ_ONLY, ("Read-only", "Skrivebeskyttet"), Checkbox)
        .described("Refuses to create and to save actors.", "[I:0]"),
    Field::new(MAX_ACTORS, ("Search limit", "Søkegrense"), Integer)
        .described("The number of actors that a search returns at most.", "[I:50]"),
    Field::of_list(CATEGORY, ("Category", "Kategori"), CATEGORIES)
        .described("The category of new customers and suppliers that are sent without one.", "C"),
    Field::new(PROJECTS_FROM, ("Projects from", "Prosjekter fra"), Datetime)
        .described("Searches leave out projects that ended before this date.", ""),
    Field::new("HINT", ("The fields below make the connector fail", "Feltene under får koblingen til å feile"), Label)
        .read_only(),
    Field::of_list(BEHAVIOUR, ("Behaviour", "Oppførsel"), BEHAVIOURS)
        .described("How the connector responds to calls with this connection.", "NORMAL"),
    Field::new(OPERATION, ("Operation", "Operasjon"), Text)
        .described("The operation that the behaviour is for, such as WSGetActors; blank for every one.", ""),
    Field::new(DELAY, ("Delay", "Forsinkelse"), Double).described("The seconds that a late response takes.", "[F:5]"),
];

/// How the connector responds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Behaviour {
    /// As a connector should.
    #[default]
    Normal,
    /// With the state `Error`.
    Refuse,
    /// With the state `Warning`.
    Warn,
    /// With a SOAP fault.
    Fault,
    /// After a delay.
    Slow(Duration),
    /// As it should, but the connection is unknown at the next call.
    Forget,
}

/// The settings of a connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Actors are neither created nor saved.
    pub is_read_only: bool,
    /// The number of actors that a search returns at most.
    pub max_actors: usize,
    /// The category of new customers and suppliers; empty for none.
    pub category: String,
    /// Searches leave out projects that ended earlier.
    pub projects_from: Option<Date>,
    behaviour: Behaviour,
    /// The operation that the behaviour is for; empty for every one.
    operation: String,
}

impl Config {
    /// Reads config fields.
    ///
    /// # Errors
    /// If a field is unknown, or a value is missing or does not fit.
    pub fn parse(sent: &ConfigFields, lists: &Lists) -> Result<Self, Problem> {
        for (key, text) in sent {
            fields::find(&CONFIG_FIELDS, key)?.check(text.as_deref().unwrap_or_default(), lists)?;
        }
        let value = |key: &str| -> Result<Option<Value>, Problem> {
            let field = fields::find(&CONFIG_FIELDS, key)?;
            let text = sent.get(key).and_then(Option::as_deref).unwrap_or_default();
            let text = field.check(text, lists)?;
            Ok(if text.is_empty() { None } else { Value::parse(field.field_type, &text) })
        };
        let text = |key: &str| -> Result<String, Problem> {
            Ok(match value(key)? {
                Some(Value::Text(text)) => text,
                _ => String::new(),
            })
        };
        let number = |key: &str| -> Result<Option<f64>, Problem> {
            Ok(match value(key)? {
                Some(Value::Number(number)) => Some(number),
                _ => None,
            })
        };
        text(COMPANY)?;
        let max_actors = number(MAX_ACTORS)?.unwrap_or_else(|| DEFAULT_MAX_ACTORS.into());
        if !(1.0..=1000.0).contains(&max_actors) {
            return Err(Problem::refused(format!("Search limit ({MAX_ACTORS}) is not between 1 and 1000.")));
        }
        let delay = number(DELAY)?.unwrap_or(DEFAULT_DELAY);
        if !(0.0..=MAX_DELAY).contains(&delay) {
            return Err(Problem::refused(format!("Delay ({DELAY}) is not between 0 and {MAX_DELAY} seconds.")));
        }
        Ok(Config {
            is_read_only: number(READ_ONLY)? == Some(1.0),
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 1 and 1000")]
            max_actors: max_actors as usize,
            category: text(CATEGORY)?,
            projects_from: match value(PROJECTS_FROM)? {
                Some(Value::Date(date)) => Some(date),
                _ => None,
            },
            behaviour: match text(BEHAVIOUR)?.as_str() {
                "REFUSE" => Behaviour::Refuse,
                "WARN" => Behaviour::Warn,
                "FAULT" => Behaviour::Fault,
                "SLOW" => Behaviour::Slow(Duration::from_secs_f64(delay)),
                "FORGET" => Behaviour::Forget,
                _ => Behaviour::Normal,
            },
            operation: text(OPERATION)?.trim().to_owned(),
        })
    }

    /// Returns the behaviour at a call of an operation.
    #[must_use]
    pub fn behaviour(&self, operation: &str) -> Behaviour {
        let is_meant = self.operation.is_empty() || self.operation.eq_ignore_ascii_case(operation);
        if is_meant { self.behaviour } else { Behaviour::Normal }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::lists::initial_items;
    use super::*;
    use crate::connector::carriers::FieldType;

    fn parse(fields: &[(&str, &str)]) -> Result<Config, Problem> {
        let fields = fields.iter().map(|(key, value)| ((*key).to_owned(), Some((*value).to_owned())));
        Config::parse(&fields.collect(), &Lists::new(initial_items()))
    }

    #[test]
    fn there_is_a_field_of_each_type_and_the_defaults_are_valid() {
        let types: BTreeSet<_> = CONFIG_FIELDS.iter().map(|field| field.field_type.number()).collect();
        assert_eq!(types.len(), FieldType::ALL.len());
        let mut fields: Vec<_> = CONFIG_FIELDS.iter().map(|field| (field.key, field.default)).collect();
        fields[0].1 = "A";
        let config = parse(&fields).expect("valid");
        assert_eq!(config, Config { category: "C".to_owned(), ..parse(&[("COMPANY", "A")]).expect("valid") });
        assert_eq!((config.max_actors, config.behaviour("WSGetList")), (50, Behaviour::Normal));
    }

    #[test]
    fn a_behaviour_is_for_one_operation_or_for_all() {
        let slow = [("COMPANY", "A"), ("BEHAVIOUR", "SLOW"), ("DELAY", "[F:0.5]"), ("OPERATION", "wsgetlist")];
        let config = parse(&slow).expect("valid");
        assert_eq!(config.behaviour("WSGetList"), Behaviour::Slow(Duration::from_millis(500)));
        assert_eq!(config.behaviour("WSGetActors"), Behaviour::Normal);
        let config = parse(&[("COMPANY", "A"), ("BEHAVIOUR", "FORGET")]).expect("valid");
        assert_eq!(config.behaviour("WSGetActors"), Behaviour::Forget);
    }

    #[test]
    fn unknown_missing_and_unfit_values_are_refused() {
        let long = "x".repeat(101);
        for fields in [
            &[][..],
            &[("COMPANY", "A"), ("PASSWORD", &long)],
            &[("COMPANY", " ")],
            &[("COMPANY", "A"), ("ConfigFields1", "est")],
            &[("COMPANY", "A"), ("READ_ONLY", "maybe")],
            &[("COMPANY", "A"), ("MAX_ACTORS", "0")],
            &[("COMPANY", "A"), ("CATEGORY", "Z")],
            &[("COMPANY", "A"), ("PROJECTS_FROM", "tomorrow")],
            &[("COMPANY", "A"), ("BEHAVIOUR", "EXPLODE")],
            &[("COMPANY", "A"), ("DELAY", "301")],
        ] {
            assert!(parse(fields).is_err(), "{fields:?}");
        }
    }
}
