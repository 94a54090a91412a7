//! The commands that manage associates, user groups, applications, tickets, access tokens, and the applications that
//! connectors are registered as.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::authentication::tenant;
use super::database::Database;
use super::log::Log;

/// The settings of every administration command.
#[derive(Clone, Debug, Args)]
pub struct CommonArgs {
    // First, as the headings of the flattened settings apply to the settings after them too.
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// The database.
    #[command(flatten)]
    pub database: Database,
    /// The log.
    #[command(flatten)]
    pub log: Log,
}

/// The source of a new password.
#[derive(Clone, Debug, Args)]
pub struct PasswordArgs {
    /// File that contains the password, or - for standard input (default: prompt)
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// The state of a right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// Granted.
    On,
    /// Revoked.
    Off,
}

/// Commands about associates.
#[derive(Clone, Debug, Subcommand)]
pub enum AssociateCommand {
    /// Add an associate and print the id
    ///
    /// Without a password file and without a terminal to prompt on, the associate cannot log in with a password.
    Add {
        /// Login name
        name: String,
        /// Id of the primary user group (default: the lowest id)
        #[arg(long, value_name = "ID")]
        group: Option<i32>,
        /// Grant all rights
        #[arg(long)]
        administrator: bool,
        /// The password.
        #[command(flatten)]
        password: PasswordArgs,
        /// Database, log and output.
        #[command(flatten)]
        common: CommonArgs,
    },
    /// List all associates
    List {
        /// Database, log and output.
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Disable an associate and revoke their tickets, tokens and sessions
    Disable {
        /// Login name
        name: String,
        /// Database, log and output.
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Enable a disabled associate
    Enable {
        /// Login name
        name: String,
        /// Database, log and output.
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Change the password of an associate and revoke their tickets, tokens and sessions
    Password {
        /// Login name
        name: String,
        /// The password.
        #[command(flatten)]
        password: PasswordArgs,
        /// Database, log and output.
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Grant or revoke administrator rights
    Administrator {
        /// Login name
        name: String,
        /// Whether the associate is an administrator
        switch: Switch,
        /// Database, log and output.
        #[command(flatten)]
        common: CommonArgs,
    },
}

/// Commands about user groups.
#[derive(Clone, Debug, Subcommand)]
pub enum GroupCommand {
    /// Add a user group and print its id
    Add {
        /// Name of the group
        name: String,
        /// Database, log and output.
        #[command(flatten)]
        common: CommonArgs,
    },
    /// List all user groups
    List {
        /// Database, log and output.
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Add an associate to a user group that is not their primary one
    Join {
        /// Login name of the associate
        associate: String,
        /// Id of the group
        group: i32,
        /// Database, log and output.
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Remove an associate from a user group that is not their primary one
    Leave {
        /// Login name of the associate
        associate: String,
        /// Id of the group
        group: i32,
        /// Database, log and output.
        #[command(flatten)]
        common: CommonArgs,
    },
}

/// Commands about applications.
#[derive(Clone, Debug, Subcommand)]
pub enum ApplicationCommand {
    /// Add an application and print its secret, the SO-AppToken, which is not shown again
    Add {
        /// Name of the application
        name: String,
        /// Grant access to the ErpSync agent
        #[arg(long)]
        grant_erp_sync: bool,
        /// Database, log and output.
        #[command(flatten)]
        common: CommonArgs,
    },
    /// List all applications
    List {
        /// Database, log and output.
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Grant an application access to the ErpSync agent
    Grant {
        /// Name of the application
        name: String,
        /// Database, log and output.
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Revoke the access of an application to the ErpSync agent
    Revoke {
        /// Name of the application
        name: String,
        /// Database, log and output.
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Disable an application, with the tickets and tokens issued to it
    Disable {
        /// Name of the application
        name: String,
        /// Database, log and output.
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Enable a disabled application
    Enable {
        /// Name of the application
        name: String,
        /// Database, log and output.
        #[command(flatten)]
        common: CommonArgs,
    },
}

/// Commands about the applications that connectors are registered as.
#[derive(Clone, Debug, Subcommand)]
pub enum ConnectorAppCommand {
    /// Register the connector of an application, or replace its URL
    Set {
        /// Client id of the application, as in `app://ID`; case-sensitive
        id: String,
        /// URL of the connector, http or https
        url: String,
        /// Database, log and output.
        #[command(flatten)]
        common: CommonArgs,
    },
    /// List all applications with the URLs of their connectors
    List {
        /// Database, log and output.
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Remove an application
    Remove {
        /// Client id of the application
        id: String,
        /// Database, log and output.
        #[command(flatten)]
        common: CommonArgs,
    },
}

/// Commands about tickets, and about access tokens.
#[derive(Clone, Debug, Subcommand)]
pub enum CredentialCommand {
    /// Issue a credential to an associate and print it; it is not shown again
    Issue {
        /// Login name of the associate
        associate: String,
        /// Name of the application to issue it to
        #[arg(long, value_name = "NAME")]
        app: Option<String>,
        /// Tenant identifier in the credential (default: none in a ticket, Cust00001 in a token)
        #[arg(long, env = "ERPSYNC_TENANT", value_name = "TENANT", value_parser = tenant)]
        tenant: Option<String>,
        /// Database, log and output.
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Revoke a credential on every server
    Revoke {
        /// The ticket or token, or - to read it from standard input, out of sight of other users of this machine
        secret: String,
        /// Database, log and output.
        #[command(flatten)]
        common: CommonArgs,
    },
    /// List the valid credentials, without their secrets
    List {
        /// Database, log and output.
        #[command(flatten)]
        common: CommonArgs,
    },
}
