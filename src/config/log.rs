//! Settings of the log.

use clap::{Args, ValueEnum};

/// Settings of the log.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Log")]
pub struct Log {
    /// Log format; the log goes to standard error, one line per event
    #[arg(long, env = "ERPSYNC_LOG_FORMAT", default_value = "text", value_name = "FORMAT")]
    pub log_format: LogFormat,
    /// Log level (error, warn, info, debug, trace), or a filter such as info,sqlx=debug
    #[arg(
        long,
        env = "ERPSYNC_LOG",
        default_value = "info,sqlx::postgres::notice=warn,reqwest_retry=error",
        value_name = "FILTER",
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
