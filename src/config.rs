//! The settings: flag over environment over default, checked before anything starts.

pub mod administration;
mod commands;
mod file;
pub mod manual;
pub mod network;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, CommandFactory, FromArgMatches, Parser, ValueEnum};

pub use commands::{Check, Command, Config, Healthcheck, Openapi};
use file::File;

/// A self-hosted clone of SuperOffice CRM's ErpSync REST agent.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct CommandLine {
    /// A file of settings; `erpsync config example` prints one
    #[arg(long, env = "ERPSYNC_CONFIG", global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do; without it, serve.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The settings of `serve`.
    #[command(flatten)]
    pub serve: Serve,
}

impl CommandLine {
    /// What the command line, the environment and the settings' file say. Where they are wrong the program ends with
    /// exit status 2, and where help is asked for with 0.
    #[must_use]
    pub fn read() -> Self {
        let arguments: Vec<_> = std::env::args_os().collect();
        let file = File::named(&arguments).unwrap_or_else(|problem| {
            eprintln!("erpsync: {problem}");
            std::process::exit(2)
        });
        let command = match &file {
            Some(file) => file.apply(Self::command()),
            None => Self::command(),
        };
        let matches = command.get_matches_from(arguments);
        let mut read = Self::from_arg_matches(&matches).unwrap_or_else(|problem| problem.exit());
        if let Some(Command::Config(Config::Check(check))) = &mut read.command
            && let Some(("config", matches)) = matches.subcommand()
            && let Some(("check", matches)) = matches.subcommand()
        {
            check.in_force = manual::in_force(matches, file.as_ref());
        }
        read
    }
}

/// Which database.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Database")]
pub struct Database {
    /// A PostgreSQL to use, as <postgres://user:password@host/database>; without it, one of its own is started
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// A file with the database's password, where the URL has none
    #[arg(long, env = "ERPSYNC_DATABASE_PASSWORD_FILE", value_name = "FILE")]
    pub database_password_file: Option<PathBuf>,
    /// Where the server's own database lives
    #[arg(long, env = "ERPSYNC_DATA_DIR", default_value = "./erpsync-data", value_name = "DIR")]
    pub data_dir: PathBuf,
    /// The folder of the PostgreSQL programs for the server's own database (default: the newest installed)
    #[arg(long, env = "ERPSYNC_PG_BIN", value_name = "DIR")]
    pub pg_bin: Option<PathBuf>,
    /// Connections to the database
    #[arg(long, env = "ERPSYNC_DATABASE_CONNECTIONS", default_value_t = 8, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub database_connections: u32,
    /// The database URL is a pooler's in transaction mode that keeps no prepared statements, as `pgbouncer` before 1.21
    #[arg(long, env = "ERPSYNC_TRANSACTION_POOLING", default_value_t = false, value_name = "BOOL",
        action = clap::ArgAction::Set)]
    pub transaction_pooling: bool,
    /// Log as text or as JSON, a line an event, to standard error
    #[arg(long, env = "ERPSYNC_LOG_FORMAT", default_value = "text", value_name = "FORMAT", help_heading = "Log")]
    pub log_format: LogFormat,
    /// What to log: error, warn, info, debug, trace, or a filter such as info,sqlx=debug
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

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// The heading of the settings of what stands between the clients and the server.
const NETWORK: &str = "Network";

/// The heading of the settings that decide which credentials are accepted.
const AUTHENTICATION: &str = "Authentication";

/// The settings of the server.
#[derive(Clone, Debug, Args)]
pub struct Serve {
    /// Which database.
    #[command(flatten)]
    pub database: Database,
    /// Where to listen; port 0 takes a free one
    #[arg(long, help_heading = NETWORK, env = "ERPSYNC_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Where to serve metrics and health to the operator, without a login (default: nowhere)
    #[arg(long, help_heading = NETWORK, env = "ERPSYNC_ADMIN_LISTEN", value_name = "ADDRESS")]
    pub admin_listen: Option<SocketAddr>,
    /// What stands before every path, such as the tenant of an online installation
    #[arg(long, help_heading = NETWORK, env = "ERPSYNC_PATH_PREFIX", default_value = "", value_name = "PATH", value_parser = path_prefix)]
    pub path_prefix: String,
    /// Origins whose scripts may call, parted by spaces, with * for any part of one
    #[arg(long, help_heading = NETWORK, env = "ERPSYNC_CORS_ORIGINS", default_value = "", value_name = "ORIGINS")]
    pub cors_origins: String,
    /// Serve the API documentation: /docs and /openapi.json
    #[arg(long, help_heading = NETWORK, env = "ERPSYNC_DOCS", default_value_t = true, value_name = "BOOL",
        action = clap::ArgAction::Set)]
    pub docs: bool,
    /// What stands between.
    #[command(flatten)]
    pub network: network::Network,
    /// Add demo data to a new database, and allow its published passwords on an address that is not loopback
    #[arg(long, help_heading = AUTHENTICATION, env = "ERPSYNC_DEMO", default_value_t = false, value_name = "BOOL",
        action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub demo: bool,
    /// Who may call, and how.
    #[command(flatten)]
    pub authentication: Authentication,
    /// Whose tokens are taken.
    #[command(flatten)]
    pub oidc: Oidc,
    /// The limits.
    #[command(flatten)]
    pub limits: Limits,
}

impl Serve {
    /// Whether other machines can reach the server: it listens on an address that is not loopback.
    #[must_use]
    pub fn is_public(&self) -> bool {
        !self.listen.ip().to_canonical().is_loopback()
    }
}

/// The tenant where none is named.
pub const DEFAULT_TENANT: &str = "Cust00001";

