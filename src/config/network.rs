//! Settings of what stands between the clients and the server.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use ipnet::IpNet;

/// What stands between the clients and the server.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = super::NETWORK)]
pub struct Network {
    /// Speak TLS with this certificate and those that vouch for it, PEM; read again when it changes
    #[arg(long, env = "ERPSYNC_TLS_CERTIFICATE", value_name = "FILE", requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,
    /// The certificate's private key, PEM
    #[arg(long, env = "ERPSYNC_TLS_KEY", value_name = "FILE", requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,
    /// Proxies that are believed what X-Forwarded-For and X-Forwarded-Proto say: addresses and networks, parted by
    /// spaces
    #[arg(long, env = "ERPSYNC_TRUSTED_PROXIES", default_value = "", value_name = "NETWORKS", value_parser = networks)]
    pub trusted_proxies: Networks,
    /// Seconds to go on after SIGTERM or SIGINT, no longer ready, so that proxies turn elsewhere first
    #[arg(long, env = "ERPSYNC_STOP_DELAY", default_value = "0", value_name = "SECONDS", value_parser = delay)]
    pub stop_delay: Duration,
}

/// A set of addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(pub Vec<IpNet>);

/// Addresses and networks in CIDR notation, parted by spaces or commas.
fn networks(text: &str) -> Result<Networks, String> {
    let words = text.split([' ', ',']).filter(|word| !word.is_empty());
    let read = words.map(|word| {
        let network = word.parse::<IpNet>().or_else(|_| word.parse::<std::net::IpAddr>().map(IpNet::from));
        network.map_err(|_| format!("{word:?} is neither an address nor a network such as 10.0.0.0/8"))
    });
    Ok(Networks(read.collect::<Result<_, _>>()?))
}

fn delay(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    if !(0.0..=3600.0).contains(&seconds) {
        return Err("not between 0 and 3600 seconds".to_owned());
    }
    Ok(Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_addresses_and_ranges() {
        let read = networks(" 10.0.0.0/8, 127.0.0.1  fd00::/8,::1 ").expect("networks").0;
        assert_eq!(
            read.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["10.0.0.0/8", "127.0.0.1/32", "fd00::/8", "::1/128"]
        );
        assert_eq!(networks(""), Ok(Networks::default()));
        for wrong in ["localhost", "10.0.0.0/33", "10.0.0", "127.0.0.1:80", "*"] {
            assert!(networks(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_delay_may_be_none() {
        assert_eq!(delay("0"), Ok(Duration::ZERO));
        for wrong in ["", "-1", "NaN", "3601"] {
            assert!(delay(wrong).is_err(), "{wrong}");
        }
    }
}
