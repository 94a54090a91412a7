//! The settings: flag over environment over default, checked before anything starts.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// A self-hosted clone of SuperOffice CRM's ErpSync REST agent.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct CommandLine {
    /// What to do; without it, serve.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The settings of `serve`.
    #[command(flatten)]
    pub serve: Serve,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the agent (the default)
    Serve(Box<Serve>),
    /// Bring the database's schema up to date, and stop
    Migrate(Database),
    /// Add the demo data, with published passwords: not for a server that strangers reach
    Demo(Database),
    /// Ask a running server whether it is ready; exit status 0 or 1
    Healthcheck(Healthcheck),
}

/// Which database.
#[derive(Clone, Debug, Args)]
pub struct Database {
    /// A PostgreSQL to use, as <postgres://user:password@host/database>; without it, one of its own is started
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,
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
    /// Log as text or as JSON, a line an event, to standard error
    #[arg(long, env = "ERPSYNC_LOG_FORMAT", default_value = "text", value_name = "FORMAT")]
    pub log_format: LogFormat,
    /// What to log: error, warn, info, debug, trace, or a filter such as info,sqlx=debug
    #[arg(
        long,
        env = "ERPSYNC_LOG",
        default_value = "info,sqlx::postgres::notice=warn,reqwest_retry=error",
        value_name = "FILTER"
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

/// The settings of the server.
#[derive(Clone, Debug, Args)]
pub struct Serve {
    /// Which database.
    #[command(flatten)]
    pub database: Database,
    /// Where to listen; port 0 takes a free one
    #[arg(long, env = "ERPSYNC_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Whose tokens are taken.
    #[command(flatten)]
    pub oidc: Oidc,
    /// The limits.
    #[command(flatten)]
    pub limits: Limits,
}

/// The OpenID Connect issuer whose tokens are taken; without one, none are.
#[derive(Clone, Debug, Args)]
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
}

/// What one request, one client, and all of them together may cost.
#[derive(Clone, Debug, Args)]
pub struct Limits {
    /// The largest request body, unpacked, in bytes
    #[arg(long, env = "ERPSYNC_MAX_BODY_BYTES", default_value_t = 1024 * 1024, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=30_000_000))]
    pub max_body_bytes: u32,
    /// Seconds for a request's line and headers to arrive, and for a connection to be idle
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

/// The settings of `healthcheck`.
#[derive(Clone, Debug, Args)]
pub struct Healthcheck {
    /// Where the server listens
    #[arg(long, env = "ERPSYNC_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub listen: SocketAddr,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    if !(0.1..=86_400.0).contains(&seconds) {
        return Err("not between 0.1 and 86400 seconds".to_owned());
    }
    Ok(Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        CommandLine::command().debug_assert();
    }

    #[test]
    fn an_issuer_needs_an_audience() {
        let parse = |line: &str| CommandLine::try_parse_from(line.split(' ').filter(|word| !word.is_empty()));
        let given = "--oidc-issuer https://id.example --oidc-audience erpsync";
        for command in ["erpsync", "erpsync serve"] {
            assert!(parse(command).is_ok());
            assert!(parse(&format!("{command} {given}")).is_ok());
            let missing = parse(&format!("{command} --oidc-issuer https://id.example")).expect_err("no audience");
            assert!(missing.to_string().contains("--oidc-audience"), "{missing}");
        }
        let settings = parse(&format!("erpsync {given}")).expect("settings").serve.oidc;
        assert_eq!(settings.claim, "preferred_username");
    }

    #[test]
    fn seconds_are_bounded() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for wrong in ["", "0", "-1", "NaN", "inf", "1e9", "2s"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
