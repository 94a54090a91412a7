//! Reads the mappings between the items of ERP lists and CRM lists, with the items that the connector has.

use std::collections::{BTreeMap, HashMap};

use super::actor_types::ErpActorType;
use super::called_connection::CalledConnection;
use super::connector_client::require_visible;
use super::erp_lists::{Lists, is_list, read_lists};
use super::list_mappings::{
    ErpConnectionListMapping, ErpConnectionListMappingContainer, ErpCrmListItemMapping, ITEM_ROLES, LIST_ROLES,
    MDOListItem, ROLES,
};
use super::state::AgentState;
use crate::auth::Principal;
use crate::carrier;
use crate::connector::dictionary::Dictionary;
use crate::protocol::rule_error::ConnectorRuleError;
use crate::protocol::value::Enumeration;
use crate::store::erp_fields::{self, Field, Which};
use crate::store::list_mappings as store;

carrier! {
    /// The request of `GetConnectionListMappings`.
    pub struct GetConnectionListMappingsRequest {
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
    }
}

/// Keys of CRM items by those of ERP items.
type MappedItems = BTreeMap<String, i32>;

/// Returns the list mappings of a connection: for each field with a list the items of the connector, and those that are
/// mapped though the connector does not have them. The CRM items have their ids alone. Without a field that has a list,
/// the connector is not called.
///
/// # Errors
/// 404 if the connection does not exist, the caller may not see it, or it is deleted and has lists; 502 if the connector cannot be called or reports an
/// error, 504 if it is too slow.
pub async fn get(
    state: AgentState,
    caller: Principal,
    request: GetConnectionListMappingsRequest,
) -> Result<ErpConnectionListMappingContainer, ConnectorRuleError> {
    let id = request.erp_connection_id;
    let connection = require_visible(&state.pool, &caller, id).await?;
    let connection_name = connection.display_name.clone();
    let fields = erp_fields::fields(&state.pool, Which::Connection(id)).await?;
    let ids: Vec<i32> = fields.iter().map(|field| field.erp_field_id).collect();
    let mut mapped = HashMap::<i32, MappedItems>::new();
    for item in store::items(&state.pool, &ids).await? {
        mapped.entry(item.erp_field_id).or_default().insert(item.erp_item_key, item.crm_item_key);
    }
    let has_list = |field: &Field| is_list(field) && !field.missing_in_erp;
    let names = fields.iter().filter(|field| has_list(field)).map(|field| field.list_name.clone()).collect();
    let lists = if fields.iter().any(has_list) {
        let connection = CalledConnection::new(&state, &caller, connection).await?;
        read_lists(&caller, &connection, names).await?
    } else {
        Lists::new()
    };
    let is_shown = |field: &Field| has_list(field) || mapped.contains_key(&field.erp_field_id);
    let shown: Vec<Field> = fields.into_iter().filter(is_shown).collect();
    let to_list = |field: Field| {
        let mapped = mapped.remove(&field.erp_field_id).unwrap_or_default();
        to_list_mapping(field, &lists, mapped, &caller)
    };
    Ok(ErpConnectionListMappingContainer {
        erp_list_item_mappings: Some(shown.into_iter().map(to_list).collect()),
        erp_connection_id: id,
        erp_connection_name: Some(connection_name),
        rights: ROLES.of(&caller),
    })
}

fn to_list_mapping(
    field: Field,
    lists: &Lists,
    mut mapped: MappedItems,
    caller: &Principal,
) -> ErpConnectionListMapping {
    let item = |key: String, name: Option<String>, crm_id: Option<i32>| ErpCrmListItemMapping {
        erp_list_item_id: Some(key),
        erp_list_item_name: name,
        crm_list_item: crm_id.map(|id| MDOListItem { id, ..MDOListItem::default() }),
        rights: ITEM_ROLES.of(caller),
    };
    let mut items = Vec::new();
    for (key, name) in lists.get(&field.list_name).into_iter().flat_map(Dictionary::entries) {
        let crm_id = mapped.remove(key);
        items.push(item(key.to_owned(), name.map(ToOwned::to_owned), crm_id));
    }
    items.extend(mapped.into_iter().map(|(key, crm_id)| item(key, None, Some(crm_id))));
    ErpConnectionListMapping {
        crm_list: None,
        erp_actor_type_name: Some(ErpActorType::of_number(field.actor_type_erp).name().to_owned()),
        erp_list_name: Some(field.list_name),
        erp_crm_list_item_mappings: Some(items),
        erp_field_id: field.erp_field_id,
        rights: LIST_ROLES.of(caller),
    }
}
