//! Saves a connection with its access rows and config fields.

use std::collections::BTreeMap;

use sqlx::{Error, PgConnection};

use super::pool::errors::{is_connection_lost, violates};
use super::pool::retry;
use super::{Failure, Pool};

/// The unique constraint on `connection_id`.
const CONNECTION_ID_KEY: &str = "erp_connection_connection_id_key";

/// A connection to save. `None` keeps the stored value.
#[derive(Clone, Debug)]
pub struct Save {
    /// Key of the connection to update. 0, or a key of no row, creates a connection.
    pub erp_connection_id: i32,
    /// Key of the connector; 0 keeps the stored one.
    pub erp_connector_id: i32,
    /// At most 254 characters.
    pub display_name: String,
    /// At most 254 characters.
    pub display_description: String,
    /// In use.
    pub active: bool,
    /// At most 127 characters; unique.
    pub connection_id: Option<String>,
    /// At most 254 characters.
    pub most_recent_timestamp: Option<String>,
    /// Replaces all config fields.
    pub config_fields: Option<BTreeMap<String, Option<String>>>,
    /// Flagged as deleted.
    pub deleted: bool,
    /// Visible to all associates.
    pub all_access: bool,
    /// Replaces the user groups with access; without duplicates.
    pub user_group_ids: Option<Vec<i32>>,
    /// Replaces the associates with access; without duplicates.
    pub associate_ids: Option<Vec<i32>>,
    /// Key of the associate who saves.
    pub caller: i32,
    /// The stamp of the caller's rights.
    pub stamp: i64,
    /// The `connection_id` of a new connection that is sent without one.
    pub new_connection_id: String,
}

/// The result of [`save`].
#[derive(Debug)]
pub enum Outcome {
    /// The connection is stored.
    Saved(Saved),
    /// Nothing is stored: rows that the connection refers to do not exist.
    Unknown {
        /// The connector does not exist, or is flagged as deleted.
        connector: bool,
        /// Keys of user groups that do not exist.
        user_group_ids: Vec<i32>,
        /// Keys of associates that do not exist.
        associate_ids: Vec<i32>,
    },
    /// Nothing is stored: another connection has the `connection_id`.
    DuplicateConnectionId,
    /// Nothing is stored: the caller's rights have changed since they were read.
    Stale,
}

/// The members of a saved connection that may have been generated or kept.
#[derive(Debug)]
pub struct Saved {
    /// Primary key.
    pub erp_connection_id: i32,
    /// Key of the connector.
    pub erp_connector_id: i32,
    /// The `connection_id`.
    pub connection_id: String,
    /// The connector's timestamp.
    pub most_recent_timestamp: String,
    /// The config fields.
    pub config_fields: BTreeMap<String, Option<String>>,
    /// Keys of the user groups with access, ascending.
    pub user_group_ids: Vec<i32>,
    /// Keys of the associates with access, ascending.
    pub associate_ids: Vec<i32>,
    /// The row existed before the save.
    pub updated: bool,
}

/// Saves a connection in one round trip. Saves of one connection take effect one after another, each as a whole.
///
/// # Errors
/// See [`Failure`].
pub async fn save(pool: &Pool, save: &Save) -> Result<Outcome, Failure> {
    let saved = match retry(|| send(pool, save)).await {
        Err(error) if is_connection_lost(&error) => save_after_loss(pool, save, error).await,
        Err(error) if is_created_already(&error, save) => retry(|| resend(pool, save)).await,
        // A row that the connection refers to was removed concurrently. Sent again, the save reports it as unknown.
        Err(error) if is_foreign_key_violation(&error) => retry(|| send(pool, save)).await,
        saved => saved,
    };
    match saved {
        Err(error) if violates(&error, CONNECTION_ID_KEY) => Ok(Outcome::DuplicateConnectionId),
        saved => Ok(saved?),
    }
}

async fn send(pool: &Pool, save: &Save) -> Result<Outcome, Error> {
    let mut lease = pool.acquire_unchecked().await?;
    let outcome = execute(&mut lease, save).await;
    lease.finish(outcome).await
}

