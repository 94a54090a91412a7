//! The actor types and fields of a connection, which its connector describes.

use std::collections::{BTreeSet, HashSet};

use super::action_log;
use super::actor_types::{CrmActorType, ErpActorType};
use super::called_connection::{CallFailure, CalledConnection};
use super::crm_fields;
use super::roles::require_right_to_change;
use super::state::AgentState;
use crate::auth::Principal;
use crate::carrier;
use crate::connector::carriers::FieldMetadata;
use crate::connector::operations::{GetSearchableFields, GetSupportedActorTypeFields, GetSupportedActorTypes};
use crate::connector::url::ConnectorUrl;
use crate::protocol::error::Error;
use crate::protocol::localization::multi_language;
use crate::protocol::value::Enumeration;
use crate::store::reported_fields::{self as store, ReportedField, ReportedType};

carrier! {
    /// The request of `UpdateConnectionFields`.
    pub struct UpdateConnectionFieldsRequest {
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
    }
}

/// The length of the columns for texts, in characters.
const TEXT_CHARS: usize = 254;

/// Reads the actor types of a connection and their fields from its connector, and stores them; false, and nothing is stored,
/// if a call fails or the connection does not exist or is deleted. The log has the reason of a failed call.
///
/// # Errors
/// 403 for callers who may not change connections, 503 if the database is unavailable.
pub async fn update(
    state: AgentState,
    caller: Principal,
    request: UpdateConnectionFieldsRequest,
) -> Result<bool, Error> {
    require_right_to_change(&caller, "Reading the fields of a connection")?;
    let id = request.erp_connection_id;
    let Some(connection) = CalledConnection::find(&state, &caller, id).await? else { return Ok(false) };
    let Some(types) = connection.success(read(&connection).await)? else { return Ok(false) };
    let is_stored = store::store(&state.pool, id, &types, caller.associate_id).await?;
    if is_stored {
        action_log::record_with_id("connection fields updated", id);
    }
    Ok(is_stored)
}

/// Asks a connector for the actor types of a connection, and for the fields of each. Stores nothing. Types that are unknown
/// and fields that cannot be stored are left out, with a line in the log.
///
/// # Errors
/// If one of the calls fails, or the database is unavailable.
pub async fn read(connection: &CalledConnection<'_>) -> Result<Vec<ReportedType>, CallFailure> {
    let url = &connection.url;
    let request = GetSupportedActorTypes { connection_guid: connection.guid() };
    let names = connection.call(&request).await?.items.unwrap_or_default();
    let mut types = Vec::new();
    for actor_type in known_types(url, &names) {
        let name = actor_type.name();
        let request = GetSupportedActorTypeFields { connection_guid: connection.guid(), actor_type: name.to_owned() };
        let fields = connection.call(&request).await?.fields.unwrap_or_default();
        let request = GetSearchableFields { connection_guid: connection.guid(), actor_type: name.to_owned() };
        let searchable = connection.call(&request).await?.items.unwrap_or_default();
        types.push(to_stored(url, actor_type, fields, &searchable.into_iter().collect()));
    }
    Ok(types)
}

/// Returns the actor types with these names, each once.
fn known_types(url: &ConnectorUrl, names: &[String]) -> Vec<ErpActorType> {
    let mut types = Vec::new();
    for name in names {
        let is_named = |known: &str, _: ErpActorType| known.eq_ignore_ascii_case(name.trim());
        match ErpActorType::find(is_named).filter(|actor_type| *actor_type != ErpActorType::Unknown) {
            Some(actor_type) if types.contains(&actor_type) => {}
            Some(actor_type) => types.push(actor_type),
            None => tracing::warn!(%url, actor_type = shorten(name.clone()), "a connector has an unknown actor type"),
        }
    }
    types
}

