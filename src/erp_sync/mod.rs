//! The ErpSync agent: one file a family, with its carriers and rules. This file lists every route.

pub mod activation;
pub mod actor_types;
pub mod connections;
pub mod connectors;
pub mod crm_fields;
pub mod defaults;
pub mod documented;
pub mod engine;
mod ids;
pub mod list_mappings;
pub mod mapping;
mod roles;
pub mod save_connection;
mod save_metrics;
pub mod summary;
pub mod sync_order;

use crate::protocol::agent::Agent;
use crate::store::Pool;

/// The agent. Its routes must stand below [`authenticate`](crate::auth::authenticate).
#[must_use]
pub fn agent() -> Agent<Pool> {
    let agent = Agent::new("ErpSync");
    not_yet(engine(mapping(connections(connectors(agent)))))
}

fn connectors(agent: Agent<Pool>) -> Agent<Pool> {
    agent
        .method(
            "CreateDefaultErpSyncConnectorEntity",
            "Loading default values into a new ErpSyncConnectorEntity.",
            connectors::create_default,
        )
        .method(
            "SaveErpSyncConnectorEntity",
            "Updates the existing ErpSyncConnectorEntity or creates a new ErpSyncConnectorEntity if the id parameter is 0.",
            connectors::save,
        )
        .method("GetErpSyncConnectorEntity", "Gets a ErpSyncConnectorEntity object.", connectors::get)
        .method("DeleteErpSyncConnectorEntity", "Deletes the ErpSyncConnectorEntity", connectors::delete)
        .method("CanDeleteErpSyncConnectorEntity", "Can we delete the connector?", connectors::can_delete)
        .method("GetAllConnectors", "Returns all ERP Sync connectors.", connectors::get_all)
}

fn connections(agent: Agent<Pool>) -> Agent<Pool> {
    agent
        .cached_authentication_method("SaveConnection", "Saves a connection to the database.", save_connection::save)
        .cached_authentication_method("GetConnection", "Returns the specified connection.", connections::get)
        .method(
            "GetAllConnections",
            "Returns all ERP Sync connections without config field data.",
            connections::get_all,
        )
        .method(
            "GetErpConnectionConfigFields",
            "Returns the config fields for the connection.",
            connections::config_fields,
        )
        .method("DeleteConnection", "Deletes a connection from the database.", connections::delete)
        .method("ToggleErpConnectionActive", "Toggles the Active state of the connection", activation::toggle)
        .method(
            "SaveErpConnectionSyncPriorities",
            "Takes an array of the ErpConnection ids and saves these as ordered sync priorities",
            sync_order::save,
        )
        .method("GetErpSyncConnectionSummary", "Get a summary of the current ErpSync configuration/setup", summary::get)
}

fn mapping(agent: Agent<Pool>) -> Agent<Pool> {
    agent
        .method(
            "GetActorTypeMapping",
            "Get the current mappings for one connection/actor; connection+actor type = unique key",
            mapping::get,
        )
        .method("SaveActorTypeMapping", "Save mappings for a connection/actor", mapping::save)
        .method(
            "GetCrmActorType",
            "Retrieves the CrmActorType that are mapped to a specific ErpActorType for this connection",
            mapping::crm_actor_type,
        )
        .method("MoveErpFieldItem", "Moves the rank of the erp field up or down", mapping::move_field)
        .method("SaveDefaultValueInfo", "Save information about a default value for an ERP field", defaults::save)
        .method("GetDefaultValueInfo", "Get information about default value for an ERP field", defaults::get)
        .method(
            "GetFieldsForNewErpActor",
            "Get the fields that must be filled out when creating a new ERP actor",
            defaults::fields_for_new_actor,
        )
        .method("SaveConnectionListMappings", "Saves the list mappings of a connection.", list_mappings::save)
        .method(
            "ValidateArchiveColumnConfig",
            "Clear field info from table SUPERLISTCOLUMNSIZE if field mapping changed on given connection",
            list_mappings::validate_columns,
        )
}

fn engine(agent: Agent<Pool>) -> Agent<Pool> {
    agent
        .method("GetEngineStatus", "Get the current status of the Sync engine", engine::status)
        .method(
            "ChangeEngineStatus",
            "Change the current running/stopped status of the Sync engine",
            engine::change_status,
        )
        .method("ChangeEngineInterval", "Change the interval for each run of the Sync Engine", engine::change_interval)
}

/// What the vendor has besides: each needs a connector, CRM entities or the sync engine.
fn not_yet(agent: Agent<Pool>) -> Agent<Pool> {
    const METHODS: [(&str, &str); 23] = [
        ("TestConnectorUrl", "Test if connector urls anwers"),
        ("GetConfigurationFields", "Returns all fields needed to connect to the given connector"),
        ("TestConnectionByConfig", "Tests to see if we can establish a connection with the given config fields"),
        ("TestConnectionById", "Tests to see if the given connection has a valid connection to its connector"),
        (
            "UpdateConnectionFields",
            "Gets all supported actor types, and all fields for each actor type, and saves them",
        ),
        ("SupportsAdvancedSearch", "Indicates if the connection supports advanced search for the given erp actor"),
        ("GetConnectionListMappings", "Returns the listmappings for the specified connection."),
        ("GetFieldValuesFromErp", "Get Erp Field values"),
        ("GetFieldValuesFromCrm", "Get Crm Field values"),
        ("GetConnectionsAndDisplayFields", "Get all connection statuses and fields for a given entity"),
        ("GetErpFieldValues", "Get the values for the specified fields from the ERP connection"),
        ("CreateActorLink", "Link a crm entity to an erp entity"),
        ("BreakActorLink", "Remove the link between a CRM entity and an ERP entity"),
        ("ConnectActor", "Create a link between Erp and Crm and set default values"),
        ("TryConnectActor", "Create a link between Erp and Crm and set default values"),
        ("CreateErpActorFromCrm", "Create ErpActor from crm entity"),
        ("SyncAll", "Sync all active connections"),
        ("ForceSyncAll", "Sync all active connections even when automatic sync is off"),
        ("ForceResync", "Force resync from CRM or given Erp connection to all other connections"),
        ("ForceResyncNoBlankValues", "As ForceResync, but blank values do not overwrite others"),
        ("ForceResyncBatchTask", "Start batch task to force resync from CRM or given Erp connection"),
        ("ForceResyncExternal", "Force resync from CRM or given Erp connection, using external keys"),
        ("ForceResyncExternalNoBlankValues", "As ForceResyncExternal, but blank values do not overwrite others"),
    ];
    METHODS.iter().fold(agent, |agent, (name, summary)| agent.not_yet(name, summary))
}