/// Which of the vendor's installations this one is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Installation {
    /// One's own: user names and passwords are taken, applications are not asked for.
    Onsite,
    /// The vendor's: no passwords in calls, and the application must have been granted the agent.
    Online,
}

/// Who may call, and how.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = AUTHENTICATION)]
pub struct Authentication {
    /// Which of the vendor's installations this one is like
    #[arg(long, env = "ERPSYNC_INSTALLATION", default_value = "onsite", value_name = "TYPE")]
    pub installation: Installation,
    /// The tenant that tokens, and tickets of an online installation, are issued for
    #[arg(long, env = "ERPSYNC_TENANT", default_value = DEFAULT_TENANT, value_name = "TENANT", value_parser = tenant)]
    pub tenant: String,
    /// Take user names and passwords (on-site only)
    #[arg(long, env = "ERPSYNC_AUTHORIZE_WITH_USERNAME", default_value_t = true, value_name = "BOOL",
        action = clap::ArgAction::Set)]
    pub authorize_with_username: bool,
    /// Take tickets
    #[arg(long, env = "ERPSYNC_AUTHORIZE_WITH_TICKET", default_value_t = true, value_name = "BOOL",
        action = clap::ArgAction::Set)]
    pub authorize_with_ticket: bool,
}

impl Authentication {
    /// Whether calls may carry a user name and a password.
    #[must_use]
    pub fn takes_passwords(&self) -> bool {
        self.authorize_with_username && self.installation == Installation::Onsite
    }
}

/// The OpenID Connect issuer whose tokens are taken; without one, none are.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Tokens of an OpenID Connect issuer")]
pub struct Oidc {
    /// An OpenID Connect issuer whose tokens are taken as Bearer, exactly as they name it in `iss`
    #[arg(long = "oidc-issuer", env = "ERPSYNC_OIDC_ISSUER", value_name = "URL", requires = "audience")]
    pub issuer: Option<String>,
    /// Whom its tokens have to be for: this server's name at the issuer
    #[arg(long = "oidc-audience", env = "ERPSYNC_OIDC_AUDIENCE", value_name = "NAME")]
    pub audience: Option<String>,
    /// Which claim holds the associate's login name: one that users cannot choose freely
    #[arg(long = "oidc-claim", env = "ERPSYNC_OIDC_CLAIM", default_value = "preferred_username", value_name = "CLAIM")]
    pub claim: String,
    /// Certificates of authorities that vouch for the issuer, besides those that the system trusts: PEM
    #[arg(long = "oidc-ca", env = "ERPSYNC_OIDC_CA", value_name = "FILE", requires = "issuer")]
    pub ca: Option<PathBuf>,
}

/// What one request, one client, and all of them together may cost.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// The largest request body, unpacked, in bytes
    #[arg(long, env = "ERPSYNC_MAX_BODY_BYTES", default_value_t = 1024 * 1024, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=30_000_000))]
    pub max_body_bytes: u32,
    /// Seconds for a request's line and headers to arrive, for a client to read, and for a connection to be idle
    #[arg(long, env = "ERPSYNC_HEADER_TIMEOUT", default_value = "30", value_name = "SECONDS", value_parser = seconds)]
    pub header_timeout: Duration,
    /// Seconds for a request's body to arrive
    #[arg(long, env = "ERPSYNC_BODY_TIMEOUT", default_value = "20", value_name = "SECONDS", value_parser = seconds)]
    pub body_timeout: Duration,
    /// Seconds for a request in all
    #[arg(long, env = "ERPSYNC_REQUEST_TIMEOUT", default_value = "30", value_name = "SECONDS", value_parser = seconds)]
    pub request_timeout: Duration,
    /// Seconds for requests in flight to finish after SIGTERM or SIGINT
    #[arg(long, env = "ERPSYNC_DRAIN_TIMEOUT", default_value = "30", value_name = "SECONDS", value_parser = seconds)]
    pub drain_timeout: Duration,
    /// Requests worked on at once; further ones wait for a second, then get 503
    #[arg(long, env = "ERPSYNC_MAX_REQUESTS", default_value_t = 256, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_requests: u32,
    /// Client connections open at once; further ones wait to be accepted
    #[arg(long, env = "ERPSYNC_MAX_CONNECTIONS", default_value_t = 8192, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_connections: u32,
}

/// A level, or targets with levels. Without a level a word would be a target that nobody has.
fn log_filter(text: &str) -> Result<String, String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let is_level = |word: &str| LEVELS.contains(&word.to_ascii_lowercase().as_str());
    let wrong = text.split(',').map(str::trim).find(|part| !part.contains(['=', '[']) && !is_level(part));
    if let Some(wrong) = wrong {
        return Err(format!("{wrong:?} is no level: {}, or a target with one, as sqlx=debug", LEVELS.join(", ")));
    }
    tracing_subscriber::EnvFilter::try_new(text).map_err(|problem| problem.to_string())?;
    Ok(text.to_owned())
}

/// A word that can stand in a ticket, a token and a path.
fn tenant(text: &str) -> Result<String, String> {
    let is_word = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_word { Ok(text.to_owned()) } else { Err("not a word of at most 64 letters and digits".to_owned()) }
}

/// Blank, or one or more segments, without a slash at the end.
fn path_prefix(text: &str) -> Result<String, String> {
    let path = text.trim_end_matches('/');
    let is_segment = |segment: &str| {
        !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
    };
    match path.strip_prefix('/') {
        None if path.is_empty() => Ok(String::new()),
        Some(rest) if rest.split('/').all(is_segment) => Ok(path.to_ascii_lowercase()),
        _ => Err("not a path such as /Cust12345".to_owned()),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    if !(0.1..=86_400.0).contains(&seconds) {
        return Err("not between 0.1 and 86400 seconds".to_owned());
    }
    Ok(Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests;
