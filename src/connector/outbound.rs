//! The addresses that connectors may have.
//!
//! An associate who may create connectors chooses the URLs that the server calls. Without limits they could make the server
//! call services that trust their network: the metadata of a cloud, the database, the admin listener.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use crate::config::{Destination, Destinations};

/// The addresses of metadata that are not link-local: Alibaba, Azure, Oracle.
const METADATA: [Ipv4Addr; 3] =
    [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(168, 63, 129, 16), Ipv4Addr::new(192, 0, 0, 192)];

/// Decides which addresses are called.
#[derive(Clone, Debug, Default)]
pub struct OutboundPolicy {
    allowed: Destinations,
    own: Vec<SocketAddr>,
}

/// An address that is not called, with the reason. Both are for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forbidden {
    /// The address.
    pub address: SocketAddr,
    reason: &'static str,
}

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.address, self.reason)
    }
}

impl std::error::Error for Forbidden {}

impl OutboundPolicy {
    /// Creates a policy that allows `allowed` but never the server's `own` addresses: those of the database and of the
    /// admin listener.
    #[must_use]
    pub fn new(allowed: Destinations, own: Vec<SocketAddr>) -> Self {
        OutboundPolicy { allowed, own }
    }

    /// Checks an address of `host`, which is a name or an address itself.
    ///
    /// # Errors
    /// If the address must not be called.
    pub fn check(&self, host: &str, address: SocketAddr) -> Result<(), Forbidden> {
        let forbidden = |reason| Err(Forbidden { address, reason });
        let ip = innermost(address.ip());
        let is_link_local = match ip {
            IpAddr::V4(ip) => ip.is_link_local(),
            IpAddr::V6(ip) => ip.is_unicast_link_local(),
        };
        if is_link_local {
            return forbidden("is link-local");
        }
        if matches!(ip, IpAddr::V6(ip) if matches!(ip.segments(), [0x64, 0xFF9B, 1, ..])) {
            return forbidden("is translated to an IPv4 address by a rule that this server does not know");
        }
        if ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST) {
            return forbidden("is multicast or broadcast");
        }
        if is_metadata(ip) {
            return forbidden("has the metadata of a cloud's machines");
        }
        if ip.is_unspecified() {
            return forbidden("is not the address of a machine");
        }
        if self.own.iter().any(|own| is_same_listener(*own, SocketAddr::new(ip, address.port()))) {
            return forbidden("is an address of the server itself or of its database");
        }
        if !self.is_allowed(host, ip) {
            return forbidden("is not allowed by --connector-allow");
        }
        Ok(())
    }

    fn is_allowed(&self, host: &str, ip: IpAddr) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host);
        let Destinations(allowed) = &self.allowed;
        allowed.is_empty()
            || allowed.iter().any(|allowed| match allowed {
                Destination::Host(name) => name.eq_ignore_ascii_case(host),
                Destination::Network(network) => network.contains(&ip),
            })
    }
}

/// Returns the IPv4 address in an IPv6 address that stands for one (mapped, compatible, translated, NAT64, 6to4), or the
/// address itself.
fn innermost(ip: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = ip else { return ip };
    let (high, low) = match v6.segments() {
        [0, 0, 0, 0, 0, 0xFFFF, high, low]
        | [0, 0, 0, 0, 0xFFFF, 0, high, low]
        | [0x64, 0xFF9B, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => (high, low),
        // `::` and `::1` have a meaning of their own.
        [0, 0, 0, 0, 0, 0, high, low] if (high, low) != (0, 0) && (high, low) != (0, 1) => (high, low),
        _ => return ip,
    };
    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}

/// Whether clouds give their machines metadata at this address, which often are credentials, to each caller on the machine.
/// Most clouds do so at a link-local address, too.
fn is_metadata(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => METADATA.contains(&ip),
        // Amazon, Google.
        IpAddr::V6(ip) => {
            matches!(ip.segments(), [0xFD00, 0xEC2, ..] | [0xFD20, 0xCE, 0, 0, 0, 0, 0, 0x254])
        }
    }
}

/// Whether a connection to `address` can end at the listener on `own`: on this machine a listener is often reachable at
/// several addresses.
fn is_same_listener(own: SocketAddr, address: SocketAddr) -> bool {
    let own_ip = innermost(own.ip());
    own.port() == address.port() && (own_ip == address.ip() || is_local(own_ip) && is_local(address.ip()))
}

