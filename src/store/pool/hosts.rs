//! The servers that a database URL names: libpq's form with several hosts, which sqlx does not read.

use std::str::FromStr;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sqlx::postgres::PgConnectOptions;

/// The time limit of opening a connection to one of several hosts, so that another one is tried within the time of a
/// request.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The hosts of a database, and which of them connections are opened to.
#[derive(Clone, Debug)]
pub struct Hosts {
    /// How to connect to each host; at least one.
    pub options: Vec<PgConnectOptions>,
    /// The hosts that a connection may lead to.
    pub target: TargetSession,
    /// The time limit of opening a connection to one host.
    pub connect_timeout: Option<Duration>,
}

/// The hosts that a connection may lead to: `target_session_attrs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetSession {
    /// Any host.
    Any,
    /// A host that takes writes.
    ReadWrite,
    /// A host that is not a standby.
    Primary,
}

impl TargetSession {
    /// Returns the statement whose result is `on` where a connection leads to another kind of host.
    #[must_use]
    pub fn check(self) -> Option<&'static str> {
        match self {
            TargetSession::Any => None,
            TargetSession::ReadWrite => Some("SHOW transaction_read_only"),
            TargetSession::Primary => Some("SHOW in_hot_standby"),
        }
    }

    fn parse(name: &str) -> Result<Self, String> {
        match name {
            "any" => Ok(TargetSession::Any),
            "read-write" => Ok(TargetSession::ReadWrite),
            "primary" => Ok(TargetSession::Primary),
            _ => Err("target_session_attrs is neither read-write nor primary nor any".into()),
        }
    }
}

impl Hosts {
    /// Changes how to connect to each host.
    #[must_use]
    pub fn map(mut self, change: impl FnMut(PgConnectOptions) -> PgConnectOptions) -> Self {
        self.options = self.options.into_iter().map(change).collect();
        self
    }

    /// Returns the addresses, separated by commas, and the name of the database.
    #[must_use]
    pub fn address(&self) -> String {
        let addresses: Vec<_> = self.options.iter().map(address).collect();
        format!("{}/{}", addresses.join(","), self.options[0].get_database().unwrap_or_default())
    }
}

/// Returns the address of a host.
#[must_use]
pub fn address(options: &PgConnectOptions) -> String {
    let host = options.get_socket().map_or(options.get_host().into(), |socket| socket.to_string_lossy());
    if host.contains(':') {
        format!("[{host}]:{}", options.get_port())
    } else {
        format!("{host}:{}", options.get_port())
    }
}

impl From<PgConnectOptions> for Hosts {
    fn from(options: PgConnectOptions) -> Self {
        Hosts { options: vec![options], target: TargetSession::Any, connect_timeout: None }
    }
}

impl FromStr for Hosts {
    type Err = String;

    /// Parses a URL. With several hosts and no `target_session_attrs`, connections lead to a host that takes writes.
    ///
    /// # Errors
    /// One line without any part of the URL that may be secret.
    fn from_str(url: &str) -> Result<Self, String> {
        let Parts { scheme, user, hosts, path, query } = Parts::of(url)?;
        let (mut named_hosts, mut ports) = parse_authority(hosts)?;
        let (mut target, mut connect_timeout) = (None, None);
        let (mut address_parameters, mut other_parameters) = (Vec::new(), Vec::new());
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = decode(value)?;
            match name {
                "host" => named_hosts = split(&value),
                "port" => ports = split(&value),
                "target_session_attrs" => target = Some(TargetSession::parse(&value)?),
                "connect_timeout" => connect_timeout = Some(parse_timeout(&value)?),
                _ => other_parameters.push(parameter),
            }
            if ["host", "port"].contains(&name) {
                address_parameters.push(parameter);
            }
        }
        let parse = |url: &str| url.parse::<PgConnectOptions>().map_err(|problem| problem.to_string());
        if named_hosts.len() < 2 {
            let query = [address_parameters, other_parameters].concat().join("&");
            let options = vec![parse(&format!("{scheme}://{user}{hosts}{path}?{query}"))?];
            let target = target.unwrap_or(TargetSession::Any);
            return Ok(Hosts { options, target, connect_timeout: connect_timeout.flatten() });
        }
        if ports.len() > 1 && ports.len() != named_hosts.len() {
            return Err(format!("{} hosts have {} ports", named_hosts.len(), ports.len()));
        }
        let of_host = |(number, host): (usize, &String)| {
            let port = ports.get(number).or(ports.first()).filter(|port| !port.is_empty());
            let port = port.map_or(String::new(), |port| format!("&port={}", encode(port)));
            let query = other_parameters.join("&");
            // The parameter replaces the host of the URL, which must not be empty.
            parse(&format!("{scheme}://{user}localhost{path}?{query}&host={}{port}", encode(host)))
        };
        Ok(Hosts {
            options: named_hosts.iter().enumerate().map(of_host).collect::<Result<_, _>>()?,
            target: target.unwrap_or(TargetSession::ReadWrite),
            connect_timeout: connect_timeout.unwrap_or(Some(CONNECT_TIMEOUT)),
        })
    }
}

/// The parts of a URL, as they are written.
struct Parts<'a> {
    scheme: &'a str,
    /// With the `@`.
    user: &'a str,
    hosts: &'a str,
    path: &'a str,
    query: &'a str,
}

impl<'a> Parts<'a> {
    fn of(url: &'a str) -> Result<Self, String> {
        let (scheme, rest) = url.split_once("://").unwrap_or_default();
        if !["postgres", "postgresql"].contains(&scheme) {
            return Err("it does not begin with postgres://".into());
        }
        let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (user, hosts) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        Ok(Parts { scheme, user, hosts, path, query })
    }
}

