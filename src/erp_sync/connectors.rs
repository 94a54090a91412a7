//! Connectors: the web services through which ERP systems are reached.

use super::action_log;
use super::roles::{Roles, require_right_to_change};
use super::save_metrics;
use crate::auth::Principal;
use crate::metrics::{self, Entity};
use crate::protocol::agent::Query;
use crate::protocol::error::Error;
use crate::protocol::message::Sent;
use crate::protocol::rule_error::ErrorOr;
use crate::protocol::value::Carrier;
use crate::store::Pool;
use crate::store::connectors::{self as store, Connector, Outcome};
use crate::{carrier, enumeration};

carrier! {
    /// A connector. Members, order and names are the vendor's; lengths are those of the columns.
    pub struct ErpSyncConnectorEntity {
        /// Primary key of the connector.
        erp_connector_id: i32 = "ErpConnectorId",
        /// The name shown in lists; multi-language.
        display_name: Option<String> = "DisplayName" [254] multi_language,
        /// The URL of the connector.
        url: Option<String> = "URL" [1023],
        /// Whether the connector is flagged as deleted.
        deleted: bool = "Deleted",
    }
    rights
}

carrier! {
    /// The query parameters of `GetErpSyncConnectorEntity` and `DeleteErpSyncConnectorEntity`.
    pub struct ConnectorParameters {
        /// Primary key of the connector.
        erp_sync_connector_entity_id: Option<i32> = "ErpSyncConnectorEntityId",
    }
}

carrier! {
    /// The request of `CanDeleteErpSyncConnectorEntity`.
    pub struct CanDeleteErpSyncConnectorEntityRequest {
        /// Primary key of the connector.
        erp_sync_connector_id: i32 = "ErpSyncConnectorId",
    }
}

carrier! {
    /// An item of a list.
    pub struct ListItem {
        /// Primary key of the item.
        id: i32 = "Id",
        /// The name shown to users; multi-language.
        name: Option<String> = "Name" multi_language,
        /// The tooltip shown to users.
        tool_tip: Option<String> = "ToolTip",
    }
}

enumeration! {
    /// The result of a test.
    pub enum ErpSyncResponseCode {
        /// The test succeeded.
        NoError = 0,
        /// The connector has connections.
        ErrorConnectorHasConnections = 1,
        /// The connector does not exist.
        ErrorNotFound = 2,
    }
}

static ROLES: Roles = Roles::new(ErpSyncConnectorEntity::MEMBERS, "Connectors are changed by administrators.");

/// Returns an empty connector to fill in and save. Stores nothing.
///
/// # Errors
/// None.
pub async fn create_default(_: Pool, caller: Principal, (): ()) -> Result<ErpSyncConnectorEntity, Error> {
    Ok(to_carrier(Connector::default(), &caller))
}

/// Returns a connector; null if it does not exist. A connector that is flagged as deleted exists only for callers who
/// may change connectors.
///
/// # Errors
/// 400 without an id, 503 if the database is unavailable.
pub async fn get(
    pool: Pool,
    caller: Principal,
    parameters: Query<ConnectorParameters>,
) -> Result<Option<ErpSyncConnectorEntity>, Error> {
    let found = store::find(&pool, required_id(&parameters)?, caller.may_change()).await?;
    Ok(found.map(|connector| to_carrier(connector, &caller)))
}

/// Returns the connectors that are not deleted, ordered by id. The URL is the tooltip of the item.
///
/// # Errors
/// 503 if the database is unavailable.
pub async fn get_all(pool: Pool, _: Principal, (): ()) -> Result<Vec<ListItem>, Error> {
    let found = store::list(&pool).await?;
    let item = |connector: Connector| ListItem {
        id: connector.erp_connector_id,
        name: Some(connector.display_name),
        tool_tip: Some(connector.url),
    };
    Ok(found.into_iter().map(item).collect())
}

