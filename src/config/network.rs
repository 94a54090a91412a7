//! Settings of the path between clients and server: listeners, path prefix, CORS, TLS, reverse proxies.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use ipnet::IpNet;

use super::duration::parse_seconds;

/// Settings of the listeners and their paths, of CORS, TLS and reverse proxies, and of the shutdown behind a reverse proxy.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Network")]
pub struct Network {
    /// Address to listen on; port 0 selects a free port
    #[arg(long, env = "ERPSYNC_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Address for metrics, health checks and the exchanges with connectors, without authentication (default: not served)
    #[arg(long, env = "ERPSYNC_ADMIN_LISTEN", value_name = "ADDRESS")]
    pub admin_listen: Option<SocketAddr>,
    /// Prefix of every path, such as /Cust12345 for the tenant of an online installation
    #[arg(long, env = "ERPSYNC_PATH_PREFIX", default_value = "", value_name = "PATH", value_parser = path_prefix)]
    pub path_prefix: String,
    /// Origins that CORS allows, separated by spaces; * matches any part of an origin
    #[arg(long, env = "ERPSYNC_CORS_ORIGINS", default_value = "", value_name = "ORIGINS")]
    pub cors_origins: String,
    /// Serve the API documentation at /docs and /openapi.json
    #[arg(long, env = "ERPSYNC_DOCS", default_value_t = true, value_name = "BOOL",
        action = clap::ArgAction::Set)]
    pub docs: bool,
    /// Serve TLS with this PEM certificate chain; reloaded when the file changes
    #[arg(long, env = "ERPSYNC_TLS_CERTIFICATE", value_name = "FILE", requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,
    /// PEM private key of the certificate
    #[arg(long, env = "ERPSYNC_TLS_KEY", value_name = "FILE", requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,
    /// Proxies whose X-Forwarded-For and X-Forwarded-Proto are trusted: addresses or networks, separated by spaces
    #[arg(long, env = "ERPSYNC_TRUSTED_PROXIES", default_value = "", value_name = "NETWORKS", value_parser = networks)]
    pub trusted_proxies: Networks,
    /// Seconds to keep serving after SIGTERM or SIGINT while readiness checks fail, so that proxies stop routing here
    #[arg(long, env = "ERPSYNC_STOP_DELAY", default_value = "0", value_name = "SECONDS", value_parser = delay)]
    pub stop_delay: Duration,
}

impl Network {
    /// Whether other machines can reach the server: the address that it listens on is not a loopback address.
    #[must_use]
    pub fn is_public(&self) -> bool {
        !self.listen.ip().to_canonical().is_loopback()
    }
}

/// A set of IP networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(pub Vec<IpNet>);

/// Parses addresses and networks in CIDR notation, separated by spaces or commas.
fn networks(text: &str) -> Result<Networks, String> {
    let words = text.split([' ', ',']).filter(|word| !word.is_empty());
    let networks = words.map(|word| {
        let network = word.parse::<IpNet>().or_else(|_| word.parse::<std::net::IpAddr>().map(IpNet::from));
        network.map_err(|_| format!("{word:?} is neither an address nor a network such as 10.0.0.0/8"))
    });
    Ok(Networks(networks.collect::<Result<_, _>>()?))
}

fn delay(text: &str) -> Result<Duration, String> {
    parse_seconds(text, &(0.0..=3600.0))
}

/// Parses a path prefix, and returns it without a slash at the end. It may be empty.
///
/// # Errors
/// One line.
pub fn path_prefix(text: &str) -> Result<String, String> {
    let path = text.trim_end_matches('/');
    let is_segment = |segment: &str| {
        !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
    };
    match path.strip_prefix('/') {
        None if path.is_empty() => Ok(String::new()),
        Some(rest) if rest.split('/').all(is_segment) => Ok(path.to_owned()),
        _ => Err("not a path such as /Cust12345".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_addresses_and_ranges() {
        let parsed = networks(" 10.0.0.0/8, 127.0.0.1  fd00::/8,::1 ").expect("networks").0;
        assert_eq!(
            parsed.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["10.0.0.0/8", "127.0.0.1/32", "fd00::/8", "::1/128"]
        );
        assert_eq!(networks(""), Ok(Networks::default()));
        for invalid in ["localhost", "10.0.0.0/33", "10.0.0", "127.0.0.1:80", "*"] {
            assert!(networks(invalid).is_err(), "{invalid}");
        }
    }

    #[test]
    fn stop_delay_may_be_zero() {
        assert_eq!(delay("0"), Ok(Duration::ZERO));
        for invalid in ["", "-1", "NaN", "3601"] {
            assert!(delay(invalid).is_err(), "{invalid}");
        }
    }

    #[test]
    fn path_prefixes_are_normalized() {
        for (text, expected) in [("", ""), ("/", ""), ("/Cust1", "/Cust1"), ("/a/b/", "/a/b")] {
            assert_eq!(path_prefix(text).as_deref(), Ok(expected));
        }
        for invalid in ["a", "//a", "/a//b", "/a b", "/{x}", "/a?b"] {
            assert!(path_prefix(invalid).is_err(), "{invalid}");
        }
    }
}
