//! The values of synchronized fields.

use std::collections::{BTreeMap, BTreeSet};

use super::actor_types::{CrmActorType, ErpActorType};
use super::called_connection::CalledConnection;
use super::connector_client::require_visible;
use super::crm_fields;
use super::erp_lists::{Lists, is_list, read_items};
use super::roles::Roles;
use super::state::AgentState;
use crate::auth::Principal;
use crate::carrier;
use crate::connector::dictionary::Dictionary;
use crate::connector::operations::GetActors;
use crate::protocol::error::Error;
use crate::protocol::message::Sent;
use crate::protocol::rule_error::ConnectorRuleError;
use crate::protocol::value::{Carrier, Enumeration};
use crate::store::erp_fields::{self, Field, Which};

carrier! {
    /// The request of `GetFieldValuesFromErp`.
    pub struct GetFieldValuesFromErpRequest {
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The ERP actor type.
        actor_type_erp: ErpActorType = "ActorTypeErp",
        /// The key of the actor in the ERP system.
        erp_key: Option<String> = "ErpKey",
    }
}

carrier! {
    /// The value of a synchronized field. Members, order and names are the vendor's.
    pub struct ErpSyncFieldValue {
        /// The label of the CRM field; multi-language.
        display_name: Option<String> = "DisplayName" multi_language,
        /// The key of the CRM field.
        crm_field_key: Option<String> = "CrmFieldKey",
        /// The value, in the vendor's encoding.
        value: Option<String> = "Value",
        /// The value as shown to users: the name of a list item, a number or a date in the caller's culture.
        display_value: Option<String> = "DisplayValue" multi_language,
        /// Whether changes in the ERP system are copied to the CRM system.
        sync_to_crm: bool = "SyncToCrm",
        /// Whether changes in the CRM system are copied to the ERP system.
        sync_to_erp: bool = "SyncToErp",
    }
    rights
}

static ROLES: Roles = Roles::new(ErpSyncFieldValue::MEMBERS, "Field values are changed by administrators.");

/// Returns the values of an actor's fields that are mapped to a CRM field, in the order of the mapping. Without such a
/// field, the connector is not called.
///
/// # Errors
/// 400 without an actor type or a key; 404 if the connection does not exist or is deleted, the caller may not see it, or the
/// connector has no such actor; 502 if the connector cannot be called or reports an error, 504 if it is too slow.
pub async fn from_erp(
    state: AgentState,
    caller: Principal,
    request: GetFieldValuesFromErpRequest,
) -> Result<Vec<ErpSyncFieldValue>, ConnectorRuleError> {
    let GetFieldValuesFromErpRequest { erp_connection_id: id, actor_type_erp: actor_type, erp_key } = request;
    if actor_type == ErpActorType::Unknown {
        let expected = <ErpActorType as Enumeration>::EXPECTED;
        return Err(Error::validation(format_args!("ActorTypeErp: expected {expected}, and not Unknown.")).into());
    }
    let key = erp_key.filter(|key| !key.trim().is_empty());
    let key = key.ok_or_else(|| Error::validation("ErpKey: the key of the actor is missing or blank."))?;
    let stored = require_visible(&state.pool, &caller, id).await?;
    let fields = erp_fields::fields(&state.pool, Which::ActorType(id, actor_type.number())).await?;
    let fields: Vec<Field> =
        fields.into_iter().filter(|field| !field.crm_field_key.is_empty() && !field.missing_in_erp).collect();
    if fields.is_empty() {
        return Ok(Vec::new());
    }
    let connection = CalledConnection::new(&state, &caller, stored).await?;
    let request = GetActors {
        connection_guid: connection.guid(),
        actor_type: actor_type.name().to_owned(),
        erp_keys: Some(vec![key.clone()]),
        field_keys: Some(fields.iter().map(|field| field.erp_field_key.clone()).collect()),
    };
    let response = connection.require(&caller, connection.call(&request).await)?;
    let actor =
        response.actors.unwrap_or_default().into_iter().find(|actor| actor.erp_key.as_ref() == Some(&key)).ok_or_else(
            || {
                let name = actor_type.name();
                ConnectorRuleError::not_found(format_args!("ErpKey: the connector has no {name} {}.", Sent(&key)))
            },
        )?;
    let values = actor.field_values.unwrap_or_default();
    let mut items = BTreeMap::<String, BTreeSet<String>>::new();
    for field in fields.iter().filter(|field| is_list(field)) {
        if let Some(item) = values.get(&field.erp_field_key).filter(|item| !item.is_empty()) {
            items.entry(field.list_name.clone()).or_default().insert(item.to_owned());
        }
    }
    let lists = read_items(&caller, &connection, items).await?;
    Ok(fields.into_iter().map(|field| to_carrier(field, &values, &lists, &caller)).collect())
}

fn to_carrier(field: Field, values: &Dictionary, lists: &Lists, caller: &Principal) -> ErpSyncFieldValue {
    let value = values.get(&field.erp_field_key).map(ToOwned::to_owned);
    let item = value.as_deref().filter(|_| is_list(&field)).and_then(|key| lists.get(&field.list_name)?.get(key));
    let display_value = item.map(ToOwned::to_owned).or_else(|| value.clone());
    let crm_actor_type = CrmActorType::of_number(field.actor_type_crm);
    ErpSyncFieldValue {
        display_name: Some(crm_fields::display_name(crm_actor_type, &field.crm_field_key).to_owned()),
        crm_field_key: Some(field.crm_field_key),
        value,
        display_value,
        sync_to_crm: field.sync_to_crm,
        sync_to_erp: field.sync_to_erp,
        rights: ROLES.of(caller),
    }
}
