//! Connections with their access rows and config fields.

use std::collections::BTreeMap;

use sqlx::{PgExecutor, PgPool};

use super::Failure;

/// The constraint that keeps `connection_id` unique.
pub const CONNECTION_ID_KEY: &str = "erp_connection_connection_id_key";

/// Who reads: connections that he may not see are not there for him.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// Primary key of the associate.
    pub associate_id: i32,
    /// The primary user group.
    pub user_group_id: i32,
    /// Sees all of them, those that are flagged as deleted too.
    pub sees_all: bool,
}

/// A stored connection.
#[derive(Debug)]
pub struct Stored {
    /// Primary key.
    pub erp_connection_id: i32,
    /// Its connector.
    pub erp_connector_id: i32,
    /// Multi-language.
    pub display_name: String,
    /// Multi-language.
    pub display_description: String,
    /// In use now.
    pub active: bool,
    /// Its GUID.
    pub connection_id: String,
    /// Its timestamp.
    pub most_recent_timestamp: String,
    /// Flagged as deleted.
    pub deleted: bool,
    /// Everybody may use it.
    pub all_access: bool,
    /// The keys of its config fields; none where they were not asked for.
    pub config_keys: Option<Vec<String>>,
    /// Their values.
    pub config_values: Option<Vec<Option<String>>>,
    /// Its user groups, ascending.
    pub user_group_ids: Vec<i32>,
    /// Its associates, ascending.
    pub associate_ids: Vec<i32>,
}

/// The connection of this key, with its config fields; none where the reader may not see it.
///
/// # Errors
/// See [`Failure`].
pub async fn find(pool: &PgPool, erp_connection_id: i32, reader: &Reader) -> Result<Option<Stored>, Failure> {
    Ok(read(pool, Some(erp_connection_id), reader.sees_all, reader).await?.pop())
}

/// The connections that the reader may see, without config fields, in the order in which they are synced.
///
/// # Errors
/// See [`Failure`].
pub async fn list(pool: &PgPool, include_deleted: bool, reader: &Reader) -> Result<Vec<Stored>, Failure> {
    read(pool, None, include_deleted && reader.sees_all, reader).await
}

async fn read(pool: &PgPool, id: Option<i32>, deleted: bool, reader: &Reader) -> Result<Vec<Stored>, Failure> {
    let stored = sqlx::query_file_as!(
        Stored,
        "src/store/read_connections.sql",
        id,
        deleted,
        reader.sees_all,
        reader.associate_id,
        reader.user_group_id,
    );
    Ok(stored.fetch_all(pool).await?)
}

/// Flags a connection as deleted; false where there is none. One that is flagged already stays as it is.
///
/// # Errors
/// See [`Failure`].
pub async fn delete(pool: &PgPool, erp_connection_id: i32, caller: i32) -> Result<bool, Failure> {
    // Counted, as a save is: a save that has read the row before then sees that it was overtaken.
    let found = sqlx::query_scalar!(
        r#"WITH flagged AS (
            UPDATE erp_connection SET deleted = true, updated = statement_timestamp(), updated_associate_id = $2,
                updated_count = updated_count + 1
            WHERE erp_connection_id = $1 AND NOT deleted
        )
        SELECT EXISTS (SELECT FROM erp_connection WHERE erp_connection_id = $1) AS "found!""#,
        erp_connection_id,
        caller
    );
    Ok(found.fetch_one(pool).await?)
}

/// What a save is to store. `None` keeps what is there.
#[derive(Clone, Debug)]
pub struct Save {
    /// The connection to update; 0, or an id of no row, creates.
    pub erp_connection_id: i32,
    /// A connector's key; 0 keeps.
    pub erp_connector_id: i32,
    /// At most 254 characters.
    pub display_name: String,
    /// At most 254 characters.
    pub display_description: String,
    /// In use now.
    pub active: bool,
    /// At most 127 characters, of no other connection.
    pub connection_id: Option<String>,
    /// At most 254 characters.
    pub most_recent_timestamp: Option<String>,
    /// Replaces the whole set.
    pub config_fields: Option<BTreeMap<String, Option<String>>>,
    /// Flagged as deleted.
    pub deleted: bool,
    /// Everybody may use it.
    pub all_access: bool,
    /// Replaces the whole set; without repeats.
    pub user_group_ids: Option<Vec<i32>>,
    /// Replaces the whole set; without repeats.
    pub associate_ids: Option<Vec<i32>>,
    /// Who saves.
    pub caller: i32,
    /// The `connection_id` of a new connection that has none.
    pub new_connection_id: String,
}

