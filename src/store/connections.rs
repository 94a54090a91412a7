//! Connections with their access rows and config fields.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::pool::is_lost;
use super::{Failure, Pool};

/// The constraint that keeps `connection_id` unique.
pub const CONNECTION_ID_KEY: &str = "erp_connection_connection_id_key";

/// Who reads: connections that he may not see are not there for him.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// Primary key of the associate.
    pub associate_id: i32,
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
    /// Its config fields; none where they were not asked for.
    pub config_fields: Option<BTreeMap<String, Option<String>>>,
    /// Its user groups, ascending.
    pub user_group_ids: Vec<i32>,
    /// Its associates, ascending.
    pub associate_ids: Vec<i32>,
}

/// What was read.
#[derive(Debug)]
pub enum Read {
    /// The connection; none where it is not there, or the reader may not see it.
    Done(Option<Stored>),
    /// The reader's rights have changed since they were remembered.
    Stale,
}

/// The connection of this key, with its config fields. With a `stamp`, the reader's rights are those of then.
///
/// # Errors
/// See [`Failure`].
pub async fn find(pool: &Pool, erp_connection_id: i32, reader: Reader, stamp: Option<i64>) -> Result<Read, Failure> {
    let (sees_all, associate_id) = (reader.sees_all, reader.associate_id);
    let query = || sqlx::query_file!("src/store/read_connection.sql", erp_connection_id, sees_all, associate_id, stamp);
    let mut lease = pool.trusted().await?;
    let row = query().fetch_one(&mut *lease).await;
    let row = match lease.done(row).await {
        Err(error) if is_lost(&error) => query().fetch_one(pool).await?,
        row => row?,
    };
    if row.is_stale {
        return Ok(Read::Stale);
    }
    let stored = || {
        Some(Stored {
            erp_connection_id: row.erp_connection_id?,
            erp_connector_id: row.erp_connector_id?,
            display_name: row.display_name?,
            display_description: row.display_description?,
            active: row.active?,
            connection_id: row.connection_id?,
            most_recent_timestamp: row.most_recent_timestamp?,
            deleted: row.deleted?,
            all_access: row.all_access?,
            config_fields: Some(row.config_keys.into_iter().zip(row.config_values).collect()),
            user_group_ids: row.user_group_ids,
            associate_ids: row.associate_ids,
        })
    };
    Ok(Read::Done(stored()))
}

/// The connections that the reader may see, without config fields, in the order in which they are synced.
///
/// # Errors
/// See [`Failure`].
pub async fn list(pool: &Pool, include_deleted: bool, reader: Reader) -> Result<Vec<Stored>, Failure> {
    let deleted = include_deleted && reader.sees_all;
    let rows = sqlx::query_file!("src/store/list_connections.sql", deleted, reader.sees_all, reader.associate_id);
    let stored = rows.map(|row| Stored {
        erp_connection_id: row.erp_connection_id,
        erp_connector_id: row.erp_connector_id,
        display_name: row.display_name,
        display_description: row.display_description,
        active: row.active,
        connection_id: row.connection_id,
        most_recent_timestamp: row.most_recent_timestamp,
        deleted: row.deleted,
        all_access: row.all_access,
        config_fields: None,
        user_group_ids: row.user_group_ids,
        associate_ids: row.associate_ids,
    });
    Ok(stored.fetch_all(pool).await?)
}

/// Flags a connection as deleted; false where there is none. One that is flagged already stays as it is.
///
/// # Errors
/// See [`Failure`].
pub async fn delete(pool: &Pool, erp_connection_id: i32, caller: i32) -> Result<bool, Failure> {
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
    /// When his rights were read.
    pub stamp: i64,
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
    /// Nothing is stored: the caller's rights have changed since they were read.
    Stale,
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
pub async fn save(pool: &Pool, save: &Save) -> Result<Outcome, Failure> {
    let mut lease = pool.trusted().await?;
    let outcome = attempt(&mut lease, save).await;
    match lease.done(outcome).await {
        Ok(Some(outcome)) => Ok(outcome),
        Ok(None) => save_locked(pool, save).await,
        Err(error) if is_passing(&error) => save_locked(pool, save).await,
        Err(error) if is_lost(&error) => save_again(pool, save, error).await,
        Err(error) => Err(error.into()),
    }
}

async fn save_locked(pool: &Pool, save: &Save) -> Result<Outcome, Failure> {
    let mut transaction = pool.begin().await?;
    // Its own statement: the next one must see what the lock waited for.
    sqlx::query!(
        "SELECT erp_connection_id FROM erp_connection WHERE erp_connection_id = $1 FOR NO KEY UPDATE",
        save.erp_connection_id
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let outcome = attempt(&mut transaction, save).await?;
    transaction.commit().await?;
    outcome
        .ok_or_else(|| Failure::Fault(sqlx::Error::InvalidArgument("a locked connection was saved by another".into())))
}

/// After the connection to the database was lost under a save, which may have taken effect or not. Sent again, an
/// update comes to the same. What was created is found by the id that was made up for it, and updated; where the
/// caller has chosen that id, nobody can tell, and he is told so.
async fn save_again(pool: &Pool, save: &Save, lost: sqlx::Error) -> Result<Outcome, Failure> {
    tracing::info!(%lost, "connection to the database lost under a save; it is sent again");
    let created = sqlx::query_scalar!(
        "SELECT erp_connection_id FROM erp_connection WHERE connection_id = $1",
        save.new_connection_id
    )
    .fetch_optional(pool)
    .await?;
    let mut again = save.clone();
    again.erp_connection_id = created.unwrap_or(save.erp_connection_id);
    let outcome = save_locked(pool, &again).await;
    match outcome {
        Ok(Outcome::Saved(saved)) if created.is_some() => Ok(Outcome::Saved(Saved { updated: false, ..saved })),
        Err(Failure::Constraint(name)) if name == CONNECTION_ID_KEY => Err(Failure::Away(lost)),
        outcome => outcome,
    }
}

/// A deadlock, or a row that was referred to and went in that moment: the next try has an answer.
fn is_passing(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code == "40P01" || code == "23503")
}

/// One try; none where another save came between.
async fn attempt(connection: &mut PgConnection, save: &Save) -> Result<Option<Outcome>, sqlx::Error> {
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
        save.stamp,
    )
    .fetch_one(connection)
    .await?;

    if row.is_stale {
        return Ok(Some(Outcome::Stale));
    }
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