/// Whether the address is one of this machine.
fn is_local(ip: IpAddr) -> bool {
    let unspecified = if ip.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
    // The system chooses the address that packets to `ip` would be sent from: `ip` itself if it is the machine's own.
    // Nothing is sent. The port has no meaning but must not be 0.
    let source = || {
        let socket = UdpSocket::bind((unspecified, 0))?;
        socket.connect((ip, 9))?;
        socket.local_addr()
    };
    ip.is_loopback() || ip.is_unspecified() || source().is_ok_and(|source| source.ip() == ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policy: &OutboundPolicy, host: &str, address: &str) -> Result<(), String> {
        let address = address.parse().expect("an address");
        policy.check(host, address).map_err(|forbidden| forbidden.reason.to_owned())
    }

    fn allow(destinations: &[&str]) -> Destinations {
        Destinations(destinations.iter().map(|text| text.parse().expect("a destination")).collect())
    }

    #[test]
    fn link_local_multicast_and_unspecified_addresses_are_forbidden_in_every_spelling() {
        for policy in
            [OutboundPolicy::default(), OutboundPolicy::new(allow(&["erp.example", "0.0.0.0/0", "::/0"]), Vec::new())]
        {
            for forbidden in [
                "169.254.169.254:80",
                "[fe80::1]:80",
                "[::ffff:169.254.169.254]:80",
                "[::169.254.169.254]:80",
                "[64:ff9b::169.254.169.254]:80",
                "224.0.0.1:80",
                "255.255.255.255:80",
                "[ff02::1]:80",
                "[::ffff:224.0.0.1]:80",
                "0.0.0.0:80",
                "[::]:80",
                "[::ffff:0.0.0.0]:80",
                "[::ffff:0:169.254.169.254]:80",
                "[2002:a9fe:a9fe::1]:80",
                "[64:ff9b:1::169.254.169.254]:80",
                "[64:ff9b:1:a9fe:a9:fe00::]:80",
                "[fd00:ec2::254]:80",
                "[fd20:ce::254]:80",
                "100.100.100.200:80",
                "[::ffff:168.63.129.16]:80",
            ] {
                assert!(check(&policy, "erp.example", forbidden).is_err(), "{forbidden}");
            }
            for allowed in [
                "127.0.0.1:80",
                "[::1]:80",
                "10.1.2.3:443",
                "192.0.2.1:80",
                "[2001:db8::1]:80",
                "[2002:c000:201::1]:80",
                "[fd00:1234::254]:80",
            ] {
                assert_eq!(check(&policy, "erp.example", allowed), Ok(()), "{allowed}");
            }
        }
    }

    #[test]
    fn own_addresses_are_forbidden_at_their_port() {
        let own = ["127.0.0.1:5432", "0.0.0.0:9000", "192.0.2.1:5433"];
        let policy =
            OutboundPolicy::new(Destinations::default(), own.map(|own| own.parse().expect("an address")).to_vec());
        for forbidden in
            ["127.0.0.1:5432", "[::ffff:127.0.0.1]:5432", "127.0.0.2:5432", "127.0.0.1:9000", "192.0.2.1:5433"]
        {
            assert!(check(&policy, "localhost", forbidden).is_err(), "{forbidden}");
        }
        for allowed in ["127.0.0.1:5433", "192.0.2.1:5432", "203.0.113.77:9000", "127.0.0.1:8080"] {
            assert_eq!(check(&policy, "localhost", allowed), Ok(()), "{allowed}");
        }
    }

    #[test]
    fn a_list_narrows_to_its_hosts_and_networks() {
        let policy = OutboundPolicy::new(allow(&["erp.example", "10.0.0.0/8"]), Vec::new());
        for (host, address, allowed) in [
            ("erp.example", "192.0.2.1:443", true),
            ("ERP.example.", "192.0.2.1:443", true),
            ("other.example", "10.1.2.3:443", true),
            ("10.1.2.3", "10.1.2.3:443", true),
            ("::ffff:10.1.2.3", "[::ffff:10.1.2.3]:443", true),
            ("other.example", "192.0.2.1:443", false),
            ("a.erp.example", "192.0.2.1:443", false),
            ("192.0.2.1", "192.0.2.1:443", false),
        ] {
            assert_eq!(check(&policy, host, address).is_ok(), allowed, "{host} {address}");
        }
    }
}
