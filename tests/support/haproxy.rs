//! A running `HAProxy`.

use std::fs;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use tokio::net::TcpStream;

use super::standby::free_port;
use super::wait::is_met;

/// The settings of every test: time limits, and a check every 200 ms, after two of which a server is down.
const DEFAULTS: &str = "defaults
    timeout connect 1s
    timeout client 1m
    timeout server 1m
    timeout check 1s
    retries 3
    option redispatch
    default-server check inter 200ms fall 2 rise 1
";

/// A running `HAProxy`. Killed when it goes out of scope.
pub struct HaProxy {
    child: Child,
    /// The port on the loopback address.
    pub port: u16,
    _directory: TempDir,
}

impl HaProxy {
    /// Starts `HAProxy` in front of servers, with further settings for their section.
    pub async fn start(settings: &str, servers: &[(String, String)]) -> Self {
        let (directory, port) = (tempfile::tempdir().unwrap(), free_port());
        let servers = servers.iter().enumerate();
        let servers: Vec<_> =
            servers.map(|(number, (address, check))| format!("    server s{number} {address} {check}\n")).collect();
        let file = directory.path().join("haproxy.cfg");
        let settings = format!("{DEFAULTS}\nlisten tested\n    bind 127.0.0.1:{port}\n{settings}{}", servers.concat());
        fs::write(&file, settings).unwrap();
        let mut command = Command::new("haproxy");
        command.arg("-db").arg("-f").arg(&file).stdin(Stdio::null()).stdout(Stdio::null());
        let log = fs::File::create(directory.path().join("log")).unwrap();
        let child = command.stderr(log).spawn().expect("haproxy is installed");
        let listens = is_met(async || TcpStream::connect(("127.0.0.1", port)).await.is_ok()).await;
        assert!(listens, "{:?}", fs::read_to_string(directory.path().join("log")));
        HaProxy { child, port, _directory: directory }
    }

    /// Returns the address.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for HaProxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
