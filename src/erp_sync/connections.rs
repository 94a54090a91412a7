//! Connections: a connector with the settings of, typically, one company in the ERP system.

use super::action_log;
use super::roles::{Roles, require_right_to_change};
use crate::auth::{CachedPrincipal, Principal};
use crate::carrier;
use crate::protocol::error::Error;
use crate::protocol::message::Sent;
use crate::protocol::rule_error::ErrorOr;
use crate::protocol::value::{Carrier, StringDictionary};
use crate::store::Pool;
use crate::store::connections::{self as store, Read, Reader, Stored};

carrier! {
    /// The request of `GetConnection`.
    pub struct GetConnectionRequest {
        /// Primary key.
        erp_connection_id: i32 = "ErpConnectionId",
    }
}

carrier! {
    /// The request of `GetErpConnectionConfigFields`.
    pub struct GetErpConnectionConfigFieldsRequest {
        /// Primary key.
        erp_connection_id: i32 = "ErpConnectionId",
    }
}

carrier! {
    /// The request of `DeleteConnection`.
    pub struct DeleteConnectionRequest {
        /// Primary key.
        erp_connection_id: i32 = "ErpConnectionId",
    }
}

carrier! {
    /// The request of `GetAllConnections`.
    pub struct GetAllConnectionsRequest {
        /// Those that are flagged as deleted too.
        include_deleted: bool = "IncludeDeleted",
    }
}

carrier! {
    /// Information about a connection to the ERP system. Members, order and names are the vendor's; lengths are its
    /// columns'.
    pub struct ErpConnection {
        /// Primary key.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The connector that this connection should call.
        erp_connector_id: i32 = "ErpConnectorId",
        /// Shown to users; multi-language.
        display_name: Option<String> = "DisplayName" [254] multi_language,
        /// Shown to users as a tooltip; multi-language.
        display_description: Option<String> = "DisplayDescription" [254] multi_language,
        /// In use now.
        active: bool = "Active",
        /// What the connector knows the connection by, by custom a GUID.
        connection_id: Option<String> = "ConnectionId" [127],
        /// The newest change seen in the ERP system, in that system's own terms.
        most_recent_timestamp: Option<String> = "MostRecentTimestamp" [254],
        /// What the connector needs to reach the ERP system.
        config_fields: Option<StringDictionary> = "ConfigFields" [254 => 1023],
        /// Flagged as deleted: not shown to users.
        deleted: bool = "Deleted",
        /// Everybody may use it; else those of the two lists.
        all_access: bool = "AllAccess",
        /// The user groups that may use it.
        user_group_access_ids: Option<Vec<i32>> = "UserGroupAccessIds",
        /// The associates who may use it.
        associate_access_ids: Option<Vec<i32>> = "AssociateAccessIds",
    }
    rights
}

/// What callers may do with connections.
pub(super) static ROLES: Roles = Roles::new(ErpConnection::MEMBERS, "Connections are changed by administrators.");

/// One connection; null where it is not there, or the caller may not see it.
///
/// # Errors
/// 401 where the caller's rights have ended, 503 where the database is away.
pub async fn get(
    pool: Pool,
    mut caller: CachedPrincipal,
    request: GetConnectionRequest,
) -> Result<Option<ErpConnection>, Error> {
    loop {
        match store::find(&pool, request.erp_connection_id, reader(&caller), Some(caller.stamp)).await? {
            Read::Done(found) => return Ok(found.map(|stored| shown(stored, &caller))),
            Read::Stale => caller = caller.renewed().await?,
        }
    }
}

/// The config fields of a connection; null where it is not there, or the caller may not see it.
///
/// # Errors
/// 503 where the database is away.
pub async fn config_fields(
    pool: Pool,
    caller: Principal,
    request: GetErpConnectionConfigFieldsRequest,
) -> Result<Option<StringDictionary>, Error> {
    let found = find_visible(&pool, &caller, request.erp_connection_id).await?;
    Ok(found.and_then(|stored| stored.config_fields))
}

/// The connections that the caller may see, in the order in which they are synced, without their config fields.
/// Those that are flagged as deleted are for who may change them.
///
/// # Errors
/// 503 where the database is away.
pub async fn get_all(
    pool: Pool,
    caller: Principal,
    request: GetAllConnectionsRequest,
) -> Result<Vec<ErpConnection>, Error> {
    let found = store::list(&pool, request.include_deleted, reader(&caller)).await?;
    Ok(found.into_iter().map(|stored| shown(stored, &caller)).collect())
}

/// Flags a connection as deleted.
///
/// # Errors
/// 403 for callers who may not change connections, 404 where there is none of that id.
pub async fn delete(pool: Pool, caller: Principal, request: DeleteConnectionRequest) -> Result<(), ErrorOr<404>> {
    require_right_to_change(&caller, "Deleting a connection")?;
    let id = request.erp_connection_id;
    if !store::delete(&pool, id, caller.associate_id).await? {
        return Err(connection_not_found(id));
    }
    action_log::record_with_id("connection deleted", id);
    Ok(())
}

/// The connection that a change is asked of is not there.
pub(super) fn connection_not_found(id: i32) -> ErrorOr<404> {
    ErrorOr::not_found(format_args!("ErpConnectionId: there is no connection {}.", Sent(id)))
}

/// A connection with its config fields; none where it is not there, or `caller` may not see it.
///
/// # Errors
/// 503 where the database is away.
pub(super) async fn find_visible(pool: &Pool, caller: &Principal, id: i32) -> Result<Option<Stored>, Error> {
    match store::find(pool, id, reader(caller), None).await? {
        Read::Done(found) => Ok(found),
        Read::Stale => Err(Error::internal("rights without a stamp cannot be stale")),
    }
}

fn reader(caller: &Principal) -> Reader {
    Reader { associate_id: caller.associate_id, sees_all: caller.may_change() }
}

fn shown(stored: Stored, caller: &Principal) -> ErpConnection {
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
