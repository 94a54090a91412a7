//! TLS, reverse proxies, and several instances behind a load balancer.

use std::path::Path;

use futures::future::join_all;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use reqwest::Certificate;
use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::client::http_client;
use crate::support::haproxy::HaProxy;
use crate::support::load::{Load, assert_stored};
use crate::support::program::run;
use crate::support::standby::free_port;
use crate::support::wait::within_limit;
use crate::support::{Program, SAVE, Server, TestDatabase, seed_request};

/// Creates a certificate for 127.0.0.1, and writes it and its key to a directory.
fn certificate(directory: &Path) -> CertifiedKey<KeyPair> {
    let made = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(directory.join("certificate.pem"), made.cert.pem()).unwrap();
    std::fs::write(directory.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    made
}

fn trusting(made: &CertifiedKey<KeyPair>) -> reqwest::Client {
    drop(http_client());
    let root = Certificate::from_der(made.cert.der()).unwrap();
    reqwest::Client::builder().tls_certs_only([root]).build().unwrap()
}

#[tokio::test]
async fn the_server_speaks_tls_and_reloads_a_renewed_certificate() {
    let directory = tempfile::tempdir().unwrap();
    let [certificate_file, key_file] =
        ["certificate.pem", "key.pem"].map(|name| directory.path().join(name).to_str().unwrap().to_owned());
    let first = certificate(directory.path());
    let tls = ["--tls-certificate", &certificate_file, "--tls-key", &key_file, "--stop-delay", "600"];
    let mut server = Server::start_with(&tls).await;
    assert_eq!(server.program.scheme, "https");
    server.program.http = trusting(&first);
    assert_eq!(server.program.save_sample().await.status, 200);
    let root = server.program.get("/api").await.json();
    assert_eq!(root["v1"], format!("https://{}/api/v1/", server.program.address));
    let login = server.program.request(reqwest::Method::POST, "/login");
    let login = login.header("Content-Type", "application/x-www-form-urlencoded").body("UserName=tje0&Password=Tje0");
    let cookie = login.send().await.unwrap().headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("; Secure"), "{cookie}");

    // Plain HTTP gets no response.
    let mut plain = TcpStream::connect(&server.program.address).await.unwrap();
    plain.write_all(b"GET /api HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");

    std::fs::write(&key_file, "half written").unwrap();
    server.program.wait_for_log("the old one is kept").await;
    assert_eq!(server.program.save_sample().await.status, 200);
    let second = certificate(directory.path());
    server.program.wait_for_log("the certificate was renewed").await;
    assert!(trusting(&first).get(format!("https://{}/api", server.program.address)).send().await.is_err());
    server.program.http = trusting(&second);
    assert_eq!(server.program.save_sample().await.status, 200);

    // New connections are accepted during the delay before the shutdown.
    server.program.signal(Signal::TERM);
    server.program.wait_for_log("still serving").await;
    server.program.http = trusting(&second);
    assert_eq!(server.program.save_sample().await.status, 200);
    server.program.signal(Signal::TERM);
    assert_eq!(server.program.wait_for_exit().await.code(), Some(0));
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_tls_handshakes() {
    let directory = tempfile::tempdir().unwrap();
    let certified = certificate(directory.path());
    let [certificate_file, key_file] =
        ["certificate.pem", "key.pem"].map(|name| directory.path().join(name).to_str().unwrap().to_owned());
    let tls = ["--tls-certificate", &certificate_file, "--tls-key", &key_file];
    let no_limits = ["--header-timeout", "3600", "--drain-timeout", "3600"];
    let mut server = Server::start_with(&[&tls[..], &no_limits].concat()).await;
    let _silent = TcpStream::connect(&server.program.address).await.unwrap();
    // Connections are accepted in their order: the silent one is accepted once a later one has its response.
    server.program.http = trusting(&certified);
    assert_eq!(server.program.save_sample().await.status, 200);
    server.program.signal(Signal::TERM);
    assert_eq!(server.program.wait_for_exit().await.code(), Some(0));
}

#[test]
fn an_unusable_certificate_is_refused_with_the_name_of_its_file() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    certificate(one.path());
    certificate(other.path());
    let file = |directory: &tempfile::TempDir, name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    for (certificate, key, part) in [
        (file(&one, "certificate.pem"), file(&other, "key.pem"), "key.pem: is not the key of the certificate"),
        (file(&one, "none.pem"), file(&one, "key.pem"), "none.pem: "),
        (file(&one, "key.pem"), file(&one, "key.pem"), "key.pem: there is no certificate in it"),
        (file(&one, "certificate.pem"), file(&one, "certificate.pem"), "certificate.pem: "),
    ] {
        let done = run(&["--tls-certificate", &certificate, "--tls-key", &key, "--listen", "127.0.0.1:0"]);
        let problem = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(1), "{problem}");
        assert!(
            problem.starts_with("erpsync: ") && problem.contains(part) && problem.lines().count() == 1,
            "{problem}"
        );
    }
    assert_eq!(run(&["--tls-key", &file(&one, "key.pem")]).status.code(), Some(2), "a key without a certificate");
    assert_eq!(run(&["--trusted-proxies", "localhost"]).status.code(), Some(2));
}

