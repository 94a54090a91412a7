//! The 17 operations.

use super::actor_types::{self, ACTOR_TYPES};
use super::config::{CONFIG_FIELDS, Config};
use super::erp::{self, Selection};
use super::fields::describe;
use super::lists::Lists;
use super::problem::Problem;
use super::search::{self, SearchText};
use crate::connector::config_values::ConfigValues;
use crate::connector::operations::{
    CreateActor, DeleteConnection, GetActors, GetActorsByTimestamp, GetConfigData, GetList, GetListItems,
    GetSearchableFields, GetSupportedActorTypeFields, GetSupportedActorTypes, NO_CONNECTION, Operation, SaveActors,
    SaveConnection, SearchActorByParent, SearchActors, SearchActorsAdvanced, TestConfigData, TestConnection,
};
use crate::connector::responses::{
    ActorResponse, ActorsResponse, FieldsResponse, ListItemsResponse, Outcome, TextsResponse,
};
use crate::store::Pool;
use crate::store::demo_erp::{self, ConfigFields};

/// The maximum length of a connection's id.
const MAX_GUID_CHARS: usize = 127;

/// The most connections that the connector knows: callers need no login.
const MAX_CONNECTIONS: i64 = 10_000;

/// The config fields that an operation needs.
#[derive(Clone, Copy, Debug)]
pub enum Needs<'r> {
    /// None.
    Nothing,
    /// Those in the request.
    Sent(&'r Option<ConfigValues>),
    /// Those that are stored for this connection.
    Connection(&'r str),
}

/// The state that an operation runs with.
#[derive(Debug)]
pub struct Context<'c> {
    /// The connection pool.
    pub pool: &'c Pool,
    /// The lists of the ERP system.
    pub lists: &'c Lists,
    /// The settings of the connection; `None` if the operation needs none.
    pub config: Option<&'c Config>,
}

impl Context<'_> {
    fn config(&self) -> Result<&Config, Problem> {
        self.config.ok_or_else(|| Problem::Fault("an operation runs without a connection".to_owned()))
    }
}

/// An operation that the demo connector has.
pub trait DemoOperation: Operation + Send + Sync {
    /// Returns the config fields that the call needs.
    fn needs(&self) -> Needs<'_>;

    /// Runs the operation.
    fn run(self, context: Context<'_>) -> impl Future<Output = Result<Self::Response, Problem>> + Send;
}

/// Converts config fields from the wire. An absent dictionary has none.
#[must_use]
pub fn config_fields(values: Option<&ConfigValues>) -> ConfigFields {
    let entries = values.into_iter().flat_map(|values| values.values().entries());
    entries.map(|(key, value)| (key.to_owned(), value.map(ToOwned::to_owned))).collect()
}

impl DemoOperation for GetConfigData {
    fn needs(&self) -> Needs<'_> {
        Needs::Nothing
    }

    async fn run(self, _: Context<'_>) -> Result<FieldsResponse, Problem> {
        Ok(FieldsResponse { outcome: Outcome::default(), fields: Some(describe(&CONFIG_FIELDS)) })
    }
}

impl DemoOperation for TestConfigData {
    fn needs(&self) -> Needs<'_> {
        Needs::Sent(&self.connection_info)
    }

    async fn run(self, _: Context<'_>) -> Result<Outcome, Problem> {
        Ok(Outcome::default())
    }
}

impl DemoOperation for SaveConnection {
    fn needs(&self) -> Needs<'_> {
        Needs::Sent(&self.connection_info)
    }

    async fn run(self, context: Context<'_>) -> Result<Outcome, Problem> {
        let guid = self.connection_guid.trim();
        if guid.is_empty() || guid == NO_CONNECTION || guid.chars().count() > MAX_GUID_CHARS {
            return Err(Problem::refused(format!("The id of a connection has 1 to {MAX_GUID_CHARS} characters.")));
        }
        let fields = config_fields(self.connection_info.as_ref());
        if !demo_erp::save_connection(context.pool, guid, &fields, MAX_CONNECTIONS).await? {
            return Err(Problem::refused(format!(
                "The connector knows {MAX_CONNECTIONS} connections, and takes no more."
            )));
        }
        Ok(Outcome::default())
    }
}

impl DemoOperation for TestConnection {
    fn needs(&self) -> Needs<'_> {
        Needs::Connection(&self.connection_guid)
    }

    async fn run(self, _: Context<'_>) -> Result<Outcome, Problem> {
        Ok(Outcome::default())
    }
}

impl DemoOperation for DeleteConnection {
    fn needs(&self) -> Needs<'_> {
        Needs::Connection(&self.connection_guid)
    }

    async fn run(self, context: Context<'_>) -> Result<Outcome, Problem> {
        demo_erp::forget_connection(context.pool, self.connection_guid.trim()).await?;
        Ok(Outcome::default())
    }
}

impl DemoOperation for GetSupportedActorTypes {
    fn needs(&self) -> Needs<'_> {
        Needs::Connection(&self.connection_guid)
    }

    async fn run(self, _: Context<'_>) -> Result<TextsResponse, Problem> {
        let names = ACTOR_TYPES.iter().map(|actor_type| actor_type.name.to_owned()).collect();
        Ok(TextsResponse { outcome: Outcome::default(), items: Some(names) })
    }
}

