//! Connectors: where an ERP system is called.

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
    /// A connector. Members, order and names are the vendor's; lengths are its columns'.
    pub struct ErpSyncConnectorEntity {
        /// Primary key.
        erp_connector_id: i32 = "ErpConnectorId",
        /// The name in lists; multi-language.
        display_name: Option<String> = "DisplayName" [254] multi_language,
        /// Where the connector is called.
        url: Option<String> = "URL" [1023],
        /// Flagged as deleted.
        deleted: bool = "Deleted",
    }
    rights
}

carrier! {
    /// The parameters of `GetErpSyncConnectorEntity` and of `DeleteErpSyncConnectorEntity`.
    pub struct ConnectorParameters {
        /// Primary key.
        erp_sync_connector_entity_id: Option<i32> = "ErpSyncConnectorEntityId",
    }
}

carrier! {
    /// The request of `CanDeleteErpSyncConnectorEntity`.
    pub struct CanDeleteErpSyncConnectorEntityRequest {
        /// Primary key.
        erp_sync_connector_id: i32 = "ErpSyncConnectorId",
    }
}

carrier! {
    /// An item of a list.
    pub struct ListItem {
        /// Primary key.
        id: i32 = "Id",
        /// What it is shown as; multi-language.
        name: Option<String> = "Name" multi_language,
        /// More about it.
        tool_tip: Option<String> = "ToolTip",
    }
}

enumeration! {
    /// Whether something can be done.
    pub enum ErpSyncResponseCode {
        /// It can.
        NoError = 0,
        /// It cannot: there are connections that call the connector.
        ErrorConnectorHasConnections = 1,
        /// It cannot: there is no such connector.
        ErrorNotFound = 2,
    }
}

static ROLES: Roles = Roles::new(ErpSyncConnectorEntity::MEMBERS, "Connectors are changed by administrators.");

/// A blank connector, to be filled in and saved. Nothing is stored.
///
/// # Errors
/// None.
pub async fn create_default(_: Pool, caller: Principal, (): ()) -> Result<ErpSyncConnectorEntity, Error> {
    Ok(shown(Connector::default(), &caller))
}

/// A connector; null where there is none, and for who may not change connectors where it is flagged as deleted.
///
/// # Errors
/// 400 without an id, 503 where the database is away.
pub async fn get(
    pool: Pool,
    caller: Principal,
    parameters: Query<ConnectorParameters>,
) -> Result<Option<ErpSyncConnectorEntity>, Error> {
    let found = store::find(&pool, id_of(&parameters)?, caller.may_change()).await?;
    Ok(found.map(|connector| shown(connector, &caller)))
}

/// The connectors that are not deleted, by their ids: name, and URL as the tooltip.
///
/// # Errors
/// 503 where the database is away.
pub async fn get_all(pool: Pool, _: Principal, (): ()) -> Result<Vec<ListItem>, Error> {
    let found = store::list(&pool).await?;
    let item = |connector: Connector| ListItem {
        id: connector.erp_connector_id,
        name: Some(connector.display_name),
        tool_tip: Some(connector.url),
    };
    Ok(found.into_iter().map(item).collect())
}

/// Whether a connector can be deleted: not while a connection calls it that is not deleted itself.
///
/// # Errors
/// 503 where the database is away.
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
/// 403 for callers who may not change connectors, 404 where there is none of that id, 400 while a connection calls it.
pub async fn delete(pool: Pool, caller: Principal, parameters: Query<ConnectorParameters>) -> Result<(), ErrorOr<404>> {
    require_right_to_change(&caller, "Deleting a connector")?;
    let id = id_of(&parameters)?;
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

/// Creates a connector where the id is 0, or of no row; else overwrites it.
///
/// # Errors
/// 403 for callers who may not change connectors, 400 for a negative id, or where one is to be deleted that a
/// connection calls.
pub async fn save(
    pool: Pool,
    caller: Principal,
    entity: ErpSyncConnectorEntity,
) -> Result<ErpSyncConnectorEntity, Error> {
    save_metrics::count(Entity::Connector, stored(pool, caller, entity).await)
}

async fn stored(
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
    Ok((shown(connector, &caller), outcome))
}

fn id_of(Query(parameters): &Query<ConnectorParameters>) -> Result<i32, Error> {
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

fn shown(connector: Connector, caller: &Principal) -> ErpSyncConnectorEntity {
    ErpSyncConnectorEntity {
        erp_connector_id: connector.erp_connector_id,
        display_name: Some(connector.display_name),
        url: Some(connector.url),
        deleted: connector.deleted,
        rights: ROLES.of(caller),
    }
}