/// Saves again after the connection to the database was lost, when the save may or may not have taken effect.
///
/// An update is idempotent. A created connection is found by its generated `connection_id`. Where the caller has chosen
/// the `connection_id`, a duplicate may be the caller's own, so the save is reported as lost.
async fn save_after_loss(pool: &Pool, save: &Save, lost: Error) -> Result<Outcome, Error> {
    tracing::info!(%lost, "connection to the database lost during a save; sending it again");
    let saved = match retry(|| resend(pool, save)).await {
        // The first attempt was still running.
        Err(error) if is_created_already(&error, save) => retry(|| resend(pool, save)).await,
        saved => saved,
    };
    match saved {
        Ok(Outcome::DuplicateConnectionId) => Err(lost),
        Err(error) if violates(&error, CONNECTION_ID_KEY) => Err(lost),
        saved => saved,
    }
}

/// Sends a save of which an earlier attempt may have created the connection. That connection is updated then.
async fn resend(pool: &Pool, save: &Save) -> Result<Outcome, Error> {
    let created = sqlx::query_scalar!(
        "SELECT erp_connection_id FROM erp_connection WHERE connection_id = $1",
        save.new_connection_id
    )
    .fetch_optional(pool)
    .await?;
    let mut again = save.clone();
    again.erp_connection_id = created.unwrap_or(save.erp_connection_id);
    let mut lease = pool.acquire().await?;
    let outcome = execute(&mut lease, &again).await;
    match lease.finish(outcome).await? {
        Outcome::Saved(saved) if created.is_some() => Ok(Outcome::Saved(Saved { updated: false, ..saved })),
        outcome => Ok(outcome),
    }
}

/// Returns whether an earlier attempt of the save has created the connection.
fn is_created_already(error: &Error, save: &Save) -> bool {
    save.connection_id.is_none() && violates(error, CONNECTION_ID_KEY)
}

fn is_foreign_key_violation(error: &Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_foreign_key_violation)
}

async fn execute(connection: &mut PgConnection, save: &Save) -> Result<Outcome, Error> {
    let (keys, values): (Option<Vec<&str>>, Option<Vec<Option<&str>>>) = save
        .config_fields
        .as_ref()
        .map(|fields| fields.iter().map(|(key, value)| (key.as_str(), value.as_deref())).unzip())
        .unzip();
    let row = sqlx::query_file!(
        "src/store/save_connection.sql",
        save.caller,
        save.stamp,
        save.erp_connection_id,
        save.erp_connector_id,
        save.display_name,
        save.display_description,
        save.active,
        save.connection_id,
        save.new_connection_id,
        save.most_recent_timestamp,
        save.all_access,
        save.deleted,
        keys.as_deref() as _,
        values.as_deref() as _,
        save.user_group_ids.as_deref(),
        save.associate_ids.as_deref(),
    )
    .fetch_one(connection)
    .await?;
    let updated = match row.outcome.as_str() {
        "updated" => true,
        "created" => false,
        "stale" => return Ok(Outcome::Stale),
        "duplicate" => return Ok(Outcome::DuplicateConnectionId),
        _ => {
            return Ok(Outcome::Unknown {
                connector: row.unknown_connector.unwrap_or_default(),
                user_group_ids: row.unknown_user_groups.unwrap_or_default(),
                associate_ids: row.unknown_associates.unwrap_or_default(),
            });
        }
    };
    let kept_config =
        || row.kept_keys.unwrap_or_default().into_iter().zip(row.kept_values.unwrap_or_default()).collect();
    Ok(Outcome::Saved(Saved {
        erp_connection_id: row.saved_id.unwrap_or_default(),
        erp_connector_id: row.saved_connector_id.unwrap_or_default(),
        connection_id: row.saved_connection_id.unwrap_or_default(),
        most_recent_timestamp: row.saved_timestamp.unwrap_or_default(),
        config_fields: save.config_fields.clone().unwrap_or_else(kept_config),
        user_group_ids: save.user_group_ids.clone().unwrap_or_else(|| row.kept_user_groups.unwrap_or_default()),
        associate_ids: save.associate_ids.clone().unwrap_or_else(|| row.kept_associates.unwrap_or_default()),
        updated,
    }))
}
