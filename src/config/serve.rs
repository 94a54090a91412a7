//! Settings of the server.

use clap::Args;

use super::authentication::{Authentication, Oidc};
use super::connector::Connector;
use super::database::Database;
use super::limits::Limits;
use super::log::Log;
use super::network::Network;

/// Settings of the server. The settings file has a key for each of them.
#[derive(Clone, Debug, Args)]
pub struct Serve {
    /// The database.
    #[command(flatten)]
    pub database: Database,
    /// The log.
    #[command(flatten)]
    pub log: Log,
    /// Listeners, paths, TLS, proxies, and the delay before shutdown.
    #[command(flatten)]
    pub network: Network,
    /// Accepted credentials, and demo logins.
    #[command(flatten)]
    pub authentication: Authentication,
    /// The OpenID Connect issuer.
    #[command(flatten)]
    pub oidc: Oidc,
    /// Calls of connectors.
    #[command(flatten)]
    pub connector: Connector,
    /// Limits of requests and connections.
    #[command(flatten)]
    pub limits: Limits,
}
