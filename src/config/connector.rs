//! Settings of calls to connectors.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueEnum};
use ipnet::IpNet;

use super::duration::parse_seconds;

/// Settings of calls to connectors, and of their journal.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Connectors")]
pub struct Connector {
    /// The calls.
    #[command(flatten)]
    pub client: ConnectorClient,
    /// Tell connectors that connections were saved or deleted; false for a copy of a database that is in use elsewhere
    #[arg(long = "connector-deliveries", env = "ERPSYNC_CONNECTOR_DELIVERIES", default_value_t = true,
        value_name = "BOOL", action = clap::ArgAction::Set)]
    pub deliveries: bool,
    /// Details that the journal keeps of each call of a connector, in memory, for the operator
    #[arg(
        long = "connector-journal",
        env = "ERPSYNC_CONNECTOR_JOURNAL",
        default_value = "metadata",
        value_name = "MODE"
    )]
    pub journal: JournalMode,
    /// Number of calls of connectors that the journal keeps
    #[arg(long = "connector-journal-size", env = "ERPSYNC_CONNECTOR_JOURNAL_SIZE", default_value_t = 100,
        value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub journal_size: u16,
}

/// Settings of calls to connectors.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Connectors")]
pub struct ConnectorClient {
    /// Seconds to wait for a connection to a connector, with its TLS handshake
    #[arg(long = "connector-connect-timeout", env = "ERPSYNC_CONNECTOR_CONNECT_TIMEOUT", default_value = "5",
        value_name = "SECONDS", value_parser = timeout)]
    pub connect_timeout: Duration,
    /// Seconds that a whole call of a connector may take
    #[arg(long = "connector-timeout", env = "ERPSYNC_CONNECTOR_TIMEOUT", default_value = "60",
        value_name = "SECONDS", value_parser = timeout)]
    pub timeout: Duration,
    /// Certificates of further authorities that may sign a connector's certificate, as PEM, besides the system's
    #[arg(id = "connector_ca", long = "connector-ca", env = "ERPSYNC_CONNECTOR_CA", value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Hosts, addresses and networks that connectors may have, separated by spaces (default: any)
    #[arg(long = "connector-allow", env = "ERPSYNC_CONNECTOR_ALLOW", default_value = "", value_name = "HOSTS",
        value_parser = destinations)]
    pub allow: Destinations,
}

/// The details that the journal keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum JournalMode {
    /// Nothing.
    Off,
    /// Time, operation, connection, duration and outcome.
    Metadata,
    /// The bodies of request and response as well, with config values masked.
    Bodies,
}

/// The hosts that may be called; any if the list is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destinations(pub Vec<Destination>);

/// A host, or a network of hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A host name, in lower case and without a dot at the end. A host with this name may have any address.
    Host(String),
    /// The addresses of a network, whatever their hosts are called.
    Network(IpNet),
}

impl FromStr for Destination {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(network) = text.parse::<IpNet>().or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from)) {
            return Ok(Destination::Network(network));
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let is_label = |label: &str| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        // The last label of a name is no number; an address that is written wrong would be read as a name.
        let is_number = name.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
        if is_number || !name.split('.').all(is_label) {
            return Err(format!("{text:?} is neither a host name, an address nor a network such as 10.0.0.0/8"));
        }
        Ok(Destination::Host(name))
    }
}

fn destinations(text: &str) -> Result<Destinations, String> {
    let words = text.split([' ', ',']).filter(|word| !word.is_empty());
    Ok(Destinations(words.map(str::parse).collect::<Result<_, _>>()?))
}

fn timeout(text: &str) -> Result<Duration, String> {
    parse_seconds(text, &(0.1..=3600.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_hosts_addresses_and_networks() {
        let network = |text: &str| Destination::Network(text.parse().expect("a network"));
        let host = |text: &str| Destination::Host(text.to_owned());
        assert_eq!(
            destinations(" ERP.example. 10.0.0.0/8,::1  localhost").map(|parsed| parsed.0),
            Ok(vec![host("erp.example"), network("10.0.0.0/8"), network("::1/128"), host("localhost")])
        );
        assert_eq!(destinations(""), Ok(Destinations::default()));
        for invalid in ["https://erp.example", "erp.example:443", "*.example", "10.0.0", "10.0.0.0/33", "a..b", "."] {
            assert!(destinations(invalid).is_err(), "{invalid}");
        }
    }

    #[test]
    fn time_outs_are_seconds() {
        assert_eq!(timeout("0.5"), Ok(Duration::from_millis(500)));
        for invalid in ["0", "-1", "x", "3601"] {
            assert!(timeout(invalid).is_err(), "{invalid}");
        }
    }
}
