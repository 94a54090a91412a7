//! Connections to the embedded PostgreSQL: its role and database, and the wait until it accepts connections.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{Connection, PgConnection};

use super::error::Error;
use super::postmaster::Postmaster;
use super::socket;

/// The role that the server connects as, and the database that it owns.
pub const NAME: &str = "erpsync";
/// The superuser, for operators.
pub const SUPERUSER: &str = "postgres";
/// How long the socket may take to appear.
const SOCKET_TIMEOUT: Duration = Duration::from_mins(2);

/// Returns how to connect to the server's database with the server's role.
pub fn options(socket_dir: &Path) -> PgConnectOptions {
    socket_options(socket_dir).username(NAME).database(NAME)
}

fn superuser_options(socket_dir: &Path) -> PgConnectOptions {
    socket_options(socket_dir).username(SUPERUSER).database(SUPERUSER)
}

fn socket_options(socket_dir: &Path) -> PgConnectOptions {
    // PGHOST and similar variables of the environment concern other databases.
    PgConnectOptions::new_without_pgpass().socket(socket_dir).port(socket::PORT).ssl_mode(PgSslMode::Disable)
}

/// Waits until the server accepts connections.
///
/// # Errors
/// The server exited, refuses connections, or has no socket after two minutes.
pub async fn wait_until_ready(postmaster: &mut Postmaster, socket_dir: &Path) -> Result<(), Error> {
    let began = Instant::now();
    let options = superuser_options(socket_dir);
    loop {
        match PgConnection::connect_with(&options).await {
            Ok(connection) => {
                let _ = connection.close().await;
                return Ok(());
            }
            Err(cause) if !is_starting(&cause, began.elapsed()) => return Err(Error::Database(cause)),
            Err(_) => {}
        }
        if let Some(log_tail) = postmaster.try_wait() {
            return Err(Error::Exited(log_tail));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Whether the server may still become ready. Recovery after a crash has no time-out.
fn is_starting(cause: &sqlx::Error, waited: Duration) -> bool {
    const CANNOT_CONNECT_NOW: &str = "57P03";
    match cause {
        sqlx::Error::Database(refused) => refused.code().is_some_and(|code| code == CANNOT_CONNECT_NOW),
        sqlx::Error::Io(_) => waited < SOCKET_TIMEOUT,
        _ => false,
    }
}

/// Creates the role and the database, or one of them after a crash between the two.
///
/// # Errors
/// The error of the statement that failed.
pub async fn create_database(socket_dir: &Path) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect_with(&superuser_options(socket_dir)).await?;
    let missing = "SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'erpsync'),
        NOT EXISTS (SELECT FROM pg_database WHERE datname = 'erpsync')";
    let (role, database): (bool, bool) = sqlx::query_as(missing).fetch_one(&mut connection).await?;
    if role {
        sqlx::raw_sql("CREATE ROLE erpsync LOGIN").execute(&mut connection).await?;
    }
    if database {
        sqlx::raw_sql("CREATE DATABASE erpsync OWNER erpsync").execute(&mut connection).await?;
    }
    connection.close().await
}
