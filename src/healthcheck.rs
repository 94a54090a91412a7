//! `erpsync healthcheck`: asks a running server whether it is ready. The image has no curl for this.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use crate::config::HealthcheckArgs;

/// The time-out for connecting, and for each part of the response.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Requests the readiness of the server, from its admin listener if it has one.
///
/// # Errors
/// One line: the server is not ready or cannot be reached, or it serves TLS and has no admin listener.
pub fn run(settings: &HealthcheckArgs) -> Result<(), String> {
    let address = match settings.admin_listen {
        Some(address) => address,
        None if settings.tls_certificate.is_some() => {
            return Err("the health check does not speak TLS: set --admin-listen, where the server answers \
                        health checks without TLS"
                .to_owned());
        }
        None => settings.listen,
    };
    let address = reachable(address);
    let response = request(address).map_err(|problem| format!("no response from {address}: {problem}"))?;
    if response.starts_with("HTTP/1.1 200 ") {
        return Ok(());
    }
    Err(format!("{address} is not ready: {}", response.lines().next().unwrap_or_default()))
}

/// Returns the address to connect to for an address to listen on: loopback if a server listens on all addresses.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
    }
    address
}

/// Requests the readiness, and returns the response with its head.
fn request(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    write!(stream, "GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    Ok(response)
}
