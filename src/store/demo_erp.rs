//! The ERP system of the demo connector: actors, lists, and the connections that the connector knows.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use sqlx::{Error, PgConnection};

use super::{Failure, Pool};

/// A customer, supplier, person or project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actor {
    /// The type, such as `Customer`.
    pub actor_type: String,
    /// The key, unique within the type.
    pub erp_key: String,
    /// Type and key of the parent; both are empty if there is none.
    pub parent: (String, String),
    /// The values, by field key.
    pub field_values: BTreeMap<String, String>,
    /// The number of the change that stored it.
    pub last_modified: i64,
}

/// An item of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListItem {
    /// The list.
    pub list_name: String,
    /// The key, unique within the list.
    pub item_key: String,
    /// The text shown to users; multi-language.
    pub name: String,
}

/// The values of a connection's config fields.
pub type ConfigFields = BTreeMap<String, Option<String>>;

/// Returns whether the database has the ERP system.
///
/// # Errors
/// See [`Failure`].
pub async fn is_installed(pool: &Pool) -> Result<bool, Failure> {
    let found = sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM demo_erp) AS "is_installed!""#);
    Ok(found.fetch_one(pool).await?)
}

/// Adds the ERP system with its actors and lists, unless the database has it. New keys begin after `last_key`.
///
/// # Errors
/// See [`Failure`]. Nothing is added then.
pub async fn install(pool: &Pool, actors: &[Actor], items: &[ListItem], last_key: i32) -> Result<(), Failure> {
    let installed = pool.transaction(|mut transaction| async move {
        let last_change = actors.iter().map(|actor| actor.last_modified).max().unwrap_or_default();
        let added = sqlx::query!(
            "INSERT INTO demo_erp (last_change, last_key) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            last_change,
            last_key
        );
        if added.execute(&mut *transaction).await?.rows_affected() == 0 {
            return Ok(());
        }
        insert_actors(&mut transaction, actors).await?;
        insert_items(&mut transaction, items).await?;
        transaction.commit().await
    });
    Ok(installed.await?)
}

