//! The examples of the OpenAPI document: a request of each method that works on the demo data.

mod not_implemented;

use serde_json::Value;

use super::activation::ToggleErpConnectionActiveRequest;
use super::actor_types::{CrmActorType, ErpActorType};
use super::advanced_search::SupportsAdvancedSearchRequest;
use super::connection_fields::UpdateConnectionFieldsRequest;
use super::connections::{
    DeleteConnectionRequest, ErpConnection, GetAllConnectionsRequest, GetConnectionRequest,
    GetErpConnectionConfigFieldsRequest, ROLES,
};
use super::connector_setup::{
    GetConfigurationFieldsRequest, TestConnectionByConfigRequest, TestConnectionByIdRequest, TestConnectorUrlRequest,
};
use super::connectors::{CanDeleteErpSyncConnectorEntityRequest, ConnectorParameters, ErpSyncConnectorEntity};
use super::defaults::{
    ErpSyncDefaultValue, GetDefaultValueInfoRequest, GetFieldsForNewErpActorRequest, SaveDefaultValueInfoRequest,
};
use super::engine::{ChangeEngineIntervalRequest, ChangeEngineStatusRequest};
use super::field_values::GetFieldValuesFromErpRequest;
use super::list_mappings::{
    ErpConnectionListMapping, ErpConnectionListMappingContainer, ErpCrmListItemMapping, MDOListItem,
    SaveConnectionListMappingsRequest, ValidateArchiveColumnConfigRequest,
};
use super::mapping::{
    ErpSyncActorTypeMapping, ErpSyncFieldMapping, GetActorTypeMappingRequest, GetCrmActorTypeRequest,
    MoveErpFieldItemRequest, SaveActorTypeMappingRequest,
};
use super::read_list_mappings::GetConnectionListMappingsRequest;
use super::save_connection::SaveConnectionRequest;
use super::summary::GetErpSyncConnectionSummaryRequest;
use super::sync_order::SaveErpConnectionSyncPrioritiesRequest;
use crate::openapi::example::{Example, to_json};

/// The connection of the demo data.
const CONNECTION: i32 = 816;
/// The connector of the vendor's example request.
const CONNECTOR: i32 = 411;
/// The connector that no connection uses after the example request of `SaveConnection`.
const UNUSED_CONNECTOR: i32 = 403;
/// The field that `UpdateConnectionFields` or `SaveActorTypeMapping` creates first.
const FIELD: i32 = 1;
/// The ERP actor type of the mapping.
const ACTOR_TYPE: ErpActorType = ErpActorType::Customer;

/// Returns the response to the example request of `SaveConnection`; `None` for any other method, as the document shows
/// one response only.
#[must_use]
pub fn response(method: &str) -> Option<Value> {
    (method == "SaveConnection").then(|| {
        let mut stored = connection();
        stored.user_group_access_ids = Some(vec![185, 350]);
        stored.associate_access_ids = Some(vec![463, 920]);
        stored.rights = ROLES.full();
        to_json(&stored)
    })
}

/// The connection of the vendor's published example request.
fn connection() -> ErpConnection {
    let config_fields = [("ConfigFields1", "est"), ("ConfigFields2", "ducimus")];
    ErpConnection {
        erp_connection_id: CONNECTION,
        erp_connector_id: CONNECTOR,
        display_name: Some("Emard Group".into()),
        display_description: Some("Fundamental eco-centric application".into()),
        active: true,
        connection_id: Some("a".into()),
        most_recent_timestamp: Some("rerum".into()),
        config_fields: Some(config_fields.map(|(key, value)| (key.to_owned(), Some(value.to_owned()))).into()),
        deleted: true,
        all_access: false,
        user_group_access_ids: Some(vec![350, 185]),
        associate_access_ids: Some(vec![920, 463]),
        ..ErpConnection::default()
    }
}

/// Returns a request that works on the demo data after the examples of the methods before it; `None` if the method has
/// no request.
#[must_use]
pub fn request(method: &str) -> Option<Example> {
    Some(match method {
        "SaveErpSyncConnectorEntity" => Example::new(&ErpSyncConnectorEntity {
            erp_connector_id: CONNECTOR,
            display_name: Some("US:\"Demo connector\";NO:\"Demokobling\"".into()),
            url: Some("app://demo".into()),
            ..ErpSyncConnectorEntity::default()
        }),
        "GetErpSyncConnectorEntity" => {
            Example::new(&ConnectorParameters { erp_sync_connector_entity_id: Some(CONNECTOR) })
        }
        "DeleteErpSyncConnectorEntity" => {
            Example::new(&ConnectorParameters { erp_sync_connector_entity_id: Some(UNUSED_CONNECTOR) })
        }
        "CanDeleteErpSyncConnectorEntity" => {
            Example::new(&CanDeleteErpSyncConnectorEntityRequest { erp_sync_connector_id: CONNECTOR })
        }
        "SaveConnection" => Example::new(&SaveConnectionRequest { connection: Some(connection()) }),
        "GetConnection" => Example::new(&GetConnectionRequest { erp_connection_id: CONNECTION }),
        "GetErpConnectionConfigFields" => {
            Example::new(&GetErpConnectionConfigFieldsRequest { erp_connection_id: CONNECTION })
        }
        "DeleteConnection" => Example::new(&DeleteConnectionRequest { erp_connection_id: CONNECTION }),
        "ToggleErpConnectionActive" => {
            Example::new(&ToggleErpConnectionActiveRequest { erp_connection_id: CONNECTION })
        }
        "GetAllConnections" => Example::new(&GetAllConnectionsRequest { include_deleted: true }),
        "SaveErpConnectionSyncPriorities" => {
            Example::new(&SaveErpConnectionSyncPrioritiesRequest { erp_connection_ids: Some(vec![0, CONNECTION]) })
        }
        "GetErpSyncConnectionSummary" => {
            Example::new(&GetErpSyncConnectionSummaryRequest { erp_sync_connection_id: CONNECTION })
        }
        "ChangeEngineStatus" => Example::new(&ChangeEngineStatusRequest { run: true }),
        "ChangeEngineInterval" => Example::new(&ChangeEngineIntervalRequest { interval: Some("00:05:00".into()) }),
        method => return mapping_request(method),
    })
}

