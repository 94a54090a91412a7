//! The carriers of the methods that link CRM entities to ERP actors. The program does not implement the methods yet.

use super::actor_types::{CrmActorType, ErpActorType};
use super::defaults::FieldMetadata;
use super::field_values::ErpSyncFieldValue;
use crate::carrier;
use crate::protocol::value::StringDictionary;

carrier! {
    /// The request of `GetFieldValuesFromCrm`.
    pub struct GetFieldValuesFromCrmRequest {
        /// Primary key of the CRM entity.
        record_id: i32 = "RecordId",
        /// The CRM actor type.
        actor_type_crm: CrmActorType = "ActorTypeCrm",
    }
}

carrier! {
    /// The request of `GetConnectionsAndDisplayFields`.
    pub struct GetConnectionsAndDisplayFieldsRequest {
        /// The CRM actor type.
        crm_actor_type: CrmActorType = "CrmActorType",
        /// Primary key of the CRM entity.
        entity_id: i32 = "EntityId",
    }
}

carrier! {
    /// A connection with the fields that are shown with a CRM entity. Members, order and names are the vendor's.
    pub struct ErpConnectionData {
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The name of the connection; multi-language.
        connection_name: Option<String> = "ConnectionName" multi_language,
        /// Whether the CRM entity is linked to an actor of the connection.
        connected: bool = "Connected",
        /// The ERP fields to show.
        erp_fields: Option<Vec<FieldMetadata>> = "ErpFields",
        /// The CRM actor type of the fields.
        crm_actor_type: CrmActorType = "CrmActorType",
        /// The ERP actor type of the fields.
        erp_actor_type: ErpActorType = "ErpActorType",
        /// The ERP actor types that are mapped to the CRM actor type.
        erp_actor_types: Option<Vec<ErpActorType>> = "ErpActorTypes",
    }
    rights
}

carrier! {
    /// The request of `GetErpFieldValues`.
    pub struct GetErpFieldValuesRequest {
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The CRM actor type.
        crm_actor_type: CrmActorType = "CrmActorType",
        /// Primary key of the CRM entity.
        entity_id: i32 = "EntityId",
        /// The keys of the ERP fields. The response has the values in this order.
        field_keys: Option<Vec<String>> = "FieldKeys",
    }
}

carrier! {
    /// The request of `CreateActorLink`.
    pub struct CreateActorLinkRequest {
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// Primary key of the CRM entity.
        crm_record_id: i32 = "CrmRecordId",
        /// The CRM actor type.
        crm_actor_type: CrmActorType = "CrmActorType",
        /// The key of the actor in the ERP system.
        erp_key: Option<String> = "ErpKey",
        /// The ERP actor type.
        erp_actor_type: ErpActorType = "ErpActorType",
    }
}

carrier! {
    /// The request of `BreakActorLink`.
    pub struct BreakActorLinkRequest {
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// Primary key of the CRM entity.
        crm_record_id: i32 = "CrmRecordId",
        /// The CRM actor type.
        crm_actor_type: CrmActorType = "CrmActorType",
    }
}

carrier! {
    /// The request of `ConnectActor`.
    pub struct ConnectActorRequest {
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// Primary key of the CRM entity.
        crm_record_id: i32 = "CrmRecordId",
        /// The CRM actor type.
        crm_actor_type: CrmActorType = "CrmActorType",
        /// The key of the actor in the ERP system.
        erp_key: Option<String> = "ErpKey",
        /// The ERP actor type.
        erp_actor_type: ErpActorType = "ErpActorType",
        /// The values to store in both systems.
        field_values: Option<Vec<ErpSyncFieldValue>> = "FieldValues",
    }
}

carrier! {
    /// The request of `TryConnectActor`.
    pub struct TryConnectActorRequest {
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// Primary key of the CRM entity.
        crm_record_id: i32 = "CrmRecordId",
        /// The CRM actor type.
        crm_actor_type: CrmActorType = "CrmActorType",
        /// The key of the actor in the ERP system.
        erp_key: Option<String> = "ErpKey",
        /// The ERP actor type.
        erp_actor_type: ErpActorType = "ErpActorType",
        /// The values to store in both systems.
        field_values: Option<Vec<ErpSyncFieldValue>> = "FieldValues",
    }
}

carrier! {
    /// The request of `CreateErpActorFromCrm`.
    pub struct CreateErpActorFromCrmRequest {
        /// Primary key of the connection.
        connection_id: i32 = "ConnectionId",
        /// Primary key of the CRM entity.
        crm_entity_id: i32 = "CrmEntityId",
        /// The type of the new ERP actor.
        erp_actor_type: ErpActorType = "ErpActorType",
        /// The CRM actor type.
        crm_actor_type: CrmActorType = "CrmActorType",
        /// Additional values of the new actor, by ERP field key.
        erp_field_key_values: Option<StringDictionary> = "ErpFieldKeyValues",
    }
}