async fn insert_actors(connection: &mut PgConnection, actors: &[Actor]) -> Result<(), Error> {
    let texts = |text: fn(&Actor) -> &String| actors.iter().map(|actor| text(actor).clone()).collect::<Vec<_>>();
    let values: Vec<String> = actors.iter().map(|actor| to_json(&actor.field_values)).collect();
    let changes: Vec<i64> = actors.iter().map(|actor| actor.last_modified).collect();
    sqlx::query!(
        "INSERT INTO demo_actor (actor_type, erp_key, parent_actor_type, parent_erp_key, field_values, last_modified)
         SELECT actor_type, erp_key, nullif(parent_actor_type, ''), nullif(parent_erp_key, ''), field_values::jsonb,
            last_modified
         FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
            AS given (actor_type, erp_key, parent_actor_type, parent_erp_key, field_values, last_modified)",
        &texts(|actor| &actor.actor_type),
        &texts(|actor| &actor.erp_key),
        &texts(|actor| &actor.parent.0),
        &texts(|actor| &actor.parent.1),
        &values,
        &changes
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_items(connection: &mut PgConnection, items: &[ListItem]) -> Result<(), Error> {
    let texts = |text: fn(&ListItem) -> &String| items.iter().map(|item| text(item).clone()).collect::<Vec<_>>();
    sqlx::query!(
        "INSERT INTO demo_list_item (list_name, item_key, name, rank)
         SELECT list_name, item_key, name, rank
         FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS given (list_name, item_key, name, rank)",
        &texts(|item| &item.list_name),
        &texts(|item| &item.item_key),
        &texts(|item| &item.name)
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Returns the items of all lists, in the order in which users see them.
///
/// # Errors
/// See [`Failure`].
pub async fn list_items(pool: &Pool) -> Result<Vec<ListItem>, Failure> {
    let found =
        sqlx::query_as!(ListItem, "SELECT list_name, item_key, name FROM demo_list_item ORDER BY list_name, rank");
    Ok(found.fetch_all(pool).await?)
}

/// An actor as it is stored.
struct ActorRow {
    erp_key: String,
    parent_actor_type: String,
    parent_erp_key: String,
    field_values: String,
    last_modified: i64,
}

/// Returns the actors of a type, those with `keys` if given, that were changed with the number `since` or later, in the
/// order of their changes.
///
/// # Errors
/// See [`Failure`].
pub async fn actors(pool: &Pool, actor_type: &str, keys: Option<&[String]>, since: i64) -> Result<Vec<Actor>, Failure> {
    let found = sqlx::query_as!(
        ActorRow,
        r#"SELECT erp_key, coalesce(parent_actor_type, '') AS "parent_actor_type!",
            coalesce(parent_erp_key, '') AS "parent_erp_key!", field_values::text AS "field_values!", last_modified
         FROM demo_actor
         WHERE actor_type = $1 AND ($2::text[] IS NULL OR erp_key = ANY ($2)) AND last_modified >= $3
         ORDER BY last_modified, erp_key"#,
        actor_type,
        keys,
        since
    );
    let actor = |row: ActorRow| {
        Ok(Actor {
            actor_type: actor_type.to_owned(),
            erp_key: row.erp_key,
            parent: (row.parent_actor_type, row.parent_erp_key),
            field_values: from_json(&row.field_values)?,
            last_modified: row.last_modified,
        })
    };
    found.fetch_all(pool).await?.into_iter().map(actor).collect()
}

/// Stores a new actor under a key of `prefix` and a number, and returns it with its key and its change. Returns `None` if
/// the number would exceed `max_key`.
///
/// # Errors
/// See [`Failure`].
pub async fn create(pool: &Pool, actor: &Actor, prefix: &str, max_key: i32) -> Result<Option<Actor>, Failure> {
    let created = pool.transaction(|mut transaction| async move {
        let next = sqlx::query!(
            "UPDATE demo_erp SET last_change = last_change + 1, last_key = last_key + 1 WHERE last_key < $1
             RETURNING last_change, last_key",
            max_key
        );
        let Some(next) = next.fetch_optional(&mut *transaction).await? else { return Ok(None) };
        let erp_key = format!("{prefix}{}", next.last_key);
        let actor = Actor { erp_key, last_modified: next.last_change, ..actor.clone() };
        insert_actors(&mut transaction, std::slice::from_ref(&actor)).await?;
        transaction.commit().await?;
        Ok(Some(actor))
    });
    Ok(created.await?)
}

/// Stores the values of existing actors as one change, all or none; values that are not named are kept. A parent that is
/// empty is kept, too. Returns false, and stores nothing, if one of the actors does not exist.
///
/// # Errors
/// See [`Failure`].
pub async fn save(pool: &Pool, actors: &[Actor]) -> Result<bool, Failure> {
    let saved = pool.transaction(|mut transaction| async move {
        let change = sqlx::query_scalar!("UPDATE demo_erp SET last_change = last_change + 1 RETURNING last_change");
        let change = change.fetch_one(&mut *transaction).await?;
        for actor in actors {
            let saved = sqlx::query!(
                "UPDATE demo_actor SET field_values = field_values || $3::text::jsonb, last_modified = $4,
                    parent_actor_type = coalesce(nullif($5, ''), parent_actor_type),
                    parent_erp_key = coalesce(nullif($6, ''), parent_erp_key)
                 WHERE actor_type = $1 AND erp_key = $2",
                actor.actor_type,
                actor.erp_key,
                to_json(&actor.field_values),
                change,
                actor.parent.0,
                actor.parent.1
            );
            if saved.execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(false);
            }
        }
        transaction.commit().await?;
        Ok(true)
    });
    Ok(saved.await?)
}

/// Returns the config fields of a connection; `None` if the connector does not know it.
///
/// # Errors
/// See [`Failure`].
pub async fn connection(pool: &Pool, guid: &str) -> Result<Option<ConfigFields>, Failure> {
    let found = sqlx::query_scalar!(
        r#"SELECT config_fields::text AS "config_fields!" FROM demo_connection WHERE connection_guid = $1"#,
        guid
    );
    found.fetch_optional(pool).await?.map(|fields| from_json(&fields)).transpose()
}

/// Stores the config fields of a connection. Returns false, and stores nothing, if it is a new one and there are `max`
/// already.
///
/// # Errors
/// See [`Failure`].
pub async fn save_connection(pool: &Pool, guid: &str, fields: &ConfigFields, max: i64) -> Result<bool, Failure> {
    let saved = sqlx::query!(
        "INSERT INTO demo_connection (connection_guid, config_fields)
         SELECT $1::text, $2::text::jsonb
         WHERE EXISTS (SELECT FROM demo_connection WHERE connection_guid = $1)
            OR NOT EXISTS (SELECT FROM demo_connection OFFSET $3::bigint - 1)
         ON CONFLICT (connection_guid) DO UPDATE SET config_fields = excluded.config_fields",
        guid,
        to_json(fields),
        max
    );
    Ok(saved.execute(pool).await?.rows_affected() > 0)
}

/// Forgets a connection.
///
/// # Errors
/// See [`Failure`].
pub async fn forget_connection(pool: &Pool, guid: &str) -> Result<(), Failure> {
    sqlx::query!("DELETE FROM demo_connection WHERE connection_guid = $1", guid).execute(pool).await?;
    Ok(())
}

fn to_json<T: serde::Serialize>(values: &BTreeMap<String, T>) -> String {
    // A map of texts can be written always.
    serde_json::to_string(values).unwrap_or_default()
}

fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|problem| Failure::Fault(Error::Decode(problem.into())))
}
