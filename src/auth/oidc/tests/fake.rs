//! A fake issuer on this machine, and keys that sign tokens.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{StatusCode, Uri};
use axum::serve::Listener;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub const DISCOVERY: &str = "/.well-known/openid-configuration";
pub const KEYS: &str = "/keys";

/// A response: status and body. With `None` the issuer never responds.
pub type FakeResponse = Option<(StatusCode, String)>;

/// Serves a discovery document and a key set, and counts the requests for each.
pub struct FakeIssuer {
    pub url: String,
    shared: Arc<Mutex<Shared>>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    discovery: FakeResponse,
    keys: FakeResponse,
    requests: (usize, usize),
}

impl FakeIssuer {
    /// Starts an issuer with these keys, each named by its id.
    pub async fn start(keys: &[(&str, &Signer)]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        Self::start_on(listener, url, keys)
    }

    /// Starts an issuer that is reached under `url`.
    pub fn start_on(listener: impl Listener<Addr: Debug>, url: String, keys: &[(&str, &Signer)]) -> Self {
        let shared = Arc::<Mutex<Shared>>::default();
        let router = Router::new().fallback({
            let shared = Arc::clone(&shared);
            async move |uri: Uri| {
                let response = shared.lock().expect("no panic").respond(uri.path());
                match response {
                    Some((status, body)) => (status, [("location", KEYS)], body),
                    None => std::future::pending().await,
                }
            }
        });
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("serves") });
        let fake = FakeIssuer { url, shared, server };
        fake.set_discovery(&json!({"issuer": fake.url, "jwks_uri": format!("{}{KEYS}", fake.url)}));
        fake.set_keys(keys);
        fake
    }

    /// Sets the discovery document.
    pub fn set_discovery(&self, document: &Value) {
        self.set_response(DISCOVERY, Some((StatusCode::OK, document.to_string())));
    }

    /// Sets the published keys, each with its id.
    pub fn set_keys(&self, keys: &[(&str, &Signer)]) {
        let keys: Vec<_> = keys.iter().map(|(id, signer)| signer.public(id)).collect();
        self.set_response(KEYS, Some((StatusCode::OK, json!({ "keys": keys }).to_string())));
    }

    /// Sets the response to requests for `path`.
    pub fn set_response(&self, path: &str, response: FakeResponse) {
        let mut shared = self.shared.lock().expect("no panic");
        *(if path == KEYS { &mut shared.keys } else { &mut shared.discovery }) = response;
    }

    /// Returns the number of requests for the discovery document, and for the keys.
    pub fn requests(&self) -> (usize, usize) {
        self.shared.lock().expect("no panic").requests
    }

    /// Stops listening.
    pub async fn stop(&mut self) {
        self.server.abort();
        assert!((&mut self.server).await.is_err_and(|ended| ended.is_cancelled()));
    }
}

impl Drop for FakeIssuer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Shared {
    fn respond(&mut self, path: &str) -> FakeResponse {
        match path {
            DISCOVERY => {
                self.requests.0 += 1;
                self.discovery.clone()
            }
            KEYS => {
                self.requests.1 += 1;
                self.keys.clone()
            }
            _ => Some((StatusCode::NOT_FOUND, String::new())),
        }
    }
}

/// Signs tokens.
pub enum Signer {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
}

impl Signer {
    pub fn rsa() -> Self {
        Self::read_rsa(include_str!("../../../../tests/keys/rsa.pem"))
    }

    pub fn next_rsa() -> Self {
        Self::read_rsa(include_str!("../../../../tests/keys/rsa-next.pem"))
    }

    pub fn ec() -> Self {
        let der = der(include_str!("../../../../tests/keys/ec.pem"));
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &SystemRandom::new());
        Signer::Ec(pair.expect("an EC key"))
    }

    fn read_rsa(pem: &str) -> Self {
        Signer::Rsa(RsaKeyPair::from_pkcs8(&der(pem)).expect("an RSA key"))
    }

    pub fn algorithm(&self) -> &'static str {
        match self {
            Signer::Rsa(_) => "RS256",
            Signer::Ec(_) => "ES256",
        }
    }

    /// Returns the public key as a JWK.
    pub fn public(&self, id: &str) -> Value {
        match self {
            Signer::Rsa(pair) => {
                let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({"kid": id, "kty": "RSA", "use": "sig", "alg": "RS256", "n": encode(n), "e": encode(e)})
            }
            Signer::Ec(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({"kid": id, "kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y)})
            }
        }
    }

    /// Creates a token with the usual header, for this key id.
    pub fn token(&self, id: &str, claims: &Value) -> String {
        self.sign(&json!({"alg": self.algorithm(), "typ": "JWT", "kid": id}), claims)
    }

    /// Creates a token with any header.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = unsigned(header, claims);
        let random = SystemRandom::new();
        let signature = match self {
            Signer::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).expect("signs");
                signature
            }
            Signer::Ec(pair) => pair.sign(&random, message.as_bytes()).expect("signs").as_ref().to_vec(),
        };
        format!("{message}.{}", encode(signature))
    }
}

/// Returns the part of a token that its signature covers.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", encode(header.to_string()), encode(claims.to_string()))
}

pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn der(pem: &str) -> Vec<u8> {
    let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(base64).expect("base64")
}