/// Tests whether a connector can be deleted. It cannot as long as it has a connection that is not deleted.
///
/// # Errors
/// 503 if the database is unavailable.
pub async fn can_delete(
    pool: Pool,
    caller: Principal,
    request: CanDeleteErpSyncConnectorEntityRequest,
) -> Result<ErpSyncResponseCode, Error> {
    let id = request.erp_sync_connector_id;
    Ok(match store::find(&pool, id, caller.may_change()).await? {
        None => ErpSyncResponseCode::ErrorNotFound,
        Some(_) if store::has_connections(&pool, id).await? => ErpSyncResponseCode::ErrorConnectorHasConnections,
        Some(_) => ErpSyncResponseCode::NoError,
    })
}

/// Flags a connector as deleted.
///
/// # Errors
/// 403 for callers who may not change connectors, 404 if the connector does not exist, 400 if it has connections.
pub async fn delete(pool: Pool, caller: Principal, parameters: Query<ConnectorParameters>) -> Result<(), ErrorOr<404>> {
    require_right_to_change(&caller, "Deleting a connector")?;
    let id = required_id(&parameters)?;
    match store::delete(&pool, id, caller.associate_id).await? {
        Outcome::Done(_) => {
            action_log::record_with_id("connector deleted", id);
            Ok(())
        }
        Outcome::Unknown => {
            Err(ErrorOr::not_found(format_args!("ErpSyncConnectorEntityId: there is no connector {}.", Sent(id))))
        }
        Outcome::HasConnections => Err(has_connections("ErpSyncConnectorEntityId", id).into()),
    }
}

/// Updates the connector with the id of `entity`, or creates one if the id is 0 or unknown.
///
/// # Errors
/// 403 for callers who may not change connectors, 400 for a negative id, or for flagging a connector that has
/// connections as deleted.
pub async fn save(
    pool: Pool,
    caller: Principal,
    entity: ErpSyncConnectorEntity,
) -> Result<ErpSyncConnectorEntity, Error> {
    save_metrics::count(Entity::Connector, create_or_update(pool, caller, entity).await)
}

async fn create_or_update(
    pool: Pool,
    caller: Principal,
    entity: ErpSyncConnectorEntity,
) -> Result<(ErpSyncConnectorEntity, metrics::Outcome), Error> {
    require_right_to_change(&caller, "Saving a connector")?;
    let requested_id = entity.erp_connector_id;
    if requested_id < 0 {
        return Err(Error::validation(format_args!(
            "ErpConnectorId: {} is negative; 0 creates a connector.",
            Sent(requested_id)
        )));
    }
    let mut connector = Connector {
        erp_connector_id: requested_id,
        display_name: entity.display_name.unwrap_or_default(),
        url: entity.url.unwrap_or_default(),
        deleted: entity.deleted,
    };
    let (id, outcome) = match store::save(&pool, &connector, caller.associate_id).await? {
        Outcome::Done(id) => (id, metrics::Outcome::Updated),
        Outcome::Unknown => (store::create(&pool, &connector, caller.associate_id).await?, metrics::Outcome::Created),
        Outcome::HasConnections => return Err(has_connections("Deleted", requested_id)),
    };
    connector.erp_connector_id = id;
    let action = match outcome {
        metrics::Outcome::Created => "connector created",
        _ => "connector updated",
    };
    action_log::record_with_id(action, id);
    Ok((to_carrier(connector, &caller), outcome))
}

fn required_id(Query(parameters): &Query<ConnectorParameters>) -> Result<i32, Error> {
    parameters.erp_sync_connector_entity_id.ok_or_else(|| {
        Error::argument(
            "ErpSyncConnectorEntityId: the parameter is missing from the URL, as in ?erpSyncConnectorEntityId=1.",
        )
    })
}

fn has_connections(property: &str, id: i32) -> Error {
    Error::validation(format_args!(
        "{property}: connector {} has connections that are not deleted; delete them first.",
        Sent(id)
    ))
}

fn to_carrier(connector: Connector, caller: &Principal) -> ErpSyncConnectorEntity {
    ErpSyncConnectorEntity {
        erp_connector_id: connector.erp_connector_id,
        display_name: Some(connector.display_name),
        url: Some(connector.url),
        deleted: connector.deleted,
        rights: ROLES.of(caller),
    }
}
