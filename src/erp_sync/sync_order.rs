//! The order in which connections are synchronized.

use super::action_log;
use super::ids::format_ids;
use super::roles::require_right_to_change;
use crate::auth::Principal;
use crate::carrier;
use crate::protocol::error::Error;
use crate::protocol::message::Sent;
use crate::store::Pool;
use crate::store::engine;

carrier! {
    /// The request of `SaveErpConnectionSyncPriorities`.
    pub struct SaveErpConnectionSyncPrioritiesRequest {
        /// Primary keys in order of priority; 0 is the CRM system itself.
        erp_connection_ids: Option<Vec<i32>> = "ErpConnectionIds",
    }
}

/// Orders connections. Connections that are not listed come after the listed ones, in their previous order.
///
/// # Errors
/// 403 for callers who may not change connections, 400 for unknown or repeated ids.
pub async fn save(
    pool: Pool,
    caller: Principal,
    request: SaveErpConnectionSyncPrioritiesRequest,
) -> Result<bool, Error> {
    require_right_to_change(&caller, "Ranking connections")?;
    let order = request
        .erp_connection_ids
        .ok_or_else(|| Error::argument("ErpConnectionIds: the list of connections is missing or null."))?;
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if let Some([id, ..]) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Error::validation(format_args!("ErpConnectionIds: {} is listed more than once.", Sent(id))));
    }
    let unknown = engine::save_order(&pool, &order).await?;
    if !unknown.is_empty() {
        let unknown = Sent(format_ids(&unknown));
        return Err(Error::validation(format_args!("ErpConnectionIds: there is no connection {unknown}.")));
    }
    action_log::record("sync order saved");
    Ok(true)
}
