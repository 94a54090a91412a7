//! The carriers of the methods that call a connector. The program does not implement the methods yet.

use super::actor_types::ErpActorType;
use crate::carrier;

carrier! {
    /// The request of `UpdateConnectionFields`.
    pub struct UpdateConnectionFieldsRequest {
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
    }
}

carrier! {
    /// The request of `SupportsAdvancedSearch`.
    pub struct SupportsAdvancedSearchRequest {
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The ERP actor type to search.
        erp_actor_type: ErpActorType = "ErpActorType",
    }
}
