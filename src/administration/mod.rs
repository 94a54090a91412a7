//! The administration on the command line: associates, user groups, applications, tickets and access tokens.
//!
//! Works beside running servers: what is changed counts there from the next call on.

mod applications;
mod associates;
mod credentials;
mod groups;
mod output;

use crate::config::administration::{Applications, Associates, Common, Credentials, Groups};
use crate::database::Database;
use crate::store::Failure;
use crate::store::Pool;
use output::Output;

/// A command, with the noun it is about.
#[derive(Clone, Debug)]
pub enum Command {
    /// `erpsync associate`
    Associate(Associates),
    /// `erpsync group`
    Group(Groups),
    /// `erpsync app`
    App(Applications),
    /// `erpsync ticket`
    Ticket(Credentials),
    /// `erpsync token`
    Token(Credentials),
}

impl Command {
    /// What every command takes.
    #[must_use]
    pub fn common(&self) -> &Common {
        match self {
            Command::Associate(command) => associates::common(command),
            Command::Group(command) => groups::common(command),
            Command::App(command) => applications::common(command),
            Command::Ticket(command) | Command::Token(command) => credentials::common(command),
        }
    }

    /// Does it, and prints what it came to.
    ///
    /// # Errors
    /// One line that names what is wrong.
    pub async fn run(self) -> Result<(), String> {
        let common = self.common().clone();
        let database = Database::open_or_attach(&common.database).await?;
        let output = self.done_on(&database.pool).await;
        database.close().await;
        output?.print(common.json);
        Ok(())
    }

    async fn done_on(self, pool: &Pool) -> Result<Output, String> {
        match self {
            Command::Associate(command) => associates::run(command, pool).await,
            Command::Group(command) => groups::run(command, pool).await,
            Command::App(command) => applications::run(command, pool).await,
            Command::Ticket(command) => credentials::run(command, credentials::TICKET, pool).await,
            Command::Token(command) => credentials::run(command, credentials::TOKEN, pool).await,
        }
    }
}

/// A name as its column takes it.
fn checked_name(name: &str) -> Result<&str, String> {
    let name = name.trim();
    match name.chars().count() {
        0 => Err("the name is blank".to_owned()),
        1..=254 if !name.contains(['\0', ':']) => Ok(name),
        1..=254 => Err("a name has no colon: Basic authorization parts name and password by one".to_owned()),
        _ => Err("a name has at most 254 characters".to_owned()),
    }
}

/// Says of a change that found nothing to change, what was not there.
fn or_unknown(found: Result<bool, Failure>, what: &str, name: &str) -> Result<(), String> {
    match found {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!("there is no {what} '{name}'")),
        Err(failure) => Err(failure.to_string()),
    }
}