impl DemoOperation for GetSupportedActorTypeFields {
    fn needs(&self) -> Needs<'_> {
        Needs::Connection(&self.connection_guid)
    }

    async fn run(self, _: Context<'_>) -> Result<FieldsResponse, Problem> {
        let actor_type = actor_types::find(&self.actor_type)?;
        Ok(FieldsResponse { outcome: Outcome::default(), fields: Some(describe(actor_type.fields)) })
    }
}

impl DemoOperation for GetSearchableFields {
    fn needs(&self) -> Needs<'_> {
        Needs::Connection(&self.connection_guid)
    }

    async fn run(self, _: Context<'_>) -> Result<TextsResponse, Problem> {
        let actor_type = actor_types::find(&self.actor_type)?;
        let keys = actor_type.fields.iter().map(|field| field.key.to_owned()).collect();
        Ok(TextsResponse { outcome: Outcome::default(), items: Some(keys) })
    }
}

impl DemoOperation for GetActors {
    fn needs(&self) -> Needs<'_> {
        Needs::Connection(&self.connection_guid)
    }

    async fn run(self, context: Context<'_>) -> Result<ActorsResponse, Problem> {
        let selection = Selection::new(&self.actor_type, self.field_keys)?;
        selection.by_keys(context.pool, &self.erp_keys.unwrap_or_default()).await
    }
}

impl DemoOperation for GetActorsByTimestamp {
    fn needs(&self) -> Needs<'_> {
        Needs::Connection(&self.connection_guid)
    }

    async fn run(self, context: Context<'_>) -> Result<ActorsResponse, Problem> {
        let selection = Selection::new(&self.actor_type, self.field_keys)?;
        selection.changed_since(context.pool, &self.updated_on_or_after.unwrap_or_default()).await
    }
}

impl DemoOperation for SearchActors {
    fn needs(&self) -> Needs<'_> {
        Needs::Connection(&self.connection_guid)
    }

    async fn run(self, context: Context<'_>) -> Result<ActorsResponse, Problem> {
        let selection = Selection::new(&self.actor_type, self.field_keys)?;
        let (actor_type, text) = (selection.actor_type, SearchText::new(&self.search_text)?);
        let is_wanted = |actor: &_| text.is_in(actor, actor_type);
        selection.search(context.pool, context.config()?, is_wanted).await
    }
}

impl DemoOperation for SearchActorByParent {
    fn needs(&self) -> Needs<'_> {
        Needs::Connection(&self.connection_guid)
    }

    async fn run(self, context: Context<'_>) -> Result<ActorsResponse, Problem> {
        let selection = Selection::new(&self.actor_type, self.field_keys)?;
        let (actor_type, text) = (selection.actor_type, SearchText::new(&self.search_text)?);
        let parent = (self.parent_actor_type, self.parent_actor_erp_key);
        let is_wanted = |actor: &demo_erp::Actor| actor.parent == parent && text.is_in(actor, actor_type);
        selection.search(context.pool, context.config()?, is_wanted).await
    }
}

impl DemoOperation for SearchActorsAdvanced {
    fn needs(&self) -> Needs<'_> {
        Needs::Connection(&self.connection_guid)
    }

    async fn run(self, context: Context<'_>) -> Result<ActorsResponse, Problem> {
        let selection = Selection::new(&self.actor_type, self.field_keys)?;
        let conditions = search::conditions(selection.actor_type, &self.restrictions.unwrap_or_default())?;
        let is_wanted = |actor: &_| conditions.iter().all(|condition| condition.is_met_by(actor));
        selection.search(context.pool, context.config()?, is_wanted).await
    }
}

impl DemoOperation for CreateActor {
    fn needs(&self) -> Needs<'_> {
        Needs::Connection(&self.connection_guid)
    }

    async fn run(self, context: Context<'_>) -> Result<ActorResponse, Problem> {
        let sent = self.actor.ok_or_else(|| Problem::refused("There is no actor in the request.".to_owned()))?;
        let created = erp::create(context.pool, context.config()?, context.lists, sent).await?;
        Ok(ActorResponse { outcome: Outcome::default(), actor: Some(created) })
    }
}

impl DemoOperation for SaveActors {
    fn needs(&self) -> Needs<'_> {
        Needs::Connection(&self.connection_guid)
    }

    async fn run(self, context: Context<'_>) -> Result<ActorsResponse, Problem> {
        erp::save(context.pool, context.config()?, context.lists, self.actors.unwrap_or_default()).await
    }
}

/// Lists are read without a connection, too: while one is being defined.
fn needs_for_lists(guid: &str) -> Needs<'_> {
    if guid == NO_CONNECTION { Needs::Nothing } else { Needs::Connection(guid) }
}

impl DemoOperation for GetList {
    fn needs(&self) -> Needs<'_> {
        needs_for_lists(&self.connection_guid)
    }

    async fn run(self, context: Context<'_>) -> Result<ListItemsResponse, Problem> {
        let items = context.lists.items(&self.list_name)?;
        Ok(ListItemsResponse { outcome: Outcome::default(), list_items: Some(items) })
    }
}

impl DemoOperation for GetListItems {
    fn needs(&self) -> Needs<'_> {
        needs_for_lists(&self.connection_guid)
    }

    async fn run(self, context: Context<'_>) -> Result<ListItemsResponse, Problem> {
        let keys = self.list_item_keys.unwrap_or_default();
        let items = context.lists.items_by_key(&self.list_name, &keys)?;
        Ok(ListItemsResponse { outcome: Outcome::default(), list_items: Some(items) })
    }
}
