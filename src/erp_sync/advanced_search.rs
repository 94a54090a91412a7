//! Whether actors of an ERP system can be searched by their fields.

use super::actor_types::ErpActorType;
use super::connections::find_visible;
use crate::auth::Principal;
use crate::carrier;
use crate::protocol::error::Error;
use crate::protocol::value::Enumeration;
use crate::store::Pool;
use crate::store::erp_fields as store;

carrier! {
    /// The request of `SupportsAdvancedSearch`.
    pub struct SupportsAdvancedSearchRequest {
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The ERP actor type to search.
        erp_actor_type: ErpActorType = "ErpActorType",
    }
}

/// Returns whether the connector has a field of the actor type that a search can restrict, as it was when its fields were
/// read last; false if the connection does not exist or the caller may not see it.
///
/// # Errors
/// 503 if the database is unavailable.
pub async fn is_supported(
    pool: Pool,
    caller: Principal,
    request: SupportsAdvancedSearchRequest,
) -> Result<bool, Error> {
    let SupportsAdvancedSearchRequest { erp_connection_id: id, erp_actor_type } = request;
    if find_visible(&pool, &caller, id).await?.is_none() {
        return Ok(false);
    }
    Ok(store::has_searchable_field(&pool, id, erp_actor_type.number()).await?)
}