/// Sends a wrong password with `X-Forwarded-For`. Returns the client address in the log.
async fn logged_address(server: &Server, forwarded_for: &str) -> String {
    let before = server.program.log().lines().count();
    let request = server.program.request(reqwest::Method::POST, SAVE).basic_auth("unknown", Some("x"));
    let answer = request.header("X-Forwarded-For", forwarded_for).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    let log = server.program.log();
    let refused = log.lines().skip(before).find(|line| line.contains("login refused")).unwrap();
    let refused: serde_json::Value = serde_json::from_str(refused).unwrap();
    refused["fields"]["address"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn forwarded_addresses_are_read_from_trusted_proxies_only() {
    let direct = Server::start().await;
    assert_eq!(logged_address(&direct, "192.0.2.1").await, "127.0.0.1");
    let behind = Server::start_with(&["--trusted-proxies", "10.0.0.0/8, 127.0.0.0/8"]).await;
    assert_eq!(logged_address(&behind, "192.0.2.1, 198.51.100.7, 10.1.2.3").await, "198.51.100.7");
    // Wrong passwords from one client do not throttle another one.
    for guess in 0..12 {
        let request = behind.program.request(reqwest::Method::POST, SAVE).basic_auth("tje1", Some(guess));
        request.header("X-Forwarded-For", "192.0.2.66").send().await.unwrap();
    }
    let call = |address: &'static str| {
        let request = behind.program.request(reqwest::Method::POST, SAVE).basic_auth("tje1", Some("Tje1"));
        let request = request.header("Content-Type", "application/json").body(seed_request());
        request.header("X-Forwarded-For", address).send()
    };
    assert_eq!(call("192.0.2.66").await.unwrap().status(), 429);
    assert_eq!(call("192.0.2.67").await.unwrap().status(), 403);
}

#[tokio::test]
async fn a_burst_of_connections_waits_to_be_accepted() {
    let server = Server::start().await;
    // A stopped process accepts none, so that all of them wait in the listener's queue.
    server.program.signal(Signal::STOP);
    let burst = join_all((0..300).map(|_| TcpStream::connect(&server.program.address)));
    let burst = within_limit("300 connections", burst).await;
    assert!(burst.iter().all(Result::is_ok));
    server.program.signal(Signal::CONT);
    assert_eq!(server.program.save_sample().await.status, 200);
}

#[tokio::test]
async fn during_the_stop_delay_the_server_is_not_ready_and_still_serves() {
    let mut server = Server::start_with(&["--stop-delay", "600"]).await;
    server.program.signal(Signal::TERM);
    server.program.wait_for_log("still serving").await;
    assert_eq!(server.program.get("/health/ready").await.status, 503);
    let answer = server.program.save_sample().await;
    assert_eq!((answer.status, answer.header("connection")), (200, "close"));
    server.program.signal(Signal::TERM);
    assert_eq!(server.program.wait_for_exit().await.code(), Some(0));

    let mut server = Server::start_with(&["--stop-delay", "1"]).await;
    server.program.signal(Signal::TERM);
    server.program.wait_for_log("still serving").await;
    assert_eq!(server.program.wait_for_exit().await.code(), Some(0), "the server stops after the delay");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs haproxy"]
async fn haproxy_fails_no_request_during_a_rolling_restart_of_two_instances() {
    let database = TestDatabase::with_demo_data().await;
    let url = database.url();
    // The delay covers two checks of HAProxy on a busy machine.
    let start = |address: &str| Program::start_on(address, &["--database-url", &url, "--stop-delay", "5"]);
    let addresses = [free_port(), free_port()].map(|port| format!("127.0.0.1:{port}"));
    let mut instances = addresses.clone().map(|address| start(&address));
    let check = "    mode http\n    option httpchk GET /health/ready\n    http-check expect status 200\n";
    let haproxy = HaProxy::start(check, &addresses.clone().map(|address| (address, "check".to_owned()))).await;

    let load = Load::start(&haproxy.address());
    for (instance, address) in instances.iter_mut().zip(&addresses) {
        load.wait_for_saves(100).await;
        instance.signal(Signal::TERM);
        assert_eq!(instance.wait_for_exit().await.code(), Some(0));
        *instance = start(address);
        // The other instance stops when HAProxy sends requests to this one.
        instance.wait_for_log("SaveConnection").await;
    }
    let sent = load.stop().await;
    assert_eq!(sent.iter().find(|sent| sent.status != 200).map(|sent| sent.status), None);
    assert_stored(&sent, &mut database.connect().await).await;
}
