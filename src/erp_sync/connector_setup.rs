//! The methods with which a connection is set up: they call the connector and store nothing.

use super::actor_types::{FieldAccess, FieldMetadataType};
use super::connections::find_visible;
use super::connectors::ErpSyncResponseCode;
use super::defaults::{FIELD_ROLES, FieldMetadata};
use super::roles::require_right_to_change;
use super::state::AgentState;
use crate::auth::Principal;
use crate::carrier;
use crate::connector::carriers::FieldMetadata as ConnectorField;
use crate::connector::config_values::ConfigValues;
use crate::connector::dictionary::Dictionary;
use crate::connector::error::CallError;
use crate::connector::operations::{GetConfigData, SaveConnection, TestConfigData, TestConnection};
use crate::connector::url::{ConnectorUrl, UrlError};
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
/// 403 for callers who may not change connectors.
pub async fn test_url(
    state: AgentState,
    caller: Principal,
    request: TestConnectorUrlRequest,
) -> Result<ErpSyncResponseCode, Error> {
    require_right_to_change(&caller, "Testing the URL of a connector")?;
    let Some(url) = parse_or_log(&state, &request.url.unwrap_or_default()) else {
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
    let url = parse(&state, &connector.url);
    let url = url.map_err(|problem| ConnectorRuleError::bad_gateway(format_args!("{}", Sent(problem))))?;
    let response = state.connectors.call(&url, &GetConfigData::default()).await;
    let response = response.map_err(|problem| {
        log_failure(&url, &problem);
        to_error(&problem)
    })?;
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
    let Some(url) = parse_or_log(&state, &connector.url) else { return Ok(false) };
    let connection_info = Some(config_values(request.config_fields.unwrap_or_default()));
    let result = state.connectors.call(&url, &TestConfigData { connection_info }).await;
    Ok(succeeded(&url, result))
}

/// Tests a connection with its stored config fields; false if it does not exist or the caller may not see it. The log has
/// the reason if the connector cannot be called or refuses.
///
/// # Errors
/// 503 if the database is unavailable.
pub async fn test_connection(
    state: AgentState,
    caller: Principal,
    request: TestConnectionByIdRequest,
) -> Result<bool, Error> {
    let Some(stored) = find_visible(&state.pool, &caller, request.erp_connection_id).await? else {
        return Ok(false);
    };
    let Some(connector) = store::find(&state.pool, stored.erp_connector_id, true).await? else { return Ok(false) };
    let Some(url) = parse_or_log(&state, &connector.url) else { return Ok(false) };
    let connection_info = Some(config_values(stored.config_fields.unwrap_or_default()));
    let saved = SaveConnection { connection_guid: stored.connection_id.clone(), connection_info };
    let request = TestConnection { connection_guid: stored.connection_id };
    Ok(succeeded(&url, state.connectors.call_saved(&url, &request, &saved).await))
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

fn config_values(fields: StringDictionary) -> ConfigValues {
    ConfigValues::new(Dictionary(fields.into_iter().collect()))
}

/// Parses a URL. No application but the demo connector is registered.
fn parse(state: &AgentState, url: &str) -> Result<ConnectorUrl, UrlError> {
    state.connectors.resolve(url, |_| None)
}

/// Parses a URL; `None` if it cannot be called, with the reason in the log.
fn parse_or_log(state: &AgentState, url: &str) -> Option<ConnectorUrl> {
    // The log gets no part of the URL: it can hold credentials.
    let log = |problem: &UrlError| tracing::warn!(problem = problem.kind(), "a connector's URL is not callable");
    parse(state, url).inspect_err(log).ok()
}

/// Whether a call succeeded; a failure is logged.
fn succeeded<R>(url: &ConnectorUrl, result: Result<R, CallError>) -> bool {
    result.inspect_err(|problem| log_failure(url, problem)).is_ok()
}

fn log_failure(url: &ConnectorUrl, problem: &CallError) {
    tracing::warn!(%url, kind = problem.kind(), %problem, "the call of a connector failed");
}

/// Returns the error for callers who may change connections.
fn to_error(problem: &CallError) -> ConnectorRuleError {
    let message = problem.user_explanation().map_or_else(|| problem.summary(), ToOwned::to_owned);
    if problem.is_timeout() {
        ConnectorRuleError::gateway_timeout(format_args!("{}", Sent(message)))
    } else {
        ConnectorRuleError::bad_gateway(format_args!("{}", Sent(message)))
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
