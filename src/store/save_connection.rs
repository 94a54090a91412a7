//! Saves a connection with its access rows and config fields.

mod save;
mod statement;

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlx::{Error, PgConnection};
use tokio::sync::OwnedSemaphorePermit;

use super::pool::errors::{is_connection_lost, violates};
use super::pool::{Lease, retry};
use super::sharing::{Queue, SharedStatement, Turn, in_turn};
use super::{Failure, Pool};
pub use save::{Outcome, Save, Saved};
use statement::{save_all, save_one};

/// The unique constraint on `connection_id`.
const CONNECTION_ID_KEY: &str = "erp_connection_connection_id_key";
/// The most config fields and ids of a save that shares a transaction.
const MOST_ELEMENTS: usize = 64;

/// Saves of different connections in one transaction. A connection whose row is locked is left out.
pub struct Shared;

impl SharedStatement for Shared {
    const METHOD: &'static str = "SaveConnection";
    type Request = Save;
    type Outcome = Outcome;

    fn is_small(save: &Save) -> bool {
        let fields = save.config_fields.as_ref().map_or(0, BTreeMap::len);
        let ids = [&save.user_group_ids, &save.associate_ids].into_iter().flatten().map(Vec::len);
        fields + ids.sum::<usize>() <= MOST_ELEMENTS
    }

    fn key(save: &Save) -> Option<i32> {
        (save.erp_connection_id != 0).then_some(save.erp_connection_id)
    }

    async fn execute(connection: &mut PgConnection, saves: &[Arc<Save>]) -> Result<Vec<Option<Outcome>>, Error> {
        save_all(connection, saves).await
    }
}

/// Saves a connection in one round trip. Saves of one connection take effect one after another, each as a whole.
///
/// # Errors
/// See [`Failure`].
pub async fn save(pool: &Pool, queue: &Queue<Shared>, save: &Arc<Save>) -> Result<Outcome, Failure> {
    let first = async {
        match queue.turn(pool, save).await? {
            Turn::Taken(outcome) => Ok(outcome),
            Turn::Alone(mut turn) => retry(|| send_in_turn(pool, turn.take(), save)).await,
        }
    };
    let saved = match first.await {
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

/// Saves alone, on the connection to the database that comes with the turn.
async fn send_in_turn(pool: &Pool, turn: Option<(Lease, OwnedSemaphorePermit)>, save: &Save) -> Result<Outcome, Error> {
    match turn {
        Some((lease, permit)) => in_turn(permit, send_on(lease, save)).await,
        None => send(pool, save).await,
    }
}

async fn send(pool: &Pool, save: &Save) -> Result<Outcome, Error> {
    send_on(pool.acquire_unchecked().await?, save).await
}

async fn send_on(mut lease: Lease, save: &Save) -> Result<Outcome, Error> {
    let outcome = save_one(&mut lease, save).await;
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
    match send_on(pool.acquire().await?, &again).await? {
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
