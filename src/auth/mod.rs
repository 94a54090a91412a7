//! Who calls: credentials in, a [`Principal`] out.

mod authenticator;
mod basic;
mod caller;
pub mod current;
mod memory;
pub mod oidc;
pub mod password;
mod scheme;
pub mod secret;
pub mod session;
mod throttle;

use std::net::IpAddr;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::protocol::error::Error;
use crate::store::applications::Application;

pub use authenticator::Authenticator;
use authenticator::Headers;
pub use caller::{Caller, recognize};

/// The associate who calls, and the application through which he does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Primary key of the associate.
    pub associate_id: i32,
    /// The login name, as stored.
    pub name: String,
    /// The primary user group.
    pub user_group_id: i32,
    /// May do everything.
    pub administrator: bool,
    /// The application that calls, where one was shown.
    pub application: Option<Application>,
    /// What was shown.
    pub scheme: Scheme,
    /// The access token that was shown, if it is one of this installation's.
    pub token: Option<String>,
    /// When his rights were read: it changes with anybody's.
    pub stamp: i64,
    /// How long what was shown is good without being looked at again.
    pub good_for: Duration,
}

impl Principal {
    /// Whether connectors and connections may be changed: by administrators, and through applications that were
    /// granted the agent.
    #[must_use]
    pub fn may_change(&self) -> bool {
        self.administrator || self.application.as_ref().is_some_and(|application| application.erp_sync)
    }
}

/// What a caller has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// A name and a password.
    Password,
    /// A ticket.
    Ticket,
    /// An access token.
    Token,
    /// A session and its XSRF token.
    Session,
}

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Password, Self::Ticket, Self::Token, Self::Session];

    /// In a word.
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

/// Where a request comes from; put into every request by the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The client's address.
    pub address: IpAddr,
    /// Whether the client speaks TLS, with this server or with a proxy before it.
    pub is_secure: bool,
}

impl Peer {
    fn of(request: &Request) -> Result<Peer, Error> {
        request.extensions().get().copied().ok_or_else(|| Error::internal("no peer in the request"))
    }
}

/// The layer before everything that needs a login: puts the [`Principal`] into the request, or answers 401.
///
/// Runs before the body is looked at, so that a stranger learns nothing from it.
///
/// # Errors
/// 401, 429, or 503 where the database is away.
pub async fn authorize(
    State(authenticator): State<Authenticator>,
    mut request: Request,
    next: Next,
) -> Result<Response, Error> {
    let headers = Headers::of(request.headers());
    let Peer { address, .. } = Peer::of(&request)?;
    let principal = authenticator.authenticate(&headers, address).await;
    let principal = principal.map_err(|error| error.with_challenge(authenticator.takes_passwords()))?;
    tracing::Span::current().record("associate", &principal.name);
    request.extensions_mut().insert(principal);
    Ok(next.run(request).await)
}

/// The layer before the agent, inside of [`authorize`]: refuses callers for whom the agent is not there.
///
/// # Errors
/// 403.
pub async fn require_grant(
    State(authenticator): State<Authenticator>,
    request: Request,
    next: Next,
) -> Result<Response, Error> {
    let principal = request.extensions().get::<Principal>();
    let principal = principal.ok_or_else(|| Error::internal("no principal in the request"))?;
    if !authenticator.is_granted(principal) {
        return Err(Error::not_granted());
    }
    Ok(next.run(request).await)
}
