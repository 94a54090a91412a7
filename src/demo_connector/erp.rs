//! The rules for actors.

use std::collections::BTreeMap;

use super::actor_types::{self, ActorType, PROJECT};
use super::config::Config;
use super::fields;
use super::lists::Lists;
use super::problem::Problem;
use super::values::Value;
use crate::connector::carriers::{ErpActor, FieldAccess, FieldType};
use crate::connector::dictionary::Dictionary;
use crate::connector::responses::{ActorsResponse, Outcome, ResponseState};
use crate::store::Pool;
use crate::store::demo_erp::{self, Actor};

/// The field with the category of customers and suppliers.
const CATEGORY: &str = "CATEGORY";
/// The field with the last day of a project.
const ENDDATE: &str = "ENDDATE";

/// The number of the last key that is given to a new actor: callers need no login.
const MAX_KEY: i32 = 20_000;
/// The most actors that are saved by one call.
const MAX_SAVED: usize = 250;

/// The actors of one type, with the fields that a caller wants.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The type.
    pub actor_type: &'static ActorType,
    /// The keys of the fields; all if empty.
    fields: Vec<String>,
}

impl Selection {
    /// Checks the name of a type and the keys of fields.
    ///
    /// # Errors
    /// If one is unknown.
    pub fn new(actor_type: &str, field_keys: Option<Vec<String>>) -> Result<Self, Problem> {
        let actor_type = actor_types::find(actor_type)?;
        let fields = field_keys.unwrap_or_default();
        for key in &fields {
            fields::find(actor_type.fields, key)?;
        }
        Ok(Selection { actor_type, fields })
    }

    /// Returns the actors with these keys. A key without an actor is left out.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn by_keys(&self, pool: &Pool, keys: &[String]) -> Result<ActorsResponse, Problem> {
        self.find(pool, Some(keys), 0).await
    }

    /// Returns the actors that were changed at or after a time, in the order of their changes. A blank time is the first.
    ///
    /// # Errors
    /// If the time is none, or the database fails.
    pub async fn changed_since(&self, pool: &Pool, time: &str) -> Result<ActorsResponse, Problem> {
        let since = match time.trim() {
            "" => Some(0),
            number => number.parse().ok(),
        };
        let since = since.ok_or_else(|| Problem::refused("UpdatedOnOrAfter is no LastModified.".to_owned()))?;
        self.find(pool, None, since).await
    }

    async fn find(&self, pool: &Pool, keys: Option<&[String]>, since: i64) -> Result<ActorsResponse, Problem> {
        let found = demo_erp::actors(pool, self.actor_type.name, keys, since).await?;
        let actors = found.into_iter().map(|actor| self.to_wire(actor)).collect();
        Ok(ActorsResponse { outcome: Outcome::default(), actors: Some(actors) })
    }

    /// Returns the actors that `is_wanted` accepts, as many as the connection allows, ordered by key.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn search(
        &self,
        pool: &Pool,
        config: &Config,
        is_wanted: impl Fn(&Actor) -> bool + Send,
    ) -> Result<ActorsResponse, Problem> {
        let mut found = demo_erp::actors(pool, self.actor_type.name, None, 0).await?;
        found.retain(|actor| is_wanted(actor) && self.is_current(actor, config));
        found.sort_by(|one, other| one.erp_key.cmp(&other.erp_key));
        let total = found.len();
        let actors: Vec<_> = found.into_iter().take(config.max_actors).map(|actor| self.to_wire(actor)).collect();
        let mut outcome = Outcome::default();
        if actors.len() < total {
            outcome.state = ResponseState::OkWithInfo;
            outcome.user_explanation = Some(format!("{} of {total} matches are returned.", actors.len()));
        }
        Ok(ActorsResponse { outcome, actors: Some(actors) })
    }

    /// Whether searches may return the actor: a project must not have ended before the date of the connection.
    fn is_current(&self, actor: &Actor, config: &Config) -> bool {
        let Some(from) = config.projects_from.filter(|_| self.actor_type.name == PROJECT) else { return true };
        let end = actor.field_values.get(ENDDATE).and_then(|text| Value::parse(FieldType::Datetime, text));
        !matches!(end, Some(Value::Date(end)) if end < from)
    }

    /// Converts an actor to its carrier, with the values in the order of the fields.
    fn to_wire(&self, actor: Actor) -> ErpActor {
        let is_wanted = |key: &str| self.fields.is_empty() || self.fields.iter().any(|wanted| wanted == key);
        let keys = self.actor_type.fields.iter().map(|field| field.key).filter(|key| is_wanted(key));
        let value = |key: &str| Some(actor.field_values.get(key).map_or("", String::as_str));
        let values: Dictionary = keys.map(|key| (key, value(key))).collect();
        let (parent_type, parent_key) = actor.parent;
        let has_parent = !parent_key.is_empty();
        ErpActor {
            actor_type: actor.actor_type,
            erp_key: Some(actor.erp_key),
            field_values: Some(values),
            last_modified: Some(format!("{:012}", actor.last_modified)),
            parent_actor_type: has_parent.then_some(parent_type),
            parent_erp_key: has_parent.then_some(parent_key),
        }
    }
}

