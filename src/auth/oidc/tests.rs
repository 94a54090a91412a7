//! Tests of the verification of tokens, with a fake issuer.

mod fake;
mod fetching;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use super::*;
use fake::{FakeIssuer, Signer, encode, unsigned};

/// The time at which the tests begin, in seconds since 1970.
const START: u64 = 1_800_000_000;

/// A fake issuer, and a verifier that trusts it.
struct Fixture {
    fake: FakeIssuer,
    issuer: Issuer,
    start: Instant,
}

impl Fixture {
    async fn new(keys: &[(&str, &Signer)]) -> Self {
        Self::with_timeout(FakeIssuer::start(keys).await, FETCH_TIMEOUT)
    }

    fn with_timeout(fake: FakeIssuer, timeout: Duration) -> Self {
        let source = Source::new(&fake.url, Vec::new(), timeout).expect("an issuer");
        let issuer = Issuer::with(source, &fake.url, "erpsync", "preferred_username");
        Fixture { fake, issuer, start: Instant::now() }
    }

    /// Returns the claims of a valid token, with those of `other` in place of some; null removes one.
    fn claims(&self, other: &Value) -> Value {
        let mut claims = json!({
            "iss": self.fake.url, "aud": "erpsync", "exp": START + 300, "nbf": START, "preferred_username": "tje0",
        });
        for (name, value) in other.as_object().expect("an object") {
            claims[name] = value.clone();
        }
        claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        claims
    }

    fn valid(&self, signer: &Signer, id: &str) -> String {
        signer.token(id, &self.claims(&json!({})))
    }

    /// Verifies a token at `seconds` after the start.
    async fn verify(&self, token: &str, seconds: u64) -> Result<String, Refusal> {
        let since_1970 = Duration::from_secs(START + seconds);
        self.issuer.verify_at(token, Moment { since_1970, instant: self.start + Duration::from_secs(seconds) }).await
    }

    async fn accepts(&self, token: &str, seconds: u64) {
        assert_eq!(self.verify(token, seconds).await.as_deref(), Ok("tje0"), "{seconds}");
    }

    async fn refuses(&self, token: &str, seconds: u64, reason: &'static str) {
        assert_eq!(self.verify(token, seconds).await, Err(Refusal::Invalid(reason)), "{seconds} {token}");
    }

