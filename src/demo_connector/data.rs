//! The actors of a new ERP system. They are the same in every database.

use std::collections::BTreeMap;

use super::actor_types::{CUSTOMER, PERSON, PROJECT, SUPPLIER};
use crate::store::demo_erp::Actor;

/// The number in the key of the last actor.
pub const LAST_KEY: i32 = 4_060;

const CUSTOMERS: u32 = 120;
const SUPPLIERS: u32 = 40;
const PERSONS: u32 = 240;
const PROJECTS: u32 = 60;

const TRADES: [&str; 8] =
    ["Bakery", "Boatyard", "Brewery", "Dairy", "Foundry", "Printing house", "Sawmill", "Tree nursery"];
const PLACES: [(&str, &str, &str); 6] = [
    ("Oslo", "0150", "NO"),
    ("Bergen", "5003", "NO"),
    ("Gothenburg", "41103", "SE"),
    ("Aarhus", "8000", "DK"),
    ("Hamburg", "20095", "DE"),
    ("Utrecht", "3511", "NL"),
];
const CATEGORY_KEYS: [&str; 4] = ["A", "B", "C", "P"];
const STATE_KEYS: [&str; 5] = ["OFFER", "RUNNING", "PAUSED", "DONE", "LOST"];
const WORKS: [&str; 5] = ["Extension", "Renovation", "Web shop", "Stocktaking", "Training"];

/// Returns the actors.
#[must_use]
pub fn actors() -> Vec<Actor> {
    let customers = (1..=CUSTOMERS).map(customer);
    let suppliers = (1..=SUPPLIERS).map(supplier);
    let persons = (1..=PERSONS).map(person);
    let projects = (1..=PROJECTS).map(project);
    let all = customers.chain(suppliers).chain(persons).chain(projects);
    all.zip(1..).map(|(actor, last_modified)| Actor { last_modified, ..actor }).collect()
}

fn customer(number: u32) -> Actor {
    let (city, zip, country) = pick(&PLACES, number);
    let key = format!("C{}", 1000 + number);
    let values = [
        ("NAME", format!("{city} {} {number}", pick(&TRADES, number))),
        ("PHONE", format!("+47 555 {:05}", 10_000 + number)),
        ("EMAIL", format!("{}@customer.example", key.to_lowercase())),
        ("URL", format!("https://{}.customer.example", key.to_lowercase())),
        ("STREETAD1", format!("Harbour street {number}")),
        ("STREETZIP", zip.to_owned()),
        ("STREETCITY", city.to_owned()),
        ("COUNTRY", country.to_owned()),
        ("VATNO", format!("{country}{}", 900_000_000 + number * 37)),
        ("CATEGORY", pick(&CATEGORY_KEYS, number / 3).to_owned()),
        ("CREDITLIMIT", format!("[F:{}.5]", number % 20 * 5000)),
        ("BLOCKED", format!("[I:{}]", u32::from(number.is_multiple_of(17)))),
        ("CUSTOMERSINCE", date(2000 + number % 25, number)),
        ("ORDERS", format!("[I:{}]", number * 7 % 90)),
    ];
    actor(CUSTOMER, key, values, None)
}

fn supplier(number: u32) -> Actor {
    let (city, _, country) = pick(&PLACES, number + 1);
    let key = format!("S{}", 2000 + number);
    let values = [
        ("NAME", format!("{city} wholesale {number}")),
        ("PHONE", format!("+47 556 {:05}", 10_000 + number)),
        ("EMAIL", format!("{}@supplier.example", key.to_lowercase())),
        ("STREETCITY", city.to_owned()),
        ("COUNTRY", country.to_owned()),
        ("CATEGORY", "B".to_owned()),
    ];
    actor(SUPPLIER, key, values, None)
}

/// Each customer has two persons.
fn person(number: u32) -> Actor {
    let employer = number.div_ceil(2);
    let key = format!("P{}", 3000 + number);
    let values = [
        ("FIRSTNAME", if number.is_multiple_of(2) { "Second" } else { "First" }.to_owned()),
        ("LASTNAME", format!("Contact of customer {employer}")),
        ("PHONE_DIRECT", format!("+47 557 {:05}", 10_000 + number)),
        ("EMAIL", format!("{}@customer.example", key.to_lowercase())),
        ("POSITION", (number % 5 + 1).to_string()),
        ("BIRTHDATE", date(1960 + number % 40, number)),
    ];
    actor(PERSON, key, values, Some(employer))
}

/// Every other customer has a project.
fn project(number: u32) -> Actor {
    let customer = number * 2;
    let work = pick(&WORKS, number);
    let values = [
        ("NAME", format!("{work} {number}")),
        ("TEXT", format!("{work} for customer {customer}")),
        ("STATE", pick(&STATE_KEYS, number / 2).to_owned()),
        ("ENDDATE", date(2024 + number % 5, number)),
        ("BUDGET", format!("[F:{}]", number * 12_500)),
    ];
    actor(PROJECT, format!("J{}", 4000 + number), values, Some(customer))
}

fn pick<T: Copy>(values: &[T], number: u32) -> T {
    values[number as usize % values.len()]
}

fn date(year: u32, number: u32) -> String {
    format!("[D:{:02}/{:02}/{year}]", number % 12 + 1, number % 28 + 1)
}

fn actor<const N: usize>(
    actor_type: &str,
    erp_key: String,
    values: [(&str, String); N],
    customer: Option<u32>,
) -> Actor {
    let values = values.into_iter().map(|(key, value)| (key.to_owned(), value));
    let field_values = values.collect::<BTreeMap<_, _>>();
    let parent = customer.map(|number| (CUSTOMER.to_owned(), format!("C{}", 1000 + number))).unwrap_or_default();
    Actor { actor_type: actor_type.to_owned(), erp_key, parent, field_values, last_modified: 0 }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::actor_types;
    use super::super::lists::{Lists, initial_items};
    use super::*;

    #[test]
    fn the_actors_have_valid_values_in_every_field_and_parents_that_exist() {
        let (actors, lists) = (actors(), Lists::new(initial_items()));
        let keys: BTreeSet<_> = actors.iter().map(|actor| (actor.actor_type.clone(), actor.erp_key.clone())).collect();
        assert_eq!(keys.len(), 460);
        for actor in &actors {
            let actor_type = actor_types::find(&actor.actor_type).expect("a type");
            assert_eq!(actor.field_values.len(), actor_type.fields.len(), "{actor:?}");
            for field in actor_type.fields {
                let value = &actor.field_values[field.key];
                assert_eq!(field.check(value, &lists).ok().as_ref(), Some(value), "{actor:?}");
            }
            assert_eq!(actor.parent.0, actor_type.parent, "{actor:?}");
            assert!(actor_type.parent.is_empty() || keys.contains(&actor.parent), "{actor:?}");
            let number: i32 = actor.erp_key[1..].parse().expect("a number");
            assert!(actor.erp_key.starts_with(actor_type.prefix) && number <= LAST_KEY, "{actor:?}");
        }
    }
}
