//! The client that calls connectors, and the URL of the demo connector, from the settings.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use super::demo_connector::PATH;
use crate::config::{ConnectorClient, Serve, read_certificates};
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
    client(&settings.connector.client, Vec::new(), Arc::default()).map(drop)
}

/// Creates the client. It never calls the operator's listener or the database.
///
/// # Errors
/// One line that names the setting.
pub async fn connect(
    settings: &Serve,
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
    client(&settings.connector.client, own, journal)
}

/// Returns the URL at which this machine reaches the demo connector of a server that listens on `listener`. An address with
/// a zone, which no URL can hold, has none.
pub(super) fn demo_url(settings: &Serve, listener: SocketAddr) -> Option<ConnectorUrl> {
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

/// Creates the client that never calls the `own` addresses.
///
/// # Errors
/// One line that names the setting.
pub fn client(settings: &ConnectorClient, own: Vec<SocketAddr>, journal: Arc<Journal>) -> Result<Client, String> {
    let read = |file: &Path| {
        read_certificates(file).map_err(|problem| format!("--connector-ca: {}: {problem}", file.display()))
    };
    Client::new(ClientOptions {
        connect_timeout: settings.connect_timeout,
        timeout: settings.timeout,
        authorities: settings.ca.as_deref().map(read).transpose()?.unwrap_or_default(),
        policy: OutboundPolicy::new(settings.allow.clone(), own),
        journal,
        ..ClientOptions::default()
    })
    .map_err(|problem| format!("connectors cannot be called: {problem}"))
}
