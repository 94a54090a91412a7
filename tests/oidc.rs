//! Bearer tokens of an OpenID Connect issuer. The unit tests of `auth::oidc` cover the validation of tokens.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::serve::Listener;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::Method;
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::support::program::run;
use crate::support::{Answer, SAVE, Server, seed_request};
use fake::{FakeIssuer, Signer};

#[path = "../src/auth/oidc/tests/fake.rs"]
#[expect(dead_code, reason = "the unit tests of the verifier use the rest")]
mod fake;

fn claims(issuer: &FakeIssuer, name: &str) -> Value {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    json!({ "iss": issuer.url, "aud": "erpsync", "exp": now + 300, "sub": "1", "preferred_username": name })
}

async fn save(server: &Server, token: &str) -> Answer {
    let request = server.program.request(Method::POST, SAVE).header("Authorization", format!("Bearer {token}"));
    Answer::of(request.header("Content-Type", "application/json").body(seed_request()).send().await.unwrap()).await
}

#[tokio::test]
async fn a_token_of_the_issuer_authenticates_the_associate_in_its_claim() {
    let signer = Signer::ec();
    let issuer = FakeIssuer::start(&[("key-1", &signer)]).await;
    let server = Server::start_with(&["--oidc-issuer", &issuer.url, "--oidc-audience", "erpsync"]).await;
    let token = |name: &str| signer.token("key-1", &claims(&issuer, name));
    assert_eq!(save(&server, &token("TJE0")).await.status, 200);
    assert_eq!(save(&server, &token("tje1")).await.status, 403);
    let before = server.database.contents().await;
    for refused in [token("unknown"), Signer::rsa().token("key-1", &claims(&issuer, "tje0")), "a.b.c".to_owned()] {
        let answer = save(&server, &refused).await;
        answer.assert_service_error(401, "SoSessionException", &["not valid"]);
        assert!(answer.header("www-authenticate").starts_with("Basic"));
    }
    server.database.execute("UPDATE associate SET disabled = true WHERE name = 'tje0'").await;
    assert_eq!(save(&server, &token("tje0")).await.status, 401, "disabled since the token was issued");
    server.database.execute("UPDATE associate SET disabled = false WHERE name = 'tje0'").await;
    assert_eq!(server.database.contents().await, before);
    assert_eq!(issuer.requests(), (1, 1), "the keys are fetched once");

    // `currentToken` issues a token of the server, which does not need the issuer.
    let request = server.program.request(Method::GET, "/api/v1/User/currentToken");
    let request = request.header("Authorization", format!("Bearer {}", token("tje0"))).header("Accept", "text/json");
    let own = Answer::of(request.send().await.unwrap()).await.json().as_str().unwrap().to_owned();
    drop(issuer);
    assert_eq!(save(&server, &own).await.status, 200);
    assert!(!server.program.log().contains(&own));
}

#[tokio::test]
async fn tokens_are_503_while_the_issuers_keys_cannot_be_fetched() {
    let signer = Signer::ec();
    let mut issuer = FakeIssuer::start(&[("key-1", &signer)]).await;
    let token = signer.token("key-1", &claims(&issuer, "tje0"));
    issuer.stop().await;
    let server = Server::start_with(&["--oidc-issuer", &issuer.url, "--oidc-audience", "erpsync"]).await;
    let answer = save(&server, &token).await;
    answer.assert_service_error(503, "SoServerException", &["issuer cannot be reached"]);
    assert_eq!(answer.header("retry-after"), "10");
    assert_eq!(server.program.save_sample().await.status, 200);
}

#[tokio::test]
async fn tokens_are_refused_where_no_issuer_is_set() {
    let signer = Signer::ec();
    let issuer = FakeIssuer::start(&[("key-1", &signer)]).await;
    let server = Server::start().await;
    assert_eq!(save(&server, &signer.token("key-1", &claims(&issuer, "tje0"))).await.status, 401);
    assert_eq!(issuer.requests(), (0, 0));
    let done = crate::support::program::run(&["--oidc-issuer", "https://id.example"]);
    assert_eq!(done.status.code(), Some(2), "an issuer without an audience");
}

/// Accepts connections over TLS.
struct TlsListener {
    tcp: TcpListener,
    tls: TlsAcceptor,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let (stream, address) = self.tcp.accept().await.unwrap();
            // A client that does not trust the certificate closes the connection.
            if let Ok(stream) = self.tls.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

/// A certificate authority, and the file with its certificate.
fn authority(file: &Path) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    std::fs::write(file, authority.pem()).unwrap();
    authority
}

/// Starts an issuer whose certificate is signed by `authority` for the host `name`.
async fn tls_issuer(authority: &CertifiedIssuer<'_, KeyPair>, name: &str, signer: &Signer) -> FakeIssuer {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new([name.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", tcp.local_addr().unwrap());
    FakeIssuer::start_on(TlsListener { tcp, tls: TlsAcceptor::from(Arc::new(config)) }, url, &[("key-1", signer)])
}

#[tokio::test]
async fn an_issuer_is_reached_over_tls_and_its_certificate_is_checked() {
    let directory = tempfile::tempdir().unwrap();
    let [ca_file, other_file] = ["ca.pem", "other.pem"].map(|name| directory.path().join(name));
    let ca = authority(&ca_file);
    authority(&other_file);
    let signer = Signer::ec();
    let ca_file = ca_file.to_str().unwrap();
    for (name, ca_arguments, expected) in [
        ("127.0.0.1", &["--oidc-ca", ca_file][..], 200),
        ("127.0.0.1", &[], 503),
        ("127.0.0.1", &["--oidc-ca", other_file.to_str().unwrap()], 503),
        ("issuer.example", &["--oidc-ca", ca_file], 503),
    ] {
        let issuer = tls_issuer(&ca, name, &signer).await;
        let arguments = ["--oidc-issuer", &issuer.url, "--oidc-audience", "erpsync"];
        let server = Server::start_with(&[&arguments, ca_arguments].concat()).await;
        let answer = save(&server, &signer.token("key-1", &claims(&issuer, "tje0"))).await;
        assert_eq!(answer.status, expected, "{name} {ca_arguments:?}: {}", answer.text);
        let asked = if expected == 200 { (1, 1) } else { (0, 0) };
        assert_eq!(issuer.requests(), asked, "{name} {ca_arguments:?}");
        if expected == 503 {
            assert!(server.program.log().contains("invalid peer certificate"), "{}", server.program.log());
        }
    }
}

#[test]
fn the_file_of_authorities_is_checked_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let missing = directory.path().join("missing.pem");
    let issuer = ["--oidc-issuer", "https://id.example", "--oidc-audience", "erpsync", "--oidc-ca"];
    for (file, reason) in [(&empty, "there is no certificate in it"), (&missing, "No such file")] {
        let file = file.to_str().unwrap();
        let done = run(&[&["config", "check"], &issuer[..], &[file]].concat());
        let problem = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(1), "{problem}");
        assert!(problem.starts_with(&format!("erpsync: --oidc-ca: {file}: {reason}")), "{problem}");
    }
}
