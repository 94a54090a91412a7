//! The subcommands and their settings.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::administration;
use super::connector_commands::ConnectorCommand;
use super::database::Database;
use super::limits::Limits;
use super::log::Log;
use super::network::path_prefix;
use super::serve::Serve;

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server (default)
    Serve(Box<Serve>),
    /// Apply pending schema migrations and exit
    Migrate(DatabaseArgs),
    /// Add the demo data, including logins with published passwords
    Demo(DatabaseArgs),
    /// Serve the demo connector alone: a small ERP system to call as a connector, with its data in the database
    DemoConnector(DemoConnectorArgs),
    /// Check whether a running server is ready; exits with 0 or 1
    Healthcheck(HealthcheckArgs),
    /// Check settings, addresses, disk and database, without changing anything; exits with 0 or 1
    Doctor(Box<Serve>),
    /// Check the settings, or print an example settings file
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a completion script for a shell
    Completions {
        /// Shell to print the script for
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man {
        /// Write the manual pages of all commands to this directory instead
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Print the OpenAPI document
    Openapi(OpenapiArgs),
    /// Manage associates: the accounts that log in
    #[command(subcommand)]
    Associate(administration::AssociateCommand),
    /// Manage user groups and their members
    #[command(subcommand)]
    Group(administration::GroupCommand),
    /// Manage applications, which call with an SO-AppToken
    #[command(subcommand)]
    App(administration::ApplicationCommand),
    /// Check a connector, or print the last calls of connectors
    #[command(subcommand)]
    Connector(ConnectorCommand),
    /// Manage the applications that connectors are registered as, by `app://ID`
    #[command(subcommand)]
    ConnectorApp(administration::ConnectorAppCommand),
    /// Manage tickets
    #[command(subcommand)]
    Ticket(administration::CredentialCommand),
    /// Manage access tokens
    #[command(subcommand)]
    Token(administration::CredentialCommand),
}

/// The settings of a command that has no others than those of the database.
#[derive(Clone, Debug, Args)]
pub struct DatabaseArgs {
    /// The database.
    #[command(flatten)]
    pub database: Database,
    /// The log.
    #[command(flatten)]
    pub log: Log,
}

/// The settings of `demo-connector`.
#[derive(Clone, Debug, Args)]
pub struct DemoConnectorArgs {
    /// Address to listen on; port 0 selects a free port
    #[arg(long, default_value = "127.0.0.1:9403", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// The database.
    #[command(flatten)]
    pub database: Database,
    /// The log.
    #[command(flatten)]
    pub log: Log,
    /// Limits of requests and connections.
    #[command(flatten)]
    pub limits: Limits,
}

/// The commands about settings.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Validate the settings and print each with its source; exits with 2 if one is invalid
    Check(Box<CheckArgs>),
    /// Print a settings file with every setting, its description and its default
    Example,
}

/// The settings of `config check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The settings to check.
    #[command(flatten)]
    pub serve: Serve,
    /// The effective settings and their sources, as TOML.
    #[arg(skip)]
    pub effective: String,
}

/// The settings of `openapi`.
#[derive(Clone, Debug, Args)]
pub struct OpenapiArgs {
    /// Print a Postman collection instead
    #[arg(long)]
    pub postman: bool,
    /// Leave out every format but JSON, for client generators
    #[arg(long)]
    pub json_only: bool,
    /// Prefix of every path
    #[arg(long, env = "ERPSYNC_PATH_PREFIX", default_value = "", value_name = "PATH", value_parser = path_prefix)]
    pub path_prefix: String,
}

/// The settings of `healthcheck`.
#[derive(Clone, Debug, Args)]
pub struct HealthcheckArgs {
    /// Address that the server listens on
    #[arg(long, env = "ERPSYNC_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Address that the server serves metrics and health checks on; preferred over --listen
    #[arg(long, env = "ERPSYNC_ADMIN_LISTEN", value_name = "ADDRESS")]
    pub admin_listen: Option<SocketAddr>,
    /// Certificate of a server that serves TLS, whose health is checked at --admin-listen only
    #[arg(long, env = "ERPSYNC_TLS_CERTIFICATE", value_name = "FILE")]
    pub tls_certificate: Option<PathBuf>,
}
