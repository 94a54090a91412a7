//! The saves and deletions of connections that connectors are told of.
//!
//! A connection waits as long as it is newer than its row in `connector_delivery`. A server that tells its connector has
//! a lease of the row, so that no other one does at the same time.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use serde::Serialize;

use super::{Failure, Pool};

/// The time limit of a page of a walk. The database's own limit does not end the wait for one that does not respond.
const WALK_LIMIT: Duration = Duration::from_secs(30);
/// The time limit of another statement. A lease that is taken just before it ends is still long enough for its renewal.
const LIMIT: Duration = Duration::from_secs(5);

/// A page of a walk through all connections.
#[derive(Debug)]
pub struct Page {
    /// The key of the last connection; `None` if there are no further connections.
    pub last: Option<i32>,
    /// The number of connections that wait.
    pub waiting: i64,
    /// The connections among them that can be attempted now, by key, with the keys of their connectors.
    pub ready: Vec<(i32, i32)>,
}

/// Returns the page of at most `rows` connections after the one of the key `after`.
///
/// # Errors
/// See [`Failure`].
pub async fn walk(pool: &Pool, after: i32, rows: i64) -> Result<Page, Failure> {
    let page = sqlx::query_file!("src/store/walk_deliveries.sql", after, rows);
    let page = within(WALK_LIMIT, page.fetch_one(pool)).await?;
    let ready = page.connections.into_iter().zip(page.connectors).collect();
    Ok(Page { last: page.last, waiting: page.waiting, ready })
}

/// A connection of which its connector is not told, for the operator.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// Primary key.
    pub erp_connection_id: i32,
    /// Key of its connector.
    pub erp_connector_id: i32,
    /// The GUID by which the connector knows the connection.
    pub connection_id: String,
    /// The connector has to be told that the connection is deleted.
    pub deleted: bool,
    /// The time of the last change.
    pub updated: String,
    /// `waiting`, `running` or `given up`.
    pub state: String,
    /// The connector is told, and its fields are still to be read.
    pub only_fields: bool,
    /// The number of failed attempts.
    pub attempts: i32,
    /// The reason of the last failure; blank if there is none.
    pub problem: String,
}

/// Lists at most `limit` connections of which their connectors are not told, ordered by key.
///
/// # Errors
/// See [`Failure`].
pub async fn list(pool: &Pool, limit: i64) -> Result<Vec<Delivery>, Failure> {
    Ok(sqlx::query_file_as!(Delivery, "src/store/list_deliveries.sql", limit).fetch_all(pool).await?)
}

/// A connection whose connector is being told, and the state of its delivery.
#[derive(Debug)]
pub struct Claimed {
    /// Primary key.
    pub erp_connection_id: i32,
    /// Key of its connector.
    pub erp_connector_id: i32,
    /// The connector's URL.
    pub url: String,
    /// The GUID by which the connector knows the connection.
    pub connection_id: String,
    /// Flagged as deleted.
    pub deleted: bool,
    /// The config fields.
    pub config_fields: BTreeMap<String, Option<String>>,
    /// Key of the associate who has changed the connection last.
    pub updated_associate_id: i32,
    /// The number of this state.
    pub updated_count: i32,
    /// The number of the state that is told or given up.
    pub delivered_count: i32,
    /// The connector is told, and its fields are still to be read.
    pub fields_due: bool,
    /// The digest of the settings with which the fields were read; `None` if they never were.
    pub fields_source: Option<Vec<u8>>,
    /// The number of failed attempts to tell this state, or to read the fields once it is told.
    pub attempts: i32,
    /// The number of those attempts to which the connector responded.
    pub refusals: i32,
}

impl Claimed {
    /// Whether the state is told, and only the fields are still to be read.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.delivered_count >= self.updated_count
    }
}

/// Takes the lease of a connection for a server. Returns `None` if the connection does not wait, or not yet, or another
/// server has the lease.
///
/// # Errors
/// See [`Failure`].
pub async fn claim(pool: &Pool, connection: i32, holder: &str, lease: Duration) -> Result<Option<Claimed>, Failure> {
    let row = sqlx::query_file!("src/store/claim_delivery.sql", connection, holder, lease.as_secs_f64());
    Ok(within(LIMIT, row.fetch_optional(pool)).await?.map(|row| Claimed {
        refusals: if row.attempted_count == row.updated_count { row.refusals } else { 0 },
        erp_connection_id: row.erp_connection_id,
        erp_connector_id: row.erp_connector_id,
        url: row.url,
        connection_id: row.connection_id,
        deleted: row.deleted,
        config_fields: row.config_keys.into_iter().zip(row.config_values).collect(),
        updated_associate_id: row.updated_associate_id,
        updated_count: row.updated_count,
        delivered_count: row.delivered_count,
        fields_due: row.fields_due,
        fields_source: row.fields_source,
        attempts: if row.attempted_count == row.updated_count { row.attempts } else { 0 },
    }))
}

