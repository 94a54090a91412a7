//! Activation and deactivation of connections.

use super::action_log;
use super::actor_types::ErpActorType;
use super::connections::connection_not_found;
use super::roles::require_right_to_change;
use crate::auth::Principal;
use crate::carrier;
use crate::protocol::rule_error::ErrorOr;
use crate::protocol::value::Enumeration;
use crate::store::Pool;
use crate::store::activation::{self as store, Obstacles, Outcome};

carrier! {
    /// The request of `ToggleErpConnectionActive`.
    pub struct ToggleErpConnectionActiveRequest {
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
    }
}

/// Activates a connection, or deactivates an active one. Returns the reasons why the connection cannot be activated;
/// none if it was switched.
///
/// # Errors
/// 403 for callers who may not change connections, 404 if the connection does not exist.
pub async fn toggle(
    pool: Pool,
    caller: Principal,
    request: ToggleErpConnectionActiveRequest,
) -> Result<Vec<String>, ErrorOr<404>> {
    require_right_to_change(&caller, "Switching a connection")?;
    let id = request.erp_connection_id;
    match store::toggle(&pool, id, caller.associate_id).await? {
        Outcome::Switched(active) => {
            action_log::record_with_id(if active { "connection activated" } else { "connection deactivated" }, id);
            Ok(Vec::new())
        }
        Outcome::Unknown => Err(connection_not_found(id)),
        Outcome::Blocked(obstacles) => Ok(reasons(&obstacles)),
    }
}

fn reasons(obstacles: &Obstacles) -> Vec<String> {
    let mut reasons = Vec::new();
    if obstacles.is_deleted {
        reasons.push("The connection is deleted.".to_owned());
    }
    if obstacles.connector_is_deleted {
        reasons.push("The connector of the connection is deleted.".to_owned());
    }
    reasons.extend(obstacles.fields.iter().map(|field| {
        let actor_type = ErpActorType::of_number(field.actor_type_erp).name();
        format!("The field '{}' of {actor_type} is mandatory, but is synced in no direction.", field.display_name)
    }));
    reasons
}
