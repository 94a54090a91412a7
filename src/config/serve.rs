//! Settings of the server.

use std::net::SocketAddr;

use clap::Args;

use super::authentication::{Authentication, Oidc};
use super::database::Database;
use super::headings::{AUTHENTICATION, NETWORK};
use super::limits::Limits;
use super::network::{Network, path_prefix};

/// Settings of the server. The settings file has a key for each of them.
#[derive(Clone, Debug, Args)]
pub struct Serve {
    /// The database.
    #[command(flatten)]
    pub database: Database,
    /// Address to listen on; port 0 selects a free port
    #[arg(long, help_heading = NETWORK, env = "ERPSYNC_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Address for metrics and health checks, which require no authentication (default: not served)
    #[arg(long, help_heading = NETWORK, env = "ERPSYNC_ADMIN_LISTEN", value_name = "ADDRESS")]
    pub admin_listen: Option<SocketAddr>,
    /// Prefix of every path, such as /Cust12345 for the tenant of an online installation
    #[arg(long, help_heading = NETWORK, env = "ERPSYNC_PATH_PREFIX", default_value = "", value_name = "PATH", value_parser = path_prefix)]
    pub path_prefix: String,
    /// Origins that CORS allows, separated by spaces; * matches any part of an origin
    #[arg(long, help_heading = NETWORK, env = "ERPSYNC_CORS_ORIGINS", default_value = "", value_name = "ORIGINS")]
    pub cors_origins: String,
    /// Serve the API documentation at /docs and /openapi.json
    #[arg(long, help_heading = NETWORK, env = "ERPSYNC_DOCS", default_value_t = true, value_name = "BOOL",
        action = clap::ArgAction::Set)]
    pub docs: bool,
    /// TLS, proxies, and the delay before shutdown.
    #[command(flatten)]
    pub network: Network,
    /// Add demo data to a new database, and allow its published passwords on an address that is not loopback
    #[arg(long, help_heading = AUTHENTICATION, env = "ERPSYNC_DEMO", default_value_t = false, value_name = "BOOL",
        action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub demo: bool,
    /// Accepted credentials.
    #[command(flatten)]
    pub authentication: Authentication,
    /// The OpenID Connect issuer.
    #[command(flatten)]
    pub oidc: Oidc,
    /// Limits of requests and connections.
    #[command(flatten)]
    pub limits: Limits,
}

impl Serve {
    /// Whether other machines can reach the server: the address that it listens on is not a loopback address.
    #[must_use]
    pub fn is_public(&self) -> bool {
        !self.listen.ip().to_canonical().is_loopback()
    }
}
