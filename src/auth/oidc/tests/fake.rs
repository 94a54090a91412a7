//! An issuer on this machine, and keys to sign with.

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

/// A status and a body; none is never an answer.
pub type Answer = Option<(StatusCode, String)>;

/// Serves a discovery document and a key set, and counts who asks for them.
pub struct FakeIssuer {
    pub url: String,
    shared: Arc<Mutex<Shared>>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    discovery: Answer,
    keys: Answer,
    asked: (usize, usize),
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
                let answer = shared.lock().expect("no panic").answer(uri.path());
                match answer {
                    Some((status, body)) => (status, [("location", KEYS)], body),
                    None => std::future::pending().await,
                }
            }
        });
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("serves") });
        let fake = FakeIssuer { url, shared, server };
        fake.discovers(&json!({"issuer": fake.url, "jwks_uri": format!("{}{KEYS}", fake.url)}));
        fake.publishes(keys);
        fake
    }

    pub fn discovers(&self, document: &Value) {
        self.answers(DISCOVERY, Some((StatusCode::OK, document.to_string())));
    }

    pub fn publishes(&self, keys: &[(&str, &Signer)]) {
        let keys: Vec<_> = keys.iter().map(|(id, signer)| signer.public(id)).collect();
        self.answers(KEYS, Some((StatusCode::OK, json!({ "keys": keys }).to_string())));
    }

    pub fn answers(&self, path: &str, answer: Answer) {
        let mut shared = self.shared.lock().expect("no panic");
        *(if path == KEYS { &mut shared.keys } else { &mut shared.discovery }) = answer;
    }

    /// How often it was asked for the discovery document, and for the keys.
    pub fn asked(&self) -> (usize, usize) {
        self.shared.lock().expect("no panic").asked
    }

    /// From now on nobody listens there.
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
    fn answer(&mut self, path: &str) -> Answer {
        match path {
            DISCOVERY => {
                self.asked.0 += 1;
                self.discovery.clone()
            }
            KEYS => {
                self.asked.1 += 1;
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

    /// The public half, as a JWK.
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

    /// A token with the usual header, for this key id.
    pub fn token(&self, id: &str, claims: &Value) -> String {
        self.sign(&json!({"alg": self.algorithm(), "typ": "JWT", "kid": id}), claims)
    }

    /// A token with any header.
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

/// What a signature is over.
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
