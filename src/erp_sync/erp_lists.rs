//! The lists of ERP systems, whose items are the values of fields.
//!
//! Lists are read one after another: the first call may have to give the connector the settings of the connection.

use std::collections::{BTreeMap, BTreeSet};

use super::actor_types::FieldMetadataType;
use super::called_connection::{CallFailure, CalledConnection};
use crate::auth::Principal;
use crate::connector::dictionary::Dictionary;
use crate::connector::operations::{GetList, GetListItems};
use crate::connector::responses::ErrorCode;
use crate::protocol::rule_error::ConnectorRuleError;
use crate::protocol::value::Enumeration;
use crate::store::erp_fields::Field;

/// The names of list items by their keys, by list.
pub type Lists = BTreeMap<String, Dictionary>;

/// Whether the values of a field are keys of list items.
pub fn is_list(field: &Field) -> bool {
    field.field_type == FieldMetadataType::List.number() && !field.list_name.is_empty()
}

/// Reads lists with all their items.
///
/// # Errors
/// 502 if the connector cannot be called or reports an error, 504 if it is too slow.
pub async fn read_lists(
    caller: &Principal,
    connection: &CalledConnection<'_>,
    names: BTreeSet<String>,
) -> Result<Lists, ConnectorRuleError> {
    let mut lists = Lists::new();
    for list_name in names {
        let request = GetList { connection_guid: connection.guid(), list_name: list_name.clone() };
        let response = connection.require(caller, connection.call(&request).await)?;
        lists.insert(list_name, response.list_items.unwrap_or_default());
    }
    Ok(lists)
}

/// Reads the items with these keys, by list.
///
/// # Errors
/// As [`read_lists`].
pub async fn read_items(
    caller: &Principal,
    connection: &CalledConnection<'_>,
    keys: BTreeMap<String, BTreeSet<String>>,
) -> Result<Lists, ConnectorRuleError> {
    let mut lists = Lists::new();
    for (list_name, keys) in keys {
        let request = GetListItems {
            connection_guid: connection.guid(),
            list_item_keys: Some(keys.into_iter().collect()),
            list_name: list_name.clone(),
        };
        let items = match connection.call(&request).await {
            // An actor can have a value that its list has lost.
            Err(CallFailure::Connector(problem)) if problem.code() == Some(&ErrorCode::UnknownListItemId) => {
                Dictionary::default()
            }
            result => connection.require(caller, result)?.list_items.unwrap_or_default(),
        };
        lists.insert(list_name, items);
    }
    Ok(lists)
}
