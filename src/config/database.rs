//! Settings of the database, which every command that opens the database takes.

use std::path::PathBuf;

use clap::Args;

/// Settings of the database.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Database")]
pub struct Database {
    /// PostgreSQL to connect to, as <postgres://user:password@host/database>, or <postgres://user@host,host/database>
    /// for the one of several hosts that takes writes (default: an embedded PostgreSQL)
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// File that contains the database password, if the URL has none
    #[arg(long, env = "ERPSYNC_DATABASE_PASSWORD_FILE", value_name = "FILE")]
    pub database_password_file: Option<PathBuf>,
    /// Data directory of the embedded PostgreSQL
    #[arg(long, env = "ERPSYNC_DATA_DIR", default_value = "./erpsync-data", value_name = "DIR")]
    pub data_dir: PathBuf,
    /// Directory of the PostgreSQL executables for the embedded PostgreSQL (default: the newest installed release)
    #[arg(long, env = "ERPSYNC_PG_BIN", value_name = "DIR")]
    pub pg_bin: Option<PathBuf>,
    /// Size of the connection pool
    #[arg(long, env = "ERPSYNC_DATABASE_CONNECTIONS", default_value_t = 8, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub database_connections: u32,
    /// Run each statement in a transaction of its own, and keep no prepared statements: for a database behind a pooler
    /// in transaction mode, such as `PgBouncer`
    #[arg(long, env = "ERPSYNC_TRANSACTION_POOLING", default_value_t = false, value_name = "BOOL",
        action = clap::ArgAction::Set)]
    pub transaction_pooling: bool,
}
