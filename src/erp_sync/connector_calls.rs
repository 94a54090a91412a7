//! The carriers of the methods that call a connector. The program does not implement the methods yet.

use super::actor_types::ErpActorType;
use crate::carrier;

carrier! {
    /// The request of `SupportsAdvancedSearch`.
    pub struct SupportsAdvancedSearchRequest {
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The ERP actor type to search.
        erp_actor_type: ErpActorType = "ErpActorType",
    }
}

carrier! {
    /// The request of `GetConnectionListMappings`.
    pub struct GetConnectionListMappingsRequest {
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
    }
}

carrier! {
    /// The request of `GetFieldValuesFromErp`.
    pub struct GetFieldValuesFromErpRequest {
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The ERP actor type.
        actor_type_erp: ErpActorType = "ActorTypeErp",
        /// The key of the actor in the ERP system.
        erp_key: Option<String> = "ErpKey",
    }
}

carrier! {
    /// The value of a synchronized field. Members, order and names are the vendor's.
    pub struct ErpSyncFieldValue {
        /// The label of the field; multi-language.
        display_name: Option<String> = "DisplayName" multi_language,
        /// The key of the CRM field.
        crm_field_key: Option<String> = "CrmFieldKey",
        /// The value.
        value: Option<String> = "Value",
        /// The value as shown to users.
        display_value: Option<String> = "DisplayValue",
        /// Whether changes in the ERP system are copied to the CRM system.
        sync_to_crm: bool = "SyncToCrm",
        /// Whether changes in the CRM system are copied to the ERP system.
        sync_to_erp: bool = "SyncToErp",
    }
    rights
}
