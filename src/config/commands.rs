//! The subcommands and what they take.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Database, Serve, administration, path_prefix};

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
    /// Look at what the server needs, and say what is wrong; exit status 0 or 1
    Doctor(Box<Serve>),
    /// The settings: check them, or print a file of all of them
    #[command(subcommand)]
    Config(Config),
    /// Print a script that completes command lines in a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write those of all commands into a folder
    Man {
        /// The folder
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Print the OpenAPI document, and stop
    Openapi(Openapi),
    /// Associates: add, list, disable, enable, change passwords
    #[command(subcommand)]
    Associate(administration::Associates),
    /// User groups: add, list, put associates into them
    #[command(subcommand)]
    Group(administration::Groups),
    /// Applications: add, list, grant, disable
    #[command(subcommand)]
    App(administration::Applications),
    /// Tickets: issue, revoke, list
    #[command(subcommand)]
    Ticket(administration::Credentials),
    /// Access tokens: issue, revoke, list
    #[command(subcommand)]
    Token(administration::Credentials),
}

/// The commands about settings.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Say which settings are in force and where each comes from; exit status 2 where one is wrong
    Check(Box<Check>),
    /// Print a file of all settings with their defaults, each explained
    Example,
}

/// The settings of `config check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Those to check.
    #[command(flatten)]
    pub serve: Serve,
    /// Each with where it comes from.
    #[arg(skip)]
    pub in_force: String,
}

/// The settings of `openapi`.
#[derive(Clone, Debug, Args)]
pub struct Openapi {
    /// Print a Postman collection instead
    #[arg(long)]
    pub postman: bool,
    /// Leave out every format but JSON, for client generators
    #[arg(long)]
    pub json_only: bool,
    /// What stands before every path
    #[arg(long, env = "ERPSYNC_PATH_PREFIX", default_value = "", value_name = "PATH", value_parser = path_prefix)]
    pub path_prefix: String,
}

/// The settings of `healthcheck`.
#[derive(Clone, Debug, Args)]
pub struct Healthcheck {
    /// Where the server listens
    #[arg(long, env = "ERPSYNC_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Where it serves metrics and health; asked there, where it does
    #[arg(long, env = "ERPSYNC_ADMIN_LISTEN", value_name = "ADDRESS")]
    pub admin_listen: Option<SocketAddr>,
}
