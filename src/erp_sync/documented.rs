//! What the OpenAPI document says of the methods besides what follows from their carriers: a sample call that works on
//! the demo data, and how they can refuse a row.

use serde_json::Value;

use super::actor_types::{CrmActorType, ErpActorType};
use super::connections::{ConnectionRequest, ErpConnection, GetAllConnectionsRequest, ROLES};
use super::connectors::{CanDeleteErpSyncConnectorEntityRequest, ConnectorParameters, ErpSyncConnectorEntity};
use super::defaults::{ErpSyncDefaultValue, GetDefaultValueInfoRequest, SaveDefaultValueInfoRequest};
use super::engine::{ChangeEngineIntervalRequest, ChangeEngineStatusRequest};
use super::list_mappings::{
    ErpConnectionListMapping, ErpConnectionListMappingContainer, ErpCrmListItemMapping, MDOListItem,
    SaveConnectionListMappingsRequest, ValidateArchiveColumnConfigRequest,
};
use super::mapping::{
    ErpActorTypeRequest, ErpSyncActorTypeMapping, ErpSyncFieldMapping, GetActorTypeMappingRequest,
    MoveErpFieldItemRequest, SaveActorTypeMappingRequest,
};
use super::save_connection::SaveConnectionRequest;
use super::summary::GetErpSyncConnectionSummaryRequest;
use super::sync_order::SaveErpConnectionSyncPrioritiesRequest;
use crate::openapi::sample::{Sample, answer};

/// The connection of the demo data.
const CONNECTION: i32 = 816;
/// The connector of the vendor's sample request.
const CONNECTOR: i32 = 411;
/// The connector that nothing calls once the sample request has been sent.
const OTHER_CONNECTOR: i32 = 403;
/// The first field that is saved.
const FIELD: i32 = 1;
const ACTOR: ErpActorType = ErpActorType::Customer;

/// How a method can refuse a row: 404 where it is not there, 409 where another one has what must be unique.
#[must_use]
pub fn refusals(method: &str) -> &'static [u16] {
    match method {
        "DeleteErpSyncConnectorEntity"
        | "DeleteConnection"
        | "ToggleErpConnectionActive"
        | "MoveErpFieldItem"
        | "SaveDefaultValueInfo"
        | "ValidateArchiveColumnConfig" => &[404],
        "SaveConnection" => &[409],
        _ => &[],
    }
}

/// What the demo administrator is answered, where it is worth showing.
#[must_use]
pub fn answered(method: &str) -> Option<Value> {
    let mut stored = connection();
    stored.user_group_access_ids = Some(vec![185, 350]);
    stored.associate_access_ids = Some(vec![463, 920]);
    stored.rights = ROLES.full();
    (method == "SaveConnection").then(|| answer(&stored))
}

/// The connection of the vendor's published sample request.
fn connection() -> ErpConnection {
    let texts = [("ConfigFields1", "est"), ("ConfigFields2", "ducimus")];
    ErpConnection {
        erp_connection_id: CONNECTION,
        erp_connector_id: CONNECTOR,
        display_name: Some("Emard Group".into()),
        display_description: Some("Fundamental eco-centric application".into()),
        active: true,
        connection_id: Some("a".into()),
        most_recent_timestamp: Some("rerum".into()),
        config_fields: Some(texts.map(|(key, value)| (key.to_owned(), Some(value.to_owned()))).into()),
        deleted: true,
        all_access: false,
        user_group_access_ids: Some(vec![350, 185]),
        associate_access_ids: Some(vec![920, 463]),
        ..ErpConnection::default()
    }
}

