//! Resolution of connectors' host names to addresses that may be called.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::outbound::{Forbidden, OutboundPolicy};

type Found = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// Looks up the addresses of a host name.
#[derive(Clone)]
pub struct Lookup(Arc<dyn Fn(String, u16) -> Found + Send + Sync>);

impl Lookup {
    /// Looks up names by a function, which is given the name and the port.
    pub fn new<F>(lookup: impl Fn(String, u16) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static,
    {
        Lookup(Arc::new(move |name, port| Box::pin(lookup(name, port))))
    }
}

impl Default for Lookup {
    /// Looks up names as the system does.
    fn default() -> Self {
        Lookup::new(async |name: String, port| Ok(tokio::net::lookup_host((name, port)).await?.collect()))
    }
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lookup")
    }
}

/// Resolves a name to those of its addresses that the policy allows.
///
/// The client connects to the addresses that this returns and looks up none by itself, so a name that resolves to another
/// address a moment later makes no difference.
pub(super) struct PolicyResolver {
    pub lookup: Lookup,
    pub policy: Arc<OutboundPolicy>,
    /// The port that the addresses are checked with. A resolver is told the name alone.
    pub port: u16,
}

impl Resolve for PolicyResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let found = self.lookup.0(name.as_str().to_owned(), self.port);
        let (policy, port) = (Arc::clone(&self.policy), self.port);
        Box::pin(async move {
            let mut allowed = Vec::new();
            let mut refused: Option<Forbidden> = None;
            for address in found.await? {
                let address = SocketAddr::new(address.ip(), port);
                match policy.check(name.as_str(), address) {
                    Ok(()) => allowed.push(address),
                    Err(forbidden) => refused = Some(forbidden),
                }
            }
            match refused {
                Some(forbidden) if allowed.is_empty() => Err(forbidden.into()),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}