fn mapping_request(method: &str) -> Option<Example> {
    Some(match method {
        "GetActorTypeMapping" => {
            Example::new(&GetActorTypeMappingRequest { erp_connection_id: CONNECTION, actor_type: ACTOR_TYPE })
        }
        "SaveActorTypeMapping" => Example::new(&SaveActorTypeMappingRequest { mapping: Some(mapping()) }),
        "GetCrmActorType" => {
            Example::new(&GetCrmActorTypeRequest { erp_connection_id: CONNECTION, erp_actor_type: ACTOR_TYPE })
        }
        "GetFieldsForNewErpActor" => {
            Example::new(&GetFieldsForNewErpActorRequest { erp_connection_id: CONNECTION, erp_actor_type: ACTOR_TYPE })
        }
        "MoveErpFieldItem" => Example::new(&MoveErpFieldItemRequest {
            erp_field_id: FIELD,
            direction: 1,
            erp_connection_id: CONNECTION,
            erp_actor_type: ACTOR_TYPE,
        }),
        "SaveDefaultValueInfo" => Example::new(&SaveDefaultValueInfoRequest {
            erp_sync_default_value: Some(ErpSyncDefaultValue {
                erp_field_id: FIELD,
                has_first_sync_default_value: true,
                first_sync_default_value: Some("+47".into()),
                prompt_user: true,
                ..ErpSyncDefaultValue::default()
            }),
        }),
        "GetDefaultValueInfo" => Example::new(&GetDefaultValueInfoRequest { erp_field_id: FIELD }),
        "SaveConnectionListMappings" => {
            Example::new(&SaveConnectionListMappingsRequest { list_mapping: Some(list_mapping()) })
        }
        "ValidateArchiveColumnConfig" => Example::new(&ValidateArchiveColumnConfigRequest {
            list_owner: Some("contact".into()),
            erp_connection_id: CONNECTION,
        }),
        "TestConnectorUrl" => Example::new(&TestConnectorUrlRequest { url: Some("app://demo".into()) }),
        "GetConfigurationFields" => Example::new(&GetConfigurationFieldsRequest { erp_connector_id: CONNECTOR }),
        "TestConnectionByConfig" => Example::new(&TestConnectionByConfigRequest {
            erp_connection_id: CONNECTOR,
            config_fields: Some([("COMPANY".to_owned(), Some("Emard Group".to_owned()))].into()),
        }),
        "TestConnectionById" => Example::new(&TestConnectionByIdRequest { erp_connection_id: CONNECTION }),
        "GetConnectionListMappings" => {
            Example::new(&GetConnectionListMappingsRequest { erp_connection_id: CONNECTION })
        }
        "GetFieldValuesFromErp" => Example::new(&GetFieldValuesFromErpRequest {
            erp_connection_id: CONNECTION,
            actor_type_erp: ACTOR_TYPE,
            erp_key: Some("C1001".into()),
        }),
        "UpdateConnectionFields" => Example::new(&UpdateConnectionFieldsRequest { erp_connection_id: CONNECTION }),
        "SupportsAdvancedSearch" => {
            Example::new(&SupportsAdvancedSearchRequest { erp_connection_id: CONNECTION, erp_actor_type: ACTOR_TYPE })
        }
        method => return not_implemented::request(method, CONNECTION),
    })
}

fn mapping() -> ErpSyncActorTypeMapping {
    let telephone = ErpSyncFieldMapping {
        crm_field_key: Some("PHONE".into()),
        erp_field_key: Some("PHONE".into()),
        sync_to_crm: true,
        show_in_gui: true,
        ..ErpSyncFieldMapping::default()
    };
    ErpSyncActorTypeMapping {
        erp_connection_id: CONNECTION,
        is_active: true,
        field_mappings: Some(vec![telephone]),
        actor_type_erp: ACTOR_TYPE,
        actor_type_crm: CrmActorType::Contact,
        ..ErpSyncActorTypeMapping::default()
    }
}

fn list_mapping() -> ErpConnectionListMappingContainer {
    let item = ErpCrmListItemMapping {
        erp_list_item_id: Some("N".into()),
        crm_list_item: Some(MDOListItem { id: 1, ..MDOListItem::default() }),
        ..ErpCrmListItemMapping::default()
    };
    let list = ErpConnectionListMapping {
        erp_crm_list_item_mappings: Some(vec![item]),
        erp_field_id: FIELD,
        ..ErpConnectionListMapping::default()
    };
    ErpConnectionListMappingContainer {
        erp_list_item_mappings: Some(vec![list]),
        erp_connection_id: CONNECTION,
        ..ErpConnectionListMappingContainer::default()
    }
}
