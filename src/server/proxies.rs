//! The client's address, where trusted proxies forward its requests.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName};

use crate::auth::Client;
use crate::config::network::Networks;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` headers are trusted. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TrustedProxies(Arc<Networks>);

impl TrustedProxies {
    /// Creates the set of the proxies in `networks`.
    pub fn new(networks: &Networks) -> Self {
        TrustedProxies(Arc::new(networks.clone()))
    }

    /// Returns the client of a request on a connection from `peer`.
    ///
    /// Each proxy appends the address of its own peer to `X-Forwarded-For`. So the client is the last address that is
    /// no trusted proxy; the text before it comes from the client itself.
    pub fn client(&self, peer: IpAddr, is_tls: bool, headers: &HeaderMap) -> Client {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return Client { address: peer, is_secure: is_tls };
        }
        let lines: Vec<&str> = headers.get_all(FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok()).collect();
        let mut address = peer;
        for part in lines.iter().flat_map(|line| line.split(',')).rev() {
            let Some(forwarded) = parse_forwarded(part.trim()) else { break };
            address = forwarded;
            if !self.trusts(address) {
                break;
            }
        }
        let proto = headers.get_all(FORWARDED_PROTO).iter().next_back().and_then(|proto| proto.to_str().ok());
        let proto = proto.and_then(|proto| proto.rsplit(',').next());
        let is_secure = proto.map_or(is_tls, |proto| proto.trim().eq_ignore_ascii_case("https"));
        Client { address, is_secure }
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.0.iter().any(|network| network.contains(&address))
    }
}

/// Parses an address as proxies write it: with or without a port, an IPv6 address with or without brackets.
fn parse_forwarded(text: &str) -> Option<IpAddr> {
    let address = text.parse().ok().or_else(|| text.parse::<std::net::SocketAddr>().ok().map(|peer| peer.ip()));
    let address = address.or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok());
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, headers: &[(HeaderName, &str)]) -> (String, bool) {
        let networks = ["10.0.0.0/8", "::1/128"].map(|network| network.parse().expect("a network"));
        let proxies = TrustedProxies::new(&Networks(networks.to_vec()));
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().expect("a value"))).collect();
        let client = proxies.client(peer.parse().expect("an address"), false, &headers);
        (client.address.to_string(), client.is_secure)
    }

    #[test]
    fn headers_of_an_untrusted_peer_are_ignored() {
        let forged = [(FORWARDED_FOR, "192.0.2.1"), (FORWARDED_PROTO, "https")];
        assert_eq!(client("203.0.113.7", &forged), ("203.0.113.7".to_owned(), false));
    }

    #[test]
    fn the_client_is_the_last_address_that_is_no_trusted_proxy() {
        for (line, expected) in [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1, 198.51.100.2", "198.51.100.2"),
            ("192.0.2.1, 198.51.100.2, 10.1.1.1", "198.51.100.2"),
            ("10.2.2.2,10.1.1.1", "10.2.2.2"),
            ("192.0.2.1:4711", "192.0.2.1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("192.0.2.1, rubbish", "10.9.9.9"),
            ("192.0.2.1, rubbish, 10.1.1.1", "10.1.1.1"),
            ("", "10.9.9.9"),
        ] {
            assert_eq!(client("10.9.9.9", &[(FORWARDED_FOR, line)]).0, expected, "{line:?}");
        }
        assert_eq!(client("10.9.9.9", &[]).0, "10.9.9.9");
        assert_eq!(client("::ffff:10.9.9.9", &[(FORWARDED_FOR, "192.0.2.1")]).0, "192.0.2.1");
    }

    #[test]
    fn the_proxy_forwards_whether_the_client_speaks_tls() {
        for (proto, is_secure) in [("https", true), ("HTTPS", true), ("http", false), ("https, http", false)] {
            assert_eq!(client("::1", &[(FORWARDED_PROTO, proto)]).1, is_secure, "{proto}");
        }
        assert!(!client("::1", &[]).1);
    }
}
