//! The example requests of the methods that the program does not implement yet.

use crate::erp_sync::actor_links::{
    BreakActorLinkRequest, ConnectActorRequest, CreateActorLinkRequest, CreateErpActorFromCrmRequest,
    GetConnectionsAndDisplayFieldsRequest, GetErpFieldValuesRequest, GetFieldValuesFromCrmRequest,
    TryConnectActorRequest,
};
use crate::erp_sync::actor_types::{CrmActorType, ErpActorType};
use crate::erp_sync::field_values::ErpSyncFieldValue;
use crate::erp_sync::sync_runs::{
    ForceResyncBatchTaskRequest, ForceResyncExternalNoBlankValuesRequest, ForceResyncExternalRequest,
    ForceResyncNoBlankValuesRequest, ForceResyncRequest,
};
use crate::openapi::example::Example;

const CRM_ACTOR_TYPE: CrmActorType = CrmActorType::Contact;
const ERP_ACTOR_TYPE: ErpActorType = ErpActorType::Customer;
const CRM_ID: i32 = 1;
const ERP_KEY: &str = "10001";

/// Returns an example request about a `connection`; `None` if the method has no request.
pub fn request(method: &str, connection: i32) -> Option<Example> {
    Some(match method {
        "ForceResync" => {
            Example::new(&ForceResyncRequest { erp_connection_id: connection, internal_key_ids: Some(vec![CRM_ID]) })
        }
        "ForceResyncNoBlankValues" => Example::new(&ForceResyncNoBlankValuesRequest {
            erp_connection_id: connection,
            internal_key_ids: Some(vec![CRM_ID]),
        }),
        "ForceResyncBatchTask" => Example::new(&ForceResyncBatchTaskRequest {
            erp_connection_id: connection,
            internal_key_ids: Some(vec![CRM_ID]),
        }),
        "ForceResyncExternal" => Example::new(&ForceResyncExternalRequest {
            erp_connection_id: connection,
            erp_actor_type: ERP_ACTOR_TYPE,
            external_keys: Some(vec![ERP_KEY.into()]),
        }),
        "ForceResyncExternalNoBlankValues" => Example::new(&ForceResyncExternalNoBlankValuesRequest {
            erp_connection_id: connection,
            erp_actor_type: ERP_ACTOR_TYPE,
            external_keys: Some(vec![ERP_KEY.into()]),
        }),
        method => return link_request(method, connection),
    })
}

fn link_request(method: &str, connection: i32) -> Option<Example> {
    let field_value = ErpSyncFieldValue {
        crm_field_key: Some("PHONE".into()),
        value: Some("+47".into()),
        sync_to_crm: true,
        ..ErpSyncFieldValue::default()
    };
    Some(match method {
        "GetFieldValuesFromCrm" => {
            Example::new(&GetFieldValuesFromCrmRequest { record_id: CRM_ID, actor_type_crm: CRM_ACTOR_TYPE })
        }
        "GetConnectionsAndDisplayFields" => {
            Example::new(&GetConnectionsAndDisplayFieldsRequest { crm_actor_type: CRM_ACTOR_TYPE, entity_id: CRM_ID })
        }
        "GetErpFieldValues" => Example::new(&GetErpFieldValuesRequest {
            erp_connection_id: connection,
            crm_actor_type: CRM_ACTOR_TYPE,
            entity_id: CRM_ID,
            field_keys: Some(vec!["Telephone".into()]),
        }),
        "CreateActorLink" => Example::new(&CreateActorLinkRequest {
            erp_connection_id: connection,
            crm_record_id: CRM_ID,
            crm_actor_type: CRM_ACTOR_TYPE,
            erp_key: Some(ERP_KEY.into()),
            erp_actor_type: ERP_ACTOR_TYPE,
        }),
        "BreakActorLink" => Example::new(&BreakActorLinkRequest {
            erp_connection_id: connection,
            crm_record_id: CRM_ID,
            crm_actor_type: CRM_ACTOR_TYPE,
        }),
        "ConnectActor" => Example::new(&ConnectActorRequest {
            erp_connection_id: connection,
            crm_record_id: CRM_ID,
            crm_actor_type: CRM_ACTOR_TYPE,
            erp_key: Some(ERP_KEY.into()),
            erp_actor_type: ERP_ACTOR_TYPE,
            field_values: Some(vec![field_value]),
        }),
        "TryConnectActor" => Example::new(&TryConnectActorRequest {
            erp_connection_id: connection,
            crm_record_id: CRM_ID,
            crm_actor_type: CRM_ACTOR_TYPE,
            erp_key: Some(ERP_KEY.into()),
            erp_actor_type: ERP_ACTOR_TYPE,
            field_values: Some(vec![field_value]),
        }),
        "CreateErpActorFromCrm" => Example::new(&CreateErpActorFromCrmRequest {
            connection_id: connection,
            crm_entity_id: CRM_ID,
            erp_actor_type: ERP_ACTOR_TYPE,
            crm_actor_type: CRM_ACTOR_TYPE,
            erp_field_key_values: Some([("Telephone".to_owned(), Some("+47".to_owned()))].into()),
        }),
        _ => return None,
    })
}
