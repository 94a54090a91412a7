//! Settings of the database and of the log, which every command that opens the database takes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Settings of the database and the log.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Database")]
pub struct Database {
    /// PostgreSQL to connect to, as <postgres://user:password@host/database> (default: an embedded PostgreSQL)
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
    /// Keep no prepared statements: for a pooler in transaction mode that does not track them, such as `pgbouncer`
    /// before 1.21
    #[arg(long, env = "ERPSYNC_TRANSACTION_POOLING", default_value_t = false, value_name = "BOOL",
        action = clap::ArgAction::Set)]
    pub transaction_pooling: bool,
    /// Log format; the log goes to standard error, one line per event
    #[arg(long, env = "ERPSYNC_LOG_FORMAT", default_value = "text", value_name = "FORMAT", help_heading = "Log")]
    pub log_format: LogFormat,
    /// Log level (error, warn, info, debug, trace), or a filter such as info,sqlx=debug
    #[arg(
        long,
        env = "ERPSYNC_LOG",
        default_value = "info,sqlx::postgres::notice=warn,reqwest_retry=error",
        value_name = "FILTER",
        help_heading = "Log",
        value_parser = log_filter
    )]
    pub log: String,
}

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Human-readable text.
    Text,
    /// JSON objects.
    Json,
}

/// Parses a log level, or targets with levels.
///
/// A word that is not a level is rejected: `EnvFilter` would take it as a target that never matches.
fn log_filter(text: &str) -> Result<String, String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let is_level = |word: &str| LEVELS.contains(&word.to_ascii_lowercase().as_str());
    let invalid = text.split(',').map(str::trim).find(|part| !part.contains(['=', '[']) && !is_level(part));
    if let Some(word) = invalid {
        let levels = LEVELS.join(", ");
        return Err(format!("{word:?} is not a level ({levels}) and not a target with a level, such as sqlx=debug"));
    }
    tracing_subscriber::EnvFilter::try_new(text).map_err(|problem| problem.to_string())?;
    Ok(text.to_owned())
}
