//! The commands of the administration.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Database;

/// What every command of the administration takes.
#[derive(Clone, Debug, Args)]
pub struct Common {
    /// Which database.
    #[command(flatten)]
    pub database: Database,
    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

/// Where a new password comes from.
#[derive(Clone, Debug, Args)]
pub struct NewPassword {
    /// A file that holds the password, or - for standard input; without it, it is asked for
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// Yes.
    On,
    /// No.
    Off,
}

/// Associates: who can log in.
#[derive(Clone, Debug, Subcommand)]
pub enum Associates {
    /// Add an associate; prints the id. Where no password is given nor can be asked for, there is no login by password
    Add {
        /// The login name
        name: String,
        /// The primary user group (default: the one with the lowest id)
        #[arg(long, value_name = "ID")]
        group: Option<i32>,
        /// May do everything
        #[arg(long)]
        administrator: bool,
        /// The password.
        #[command(flatten)]
        password: NewPassword,
        /// The rest.
        #[command(flatten)]
        common: Common,
    },
    /// List the associates
    List {
        /// The rest.
        #[command(flatten)]
        common: Common,
    },
    /// Refuse an associate from now on, and end the tickets, tokens and sessions
    Disable {
        /// The login name
        name: String,
        /// The rest.
        #[command(flatten)]
        common: Common,
    },
    /// Let an associate in again
    Enable {
        /// The login name
        name: String,
        /// The rest.
        #[command(flatten)]
        common: Common,
    },
    /// Change a password, and end the tickets, tokens and sessions
    Password {
        /// The login name
        name: String,
        /// The password.
        #[command(flatten)]
        password: NewPassword,
        /// The rest.
        #[command(flatten)]
        common: Common,
    },
    /// Make an associate an administrator, or no more
    Administrator {
        /// The login name
        name: String,
        /// Which
        switch: Switch,
        /// The rest.
        #[command(flatten)]
        common: Common,
    },
}

/// User groups.
#[derive(Clone, Debug, Subcommand)]
pub enum Groups {
    /// Add a user group; prints the id
    Add {
        /// The name
        name: String,
        /// The rest.
        #[command(flatten)]
        common: Common,
    },
    /// List the user groups
    List {
        /// The rest.
        #[command(flatten)]
        common: Common,
    },
    /// Put an associate into a further group
    Join {
        /// The associate's login name
        associate: String,
        /// The group's id
        group: i32,
        /// The rest.
        #[command(flatten)]
        common: Common,
    },
    /// Take an associate out of a further group
    Leave {
        /// The associate's login name
        associate: String,
        /// The group's id
        group: i32,
        /// The rest.
        #[command(flatten)]
        common: Common,
    },
}

/// Applications: who calls with an SO-AppToken.
#[derive(Clone, Debug, Subcommand)]
pub enum Applications {
    /// Add an application; prints its secret, the SO-AppToken, once
    Add {
        /// The name
        name: String,
        /// Grant it the agent ErpSync
        #[arg(long)]
        grant_erp_sync: bool,
        /// The rest.
        #[command(flatten)]
        common: Common,
    },
    /// List the applications
    List {
        /// The rest.
        #[command(flatten)]
        common: Common,
    },
    /// Grant an application the agent ErpSync
    Grant {
        /// The name
        name: String,
        /// The rest.
        #[command(flatten)]
        common: Common,
    },
    /// Take the grant back
    Revoke {
        /// The name
        name: String,
        /// The rest.
        #[command(flatten)]
        common: Common,
    },
    /// Refuse an application from now on, with the tickets and tokens that were issued to it
    Disable {
        /// The name
        name: String,
        /// The rest.
        #[command(flatten)]
        common: Common,
    },
    /// Let an application in again
    Enable {
        /// The name
        name: String,
        /// The rest.
        #[command(flatten)]
        common: Common,
    },
}

/// Tickets, or access tokens.
#[derive(Clone, Debug, Subcommand)]
pub enum Credentials {
    /// Issue one for an associate; prints it, once
    Issue {
        /// The associate's login name
        associate: String,
        /// The application that it is for
        #[arg(long, value_name = "NAME")]
        app: Option<String>,
        /// The tenant in it (default: none in a ticket, Cust00001 in a token)
        #[arg(long, env = "ERPSYNC_TENANT", value_name = "TENANT", value_parser = super::tenant)]
        tenant: Option<String>,
        /// The rest.
        #[command(flatten)]
        common: Common,
    },
    /// End one, on every server
    Revoke {
        /// The secret, or - to read it from standard input: others can see what stands on a command line
        secret: String,
        /// The rest.
        #[command(flatten)]
        common: Common,
    },
    /// List the live ones, less their secrets
    List {
        /// The rest.
        #[command(flatten)]
        common: Common,
    },
}
