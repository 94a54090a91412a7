//! Who calls, where proxies stand in between.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName};

use crate::auth::Client;
use crate::config::network::Networks;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The proxies that are believed.
#[derive(Clone, Debug)]
pub struct Proxies(Arc<Networks>);

impl Proxies {
    /// Believes these.
    pub fn new(networks: &Networks) -> Self {
        Proxies(Arc::new(networks.clone()))
    }

    /// Who calls, where `peer` is the other end of the connection.
    ///
    /// Each proxy adds the address of who called it to the end of X-Forwarded-For; what stands before the first
    /// address that is none of ours is the caller's own text.
    pub fn caller(&self, peer: IpAddr, is_tls: bool, headers: &HeaderMap) -> Client {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return Client { address: peer, is_secure: is_tls };
        }
        let lines: Vec<&str> = headers.get_all(FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok()).collect();
        let mut address = peer;
        for part in lines.iter().flat_map(|line| line.split(',')).rev() {
            let Some(before) = forwarded(part.trim()) else { break };
            address = before;
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

/// An address, as proxies write it: perhaps with a port, then an IPv6 address in brackets.
fn forwarded(text: &str) -> Option<IpAddr> {
    let address = text.parse().ok().or_else(|| text.parse::<std::net::SocketAddr>().ok().map(|peer| peer.ip()));
    let address = address.or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok());
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(peer: &str, headers: &[(HeaderName, &str)]) -> (String, bool) {
        let networks = ["10.0.0.0/8", "::1/128"].map(|network| network.parse().expect("a network"));
        let proxies = Proxies::new(&Networks(networks.to_vec()));
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().expect("a value"))).collect();
        let peer = proxies.caller(peer.parse().expect("an address"), false, &headers);
        (peer.address.to_string(), peer.is_secure)
    }

    #[test]
    fn who_is_no_proxy_of_ours_is_not_believed() {
        let forged = [(FORWARDED_FOR, "192.0.2.1"), (FORWARDED_PROTO, "https")];
        assert_eq!(called("203.0.113.7", &forged), ("203.0.113.7".to_owned(), false));
    }

    #[test]
    fn the_last_address_that_is_none_of_ours_calls() {
        for (line, caller) in [
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
            assert_eq!(called("10.9.9.9", &[(FORWARDED_FOR, line)]).0, caller, "{line:?}");
        }
        assert_eq!(called("10.9.9.9", &[]).0, "10.9.9.9");
        assert_eq!(called("::ffff:10.9.9.9", &[(FORWARDED_FOR, "192.0.2.1")]).0, "192.0.2.1");
    }

    #[test]
    fn the_proxy_tells_whether_its_caller_spoke_tls() {
        for (proto, is_secure) in [("https", true), ("HTTPS", true), ("http", false), ("https, http", false)] {
            assert_eq!(called("::1", &[(FORWARDED_PROTO, proto)]).1, is_secure, "{proto}");
        }
        assert!(!called("::1", &[]).1);
    }
}
