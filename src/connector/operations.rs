//! The 17 operations of `IErpConnectorWS`. The type of an operation is that of its request.

use super::carriers::{ErpActor, SearchRestriction};
use super::config_values::ConfigValues;
use super::description::{MessageDescription, OperationDescription};
use super::message::{Message, message};
use super::responses::{
    ActorResponse, ActorsResponse, FieldsResponse, ListItemsResponse, Outcome, Response, TextsResponse,
};

/// The `ConnectionGuid` of list look-ups while a connection is being defined.
pub const NO_CONNECTION: &str = "00000000-0000-0000-0000-000000000000";

/// An operation, as its request.
pub trait Operation: Message + 'static {
    /// The vendor's name.
    const NAME: &'static str;
    /// The type of the parameter `request`; `None` if the operation has no parameter.
    const REQUEST: Option<&'static MessageDescription>;
    /// The result.
    type Response: Response;
}

/// Defines the operations: each a request with the vendor's type name and members in WCF's order, and a result.
macro_rules! operations {
    ($(
        $(#[doc = $about:literal])*
        $operation:ident = $name:literal ($($request:literal { $($members:tt)* })?) -> $response:ty;
    )*) => {
        $(
            message! {
                $(#[doc = $about])*
                pub struct $operation: $name { $($($members)*)? }
            }

            impl Operation for $operation {
                const NAME: &'static str = $name;
                const REQUEST: Option<&'static MessageDescription> = operations!(@request $operation $($request)?);
                type Response = $response;
            }
        )*

        /// All operations.
        pub static OPERATIONS: &[OperationDescription] = &[$(
            OperationDescription {
                name: $name,
                request: <$operation as Operation>::REQUEST,
                response: <$response as Message>::DESCRIPTION,
            },
        )*];
    };
    (@request $operation:ident) => { None };
    (@request $operation:ident $request:literal) => {
        Some(&MessageDescription {
            name: $request,
            base: None,
            members: <$operation as Message>::DESCRIPTION.members,
        })
    };
}

operations! {
    /// Returns the config fields that a connection needs.
    GetConfigData = "WSGetConfigData" () -> FieldsResponse;

    /// Tests config fields before they are saved.
    TestConfigData = "WSTestConfigData" ("TestConfigDataRequestWS" {
        /// The config fields.
        connection_info: Option<ConfigValues> = "ConnectionInfo",
    }) -> Outcome;

    /// Stores the config fields of a connection, new or known.
    SaveConnection = "WSSaveConnection" ("SaveConnectionRequestWS" {
        /// The connection.
        connection_guid: String = "ConnectionGuid",
        /// The config fields.
        connection_info: Option<ConfigValues> = "ConnectionInfo",
    }) -> Outcome;

    /// Tests a connection with its stored config fields.
    TestConnection = "WSTestConnection" ("RequestBaseWS" {
        /// The connection.
        connection_guid: String = "ConnectionGuid",
    }) -> Outcome;

    /// Forgets a connection.
    DeleteConnection = "WSDeleteConnection" ("RequestBaseWS" {
        /// The connection.
        connection_guid: String = "ConnectionGuid",
    }) -> Outcome;

    /// Returns the types of actors that the ERP system has.
    GetSupportedActorTypes = "WSGetSupportedActorTypes" ("RequestBaseWS" {
        /// The connection.
        connection_guid: String = "ConnectionGuid",
    }) -> TextsResponse;

    /// Returns the fields of a type of actors.
    GetSupportedActorTypeFields = "WSGetSupportedActorTypeFields" ("GetSupportedActorTypeFieldsRequestWS" {
        /// The connection.
        connection_guid: String = "ConnectionGuid",
        /// The type of actors.
        actor_type: String = "ActorType",
    }) -> FieldsResponse;

    /// Returns the keys of the fields that an advanced search can restrict.
    GetSearchableFields = "WSGetSearchableFields" ("GetSearchableFieldsRequestWS" {
        /// The connection.
        connection_guid: String = "ConnectionGuid",
        /// The type of actors.
        actor_type: String = "ActorType",
    }) -> TextsResponse;

    /// Returns actors by their keys.
    GetActors = "WSGetActors" ("GetActorsRequestWS" {
        /// The connection.
        connection_guid: String = "ConnectionGuid",
        /// The type of the actors.
        actor_type: String = "ActorType",
        /// The keys of the actors.
        erp_keys: Option<Vec<String>> = "ErpKeys",
        /// The fields to return; none means all.
        field_keys: Option<Vec<String>> = "FieldKeys",
    }) -> ActorsResponse;

    /// Returns actors that were changed at or after a time.
    GetActorsByTimestamp = "WSGetActorsByTimestamp" ("GetActorsByTimestampRequestWS" {
        /// The connection.
        connection_guid: String = "ConnectionGuid",
        /// The type of the actors.
        actor_type: String = "ActorType",
        /// The fields to return; none means all.
        field_keys: Option<Vec<String>> = "FieldKeys",
        /// The time, in the connector's own form: the `LastModified` of an actor.
        updated_on_or_after: Option<String> = "UpdatedOnOrAfter",
    }) -> ActorsResponse;

    /// Returns actors that match a text.
    SearchActors = "WSSearchActors" ("SearchActorsRequestWS" {
        /// The connection.
        connection_guid: String = "ConnectionGuid",
        /// The type of the actors.
        actor_type: String = "ActorType",
        /// The fields to return; none means all.
        field_keys: Option<Vec<String>> = "FieldKeys",
        /// The text.
        search_text: String = "SearchText",
    }) -> ActorsResponse;

    /// Returns actors of a parent that match a text.
    SearchActorByParent = "WSSearchActorByParent" ("SearchActorByParentRequestWS" {
        /// The connection.
        connection_guid: String = "ConnectionGuid",
        /// The type of the actors.
        actor_type: String = "ActorType",
        /// The fields to return; none means all.
        field_keys: Option<Vec<String>> = "FieldKeys",
        /// The text.
        search_text: String = "SearchText",
        /// The key of the parent.
        parent_actor_erp_key: String = "ParentActorErpKey",
        /// The type of the parent.
        parent_actor_type: String = "ParentActorType",
    }) -> ActorsResponse;

    /// Returns actors that meet all restrictions.
    SearchActorsAdvanced = "WSSearchActorsAdvanced" ("SearchActorsAdvancedRequestWS" {
        /// The connection.
        connection_guid: String = "ConnectionGuid",
        /// The type of the actors.
        actor_type: String = "ActorType",
        /// The fields to return; none means all.
        field_keys: Option<Vec<String>> = "FieldKeys",
        /// The restrictions.
        restrictions: Option<Vec<SearchRestriction>> = "Restrictions",
    }) -> ActorsResponse;

    /// Creates an actor, and returns it with its key.
    CreateActor = "WSCreateActor" ("CreateActorRequestWS" {
        /// The connection.
        connection_guid: String = "ConnectionGuid",
        /// The actor.
        actor: Option<ErpActor> = "Actor",
    }) -> ActorResponse;

    /// Saves actors, and returns them with their new `LastModified`.
    SaveActors = "WSSaveActors" ("SaveActorsRequestWS" {
        /// The connection.
        connection_guid: String = "ConnectionGuid",
        /// The actors.
        actors: Option<Vec<ErpActor>> = "Actors",
    }) -> ActorsResponse;

    /// Returns all items of a list. The connection is [`NO_CONNECTION`] while it is being defined.
    GetList = "WSGetList" ("GetListRequestWS" {
        /// The connection.
        connection_guid: String = "ConnectionGuid",
        /// The name of the list.
        list_name: String = "ListName",
    }) -> ListItemsResponse;

    /// Returns items of a list by their keys.
    GetListItems = "WSGetListItems" ("GetListItemsRequestWS" {
        /// The connection.
        connection_guid: String = "ConnectionGuid",
        /// The keys of the items.
        list_item_keys: Option<Vec<String>> = "ListItemKeys",
        /// The name of the list.
        list_name: String = "ListName",
    }) -> ListItemsResponse;
}
