//! The types of actors and their fields.
//!
//! Fields whose keys are those of CRM fields are mapped automatically.

use super::fields::Field;
use super::lists::{CATEGORIES, COUNTRIES, POSITIONS, STATES};
use super::problem::Problem;
use crate::connector::carriers::FieldType::{Checkbox, Datetime, Double, Integer, Text};

/// A type of actors.
#[derive(Debug)]
pub struct ActorType {
    /// The vendor's name.
    pub name: &'static str,
    /// The first characters of the keys.
    pub prefix: &'static str,
    /// The type of the parents; empty if actors of the type have none.
    pub parent: &'static str,
    /// The fields.
    pub fields: &'static [Field],
}

/// Customers.
pub const CUSTOMER: &str = "Customer";
/// Suppliers.
pub const SUPPLIER: &str = "Supplier";
/// Persons, who work for a customer.
pub const PERSON: &str = "Person";
/// Projects, which are done for a customer.
pub const PROJECT: &str = "Project";

/// All types.
pub static ACTOR_TYPES: [ActorType; 4] = [
    ActorType {
        name: CUSTOMER,
        prefix: "C",
        parent: "",
        fields: &[
            Field::new("NAME", ("Name", "Navn"), Text).mandatory(),
            Field::new("PHONE", ("Telephone", "Telefon"), Text),
            Field::new("EMAIL", ("E-mail", "E-post"), Text),
            Field::new("URL", ("Web site", "Nettsted"), Text),
            Field::new("STREETAD1", ("Street", "Gate"), Text),
            Field::new("STREETZIP", ("Zip code", "Postnummer"), Text),
            Field::new("STREETCITY", ("City", "Sted"), Text),
            Field::of_list("COUNTRY", ("Country", "Land"), COUNTRIES),
            Field::new("VATNO", ("VAT number", "Organisasjonsnummer"), Text),
            Field::of_list("CATEGORY", ("Category", "Kategori"), CATEGORIES),
            Field::new("CREDITLIMIT", ("Credit limit", "Kredittgrense"), Double),
            Field::new("BLOCKED", ("Blocked", "Sperret"), Checkbox),
            Field::new("CUSTOMERSINCE", ("Customer since", "Kunde siden"), Datetime),
            Field::new("ORDERS", ("Number of orders", "Antall ordrer"), Integer).read_only(),
        ],
    },
    ActorType {
        name: SUPPLIER,
        prefix: "S",
        parent: "",
        fields: &[
            Field::new("NAME", ("Name", "Navn"), Text).mandatory(),
            Field::new("PHONE", ("Telephone", "Telefon"), Text),
            Field::new("EMAIL", ("E-mail", "E-post"), Text),
            Field::new("STREETCITY", ("City", "Sted"), Text),
            Field::of_list("COUNTRY", ("Country", "Land"), COUNTRIES),
            Field::of_list("CATEGORY", ("Category", "Kategori"), CATEGORIES),
        ],
    },
    ActorType {
        name: PERSON,
        prefix: "P",
        parent: CUSTOMER,
        fields: &[
            Field::new("FIRSTNAME", ("First name", "Fornavn"), Text),
            Field::new("LASTNAME", ("Last name", "Etternavn"), Text).mandatory(),
            Field::new("PHONE_DIRECT", ("Direct phone", "Direkte telefon"), Text),
            Field::new("EMAIL", ("E-mail", "E-post"), Text),
            Field::of_list("POSITION", ("Position", "Stilling"), POSITIONS),
            Field::new("BIRTHDATE", ("Birthdate", "Fødselsdato"), Datetime),
        ],
    },
    ActorType {
        name: PROJECT,
        prefix: "J",
        parent: CUSTOMER,
        fields: &[
            Field::new("NAME", ("Name", "Navn"), Text).mandatory(),
            Field::new("TEXT", ("Description", "Beskrivelse"), Text),
            Field::of_list("STATE", ("State", "Tilstand"), STATES),
            Field::new("ENDDATE", ("End date", "Sluttdato"), Datetime),
            Field::new("BUDGET", ("Budget", "Budsjett"), Double),
        ],
    },
];

/// Returns the type with this name.
///
/// # Errors
/// If there is none.
pub fn find(name: &str) -> Result<&'static ActorType, Problem> {
    ACTOR_TYPES.iter().find(|actor_type| actor_type.name == name).ok_or_else(|| {
        let shown: String = name.chars().take(60).collect();
        Problem::refused(format!("There are no actors of the type {shown}."))
    })
}
