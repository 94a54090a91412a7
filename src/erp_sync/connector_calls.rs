//! The carriers of the methods that call the ERP connector. The methods are not implemented yet.

use super::actor_types::ErpActorType;
use crate::carrier;
use crate::protocol::value::StringDictionary;

carrier! {
    /// The request of `TestConnectorUrl`.
    pub struct TestConnectorUrlRequest {
        /// The URL of the connector.
        url: Option<String> = "Url",
    }
}

carrier! {
    /// The request of `GetConfigurationFields`.
    pub struct GetConfigurationFieldsRequest {
        /// The connector.
        erp_connector_id: i32 = "ErpConnectorId",
    }
}

carrier! {
    /// The request of `TestConnectionByConfig`.
    pub struct TestConnectionByConfigRequest {
        /// The connector, in spite of its name.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The settings to test.
        config_fields: Option<StringDictionary> = "ConfigFields",
    }
}

carrier! {
    /// The request of `TestConnectionById`.
    pub struct TestConnectionByIdRequest {
        /// The connection.
        erp_connection_id: i32 = "ErpConnectionId",
    }
}

carrier! {
    /// The request of `UpdateConnectionFields`.
    pub struct UpdateConnectionFieldsRequest {
        /// The connection.
        erp_connection_id: i32 = "ErpConnectionId",
    }
}

carrier! {
    /// The request of `SupportsAdvancedSearch`.
    pub struct SupportsAdvancedSearchRequest {
        /// The connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The kind of ERP actor to search.
        erp_actor_type: ErpActorType = "ErpActorType",
    }
}

carrier! {
    /// The request of `GetConnectionListMappings`.
    pub struct GetConnectionListMappingsRequest {
        /// The connection.
        erp_connection_id: i32 = "ErpConnectionId",
    }
}

carrier! {
    /// The request of `GetFieldValuesFromErp`.
    pub struct GetFieldValuesFromErpRequest {
        /// The connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The kind of ERP actor.
        actor_type_erp: ErpActorType = "ActorTypeErp",
        /// The actor's key in the ERP system.
        erp_key: Option<String> = "ErpKey",
    }
}

carrier! {
    /// The value of one field that is synced. Members, order and names are the vendor's.
    pub struct ErpSyncFieldValue {
        /// The label of the field.
        display_name: Option<String> = "DisplayName" multi_language,
        /// The CRM field.
        crm_field_key: Option<String> = "CrmFieldKey",
        /// The value.
        value: Option<String> = "Value",
        /// The value as shown to users.
        display_value: Option<String> = "DisplayValue",
        /// Changes in the ERP system are copied to the CRM system.
        sync_to_crm: bool = "SyncToCrm",
        /// Changes in the CRM system are copied to the ERP system.
        sync_to_erp: bool = "SyncToErp",
    }
    rights
}