/// Extends a lease. Returns whether the server still has it. The caller limits the time, by the end of the lease.
///
/// # Errors
/// See [`Failure`].
pub async fn renew(pool: &Pool, connection: i32, holder: &str, lease: Duration) -> Result<bool, Failure> {
    let renewed = sqlx::query!(
        "UPDATE connector_delivery SET leased_until = clock_timestamp() + make_interval(secs => $3::float8)
         WHERE erp_connection_id = $1 AND lease_holder = $2 AND leased_until > clock_timestamp()",
        connection,
        holder,
        lease.as_secs_f64()
    );
    Ok(renewed.execute(pool).await?.rows_affected() > 0)
}

/// The state in which an attempt leaves a delivery.
#[derive(Debug, Default)]
pub struct Attempt {
    /// The number of the state that was attempted.
    pub updated_count: i32,
    /// The state is told or given up.
    pub is_delivered: bool,
    /// The fields are still to be read.
    pub fields_due: bool,
    /// The digest of the settings with which the fields were read; `None` keeps the stored one.
    pub fields_source: Option<Vec<u8>>,
    /// The number of failed attempts.
    pub attempts: i32,
    /// The number of those to which the connector responded.
    pub refusals: i32,
    /// The pause before the next attempt.
    pub pause: Duration,
    /// The reason of the failure; blank for a success.
    pub problem: String,
    /// The server goes on and keeps the lease.
    pub keeps_lease: bool,
}

/// Records an attempt, and returns the lease unless the server goes on. Returns whether the connection waits, be it because
/// it was saved in the meantime; `None` if the server has lost the lease.
///
/// # Errors
/// See [`Failure`].
pub async fn record(pool: &Pool, connection: i32, holder: &str, attempt: &Attempt) -> Result<Option<bool>, Failure> {
    let recorded = sqlx::query_scalar!(
        r#"UPDATE connector_delivery AS d SET
            delivered_count = CASE WHEN $4 THEN greatest(d.delivered_count, $3) ELSE d.delivered_count END,
            fields_due = $5, fields_source = coalesce($6, d.fields_source), attempted_count = $3, attempts = $7, refusals = $11,
            next_attempt = clock_timestamp() + make_interval(secs => $8::float8), problem = $9,
            leased_until = CASE WHEN $10 THEN d.leased_until ELSE '-infinity' END
         WHERE d.erp_connection_id = $1 AND d.lease_holder = $2 AND d.leased_until > clock_timestamp()
         RETURNING d.fields_due OR d.delivered_count < (
            SELECT c.updated_count FROM erp_connection AS c WHERE c.erp_connection_id = $1
         ) AS "is_waiting!""#,
        connection,
        holder,
        attempt.updated_count,
        attempt.is_delivered,
        attempt.fields_due,
        attempt.fields_source.as_deref(),
        attempt.attempts,
        attempt.pause.as_secs_f64(),
        attempt.problem,
        attempt.keeps_lease,
        attempt.refusals
    );
    within(LIMIT, recorded.fetch_optional(pool)).await
}

/// Returns the leases of connections.
///
/// # Errors
/// See [`Failure`].
pub async fn release(pool: &Pool, connections: &[i32], holder: &str) -> Result<(), Failure> {
    let released = sqlx::query!(
        "UPDATE connector_delivery SET leased_until = '-infinity'
         WHERE erp_connection_id = ANY ($1) AND lease_holder = $2",
        connections,
        holder
    );
    within(LIMIT, released.execute(pool)).await?;
    Ok(())
}

/// Executes a statement within a time limit, after which it may or may not take effect.
async fn within<T>(limit: Duration, statement: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, Failure> {
    let Ok(result) = tokio::time::timeout(limit, statement).await else {
        let problem = format!("the database did not respond within {limit:?}");
        return Err(Failure::Away(io::Error::new(io::ErrorKind::TimedOut, problem).into()));
    };
    Ok(result?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_database_that_does_not_respond_is_away() {
        let failure = within::<()>(Duration::from_millis(1), std::future::pending()).await.expect_err("no response");
        assert!(matches!(failure, Failure::Away(_)), "{failure}");
    }
}