/// A call that works on the demo data, once those before it were sent; none where the method takes nothing.
#[must_use]
pub fn sample(method: &str) -> Option<Sample> {
    Some(match method {
        "SaveErpSyncConnectorEntity" => Sample::of(&ErpSyncConnectorEntity {
            erp_connector_id: CONNECTOR,
            display_name: Some("US:\"Demo connector\";NO:\"Demokobling\"".into()),
            url: Some("http://localhost:9411/ErpConnectorWS.svc".into()),
            ..ErpSyncConnectorEntity::default()
        }),
        "GetErpSyncConnectorEntity" => {
            Sample::of(&ConnectorParameters { erp_sync_connector_entity_id: Some(CONNECTOR) })
        }
        "DeleteErpSyncConnectorEntity" => {
            Sample::of(&ConnectorParameters { erp_sync_connector_entity_id: Some(OTHER_CONNECTOR) })
        }
        "CanDeleteErpSyncConnectorEntity" => {
            Sample::of(&CanDeleteErpSyncConnectorEntityRequest { erp_sync_connector_id: CONNECTOR })
        }
        "SaveConnection" => Sample::of(&SaveConnectionRequest { connection: Some(connection()) }),
        "GetConnection" | "GetErpConnectionConfigFields" | "DeleteConnection" | "ToggleErpConnectionActive" => {
            Sample::of(&ConnectionRequest { erp_connection_id: CONNECTION })
        }
        "GetAllConnections" => Sample::of(&GetAllConnectionsRequest { include_deleted: true }),
        "SaveErpConnectionSyncPriorities" => {
            Sample::of(&SaveErpConnectionSyncPrioritiesRequest { erp_connection_ids: Some(vec![0, CONNECTION]) })
        }
        "GetErpSyncConnectionSummary" => {
            Sample::of(&GetErpSyncConnectionSummaryRequest { erp_sync_connection_id: CONNECTION })
        }
        "ChangeEngineStatus" => Sample::of(&ChangeEngineStatusRequest { run: true }),
        "ChangeEngineInterval" => Sample::of(&ChangeEngineIntervalRequest { interval: Some("00:05:00".into()) }),
        method => return mapping_sample(method),
    })
}

fn mapping_sample(method: &str) -> Option<Sample> {
    Some(match method {
        "GetActorTypeMapping" => {
            Sample::of(&GetActorTypeMappingRequest { erp_connection_id: CONNECTION, actor_type: ACTOR })
        }
        "SaveActorTypeMapping" => Sample::of(&SaveActorTypeMappingRequest { mapping: Some(mapping()) }),
        "GetCrmActorType" | "GetFieldsForNewErpActor" => {
            Sample::of(&ErpActorTypeRequest { erp_connection_id: CONNECTION, erp_actor_type: ACTOR })
        }
        "MoveErpFieldItem" => Sample::of(&MoveErpFieldItemRequest {
            erp_field_id: FIELD,
            direction: 1,
            erp_connection_id: CONNECTION,
            erp_actor_type: ACTOR,
        }),
        "SaveDefaultValueInfo" => Sample::of(&SaveDefaultValueInfoRequest {
            erp_sync_default_value: Some(ErpSyncDefaultValue {
                erp_field_id: FIELD,
                has_first_sync_default_value: true,
                first_sync_default_value: Some("+47".into()),
                prompt_user: true,
                ..ErpSyncDefaultValue::default()
            }),
        }),
        "GetDefaultValueInfo" => Sample::of(&GetDefaultValueInfoRequest { erp_field_id: FIELD }),
        "SaveConnectionListMappings" => {
            Sample::of(&SaveConnectionListMappingsRequest { list_mapping: Some(list_mapping()) })
        }
        "ValidateArchiveColumnConfig" => Sample::of(&ValidateArchiveColumnConfigRequest {
            list_owner: Some("contact".into()),
            erp_connection_id: CONNECTION,
        }),
        _ => return None,
    })
}

fn mapping() -> ErpSyncActorTypeMapping {
    let telephone = ErpSyncFieldMapping {
        crm_field_key: Some("PHONE".into()),
        erp_field_key: Some("Telephone".into()),
        sync_to_crm: true,
        show_in_gui: true,
        ..ErpSyncFieldMapping::default()
    };
    ErpSyncActorTypeMapping {
        erp_connection_id: CONNECTION,
        is_active: true,
        field_mappings: Some(vec![telephone]),
        actor_type_erp: ACTOR,
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
