//! Connections. A connection is a connector with the settings for one company in the ERP system.

use futures_util::TryStreamExt;

use super::action_log;
use super::roles::{Roles, require_right_to_change};
use super::state::AgentState;
use crate::auth::{CachedPrincipal, Principal};
use crate::carrier;
use crate::protocol::agent::PagedList;
use crate::protocol::error::Error;
use crate::protocol::message::Sent;
use crate::protocol::rule_error::ErrorOr;
use crate::protocol::value::{Carrier, StringDictionary};
use crate::store::Pool;
use crate::store::connections::{self as store, Reader, Stored};
use crate::store::read_connection::{Find, Read, find, find_shared};

carrier! {
    /// The request of `GetConnection`.
    pub struct GetConnectionRequest {
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
    }
}

carrier! {
    /// The request of `GetErpConnectionConfigFields`.
    pub struct GetErpConnectionConfigFieldsRequest {
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
    }
}

carrier! {
    /// The request of `DeleteConnection`.
    pub struct DeleteConnectionRequest {
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
    }
}

carrier! {
    /// The request of `GetAllConnections`.
    pub struct GetAllConnectionsRequest {
        /// Whether to include connections that are flagged as deleted.
        include_deleted: bool = "IncludeDeleted",
    }
}

carrier! {
    /// A connection. Members, order and names are the vendor's; lengths are those of the columns.
    pub struct ErpConnection {
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// Primary key of the connector.
        erp_connector_id: i32 = "ErpConnectorId",
        /// The name shown to users; multi-language.
        display_name: Option<String> = "DisplayName" [254] multi_language,
        /// The tooltip shown to users; multi-language.
        display_description: Option<String> = "DisplayDescription" [254] multi_language,
        /// Whether the connection is in use.
        active: bool = "Active",
        /// The id of the connection in calls of the connector, usually a GUID.
        connection_id: Option<String> = "ConnectionId" [127],
        /// The time of the newest change that was read from the ERP system, in the format of that system.
        most_recent_timestamp: Option<String> = "MostRecentTimestamp" [254],
        /// The settings with which the connector reaches the ERP system.
        config_fields: Option<StringDictionary> = "ConfigFields" [254 => 1023],
        /// Whether the connection is flagged as deleted, and hidden from users.
        deleted: bool = "Deleted",
        /// Whether all associates may use the connection. If false, the two lists of ids apply.
        all_access: bool = "AllAccess",
        /// Primary keys of the user groups that may use the connection.
        user_group_access_ids: Option<Vec<i32>> = "UserGroupAccessIds",
        /// Primary keys of the associates who may use the connection.
        associate_access_ids: Option<Vec<i32>> = "AssociateAccessIds",
    }
    rights
}

/// The rights of callers to connections.
pub(super) static ROLES: Roles = Roles::new(ErpConnection::MEMBERS, "Connections are changed by administrators.");

/// Returns a connection; null if it does not exist or the caller may not see it.
///
/// # Errors
/// 401 if the caller's rights were revoked, 503 if the database is unavailable.
pub async fn get(
    state: AgentState,
    mut caller: CachedPrincipal,
    GetConnectionRequest { erp_connection_id }: GetConnectionRequest,
) -> Result<Option<ErpConnection>, Error> {
    loop {
        let request = Find { erp_connection_id, reader: reader(&caller), stamp: Some(caller.stamp) };
        match find_shared(&state.pool, &state.reads, request).await? {
            Read::Done(found) => return Ok(found.map(|stored| to_carrier(stored, &caller))),
            Read::Stale => caller = caller.renewed().await?,
        }
    }
}

/// Returns the config fields of a connection; null if it does not exist or the caller may not see it.
///
/// # Errors
/// 503 if the database is unavailable.
pub async fn config_fields(
    pool: Pool,
    caller: Principal,
    request: GetErpConnectionConfigFieldsRequest,
) -> Result<Option<StringDictionary>, Error> {
    let found = find_visible(&pool, &caller, request.erp_connection_id).await?;
    Ok(found.and_then(|stored| stored.config_fields))
}

/// Returns the connections that the caller may see, in the order of synchronization, without their config fields.
/// Connections that are flagged as deleted are visible to callers who may change them.
///
/// # Errors
/// 503 if the database is unavailable.
pub async fn get_all(
    pool: Pool,
    caller: Principal,
    request: GetAllConnectionsRequest,
) -> Result<PagedList<ErpConnection>, Error> {
    let found = store::list(&pool, request.include_deleted, reader(&caller)).await?;
    let to_carriers = move |page: Vec<Stored>| page.into_iter().map(|stored| to_carrier(stored, &caller)).collect();
    let first = to_carriers(found.first);
    Ok(match found.further {
        None => PagedList::complete(first),
        Some(pages) => PagedList::streamed(first, pages.into_stream().map_ok(to_carriers).map_err(Error::from)),
    })
}

/// Flags a connection as deleted. Its connector is told afterwards.
///
/// # Errors
/// 403 for callers who may not change connections, 404 if the connection does not exist.
pub async fn delete(
    state: AgentState,
    caller: Principal,
    request: DeleteConnectionRequest,
) -> Result<(), ErrorOr<404>> {
    require_right_to_change(&caller, "Deleting a connection")?;
    let id = request.erp_connection_id;
    let Some(connector) = store::delete(&state.pool, id, caller.associate_id).await? else {
        return Err(connection_not_found(id));
    };
    action_log::record_with_id("connection deleted", id);
    state.deliveries.push(connector, id);
    Ok(())
}

/// Returns the 404 of a connection that does not exist.
pub(super) fn connection_not_found(id: i32) -> ErrorOr<404> {
    ErrorOr::not_found(format_args!("ErpConnectionId: there is no connection {}.", Sent(id)))
}

/// Returns a connection with its config fields; `None` if it does not exist or `caller` may not see it.
///
/// # Errors
/// 503 if the database is unavailable.
pub(super) async fn find_visible(pool: &Pool, caller: &Principal, id: i32) -> Result<Option<Stored>, Error> {
    match find(pool, Find { erp_connection_id: id, reader: reader(caller), stamp: None }).await? {
        Read::Done(found) => Ok(found),
        Read::Stale => Err(Error::internal("rights without a stamp cannot be stale")),
    }
}

fn reader(caller: &Principal) -> Reader {
    Reader { associate_id: caller.associate_id, sees_all: caller.may_change() }
}

fn to_carrier(stored: Stored, caller: &Principal) -> ErpConnection {
    ErpConnection {
        erp_connection_id: stored.erp_connection_id,
        erp_connector_id: stored.erp_connector_id,
        display_name: Some(stored.display_name),
        display_description: Some(stored.display_description),
        active: stored.active,
        connection_id: Some(stored.connection_id),
        most_recent_timestamp: Some(stored.most_recent_timestamp),
        config_fields: stored.config_fields,
        deleted: stored.deleted,
        all_access: stored.all_access,
        user_group_access_ids: Some(stored.user_group_ids),
        associate_access_ids: Some(stored.associate_ids),
        rights: ROLES.of(caller),
    }
}
