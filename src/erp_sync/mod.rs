//! The ErpSync agent: one file for each family of methods, with its carriers and rules. This file lists every route.

pub mod action_log;
pub mod activation;
pub mod actor_links;
pub mod actor_types;
pub mod advanced_search;
mod called_connection;
pub mod connection_fields;
pub mod connections;
mod connector_client;
pub mod connector_setup;
pub mod connector_urls;
pub mod connectors;
pub mod crm_fields;
pub mod defaults;
pub mod delivery;
pub mod engine;
mod erp_lists;
pub mod examples;
pub mod field_values;
mod ids;
pub mod list_mappings;
pub mod mapping;
pub mod read_list_mappings;
mod roles;
pub mod save_connection;
mod save_metrics;
mod state;
pub mod summary;
pub mod sync_order;
pub mod sync_runs;

use crate::protocol::agent::Agent;
use field_values::ErpSyncFieldValue;
pub use state::AgentState;

/// Creates the agent. Its routes must stand below [`authenticate`](crate::auth::authenticate).
#[must_use]
pub fn agent() -> Agent<AgentState> {
    // The examples of the OpenAPI document are sent in this order. The vendor's example request of SaveConnection gives the
    // connection config fields that no connector knows, so its connector is called first.
    let families = [connectors, connector_calls, connections, mapping, engine, actor_links, sync_runs];
    families.into_iter().fold(Agent::new("ErpSync"), |agent, add_methods| add_methods(agent))
}

fn connectors(agent: Agent<AgentState>) -> Agent<AgentState> {
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

fn connections(agent: Agent<AgentState>) -> Agent<AgentState> {
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

fn mapping(agent: Agent<AgentState>) -> Agent<AgentState> {
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

fn engine(agent: Agent<AgentState>) -> Agent<AgentState> {
    agent
        .method("GetEngineStatus", "Get the current status of the Sync engine", engine::status)
        .method(
            "ChangeEngineStatus",
            "Change the current running/stopped status of the Sync engine",
            engine::change_status,
        )
        .method("ChangeEngineInterval", "Change the interval for each run of the Sync Engine", engine::change_interval)
}

fn connector_calls(agent: Agent<AgentState>) -> Agent<AgentState> {
    agent
        .method("TestConnectorUrl", "Test if connector urls anwers", connector_setup::test_url)
        .method(
            "GetConfigurationFields",
            "Returns all fields needed to connect to the given connector",
            connector_setup::configuration_fields,
        )
        .method(
            "TestConnectionByConfig",
            "Tests to see if we can establish a connection with the given config fields",
            connector_setup::test_config,
        )
        .method(
            "TestConnectionById",
            "Tests to see if the given connection has a valid connection to its connector",
            connector_setup::test_connection,
        )
        .method(
            "UpdateConnectionFields",
            "Gets all supported actor types, and all fields for each actor type, and saves them",
            connection_fields::update,
        )
        .method(
            "SupportsAdvancedSearch",
            "Indicates if the connection supports advanced search for the given erp actor",
            advanced_search::is_supported,
        )
        .method(
            "GetConnectionListMappings",
            "Returns the listmappings for the specified connection.",
            read_list_mappings::get,
        )
        .method("GetFieldValuesFromErp", "Get Erp Field values", field_values::from_erp)
}

fn actor_links(agent: Agent<AgentState>) -> Agent<AgentState> {
    use actor_links::{
        BreakActorLinkRequest, ConnectActorRequest, CreateActorLinkRequest, CreateErpActorFromCrmRequest,
        ErpConnectionData, GetConnectionsAndDisplayFieldsRequest, GetErpFieldValuesRequest,
        GetFieldValuesFromCrmRequest, TryConnectActorRequest,
    };
    agent
        .not_implemented::<GetFieldValuesFromCrmRequest, Vec<ErpSyncFieldValue>>(
            "GetFieldValuesFromCrm",
            "Get Crm Field values",
        )
        .not_implemented::<GetConnectionsAndDisplayFieldsRequest, Vec<ErpConnectionData>>(
            "GetConnectionsAndDisplayFields",
            "Get all connection statuses and fields for a given entity",
        )
        .not_implemented::<GetErpFieldValuesRequest, Vec<String>>(
            "GetErpFieldValues",
            "Get the values for the specified fields from the ERP connection",
        )
        .not_implemented::<CreateActorLinkRequest, bool>("CreateActorLink", "Link a crm entity to an erp entity")
        .not_implemented::<BreakActorLinkRequest, bool>(
            "BreakActorLink",
            "Remove the link between a CRM entity and an ERP entity",
        )
        .not_implemented::<ConnectActorRequest, ()>(
            "ConnectActor",
            "Create a link between Erp and Crm and set default values",
        )
        .not_implemented::<TryConnectActorRequest, bool>(
            "TryConnectActor",
            "Create a link between Erp and Crm and set default values",
        )
        .not_implemented::<CreateErpActorFromCrmRequest, bool>(
            "CreateErpActorFromCrm",
            "Create ErpActor from crm entity",
        )
}

fn sync_runs(agent: Agent<AgentState>) -> Agent<AgentState> {
    use sync_runs::{
        ForceResyncBatchTaskRequest, ForceResyncExternalNoBlankValuesRequest, ForceResyncExternalRequest,
        ForceResyncNoBlankValuesRequest, ForceResyncRequest, PluginResponse,
    };
    agent
        .not_implemented::<(), PluginResponse>("SyncAll", "Sync all active connections")
        .not_implemented::<(), PluginResponse>(
            "ForceSyncAll",
            "Sync all active connections even when automatic sync is off",
        )
        .not_implemented::<ForceResyncRequest, PluginResponse>(
            "ForceResync",
            "Force resync from CRM or given Erp connection to all other connections",
        )
        .not_implemented::<ForceResyncNoBlankValuesRequest, PluginResponse>(
            "ForceResyncNoBlankValues",
            "As ForceResync, but blank values do not overwrite others",
        )
        .not_implemented::<ForceResyncBatchTaskRequest, ()>(
            "ForceResyncBatchTask",
            "Start batch task to force resync from CRM or given Erp connection",
        )
        .not_implemented::<ForceResyncExternalRequest, PluginResponse>(
            "ForceResyncExternal",
            "Force resync from CRM or given Erp connection, using external keys",
        )
        .not_implemented::<ForceResyncExternalNoBlankValuesRequest, PluginResponse>(
            "ForceResyncExternalNoBlankValues",
            "As ForceResyncExternal, but blank values do not overwrite others",
        )
}
