//! The state of the database server, for the operator.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use super::schema::MIGRATIONS;
use super::{Failure, Pool};

/// The state of the database server.
#[derive(Debug)]
pub struct State {
    /// The version number, such as 170002 for 17.2.
    pub version: i32,
    /// The most connections of all clients together.
    pub max_connections: i32,
    /// The server is a standby, or is set to refuse changes.
    pub is_read_only: bool,
    /// The seconds by which its clock is ahead of this machine's.
    pub seconds_ahead: f64,
    /// Versions of the migrations that are missing.
    pub missing_migrations: Vec<i64>,
    /// Versions of the applied migrations that this program does not know.
    pub unknown_migrations: Vec<i64>,
}

/// Reads the state.
///
/// # Errors
/// See [`Failure`].
pub async fn read(pool: &Pool) -> Result<State, Failure> {
    let query = "SELECT current_setting('server_version_num')::int, current_setting('max_connections')::int,
            current_setting('transaction_read_only')::bool, extract(epoch FROM clock_timestamp())::float8,
            to_regclass('_sqlx_migrations') IS NOT NULL";
    let (version, max_connections, is_read_only, seconds, has_migrations) =
        sqlx::query_as::<_, (i32, i32, bool, f64, bool)>(query).fetch_one(pool).await?;
    let local = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let applied: BTreeSet<i64> = if has_migrations {
        let applied = sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success");
        applied.fetch_all(pool).await?.into_iter().collect()
    } else {
        BTreeSet::new()
    };
    let known: BTreeSet<i64> = MIGRATIONS.iter().map(|migration| migration.version).collect();
    Ok(State {
        version,
        max_connections,
        is_read_only,
        seconds_ahead: seconds - local,
        missing_migrations: known.difference(&applied).copied().collect(),
        unknown_migrations: applied.difference(&known).copied().collect(),
    })
}
