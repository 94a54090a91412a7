//! The methods with which a connection is set up: they call the connector and store nothing.

use super::actor_types::{FieldAccess, FieldMetadataType};
use super::called_connection::CalledConnection;
use super::connections::find_visible;
use super::connector_client::{config_values, require_callable, require_success, resolve_or_log, succeeded};
use super::connectors::ErpSyncResponseCode;
use super::defaults::{FIELD_ROLES, FieldMetadata};
use super::roles::require_right_to_change;
use super::state::AgentState;
use crate::auth::Principal;
use crate::carrier;
use crate::connector::carriers::FieldMetadata as ConnectorField;
use crate::connector::operations::{GetConfigData, TestConfigData, TestConnection};
use crate::protocol::error::Error;
use crate::protocol::message::Sent;
use crate::protocol::rule_error::ConnectorRuleError;
use crate::protocol::value::{Enumeration, StringDictionary};
use crate::store::connectors::{self as store, Connector};

carrier! {
    /// The request of `TestConnectorUrl`.
    pub struct TestConnectorUrlRequest {
        /// The URL of the connector.
        url: Option<String> = "Url",
    }
}

carrier! {
    /// The request of `GetConfigurationFields`.
    pub struct GetConfigurationFieldsRequest {
        /// Primary key of the connector.
        erp_connector_id: i32 = "ErpConnectorId",
    }
}

carrier! {
    /// The request of `TestConnectionByConfig`.
    pub struct TestConnectionByConfigRequest {
        /// Primary key of the connector, despite the name.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The config fields to test.
        config_fields: Option<StringDictionary> = "ConfigFields",
    }
}

carrier! {
    /// The request of `TestConnectionById`.
    pub struct TestConnectionByIdRequest {
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
    }
}

/// Tests whether a connector answers at a URL. The log has the reason if none does.
///
/// # Errors
/// 403 for callers who may not change connectors, 503 if the database is unavailable.
pub async fn test_url(
    state: AgentState,
    caller: Principal,
    request: TestConnectorUrlRequest,
) -> Result<ErpSyncResponseCode, Error> {
    require_right_to_change(&caller, "Testing the URL of a connector")?;
    let Some(url) = resolve_or_log(&state.urls, &request.url.unwrap_or_default()).await? else {
        return Ok(ErpSyncResponseCode::ErrorNotFound);
    };
    let result = state.connectors.call(&url, &GetConfigData::default()).await;
    Ok(if succeeded(&url, result) { ErpSyncResponseCode::NoError } else { ErpSyncResponseCode::ErrorNotFound })
}

/// Returns the config fields that a connection to the connector needs, ordered by rank.
///
/// # Errors
/// 403 for callers who may not change connections, 404 if the connector does not exist, 502 if it cannot be called or
/// reports an error, 504 if it is too slow.
pub async fn configuration_fields(
    state: AgentState,
    caller: Principal,
    request: GetConfigurationFieldsRequest,
) -> Result<Vec<FieldMetadata>, ConnectorRuleError> {
    require_right_to_change(&caller, "Reading the config fields of a connector")?;
    let id = request.erp_connector_id;
    let Some(connector) = store::find(&state.pool, id, true).await? else {
        return Err(ConnectorRuleError::not_found(format_args!("ErpConnectorId: there is no connector {}.", Sent(id))));
    };
    let url = require_callable(&caller, state.urls.resolve(&connector.url).await?)?;
    let response = state.connectors.call(&url, &GetConfigData::default()).await;
    let response = require_success(&caller, &url, response)?;
    let mut fields = response.fields.unwrap_or_default();
    fields.sort_by_key(|field| field.rank);
    Ok(fields.into_iter().map(|field| to_carrier(field, &caller)).collect())
}

/// Tests config fields with their connector. The log has the reason if they are refused.
///
/// # Errors
/// 403 for callers who may not change connections, 503 if the database is unavailable.
pub async fn test_config(
    state: AgentState,
    caller: Principal,
    request: TestConnectionByConfigRequest,
) -> Result<bool, Error> {
    require_right_to_change(&caller, "Testing config fields")?;
    let Some(connector) = connector_by_any_id(&state, &caller, request.erp_connection_id).await? else {
        return Ok(false);
    };
    let Some(url) = resolve_or_log(&state.urls, &connector.url).await? else { return Ok(false) };
    let connection_info = Some(config_values(request.config_fields.unwrap_or_default()));
    let result = state.connectors.call(&url, &TestConfigData { connection_info }).await;
    Ok(succeeded(&url, result))
}

/// Tests a connection with its stored config fields; false if it does not exist or is deleted, or the caller may not see it.
/// The log has the reason if the connector cannot be called or refuses.
///
/// # Errors
/// 503 if the database is unavailable.
pub async fn test_connection(
    state: AgentState,
    caller: Principal,
    request: TestConnectionByIdRequest,
) -> Result<bool, Error> {
    let connection = CalledConnection::find(&state, &caller, request.erp_connection_id).await?;
    let Some(connection) = connection else { return Ok(false) };
    let tested = connection.call(&TestConnection { connection_guid: connection.guid() }).await;
    Ok(connection.success(tested)?.is_some())
}

/// Returns the connector with this key. If there is none, `id` may be that of a connection, as the name of the parameter
/// says, and the connection's connector is returned.
async fn connector_by_any_id(state: &AgentState, caller: &Principal, id: i32) -> Result<Option<Connector>, Error> {
    if let Some(connector) = store::find(&state.pool, id, true).await? {
        return Ok(Some(connector));
    }
    match find_visible(&state.pool, caller, id).await? {
        Some(connection) => Ok(store::find(&state.pool, connection.erp_connector_id, true).await?),
        None => Ok(None),
    }
}

fn to_carrier(field: ConnectorField, caller: &Principal) -> FieldMetadata {
    FieldMetadata {
        field_key: Some(field.field_key),
        rank: field.rank,
        display_name: Some(field.display_name.unwrap_or_default()),
        display_description: Some(field.display_description.unwrap_or_default()),
        field_type: FieldMetadataType::of_number(field.field_type.number()),
        list_name: Some(field.list_name.unwrap_or_default()),
        default_value: Some(field.default_value.unwrap_or_default()),
        max_length: field.max_length,
        access: FieldAccess::of_number(field.access.number()),
        show_in_search: false,
        rights: FIELD_ROLES.of(caller),
    }
}