/// Parses `host:port,host:port` into hosts and ports. A port that is not given is empty.
fn parse_authority(hosts: &str) -> Result<(Vec<String>, Vec<String>), String> {
    let parse = |host: &str| -> Result<(String, String), String> {
        let (name, port) = if let Some(address) = host.strip_prefix('[') {
            let (address, port) = address.split_once(']').ok_or("an IPv6 address has no closing bracket")?;
            (address, port.strip_prefix(':').unwrap_or(port))
        } else {
            host.split_once(':').unwrap_or((host, ""))
        };
        if port.contains(':') {
            return Err("an IPv6 address is not in brackets".into());
        }
        Ok((decode(name)?, port.to_owned()))
    };
    let parsed: Result<Vec<_>, _> = hosts.split(',').map(parse).collect();
    Ok(parsed?.into_iter().unzip())
}

/// Parses a number of seconds. As in libpq, one that is not positive is no limit.
fn parse_timeout(seconds: &str) -> Result<Option<Duration>, String> {
    let seconds: i32 = seconds.parse().map_err(|_| "connect_timeout is not a number of seconds".to_owned())?;
    Ok(u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs))
}

fn split(list: &str) -> Vec<String> {
    list.split(',').map(ToOwned::to_owned).collect()
}

fn decode(text: &str) -> Result<String, String> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| "a part of it is not UTF-8".to_owned())
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(url: &str) -> Vec<String> {
        url.parse::<Hosts>().expect("valid").options.iter().map(address).collect()
    }

    #[test]
    fn hosts_have_their_own_ports_or_the_default_one() {
        for (url, expected) in [
            ("postgres://u@a:1,b:2/d", ["a:1", "b:2"]),
            ("postgres://a,b:2/d", ["a:5432", "b:2"]),
            ("postgres://u:p%40@[::1]:1,[fe80::2]/d", ["[::1]:1", "[fe80::2]:5432"]),
            ("postgresql:///d?host=a,b&port=1,2", ["a:1", "b:2"]),
            ("postgres:///d?host=a,::1&port=3", ["a:3", "[::1]:3"]),
            ("postgres://u@/d?port=1,&host=%2Frun%2Fa%2Cb", ["/run/a:1", "b:5432"]),
            ("postgres://%2Frun%2Fa,%2Frun%2Fb:7/d", ["/run/a:5432", "/run/b:7"]),
        ] {
            assert_eq!(addresses(url), expected, "{url}");
        }
    }

    #[test]
    fn hosts_share_the_other_parts_of_the_url() {
        let url = "postgres://u%40:p@a,b/d?sslmode=disable&options=-c%20x%3D1&application_name=n";
        for options in &url.parse::<Hosts>().expect("valid").options {
            assert_eq!(options.get_username(), "u@");
            assert_eq!(options.get_database(), Some("d"));
            assert_eq!(options.get_options(), Some("-c x=1"));
            assert_eq!(options.get_application_name(), Some("n"));
            assert!(matches!(options.get_ssl_mode(), sqlx::postgres::PgSslMode::Disable));
        }
    }

    #[test]
    fn several_hosts_are_checked_within_a_time_limit_unless_the_url_says_otherwise() {
        let second = Duration::from_secs(1);
        for (url, target, timeout) in [
            ("postgres://a/d", TargetSession::Any, None),
            ("postgres://a/d?connect_timeout=3", TargetSession::Any, Some(3 * second)),
            ("postgres://a/d?target_session_attrs=read-write", TargetSession::ReadWrite, None),
            ("postgres://a,b/d", TargetSession::ReadWrite, Some(CONNECT_TIMEOUT)),
            ("postgres://a,b/d?target_session_attrs=primary&connect_timeout=0", TargetSession::Primary, None),
            ("postgres://a,b?target_session_attrs=any", TargetSession::Any, Some(CONNECT_TIMEOUT)),
        ] {
            let hosts: Hosts = url.parse().expect("valid");
            assert_eq!((hosts.target, hosts.connect_timeout), (target, timeout), "{url}");
        }
    }

    #[test]
    fn one_host_is_parsed_as_sqlx_does() {
        for url in [
            "postgres://u:p@h:1/d?sslmode=require",
            "postgres://[::1]:2/d",
            "postgres:///d?host=/run&port=3",
            "postgres://u@%2Frun/d",
            "postgres://h",
        ] {
            let hosts: Hosts = url.parse().expect("valid");
            let expected: PgConnectOptions = url.parse().expect("valid");
            assert_eq!(format!("{:?}", hosts.options), format!("{:?}", [expected]), "{url}");
        }
    }

    #[test]
    fn invalid_urls_are_refused_without_their_secrets() {
        for (url, expected) in [
            ("mysql://u:secret@a,b/d", "it does not begin with postgres://"),
            ("postgres://u:secret@a,b/d?target_session_attrs=standby", "neither read-write nor primary nor any"),
            ("postgres://u:secret@a,b/d?connect_timeout=soon", "connect_timeout is not a number of seconds"),
            ("postgres://u:secret@a:1,b:2,c:3/d?port=1,2", "3 hosts have 2 ports"),
            ("postgres://u:secret@a:x,b/d", "invalid digit"),
            ("postgres://u:secret@::1,b/d", "not in brackets"),
            ("postgres://u:secret@[::1,b/d", "no closing bracket"),
        ] {
            let problem = url.parse::<Hosts>().expect_err("invalid");
            assert!(problem.contains(expected) && !problem.contains("secret"), "{url}: {problem}");
        }
    }
}
