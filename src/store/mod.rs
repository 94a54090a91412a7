//! The only room with SQL: one file a table family, functions that take a connection or a pool.

use std::fmt;

use sqlx::Connection;
use sqlx::migrate::{MigrateError, Migrator};

use crate::metrics;

pub mod activation;
pub mod applications;
pub mod associates;
pub mod connections;
pub mod connectors;
pub mod credentials;
pub mod demo;
pub mod engine;
pub mod erp_fields;
pub mod list_mappings;
pub mod pool;
pub mod state;
pub mod user_groups;

pub use pool::Pool;

/// The schema, one file a step.
pub static MIGRATIONS: Migrator = sqlx::migrate!();
/// Who holds this lock changes the schema; the number is this program's alone.
const MIGRATION_LOCK: i64 = 0x4552_5053_594e_4330;

/// Applies the steps of the schema that are missing, all or none of them, under a lock: servers that start at once take
/// turns.
///
/// # Errors
/// The step that failed, or a step in the database that this program does not know.
pub async fn migrate(pool: &Pool) -> Result<(), MigrateError> {
    let mut connection = pool.connect().await?;
    // The migrator's own transactions are parts of this one.
    let mut transaction = connection.begin().await?;
    // A step, or the wait for another server's, may take longer than a request may.
    sqlx::raw_sql("SET LOCAL statement_timeout = 0; DEALLOCATE ALL").execute(&mut *transaction).await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(MIGRATION_LOCK).execute(&mut *transaction).await?;
    let mut migrator = Migrator::with_migrations(MIGRATIONS.iter().cloned().collect());
    // Its own lock belongs to a session, and a pooler gives each transaction another one.
    migrator.set_locking(false).run(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(connection.close().await?)
}

/// Why a statement gave no result.
#[derive(Debug)]
pub enum Failure {
    /// The database is away, refuses connections, gave up on the statement, or has no connection free. The
    /// statement may or may not have taken effect.
    Away(sqlx::Error),
    /// A constraint of this name refused the statement.
    Constraint(String),
    /// Anything else: a fault of this program.
    Fault(sqlx::Error),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::PoolTimedOut = error {
            metrics::count_pool_timeout();
        }
        match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Failure::Away(error),
            sqlx::Error::Database(refused) => match refused.constraint() {
                Some(name) => Failure::Constraint(name.to_owned()),
                None if refused.code().is_some_and(|code| is_passing(&code)) => Failure::Away(error),
                None => Failure::Fault(error),
            },
            _ => Failure::Fault(error),
        }
    }
}

/// Whether an SQLSTATE tells of a state of the server that goes by, rather than of a faulty statement.
fn is_passing(code: &str) -> bool {
    const CLASSES: [&str; 3] = ["08", "53", "58"]; // connection, resources, system
    // Read-only (a standby), serialization, deadlock, lock time-out, cancelled, shut down, crashed, starting.
    const STATES: [&str; 8] = ["25006", "40001", "40P01", "55P03", "57014", "57P01", "57P02", "57P03"];
    CLASSES.iter().any(|class| code.starts_with(class)) || STATES.contains(&code)
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Away(error) | Failure::Fault(error) => write!(f, "{error}"),
            Failure::Constraint(name) => write!(f, "refused by the constraint {name}"),
        }
    }
}

impl std::error::Error for Failure {}
