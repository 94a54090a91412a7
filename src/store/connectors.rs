//! Connectors.

use sqlx::PgConnection;

use super::{Failure, Pool};

/// A stored connector.
#[derive(Debug, Default)]
pub struct Connector {
    /// Primary key.
    pub erp_connector_id: i32,
    /// At most 254 characters; multi-language.
    pub display_name: String,
    /// At most 1,023 characters.
    pub url: String,
    /// Flagged as deleted.
    pub deleted: bool,
}

/// What a change came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is stored, under this key.
    Done(i32),
    /// There is no such connector.
    Unknown,
    /// Nothing is stored: a connection calls it that is not deleted.
    HasConnections,
}

/// The connector of this key; one that is flagged as deleted only where `deleted` says so.
///
/// # Errors
/// See [`Failure`].
pub async fn find(pool: &Pool, erp_connector_id: i32, deleted: bool) -> Result<Option<Connector>, Failure> {
    let found = sqlx::query_as!(
        Connector,
        "SELECT erp_connector_id, display_name, url, deleted FROM erp_connector
         WHERE erp_connector_id = $1 AND ($2 OR NOT deleted)",
        erp_connector_id,
        deleted
    );
    Ok(found.fetch_optional(pool).await?)
}

/// Those that are not deleted, by their keys.
///
/// # Errors
/// See [`Failure`].
pub async fn list(pool: &Pool) -> Result<Vec<Connector>, Failure> {
    let found = sqlx::query_as!(
        Connector,
        "SELECT erp_connector_id, display_name, url, deleted FROM erp_connector WHERE NOT deleted
         ORDER BY erp_connector_id"
    );
    Ok(found.fetch_all(pool).await?)
}

/// Whether a connection calls it that is not deleted.
///
/// # Errors
/// See [`Failure`].
pub async fn has_connections(pool: &Pool, erp_connector_id: i32) -> Result<bool, Failure> {
    let mut lease = pool.acquire().await?;
    let called = calls(&mut lease, erp_connector_id).await;
    Ok(lease.done(called).await?)
}

async fn calls(connection: &mut PgConnection, erp_connector_id: i32) -> Result<bool, sqlx::Error> {
    let called = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM erp_connection WHERE erp_connector_id = $1 AND NOT deleted) AS "called!""#,
        erp_connector_id
    );
    called.fetch_one(connection).await
}

/// Stores a new connector; its own key is not looked at. Gives the key.
///
/// # Errors
/// See [`Failure`].
pub async fn create(pool: &Pool, connector: &Connector, caller: i32) -> Result<i32, Failure> {
    let created = sqlx::query_scalar!(
        "INSERT INTO erp_connector (display_name, url, deleted, registered_associate_id, updated_associate_id)
         VALUES ($1, $2, $3, $4, $4) RETURNING erp_connector_id",
        connector.display_name,
        connector.url,
        connector.deleted,
        caller
    );
    Ok(created.fetch_one(pool).await?)
}

/// Overwrites a connector.
///
/// # Errors
/// See [`Failure`].
pub async fn save(pool: &Pool, connector: &Connector, caller: i32) -> Result<Outcome, Failure> {
    let id = connector.erp_connector_id;
    let mut transaction = pool.begin().await?;
    match lock(&mut transaction, id).await? {
        None => return Ok(Outcome::Unknown),
        Some(was_deleted) => {
            if connector.deleted && !was_deleted && calls(&mut transaction, id).await? {
                return Ok(Outcome::HasConnections);
            }
        }
    }
    sqlx::query!(
        "UPDATE erp_connector SET display_name = $2, url = $3, deleted = $4, updated = statement_timestamp(),
            updated_associate_id = $5, updated_count = updated_count + 1
         WHERE erp_connector_id = $1",
        id,
        connector.display_name,
        connector.url,
        connector.deleted,
        caller
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(Outcome::Done(id))
}

/// Flags a connector as deleted. One that is flagged already stays as it is.
///
/// # Errors
/// See [`Failure`].
pub async fn delete(pool: &Pool, erp_connector_id: i32, caller: i32) -> Result<Outcome, Failure> {
    let mut transaction = pool.begin().await?;
    match lock(&mut transaction, erp_connector_id).await? {
        None => return Ok(Outcome::Unknown),
        Some(true) => return Ok(Outcome::Done(erp_connector_id)),
        Some(false) => {}
    }
    if calls(&mut transaction, erp_connector_id).await? {
        return Ok(Outcome::HasConnections);
    }
    sqlx::query!(
        "UPDATE erp_connector SET deleted = true, updated = statement_timestamp(), updated_associate_id = $2,
            updated_count = updated_count + 1
         WHERE erp_connector_id = $1",
        erp_connector_id,
        caller
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(Outcome::Done(erp_connector_id))
}

/// Locks a connector against saves of connections that begin to call it; tells whether it is deleted, none where it
/// is not there. Its own statement: the next one must see what the lock waited for.
async fn lock(connection: &mut PgConnection, erp_connector_id: i32) -> Result<Option<bool>, sqlx::Error> {
    let deleted = sqlx::query_scalar!(
        "SELECT deleted FROM erp_connector WHERE erp_connector_id = $1 FOR NO KEY UPDATE",
        erp_connector_id
    );
    deleted.fetch_optional(connection).await
}
