//! The client that calls connectors, from the settings.
//!
//! The demo connector is served by this server, and called at the address of its listener.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use super::demo_connector::PATH;
use crate::auth::oidc::read_certificates;
use crate::config::Serve;
use crate::connector::client::{Client, ClientOptions};
use crate::connector::journal::Journal;
use crate::connector::outbound::OutboundPolicy;
use crate::connector::url::ConnectorUrl;
use crate::database;

/// Checks the settings of calls to connectors.
///
/// # Errors
/// One line that names the setting.
pub fn check(settings: &Serve) -> Result<(), String> {
    client(settings, None, Vec::new(), Arc::default()).map(drop)
}

/// Creates the client of a server that listens on `listener`. It never calls the operator's listener or the database.
///
/// # Errors
/// One line that names the setting.
pub async fn connect(
    settings: &Serve,
    listener: SocketAddr,
    admin_listener: Option<SocketAddr>,
    journal: Arc<Journal>,
) -> Result<Client, String> {
    let mut own: Vec<SocketAddr> = admin_listener.into_iter().collect();
    for (host, port) in database::host_names(&settings.database)? {
        match tokio::net::lookup_host((host.as_str(), port)).await {
            Ok(found) => own.extend(found),
            // The database is open, so another one of its hosts has been found.
            Err(problem) => tracing::warn!(host, %problem, "connectors at this host of the database are not refused"),
        }
    }
    client(settings, demo_url(settings, listener), own, journal)
}

/// Returns the URL at which this machine reaches the demo connector. An address with a zone, which no URL can hold, has
/// none.
fn demo_url(settings: &Serve, listener: SocketAddr) -> Option<ConnectorUrl> {
    let ip = match listener.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let network = &settings.network;
    let scheme = if network.tls_certificate.is_some() { "https" } else { "http" };
    let address = SocketAddr::new(ip, listener.port());
    ConnectorUrl::of_own_server(&format!("{scheme}://{address}{}{PATH}", network.path_prefix)).ok()
}

fn client(
    settings: &Serve,
    demo: Option<ConnectorUrl>,
    own: Vec<SocketAddr>,
    journal: Arc<Journal>,
) -> Result<Client, String> {
    let connector = &settings.connector;
    let authorities = connector.ca.as_deref().map(read_certificates).transpose();
    Client::new(ClientOptions {
        connect_timeout: connector.connect_timeout,
        timeout: connector.timeout,
        authorities: authorities.map_err(|problem| format!("--connector-ca: {problem}"))?.unwrap_or_default(),
        policy: OutboundPolicy::new(connector.allow.clone(), own),
        journal,
        demo,
        ..ClientOptions::default()
    })
    .map_err(|problem| format!("connectors cannot be called: {problem}"))
}
