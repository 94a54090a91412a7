//! Connections to the embedded PostgreSQL: its roles, its database, and their creation.

use std::path::Path;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{Connection, PgConnection};

use super::socket;

/// The role that the server connects as, and the database that it owns.
pub const NAME: &str = "erpsync";
/// The superuser, for operators.
pub const SUPERUSER: &str = "postgres";

/// Returns how to connect to the server's database with the server's role.
pub fn options(socket_dir: &Path) -> PgConnectOptions {
    socket_options(socket_dir).username(NAME).database(NAME)
}

/// Returns how to connect as the superuser to the superuser's database, which `initdb` creates.
pub fn superuser_options(socket_dir: &Path) -> PgConnectOptions {
    socket_options(socket_dir).username(SUPERUSER).database(SUPERUSER)
}

fn socket_options(socket_dir: &Path) -> PgConnectOptions {
    // PGHOST and similar variables of the environment concern other databases.
    PgConnectOptions::new_without_pgpass().socket(socket_dir).port(socket::PORT).ssl_mode(PgSslMode::Disable)
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