/// What a save came to.
#[derive(Debug)]
pub enum Outcome {
    /// It is stored.
    Saved(Saved),
    /// Nothing is stored: these are not there.
    Unknown {
        /// The connector is not there, or is deleted.
        connector: bool,
        /// User groups that are not there.
        user_group_ids: Vec<i32>,
        /// Associates who are not there.
        associate_ids: Vec<i32>,
    },
}

/// The parts of a stored connection that the save did not bring along.
#[derive(Debug)]
pub struct Saved {
    /// The stored row's key.
    pub erp_connection_id: i32,
    /// Its connector.
    pub erp_connector_id: i32,
    /// Its `connection_id`.
    pub connection_id: String,
    /// Its timestamp.
    pub most_recent_timestamp: String,
    /// Its config fields.
    pub config_fields: BTreeMap<String, Option<String>>,
    /// Its user groups, ascending.
    pub user_group_ids: Vec<i32>,
    /// Its associates, ascending.
    pub associate_ids: Vec<i32>,
    /// Whether the row was there before.
    pub updated: bool,
}

/// Stores a connection: one statement, in one round trip, unless another save of the same connection comes between;
/// then the row is locked and the statement sent again, so that saves take effect one after another, each whole.
///
/// # Errors
/// [`Failure::Constraint`] with [`CONNECTION_ID_KEY`] where another connection has that id; see [`Failure`].
pub async fn save(pool: &PgPool, save: &Save) -> Result<Outcome, Failure> {
    match attempt(pool, save).await {
        Ok(Some(outcome)) => return Ok(outcome),
        Ok(None) => {}
        Err(error) if is_passing(&error) => {}
        Err(error) => return Err(error.into()),
    }
    let mut transaction = pool.begin().await?;
    // Its own statement: the next one must see what the lock waited for.
    sqlx::query!(
        "SELECT erp_connection_id FROM erp_connection WHERE erp_connection_id = $1 FOR NO KEY UPDATE",
        save.erp_connection_id
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let outcome = attempt(&mut *transaction, save).await?;
    transaction.commit().await?;
    outcome
        .ok_or_else(|| Failure::Fault(sqlx::Error::InvalidArgument("a locked connection was saved by another".into())))
}

/// A deadlock, or a row that was referred to and went in that moment: the next try has an answer.
fn is_passing(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code == "40P01" || code == "23503")
}

/// One try; none where another save came between.
async fn attempt(executor: impl PgExecutor<'_>, save: &Save) -> Result<Option<Outcome>, sqlx::Error> {
    let (config_keys, config_values): (Option<Vec<&str>>, Option<Vec<Option<&str>>>) = save
        .config_fields
        .as_ref()
        .map(|fields| fields.iter().map(|(key, value)| (key.as_str(), value.as_deref())).unzip())
        .unzip();
    let row = sqlx::query_file!(
        "src/store/save_connection.sql",
        save.erp_connection_id,
        save.erp_connector_id,
        save.display_name,
        save.display_description,
        save.active,
        save.connection_id,
        save.most_recent_timestamp,
        save.all_access,
        save.deleted,
        config_keys.as_deref() as _,
        config_values.as_deref() as _,
        save.user_group_ids.as_deref(),
        save.associate_ids.as_deref(),
        save.caller,
        save.new_connection_id,
    )
    .fetch_one(executor)
    .await?;

    let unknown = row.unknown_connector || !row.unknown_user_groups.is_empty() || !row.unknown_associates.is_empty();
    if unknown {
        return Ok(Some(Outcome::Unknown {
            connector: row.unknown_connector,
            user_group_ids: row.unknown_user_groups,
            associate_ids: row.unknown_associates,
        }));
    }
    let (Some(erp_connection_id), Some(erp_connector_id), Some(connection_id), Some(most_recent_timestamp)) =
        (row.erp_connection_id, row.erp_connector_id, row.connection_id, row.most_recent_timestamp)
    else {
        return Ok(None);
    };
    let kept_config = || {
        let keys = row.kept_config_keys.unwrap_or_default();
        keys.into_iter().zip(row.kept_config_values.unwrap_or_default()).collect()
    };
    Ok(Some(Outcome::Saved(Saved {
        erp_connection_id,
        erp_connector_id,
        connection_id,
        most_recent_timestamp,
        config_fields: save.config_fields.clone().unwrap_or_else(kept_config),
        user_group_ids: save.user_group_ids.clone().unwrap_or_else(|| row.kept_user_group_ids.unwrap_or_default()),
        associate_ids: save.associate_ids.clone().unwrap_or_else(|| row.kept_associate_ids.unwrap_or_default()),
        updated: row.found,
    })))
}