    async fn is_unavailable(&self, token: &str, seconds: u64, reason: &str) {
        match self.verify(token, seconds).await {
            Err(Refusal::Unavailable(said)) => assert!(said.contains(reason), "{said}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn valid_tokens_are_accepted() {
    let (rsa, ec) = (Signer::rsa(), Signer::ec());
    let fixture = Fixture::new(&[("r", &rsa), ("e", &ec)]).await;
    for (signer, id) in [(&rsa, "r"), (&ec, "e")] {
        fixture.accepts(&fixture.valid(signer, id), 0).await;
        let others = [
            json!({"aud": ["another", "erpsync"]}),
            json!({"nbf": null}),
            json!({"exp": 1_800_000_000.5}),
            json!({"exp": 99_999_999_999_u64, "more": {"deep": [null]}}),
        ];
        for other in others {
            fixture.accepts(&signer.token(id, &fixture.claims(&other)), 0).await;
        }
    }
    for header in [json!({}), json!({"typ": "at+JWT"}), json!({"jku": "http://127.0.0.1:1/", "x5u": "http://[::1]:1"})]
    {
        let mut whole = json!({"alg": "RS256", "kid": "r"});
        whole.as_object_mut().expect("an object").extend(header.as_object().expect("an object").clone());
        fixture.accepts(&rsa.sign(&whole, &fixture.claims(&json!({}))), 0).await;
    }
    assert_eq!(fixture.fake.requests(), (1, 1));
}

#[tokio::test]
async fn tokens_with_invalid_claims_are_refused() {
    let rsa = Signer::rsa();
    let fixture = Fixture::new(&[("r", &rsa)]).await;
    let url = &fixture.fake.url;
    let refused = [
        (json!({"iss": "https://id.example"}), "it is of another issuer"),
        (json!({"iss": format!("{url}/")}), "it is of another issuer"),
        (json!({"iss": [url]}), "it is of another issuer"),
        (json!({"iss": null}), "it is of another issuer"),
        (json!({"aud": "Erpsync"}), "it is for another audience"),
        (json!({"aud": ["another", 1]}), "it is for another audience"),
        (json!({"aud": [["erpsync"]]}), "it is for another audience"),
        (json!({"aud": []}), "it is for another audience"),
        (json!({"aud": null}), "it is for another audience"),
        (json!({"exp": null}), "it has no time of expiry"),
        (json!({"exp": "1900000000"}), "it has no time of expiry"),
        (json!({"exp": -1}), "it has expired"),
        (json!({"nbf": "1"}), "it is not valid yet"),
        (json!({"preferred_username": null, "sub": "tje0"}), "it holds no login name"),
        (json!({"preferred_username": ""}), "it holds no login name"),
        (json!({"preferred_username": 7}), "it holds no login name"),
        (json!({"preferred_username": ["tje0"]}), "it holds no login name"),
        (json!({"preferred_username": "tje0\0"}), "it holds no login name"),
    ];
    for (other, reason) in refused {
        fixture.refuses(&rsa.token("r", &fixture.claims(&other)), 0, reason).await;
    }
}

#[tokio::test]
async fn clocks_may_differ_by_a_minute() {
    let rsa = Signer::rsa();
    let fixture = Fixture::new(&[("r", &rsa)]).await;
    let token = rsa.token("r", &fixture.claims(&json!({"nbf": START + 160, "exp": START + 200})));
    fixture.refuses(&token, 99, "it is not valid yet").await;
    fixture.accepts(&token, 100).await;
    fixture.accepts(&token, 259).await;
    fixture.refuses(&token, 260, "it has expired").await;
}

#[tokio::test]
async fn the_algorithm_is_that_of_the_key() {
    let (rsa, ec) = (Signer::rsa(), Signer::ec());
    let fixture = Fixture::new(&[("r", &rsa), ("e", &ec)]).await;
    let claims = fixture.claims(&json!({}));
    let header = |algorithm: &str, id: &str| json!({"alg": algorithm, "typ": "JWT", "kid": id});

    for none in ["none", "None", "NONE", "", "RS255"] {
        let unsigned = unsigned(&header(none, "r"), &claims);
        fixture.refuses(&format!("{unsigned}."), 0, "its header cannot be read").await;
        fixture.refuses(&unsigned, 0, "its header cannot be read").await;
    }
    for other in ["RS384", "RS512", "PS256", "ES384", "EdDSA", "HS512"] {
        fixture.refuses(&rsa.sign(&header(other, "r"), &claims), 0, "its algorithm is neither RS256 nor ES256").await;
    }
    // The public key as the secret of an HMAC.
    let pem = include_str!("../../../tests/keys/rsa-public.pem");
    for secret in [pem, pem.trim_end()] {
        for algorithm in ["HS256", "RS256"] {
            let message = unsigned(&header(algorithm, "r"), &claims);
            let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
            mac.update(message.as_bytes());
            let token = format!("{message}.{}", encode(mac.finalize().into_bytes()));
            let reason = if algorithm == "HS256" {
                "its algorithm is neither RS256 nor ES256"
            } else {
                "its signature is wrong"
            };
            fixture.refuses(&token, 0, reason).await;
        }
    }
    fixture.refuses(&rsa.sign(&header("RS256", "e"), &claims), 0, "its key is for another algorithm").await;
    fixture.refuses(&ec.sign(&header("RS256", "e"), &claims), 0, "its key is for another algorithm").await;
    fixture.refuses(&ec.sign(&header("ES256", "r"), &claims), 0, "its key is for another algorithm").await;
    fixture.refuses(&ec.sign(&header("RS256", "r"), &claims), 0, "its signature is wrong").await;
    assert_eq!(fixture.fake.requests(), (1, 1));
}

#[tokio::test]
async fn manipulated_tokens_are_refused() {
    let (rsa, next, ec) = (Signer::rsa(), Signer::next_rsa(), Signer::ec());
    let fixture = Fixture::new(&[("r", &rsa), ("e", &ec)]).await;
    fixture.refuses(&fixture.valid(&next, "r"), 0, "its signature is wrong").await;
    for (signer, id) in [(&rsa, "r"), (&ec, "e")] {
        let token = fixture.valid(signer, id);
        let [header, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
        let other = encode(fixture.claims(&json!({"preferred_username": "adm0"})).to_string());
        fixture.refuses(&format!("{header}.{other}.{signature}"), 0, "its signature is wrong").await;
        fixture.refuses(&format!("{header}.{claims}."), 0, "its signature is wrong").await;
        fixture.refuses(&format!("{header}.{claims}.{}", encode([0; 64])), 0, "its signature is wrong").await;
        let first = if signature.starts_with('A') { 'B' } else { 'A' };
        fixture.refuses(&format!("{header}.{claims}.{first}{}", &signature[1..]), 0, "its signature is wrong").await;
    }
    let unusual_headers = [
        (json!({"typ": "logout+jwt"}), "it is of another type"),
        (json!({"crit": ["exp"]}), "it has critical extensions"),
        (json!({"kid": null}), "it does not name its key"),
        (json!({"jwk": next.public("r")}), "its signature is wrong"),
    ];
    for (more, reason) in unusual_headers {
        let mut header = json!({"alg": "RS256", "kid": "r"});
        header.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        fixture.refuses(&next.sign(&header, &fixture.claims(&json!({}))), 0, reason).await;
    }
}

#[tokio::test]
async fn malformed_tokens_are_refused_without_a_request() {
    let fixture = Fixture::new(&[]).await;
    let long = format!("{}.a.a", encode("x".repeat(MAX_TOKEN_BYTES)));
    for malformed in ["", ".", "..", "...", "a.b.c", "a.b.c.d", "e30.e30.", "bnVsbA.e30.e30", "\0.å.\u{1F600}", &long]
    {
        assert!(matches!(fixture.verify(malformed, 0).await, Err(Refusal::Invalid(_))), "{malformed}");
    }
    assert_eq!(fixture.fake.requests(), (0, 0));
}

#[tokio::test]
async fn signed_tokens_with_malformed_claims_are_refused() {
    let rsa = Signer::rsa();
    let fixture = Fixture::new(&[("r", &rsa)]).await;
    for claims in [json!(null), json!([]), json!("x"), json!(1)] {
        fixture.refuses(&rsa.token("r", &claims), 0, "it cannot be read").await;
    }
}

#[test]
fn invalid_settings_are_refused() {
    let new = |issuer: Option<&str>, audience: Option<&str>, claim: &str| {
        Issuer::new(&config::Oidc {
            issuer: issuer.map(ToOwned::to_owned),
            audience: audience.map(ToOwned::to_owned),
            claim: claim.to_owned(),
            ca: None,
        })
    };
    assert!(new(None, None, "sub").expect("settings").is_none());
    // No server listens on this port.
    assert!(new(Some("http://127.0.0.1:1"), Some("erpsync"), "sub").expect("settings").is_some());
    for (issuer, audience, claim, about) in [
        ("", Some("erpsync"), "sub", "--oidc-issuer"),
        ("http://id.example", Some("erpsync"), "sub", "--oidc-issuer"),
        ("https://id.example", Some(""), "sub", "--oidc-audience"),
        ("https://id.example", None, "sub", "--oidc-audience"),
        ("https://id.example", Some("erpsync"), "", "--oidc-claim"),
    ] {
        let problem = new(Some(issuer), audience, claim).expect_err("refused");
        assert!(problem.starts_with(about), "{problem}");
    }
}
