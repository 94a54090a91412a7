//! The carriers of the methods that link CRM entities to ERP actors. The methods are not implemented yet.

use super::actor_types::{CrmActorType, ErpActorType};
use super::connector_calls::ErpSyncFieldValue;
use super::defaults::FieldMetadata;
use crate::carrier;
use crate::protocol::value::{EnumerationList, StringDictionary};

carrier! {
    /// The request of `GetFieldValuesFromCrm`.
    pub struct GetFieldValuesFromCrmRequest {
        /// Primary key of the CRM entity.
        record_id: i32 = "RecordId",
        /// The kind of CRM entity.
        actor_type_crm: CrmActorType = "ActorTypeCrm",
    }
}

carrier! {
    /// The request of `GetConnectionsAndDisplayFields`.
    pub struct GetConnectionsAndDisplayFieldsRequest {
        /// The kind of CRM entity.
        crm_actor_type: CrmActorType = "CrmActorType",
        /// Primary key of the CRM entity.
        entity_id: i32 = "EntityId",
    }
}

carrier! {
    /// A connection with the fields to show beside a CRM entity. Members, order and names are the vendor's.
    pub struct ErpConnectionData {
        /// The connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The name of the connection.
        connection_name: Option<String> = "ConnectionName" multi_language,
        /// The CRM entity is linked to an actor of the connection.
        connected: bool = "Connected",
        /// The ERP fields to show.
        erp_fields: Option<Vec<FieldMetadata>> = "ErpFields",
        /// The kind of CRM entity that the fields belong to.
        crm_actor_type: CrmActorType = "CrmActorType",
        /// The kind of ERP actor that the fields belong to.
        erp_actor_type: ErpActorType = "ErpActorType",
        /// Every kind of ERP actor that is mapped to the kind of CRM entity.
        erp_actor_types: Option<EnumerationList<ErpActorType>> = "ErpActorTypes",
    }
    rights
}

carrier! {
    /// The request of `GetErpFieldValues`.
    pub struct GetErpFieldValuesRequest {
        /// The connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The kind of CRM entity.
        crm_actor_type: CrmActorType = "CrmActorType",
        /// Primary key of the CRM entity.
        entity_id: i32 = "EntityId",
        /// The keys of the ERP fields, in the order of the response.
        field_keys: Option<Vec<String>> = "FieldKeys",
    }
}

carrier! {
    /// The request of `CreateActorLink`.
    pub struct CreateActorLinkRequest {
        /// The connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// Primary key of the CRM entity.
        crm_record_id: i32 = "CrmRecordId",
        /// The kind of CRM entity.
        crm_actor_type: CrmActorType = "CrmActorType",
        /// The actor's key in the ERP system.
        erp_key: Option<String> = "ErpKey",
        /// The kind of ERP actor.
        erp_actor_type: ErpActorType = "ErpActorType",
    }
}

carrier! {
    /// The request of `BreakActorLink`.
    pub struct BreakActorLinkRequest {
        /// The connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// Primary key of the CRM entity.
        crm_record_id: i32 = "CrmRecordId",
        /// The kind of CRM entity.
        crm_actor_type: CrmActorType = "CrmActorType",
    }
}

carrier! {
    /// The request of `ConnectActor`.
    pub struct ConnectActorRequest {
        /// The connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// Primary key of the CRM entity.
        crm_record_id: i32 = "CrmRecordId",
        /// The kind of CRM entity.
        crm_actor_type: CrmActorType = "CrmActorType",
        /// The actor's key in the ERP system.
        erp_key: Option<String> = "ErpKey",
        /// The kind of ERP actor.
        erp_actor_type: ErpActorType = "ErpActorType",
        /// The values to write on both sides.
        field_values: Option<Vec<ErpSyncFieldValue>> = "FieldValues",
    }
}

carrier! {
    /// The request of `TryConnectActor`.
    pub struct TryConnectActorRequest {
        /// The connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// Primary key of the CRM entity.
        crm_record_id: i32 = "CrmRecordId",
        /// The kind of CRM entity.
        crm_actor_type: CrmActorType = "CrmActorType",
        /// The actor's key in the ERP system.
        erp_key: Option<String> = "ErpKey",
        /// The kind of ERP actor.
        erp_actor_type: ErpActorType = "ErpActorType",
        /// The values to write on both sides.
        field_values: Option<Vec<ErpSyncFieldValue>> = "FieldValues",
    }
}

carrier! {
    /// The request of `CreateErpActorFromCrm`.
    pub struct CreateErpActorFromCrmRequest {
        /// The connection.
        connection_id: i32 = "ConnectionId",
        /// Primary key of the CRM entity.
        crm_entity_id: i32 = "CrmEntityId",
        /// The kind of ERP actor to create.
        erp_actor_type: ErpActorType = "ErpActorType",
        /// The kind of CRM entity.
        crm_actor_type: CrmActorType = "CrmActorType",
        /// Further values of the new actor, by the keys of the ERP fields.
        erp_field_key_values: Option<StringDictionary> = "ErpFieldKeyValues",
    }
}
