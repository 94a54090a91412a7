//! Creation and update of connections.

use std::sync::Arc;

use uuid::Uuid;

use super::action_log;
use super::connections::{ErpConnection, ROLES};
use super::ids::format_ids;
use super::roles::require_right_to_change;
use super::save_metrics;
use super::state::AgentState;
use crate::auth::{CachedPrincipal, Principal};
use crate::carrier;
use crate::metrics::{Entity, Outcome};
use crate::protocol::error::Error;
use crate::protocol::message::Sent;
use crate::protocol::rule_error::ErrorOr;
use crate::store::save_connection::{self as store, Save};

carrier! {
    /// The request of `SaveConnection`.
    pub struct SaveConnectionRequest {
        /// The connection to save.
        connection: Option<ErpConnection> = "Connection",
    }
}

const MISSING: &str = "Connection: the connection to save is missing or null. The body is {\"Connection\": {..}} in JSON, \
    <SaveConnectionRequest><Connection>..</Connection></SaveConnectionRequest> in XML, Connection.<member>=.. in a form; \
    the Content-Type header selects the format.";

/// Creates or updates a connection with its config fields and access rows. Returns the stored connection.
///
/// # Errors
/// 403 for callers who may not change connections; 400 for ids that do not exist; 409 for the `ConnectionId` of another
/// connection. Nothing is stored then.
pub async fn save(
    state: AgentState,
    caller: CachedPrincipal,
    request: SaveConnectionRequest,
) -> Result<ErpConnection, ErrorOr<409>> {
    save_metrics::count(Entity::Connection, create_or_update(state, caller, request).await)
}

async fn create_or_update(
    state: AgentState,
    mut caller: CachedPrincipal,
    request: SaveConnectionRequest,
) -> Result<(ErpConnection, Outcome), ErrorOr<409>> {
    require_right_to_change(&caller, "Saving a connection")?;
    let connection = request.connection.ok_or_else(|| Error::argument(MISSING))?;
    let requested_id = connection.erp_connection_id;
    if requested_id < 0 {
        return Err(refuse_negative_id(requested_id).into());
    }
    let mut save = Arc::new(to_stored(connection, &caller));
    let saved = loop {
        match store::save(&state.pool, &state.saves, &save).await {
            Ok(store::Outcome::Saved(saved)) => break saved,
            Ok(store::Outcome::Stale) => {
                caller = caller.renewed().await?;
                require_right_to_change(&caller, "Saving a connection")?;
                let renewed = Arc::make_mut(&mut save);
                (renewed.caller, renewed.stamp) = (caller.associate_id, caller.stamp);
            }
            Ok(store::Outcome::Unknown { connector, user_group_ids, associate_ids }) => {
                let connector = connector.then_some(save.erp_connector_id);
                return Err(refuse_unknown(connector, &user_group_ids, &associate_ids).into());
            }
            Ok(store::Outcome::DuplicateConnectionId) => {
                return Err(ErrorOr::duplicate(format_args!(
                    "Connection.ConnectionId: another connection already has '{}'.",
                    Sent(save.connection_id.as_deref().unwrap_or_default())
                )));
            }
            Err(failure) => return Err(failure.into()),
        }
    };
    let action = if saved.updated {
        "connection updated"
    } else if requested_id == 0 {
        "connection created"
    } else {
        action_log::record_sent_id(requested_id);
        "connection created under a new id, as the sent one is unknown"
    };
    action_log::record_with_id(action, saved.erp_connection_id);
    state.deliveries.push(saved.erp_connector_id, saved.erp_connection_id);
    let outcome = if saved.updated { Outcome::Updated } else { Outcome::Created };
    let save = Arc::unwrap_or_clone(save);
    let connection = ErpConnection {
        erp_connection_id: saved.erp_connection_id,
        erp_connector_id: saved.erp_connector_id,
        display_name: Some(save.display_name),
        display_description: Some(save.display_description),
        active: save.active,
        connection_id: Some(saved.connection_id),
        most_recent_timestamp: Some(saved.most_recent_timestamp),
        config_fields: save.config_fields.or(saved.kept_config_fields),
        deleted: save.deleted,
        all_access: save.all_access,
        user_group_access_ids: save.user_group_ids.or(saved.kept_user_group_ids),
        associate_access_ids: save.associate_ids.or(saved.kept_associate_ids),
        rights: ROLES.full(),
    };
    Ok((connection, outcome))
}

fn to_stored(connection: ErpConnection, caller: &Principal) -> Save {
    Save {
        erp_connection_id: connection.erp_connection_id,
        erp_connector_id: connection.erp_connector_id,
        display_name: connection.display_name.unwrap_or_default(),
        display_description: connection.display_description.unwrap_or_default(),
        active: connection.active,
        connection_id: connection.connection_id.filter(|id| !id.trim().is_empty()),
        most_recent_timestamp: connection.most_recent_timestamp,
        config_fields: connection.config_fields,
        deleted: connection.deleted,
        all_access: connection.all_access,
        user_group_ids: connection.user_group_access_ids.map(sort_and_dedup),
        associate_ids: connection.associate_access_ids.map(sort_and_dedup),
        caller: caller.associate_id,
        stamp: caller.stamp,
        new_connection_id: Uuid::new_v4().to_string(),
    }
}

/// Returns the ids in ascending order, without duplicates.
fn sort_and_dedup(mut ids: Vec<i32>) -> Vec<i32> {
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn refuse_negative_id(id: i32) -> Error {
    Error::validation(format_args!("Connection.ErpConnectionId: {} is negative; 0 creates a connection.", Sent(id)))
}

fn refuse_unknown(connector: Option<i32>, user_groups: &[i32], associates: &[i32]) -> Error {
    let mut problems = Vec::new();
    match connector {
        Some(0) => problems.push("Connection.ErpConnectorId: a new connection needs a connector".to_owned()),
        Some(id) => problems.push(format!("Connection.ErpConnectorId: there is no connector {}", Sent(id))),
        None => {}
    }
    if !user_groups.is_empty() {
        problems
            .push(format!("Connection.UserGroupAccessIds: there is no user group {}", Sent(format_ids(user_groups))));
    }
    if !associates.is_empty() {
        problems.push(format!("Connection.AssociateAccessIds: there is no associate {}", Sent(format_ids(associates))));
    }
    Error::validation(format_args!("{}.", problems.join("; ")))
}

#[cfg(test)]
mod tests;
