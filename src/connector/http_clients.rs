//! The HTTP clients that connectors are called with.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder};

use super::error::describe_with_sources;
use super::outbound::{Forbidden, OutboundPolicy};
use super::resolver::{Lookup, PolicyResolver};
use super::url::ConnectorUrl;

/// The time that an unused connection is kept. Servers close one after 5 seconds at the earliest (Node.js); a call on a
/// connection that is being closed fails, and cannot be repeated safely.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// The number of ports for which clients are kept: those that were used last.
const MAX_CLIENTS: u64 = 64;

/// One HTTP client for each port, as a client's resolver does not learn the port. The server's own connector has a client
/// of its own.
#[derive(Debug)]
pub(super) struct HttpClients {
    connect_timeout: Duration,
    authorities: Vec<Certificate>,
    policy: Arc<OutboundPolicy>,
    lookup: Lookup,
    /// The clients, by port and whether the connector is the server's own.
    cache: Cache<(u16, bool), reqwest::Client>,
}

impl HttpClients {
    /// Creates clients that connect within `connect_timeout` to the addresses that `policy` allows. They trust the system's
    /// authorities and these.
    pub fn new(
        connect_timeout: Duration,
        authorities: Vec<Certificate>,
        policy: OutboundPolicy,
        lookup: Lookup,
    ) -> Self {
        let cache = Cache::builder().max_capacity(MAX_CLIENTS).eviction_policy(EvictionPolicy::lru()).build();
        HttpClients { connect_timeout, authorities, policy: Arc::new(policy), lookup, cache }
    }

    /// Returns the time for a connection, with its TLS handshake.
    pub fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// Checks the address in a URL that has no host name. Those of host names are checked by the resolver. The server's own
    /// connector may be called whatever addresses others may have.
    ///
    /// # Errors
    /// If the address must not be called.
    pub fn check_literal(&self, url: &ConnectorUrl) -> Result<(), Forbidden> {
        if url.is_own() {
            return Ok(());
        }
        let host = url.as_url().host_str().unwrap_or_default();
        let Ok(ip) = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() else { return Ok(()) };
        self.policy.check(host, SocketAddr::new(ip, url.port()))
    }

    /// Returns the client for a port, which is created if there is none. Other ports do not wait for that.
    ///
    /// # Errors
    /// One line if an authority's certificate is invalid.
    pub fn client(&self, port: u16, is_own: bool) -> Result<reqwest::Client, String> {
        self.cache.try_get_with((port, is_own), || self.create(port, is_own)).map_err(|problem| (*problem).clone())
    }

    /// Creates a client. Without certificates of the system, the given authorities alone are trusted: a connector without
    /// TLS, or with a certificate of theirs, needs no other.
    fn create(&self, port: u16, is_own: bool) -> Result<reqwest::Client, String> {
        let merged = self.builder(port, is_own).tls_certs_merge(self.authorities.clone()).build();
        merged.or_else(|problem| {
            let client = self.builder(port, is_own).tls_certs_only(self.authorities.clone()).build();
            let problem = describe_with_sources(&problem);
            let client = client.map_err(|_| format!("the HTTP client cannot be created: {problem}"))?;
            tracing::warn!(problem, "only the authorities of --connector-ca are trusted, as the system has none");
            Ok(client)
        })
    }

    fn builder(&self, port: u16, is_own: bool) -> ClientBuilder {
        let (lookup, policy) = (self.lookup.clone(), Arc::clone(&self.policy));
        // A proxy would connect to addresses that are not checked, and a redirect could lead away from the connector that
        // the operator has chosen.
        reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .no_gzip()
            .no_brotli()
            .referer(false)
            .dns_resolver(PolicyResolver { lookup, policy, port })
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            // The server's certificate names its public host, and not the address of its listener, which is what the own
            // connector is called at: the connection does not leave this machine.
            .tls_danger_accept_invalid_certs(is_own)
            .user_agent(concat!("erpsync/", env!("CARGO_PKG_VERSION")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clients_that_were_used_last_are_kept() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (policy, lookup) = (OutboundPolicy::default(), Lookup::default());
        let clients = HttpClients::new(Duration::from_secs(1), Vec::new(), policy, lookup);
        clients.client(80, false).expect("a client");
        for port in 1000..1070 {
            clients.client(port, false).expect("a client");
            clients.client(80, false).expect("a client");
            clients.cache.run_pending_tasks();
        }
        assert_eq!(clients.cache.entry_count(), MAX_CLIENTS);
        assert!(clients.cache.contains_key(&(80, false)) && clients.cache.contains_key(&(1069, false)));
        assert!(!clients.cache.contains_key(&(1000, false)));
    }
}
