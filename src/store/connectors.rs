//! ERP connectors.

use sqlx::{Error, PgConnection};

use super::locks::lock_connector;
use super::{Failure, Pool};

/// A stored connector.
#[derive(Debug, Default)]
pub struct Connector {
    /// Primary key.
    pub erp_connector_id: i32,
    /// Multi-language text of at most 254 characters.
    pub display_name: String,
    /// At most 1,023 characters.
    pub url: String,
    /// Flagged as deleted.
    pub deleted: bool,
}

/// The result of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Stored, under this key.
    Done(i32),
    /// The connector does not exist.
    Unknown,
    /// Nothing is stored: a connection that is not flagged as deleted uses the connector.
    HasConnections,
}

/// Returns the connector of this key; one that is flagged as deleted only with `deleted`.
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

/// Returns the connectors that are not flagged as deleted, ordered by key.
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

/// Returns whether a connection that is not flagged as deleted uses the connector.
///
/// # Errors
/// See [`Failure`].
pub async fn has_connections(pool: &Pool, erp_connector_id: i32) -> Result<bool, Failure> {
    let mut lease = pool.acquire().await?;
    let is_used = is_used(&mut lease, erp_connector_id).await;
    Ok(lease.finish(is_used).await?)
}

async fn is_used(connection: &mut PgConnection, erp_connector_id: i32) -> Result<bool, Error> {
    let is_used = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM erp_connection WHERE erp_connector_id = $1 AND NOT deleted) AS "is_used!""#,
        erp_connector_id
    );
    is_used.fetch_one(connection).await
}

/// Creates a connector; the key in `connector` is ignored. Returns the new key.
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

/// Updates a connector.
///
/// # Errors
/// See [`Failure`].
pub async fn save(pool: &Pool, connector: &Connector, caller: i32) -> Result<Outcome, Failure> {
    let id = connector.erp_connector_id;
    let outcome = pool.transaction(|mut transaction| async move {
        let Some(was_deleted) = lock_connector(&mut transaction, id).await? else { return Ok(Outcome::Unknown) };
        if connector.deleted && !was_deleted && is_used(&mut transaction, id).await? {
            return Ok(Outcome::HasConnections);
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
    });
    Ok(outcome.await?)
}

/// Flags a connector as deleted. A connector that is flagged already is left unchanged.
///
/// # Errors
/// See [`Failure`].
pub async fn delete(pool: &Pool, erp_connector_id: i32, caller: i32) -> Result<Outcome, Failure> {
    let outcome = pool.transaction(|mut transaction| async move {
        match lock_connector(&mut transaction, erp_connector_id).await? {
            None => return Ok(Outcome::Unknown),
            Some(true) => return Ok(Outcome::Done(erp_connector_id)),
            Some(false) => {}
        }
        if is_used(&mut transaction, erp_connector_id).await? {
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
    });
    Ok(outcome.await?)
}
