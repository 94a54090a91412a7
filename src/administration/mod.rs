//! The administration commands: associates, user groups, applications, tickets, access tokens, and the applications that
//! connectors are registered as.
//!
//! Servers may run on the same database meanwhile. A change applies to their next request.

mod applications;
mod associates;
mod connector_apps;
mod credentials;
mod error;
mod groups;
mod names;
pub mod output;

use crate::config::administration::{
    ApplicationCommand, AssociateCommand, CommonArgs, ConnectorAppCommand, CredentialCommand, GroupCommand,
};
use crate::database::Database;
use crate::store::Pool;
use error::CommandError;
use output::Output;

/// An administration command: a noun with its subcommand.
#[derive(Clone, Debug)]
pub enum Command {
    /// `erpsync associate`
    Associate(AssociateCommand),
    /// `erpsync group`
    Group(GroupCommand),
    /// `erpsync app`
    App(ApplicationCommand),
    /// `erpsync connector-app`
    ConnectorApp(ConnectorAppCommand),
    /// `erpsync ticket`
    Ticket(CredentialCommand),
    /// `erpsync token`
    Token(CredentialCommand),
}

impl Command {
    /// Returns the settings that every command has.
    #[must_use]
    pub fn common(&self) -> &CommonArgs {
        match self {
            Command::Associate(command) => associates::common(command),
            Command::Group(command) => groups::common(command),
            Command::App(command) => applications::common(command),
            Command::ConnectorApp(command) => connector_apps::common(command),
            Command::Ticket(command) | Command::Token(command) => credentials::common(command),
        }
    }

    /// Opens the database, runs the command, and prints its output.
    ///
    /// # Errors
    /// One line that names the cause.
    pub async fn run(self) -> Result<(), String> {
        let common = self.common().clone();
        let database = Database::open_or_attach(&common.database).await?;
        let output = self.execute(&database.pool).await;
        database.close().await;
        output?.print(common.json)
    }

    async fn execute(self, pool: &Pool) -> Result<Output, CommandError> {
        match self {
            Command::Associate(command) => associates::run(command, pool).await,
            Command::Group(command) => groups::run(command, pool).await,
            Command::App(command) => applications::run(command, pool).await,
            Command::ConnectorApp(command) => connector_apps::run(command, pool).await,
            Command::Ticket(command) => credentials::run(command, credentials::TICKET, pool).await,
            Command::Token(command) => credentials::run(command, credentials::TOKEN, pool).await,
        }
    }
}