fn to_stored(
    url: &ConnectorUrl,
    actor_type: ErpActorType,
    mut fields: Vec<FieldMetadata>,
    searchable: &HashSet<String>,
) -> ReportedType {
    let crm_type = actor_type.natural_crm_type();
    fields.sort_by_key(|field| field.rank);
    let (mut keys, mut crm_keys) = (HashSet::new(), BTreeSet::new());
    let mut stored = Vec::new();
    for field in fields {
        let key = field.field_key.as_str();
        if key.is_empty() || key.chars().count() > TEXT_CHARS || !keys.insert(key.to_owned()) {
            let (actor_type, field) = (actor_type.name(), shorten(field.field_key));
            tracing::warn!(%url, actor_type, field, "a field of a connector has no key, a long one or that of another");
            continue;
        }
        let crm_key = crm_field(crm_type, &field).filter(|key| crm_keys.insert(*key)).unwrap_or_default();
        stored.push(to_stored_field(field, crm_key, searchable));
    }
    ReportedType { actor_type_erp: actor_type.number(), actor_type_crm: crm_type.number(), fields: stored }
}

/// Returns the CRM field with the key or the display name of a field.
fn crm_field(crm_type: CrmActorType, field: &FieldMetadata) -> Option<&'static str> {
    let display_name = multi_language::resolve(field.display_name.as_deref().unwrap_or_default(), "US");
    crm_fields::find_by_name(crm_type, [&field.field_key, &display_name])
}

fn to_stored_field(field: FieldMetadata, crm_field_key: &str, searchable: &HashSet<String>) -> ReportedField {
    let text = |text: Option<String>| shorten(text.unwrap_or_default());
    ReportedField {
        searchable: searchable.contains(&field.field_key),
        erp_field_key: field.field_key,
        display_name: text(field.display_name),
        display_description: text(field.display_description),
        field_type: field.field_type.number(),
        list_name: text(field.list_name),
        default_value: text(field.default_value),
        max_length: field.max_length.max(0),
        access: field.access.number(),
        crm_field_key: crm_field_key.to_owned(),
    }
}

/// Shortens a text to the length of its column.
fn shorten(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(TEXT_CHARS) {
        text.truncate(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(key: &str, display_name: &str, rank: i32) -> FieldMetadata {
        FieldMetadata {
            field_key: key.to_owned(),
            display_name: Some(display_name.to_owned()),
            rank,
            ..FieldMetadata::default()
        }
    }

    #[test]
    fn fields_are_mapped_by_name_once_and_those_without_a_key_are_left_out() {
        let url = ConnectorUrl::parse("http://erp.example/", |_| None).expect("a URL");
        let long = "x".repeat(255);
        let fields = vec![
            field("PHONE2", "US:\"Telephone\";NO:\"Telefon\"", 3),
            field("PHONE", &long, 2),
            field("OTHER", "", 1),
            field("OTHER", "Name", 4),
            field("", "Fax", 5),
            field(&long, "Fax", 6),
        ];
        let searchable = HashSet::from(["PHONE".to_owned(), "UNLISTED".to_owned()]);
        let stored = to_stored(&url, ErpActorType::Supplier, fields, &searchable);
        let fields = stored.fields.iter();
        let of = |field: &ReportedField| {
            (field.erp_field_key.clone(), field.crm_field_key.clone(), field.display_name.len(), field.searchable)
        };
        let expected = [("OTHER", "", 0, false), ("PHONE", "PHONE", 254, true), ("PHONE2", "", 27, false)];
        let expected =
            expected.map(|(key, crm, length, searchable)| (key.to_owned(), crm.to_owned(), length, searchable));
        assert_eq!(fields.map(of).collect::<Vec<_>>(), expected);
        assert_eq!(stored.actor_type_crm, CrmActorType::Contact.number());
    }

    #[test]
    fn actor_types_have_fixed_names() {
        let url = ConnectorUrl::parse("http://erp.example/", |_| None).expect("a URL");
        let names = ["Customer", " person", "Unknown", "Invoice", "CUSTOMER", "1"].map(str::to_owned);
        assert_eq!(known_types(&url, &names), [ErpActorType::Customer, ErpActorType::Person]);
    }
}
