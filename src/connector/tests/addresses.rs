//! The addresses that are connected to, and the certificates that are trusted.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::Certificate;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::super::client::{Client, ClientOptions};
use super::super::error::Cause;
use super::super::operations::GetConfigData;
use super::super::outbound::OutboundPolicy;
use super::super::resolver::Lookup;
use super::super::url::ConnectorUrl;
use super::client::{FIELDS, XML, assert_failure, client, options};
use super::fake::{FakeConnector, Script, response, soap};
use crate::config::Destinations;

#[tokio::test]
async fn own_addresses_are_not_connected_to_by_name_or_by_address() {
    let connector = FakeConnector::start([]).await;
    let policy = OutboundPolicy::new(Destinations::default(), vec![connector.address]);
    let client = client(ClientOptions { policy, ..options() });
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "0x7f.1"] {
        let failed = client.call(&connector.url_at("http", host), &GetConfigData::default()).await;
        let failed = failed.expect_err(host);
        assert!(matches!(failed.cause, Cause::Forbidden(_)), "{host}: {failed}");
        assert_failure(&failed, "the connector's address ", "The connector's address is not allowed.");
    }
    assert_eq!(connector.connections(), 0);
}

#[tokio::test]
async fn the_address_that_was_checked_is_the_one_that_is_connected_to() {
    // The name is harmless in the first look-up and link-local in each further one.
    let connector = FakeConnector::start([Script::Respond(response("200 OK", XML, FIELDS))]).await;
    let address = connector.address;
    let lookups = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&lookups);
    let lookup = Lookup::new(move |name, port| {
        assert_eq!((name.as_str(), port), ("erp.example", address.port()));
        let first = counted.fetch_add(1, Ordering::Relaxed) == 0;
        let found = if first { address } else { SocketAddr::from(([169, 254, 169, 254], port)) };
        async move { Ok(vec![found]) }
    });
    let client = client(ClientOptions { lookup, ..options() });
    let url = connector.url_at("http", "erp.example");
    client.call(&url, &GetConfigData::default()).await.expect("the address of the first look-up");
    assert_eq!(lookups.load(Ordering::Relaxed), 1);
    let failed = client.call(&url, &GetConfigData::default()).await.expect_err("link-local");
    assert_failure(&failed, "169.254.169.254", "The connector's address is not allowed.");
    assert!(failed.to_string().ends_with("is link-local"), "{failed}");
}

/// A look-up that finds these addresses for every name.
fn resolving(addresses: Vec<SocketAddr>) -> Lookup {
    Lookup::new(move |_, _| std::future::ready(Ok(addresses.clone())))
}

#[tokio::test]
async fn a_name_with_several_addresses_is_called_at_those_that_are_allowed() {
    let connector = FakeConnector::start([soap(FIELDS)]).await;
    let address = connector.address;
    let lookup = resolving(vec![SocketAddr::from(([169, 254, 1, 1], address.port())), address]);
    let client = client(ClientOptions { lookup, ..options() });
    client.call(&connector.url_at("http", "erp.example"), &GetConfigData::default()).await.expect("fields");
}

#[tokio::test]
async fn a_list_of_hosts_narrows_the_calls() {
    let connector = FakeConnector::start([soap(FIELDS), soap(FIELDS)]).await;
    let address = connector.address;
    let lookup = resolving(vec![address]);
    let allowed = Destinations(vec!["erp.example".parse().expect("a host")]);
    let client = client(ClientOptions { lookup, policy: OutboundPolicy::new(allowed, Vec::new()), ..options() });
    let call = async |host| client.call(&connector.url_at("http", host), &GetConfigData::default()).await;
    call("ERP.example").await.expect("fields");
    for host in ["other.example", "127.0.0.1"] {
        assert!(matches!(call(host).await.expect_err(host).cause, Cause::Forbidden(_)), "{host}");
    }
}

/// A server certificate for `name` and the certificate of the authority that signed it.
fn certificate(name: &str) -> (TlsAcceptor, Certificate) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new([name.to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, &authority).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let chain = vec![certificate.der().clone()];
    let config = config.expect("versions").with_no_client_auth().with_single_cert(chain, key).expect("a key");
    let authority = Certificate::from_pem(authority.pem().as_bytes()).expect("PEM");
    (TlsAcceptor::from(Arc::new(config)), authority)
}

#[test]
fn an_authority_that_is_no_certificate_is_refused() {
    let authorities = vec![Certificate::from_der(b"none").expect("a certificate that is not read yet")];
    Client::new(ClientOptions { authorities, ..options() }).expect_err("no certificate");
}

#[tokio::test]
async fn a_private_authority_is_trusted_if_it_is_given() {
    let (tls, authority) = certificate("erp.example");
    let (_, other) = certificate("erp.example");
    let connector = FakeConnector::start_with(Some(tls), [soap(FIELDS)]).await;
    let address = connector.address;
    let lookup = resolving(vec![address]);
    let call = async |authorities: Vec<Certificate>, host| {
        let client = client(ClientOptions { authorities, lookup: lookup.clone(), ..options() });
        client.call(&connector.url_at("https", host), &GetConfigData::default()).await
    };
    call(vec![authority.clone()], "erp.example").await.expect("fields");
    for (authorities, host) in
        [(Vec::new(), "erp.example"), (vec![other], "erp.example"), (vec![authority], "other.example")]
    {
        let failed = call(authorities, host).await.expect_err(host);
        assert_failure(&failed, "no connection to the connector: ", "The connector cannot be reached.");
        assert!(failed.to_string().contains("certificate"), "{failed}");
    }
}

#[tokio::test]
async fn http_2_is_offered() {
    let (tls, authority) = certificate("erp.example");
    let mut config = rustls::ServerConfig::clone(tls.config());
    config.alpn_protocols = vec![b"h2".to_vec()];
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let accepted = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        let stream = TlsAcceptor::from(Arc::new(config)).accept(stream).await.expect("TLS");
        stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec)
    });
    let client = client(ClientOptions { authorities: vec![authority], lookup: resolving(vec![address]), ..options() });
    let url = format!("https://erp.example:{}/", address.port());
    let url = ConnectorUrl::parse(&url, |_| None).expect("a URL");
    client.call(&url, &GetConfigData::default()).await.expect_err("a connection that is closed");
    assert_eq!(accepted.await.expect("no panic").as_deref(), Some(b"h2".as_slice()));
}
