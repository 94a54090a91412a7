//! The lists from which values are chosen.

use std::collections::BTreeSet;

use super::problem::Problem;
use crate::connector::dictionary::Dictionary;
use crate::connector::responses::ErrorCode;
use crate::store::demo_erp::ListItem;

/// The categories of customers and suppliers.
pub const CATEGORIES: &str = "Categories";
/// The countries.
pub const COUNTRIES: &str = "Countries";
/// The positions of persons.
pub const POSITIONS: &str = "Positions";
/// The states of projects.
pub const STATES: &str = "States";
/// The behaviours of the connector; see [`config`](super::config).
pub const BEHAVIOURS: &str = "Behaviours";

/// The items of the lists of a new ERP system: list, key, and the text in English and in Norwegian.
const ITEMS: [(&str, &str, &str, &str); 26] = [
    (CATEGORIES, "A", "Key account", "Nøkkelkunde"),
    (CATEGORIES, "B", "Wholesale", "Grossist"),
    (CATEGORIES, "C", "Retail", "Detaljist"),
    (CATEGORIES, "P", "Public sector", "Offentlig sektor"),
    (COUNTRIES, "NO", "Norway", "Norge"),
    (COUNTRIES, "SE", "Sweden", "Sverige"),
    (COUNTRIES, "DK", "Denmark", "Danmark"),
    (COUNTRIES, "DE", "Germany", "Tyskland"),
    (COUNTRIES, "NL", "Netherlands", "Nederland"),
    (COUNTRIES, "GB", "United Kingdom", "Storbritannia"),
    (POSITIONS, "1", "Manager", "Leder"),
    (POSITIONS, "2", "Purchaser", "Innkjøper"),
    (POSITIONS, "3", "Accountant", "Regnskapsfører"),
    (POSITIONS, "4", "Engineer", "Ingeniør"),
    (POSITIONS, "5", "Assistant", "Assistent"),
    (STATES, "OFFER", "Offer", "Tilbud"),
    (STATES, "RUNNING", "Running", "Pågår"),
    (STATES, "PAUSED", "Paused", "Stanset"),
    (STATES, "DONE", "Completed", "Fullført"),
    (STATES, "LOST", "Lost", "Tapt"),
    (BEHAVIOURS, "NORMAL", "Normal", "Normal"),
    (BEHAVIOURS, "REFUSE", "Refuse with an error", "Avvis med en feil"),
    (BEHAVIOURS, "WARN", "Succeed with a warning", "Lykkes med en advarsel"),
    (BEHAVIOURS, "FAULT", "Respond with a SOAP fault", "Svar med SOAP fault"),
    (BEHAVIOURS, "SLOW", "Respond late", "Svar sent"),
    (BEHAVIOURS, "FORGET", "Forget the connection after each call", "Glem koblingen etter hvert kall"),
];

/// Returns the items of the lists of a new ERP system.
#[must_use]
pub fn initial_items() -> Vec<ListItem> {
    let items = ITEMS.map(|(list_name, item_key, english, norwegian)| ListItem {
        list_name: list_name.to_owned(),
        item_key: item_key.to_owned(),
        name: format!("US:\"{english}\";NO:\"{norwegian}\""),
    });
    items.into()
}

/// The lists of the ERP system.
#[derive(Clone, Debug, Default)]
pub struct Lists(Vec<ListItem>);

impl Lists {
    /// Creates lists of `items`, which are in the order in which users see them.
    #[must_use]
    pub fn new(items: Vec<ListItem>) -> Self {
        Lists(items)
    }

    /// Whether a list has an item with this key.
    #[must_use]
    pub fn contains(&self, list: &str, key: &str) -> bool {
        self.0.iter().any(|item| item.list_name == list && item.item_key == key)
    }

    /// Returns the items of a list.
    ///
    /// # Errors
    /// If there is no such list.
    pub fn items(&self, list: &str) -> Result<Dictionary, Problem> {
        let items: Dictionary = self.of(list).map(|item| (item.item_key.as_str(), Some(item.name.as_str()))).collect();
        if items.0.is_empty() {
            let shown: String = list.chars().take(60).collect();
            return Err(Problem::refused(format!("There is no list {shown}.")));
        }
        Ok(items)
    }

    /// Returns those items of a list that have one of the keys.
    ///
    /// # Errors
    /// If there is no such list, or one of the keys is that of no item.
    pub fn items_by_key(&self, list: &str, keys: &[String]) -> Result<Dictionary, Problem> {
        let Dictionary(mut items) = self.items(list)?;
        if let Some(unknown) = keys.iter().find(|key| !self.contains(list, key)) {
            let shown: String = unknown.chars().take(60).collect();
            let explanation = format!("The list {list} has no item {shown}.");
            return Err(Problem::coded(ErrorCode::UnknownListItemId, explanation));
        }
        let wanted: BTreeSet<&str> = keys.iter().map(String::as_str).collect();
        items.retain(|(key, _)| wanted.contains(key.as_str()));
        Ok(Dictionary(items))
    }

    fn of(&self, list: &str) -> impl Iterator<Item = &ListItem> {
        self.0.iter().filter(move |item| item.list_name == list)
    }
}