/// Creates an actor, and returns it with its key.
///
/// # Errors
/// If the connection is read-only, a value is missing or does not fit, the parent does not exist, there are too many
/// actors, or the database fails.
pub async fn create(pool: &Pool, config: &Config, lists: &Lists, sent: ErpActor) -> Result<ErpActor, Problem> {
    require_right_to_write(config)?;
    let selection = Selection::new(&sent.actor_type, None)?;
    let actor_type = selection.actor_type;
    let mut actor = from_wire(pool, actor_type, lists, sent).await?;
    let has_category = actor_type.fields.iter().any(|field| field.key == CATEGORY);
    if has_category && actor.field_values.get(CATEGORY).is_none_or(String::is_empty) && !config.category.is_empty() {
        actor.field_values.insert(CATEGORY.to_owned(), config.category.clone());
    }
    for field in actor_type.fields {
        let value = actor.field_values.entry(field.key.to_owned()).or_default();
        field.check(value, lists)?;
    }
    let created = demo_erp::create(pool, &actor, actor_type.prefix, MAX_KEY).await?;
    let created =
        created.ok_or_else(|| Problem::refused("The ERP system has no key for a further actor.".to_owned()))?;
    Ok(selection.to_wire(created))
}

/// Saves actors, all or none, and returns them as they are then.
///
/// # Errors
/// As [`create`], and if one of the actors does not exist or there are too many of them.
pub async fn save(pool: &Pool, config: &Config, lists: &Lists, sent: Vec<ErpActor>) -> Result<ActorsResponse, Problem> {
    require_right_to_write(config)?;
    if sent.len() > MAX_SAVED {
        return Err(Problem::refused(format!("One call saves at most {MAX_SAVED} actors.")));
    }
    let mut actors = Vec::with_capacity(sent.len());
    for actor in sent {
        let actor_type = actor_types::find(&actor.actor_type)?;
        actors.push(from_wire(pool, actor_type, lists, actor).await?);
    }
    if !demo_erp::save(pool, &actors).await? {
        return Err(Problem::refused("One of the actors has no ErpKey, or one that does not exist.".to_owned()));
    }
    let mut saved = Vec::with_capacity(actors.len());
    for Actor { actor_type, erp_key, .. } in actors {
        let selection = Selection::new(&actor_type, None)?;
        saved.extend(selection.by_keys(pool, &[erp_key]).await?.actors.into_iter().flatten());
    }
    Ok(ActorsResponse { outcome: Outcome::default(), actors: Some(saved) })
}

fn require_right_to_write(config: &Config) -> Result<(), Problem> {
    if config.is_read_only { Err(Problem::refused("The connection is read-only.".to_owned())) } else { Ok(()) }
}

/// Checks an actor that a caller sends. Read-only fields are left out.
async fn from_wire(pool: &Pool, actor_type: &ActorType, lists: &Lists, sent: ErpActor) -> Result<Actor, Problem> {
    let mut field_values = BTreeMap::new();
    for (key, value) in sent.field_values.unwrap_or_default().entries() {
        let field = fields::find(actor_type.fields, key)?;
        if field.access != FieldAccess::ReadOnly {
            field_values.insert(key.to_owned(), field.check(value.unwrap_or_default(), lists)?);
        }
    }
    let parent_key = sent.parent_erp_key.filter(|key| !key.is_empty());
    let parent = match parent_key {
        Some(key) => {
            let parent_type = sent.parent_actor_type.unwrap_or_default();
            let keys = [key];
            let is_known = parent_type == actor_type.parent
                && !demo_erp::actors(pool, &parent_type, Some(&keys), 0).await?.is_empty();
            if !is_known {
                return Err(Problem::refused("The parent does not exist.".to_owned()));
            }
            let [key] = keys;
            (parent_type, key)
        }
        None => Default::default(),
    };
    let erp_key = sent.erp_key.unwrap_or_default();
    Ok(Actor { actor_type: sent.actor_type, erp_key, parent, field_values, last_modified: 0 })
}
