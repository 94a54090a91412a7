//! The authenticated caller.

use std::time::Duration;

use crate::store::applications::Application;
use crate::store::associates::Associate;

/// The associate that a request is made for, and the application that makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The primary key of the associate.
    pub associate_id: i32,
    /// The login name, as stored.
    pub name: String,
    /// The primary user group.
    pub user_group_id: i32,
    /// Whether the associate may do everything.
    pub administrator: bool,
    /// The application, where the credentials name one.
    pub application: Option<Application>,
    /// The kind of the credentials.
    pub scheme: Scheme,
    /// The access token, where the credentials are one that this installation has issued.
    pub token: Option<String>,
    /// The version of the rights that were read. A change of any associate's rights gives a new version.
    pub stamp: i64,
    /// How long the credentials stay valid without another check.
    pub valid_for: Duration,
}

impl Principal {
    /// Creates the principal of an associate without an application.
    #[must_use]
    pub fn of(associate: Associate, scheme: Scheme, valid_for: Duration) -> Self {
        Principal {
            associate_id: associate.associate_id,
            name: associate.name,
            user_group_id: associate.user_group_id,
            administrator: associate.administrator,
            application: None,
            scheme,
            token: None,
            stamp: associate.stamp,
            valid_for,
        }
    }

    /// Whether the caller may change connectors and connections: an administrator, or an application that was granted
    /// the agent.
    #[must_use]
    pub fn may_change(&self) -> bool {
        self.administrator || self.is_application_granted()
    }

    /// Whether the application was granted the agent.
    #[must_use]
    pub fn is_application_granted(&self) -> bool {
        self.application.as_ref().is_some_and(|application| application.erp_sync)
    }
}

/// The kind of a request's credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// A login name and a password.
    Password,
    /// A ticket.
    Ticket,
    /// An access token.
    Token,
    /// A session with its XSRF token.
    Session,
}

impl Scheme {
    /// All schemes.
    pub const ALL: [Self; 4] = [Self::Password, Self::Ticket, Self::Token, Self::Session];

    /// Returns the scheme's name as a metric label.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Scheme::Password => "password",
            Scheme::Ticket => "ticket",
            Scheme::Token => "token",
            Scheme::Session => "session",
        }
    }
}
