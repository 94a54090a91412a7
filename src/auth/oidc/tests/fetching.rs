//! Tests of the fetching of the issuer's keys.

use axum::http::StatusCode;
use serde_json::json;

use super::fake::{DISCOVERY, FakeIssuer, KEYS, Signer};
use super::*;

#[tokio::test]
async fn unknown_keys_cause_one_fetch_a_minute() {
    let (rsa, next) = (Signer::rsa(), Signer::next_rsa());
    let fixture = Fixture::new(&[("old", &rsa)]).await;
    let rotated = fixture.valid(&next, "new");
    fixture.refuses(&rotated, 0, "its key is not one of the issuer's").await;
    assert_eq!(fixture.fake.requests(), (1, 1));

    fixture.fake.set_keys(&[("new", &next)]);
    for seconds in 0..60 {
        fixture.refuses(&rotated, seconds, "its key is not one of the issuer's").await;
        fixture
            .refuses(&fixture.valid(&rsa, &seconds.to_string()), seconds, "its key is not one of the issuer's")
            .await;
        fixture.accepts(&fixture.valid(&rsa, "old"), seconds).await;
    }
    assert_eq!(fixture.fake.requests(), (1, 1));
    fixture.accepts(&rotated, 60).await;
    assert_eq!(fixture.fake.requests(), (2, 2));
    fixture.refuses(&fixture.valid(&rsa, "old"), 61, "its key is not one of the issuer's").await;
    assert_eq!(fixture.fake.requests(), (2, 2));
}

#[tokio::test]
async fn keys_are_fetched_again_after_an_hour() {
    let (rsa, next) = (Signer::rsa(), Signer::next_rsa());
    let fixture = Fixture::new(&[("r", &rsa)]).await;
    let token = rsa.token("r", &fixture.claims(&json!({"exp": START + 10_000})));
    fixture.accepts(&token, 0).await;
    fixture.fake.set_keys(&[("r", &next)]);
    fixture.accepts(&token, 3599).await;
    assert_eq!(fixture.fake.requests(), (1, 1));
    fixture.refuses(&token, 3600, "its signature is wrong").await;
    assert_eq!(fixture.fake.requests(), (2, 2));
}

#[tokio::test]
async fn a_failed_first_fetch_is_repeated() {
    let rsa = Signer::rsa();
    let fixture = Fixture::new(&[("r", &rsa)]).await;
    let token = fixture.valid(&rsa, "r");
    fixture.fake.set_response(DISCOVERY, Some((StatusCode::SERVICE_UNAVAILABLE, String::new())));
    fixture.is_unavailable(&token, 0, "503").await;
    fixture.fake.set_discovery(&json!({"issuer": fixture.fake.url, "jwks_uri": format!("{}{KEYS}", fixture.fake.url)}));
    fixture.is_unavailable(&token, 9, "503").await;
    assert_eq!(fixture.fake.requests(), (1, 0));
    fixture.accepts(&token, 10).await;
    assert_eq!(fixture.fake.requests(), (2, 1));
}

#[tokio::test]
async fn old_keys_stay_valid_while_the_issuer_is_unavailable() {
    let rsa = Signer::rsa();
    let mut fixture = Fixture::new(&[("r", &rsa)]).await;
    let token = rsa.token("r", &fixture.claims(&json!({"exp": START + 100_000})));
    fixture.accepts(&token, 0).await;
    fixture.fake.stop().await;
    for seconds in [1, 3600, 3601, 90_000] {
        fixture.accepts(&token, seconds).await;
    }
    // The key may be a new one or a made-up one.
    fixture.is_unavailable(&fixture.valid(&rsa, "new"), 90_000, "error").await;
}

#[tokio::test]
async fn old_keys_stay_valid_during_a_fetch() {
    let rsa = Signer::rsa();
    let fixture = Fixture::new(&[("r", &rsa)]).await;
    let token = rsa.token("r", &fixture.claims(&json!({"exp": START + 10_000})));
    fixture.accepts(&token, 0).await;
    fixture.fake.set_response(DISCOVERY, None);
    let mut first = std::pin::pin!(fixture.verify(&token, 3600));
    assert!(futures::poll!(&mut first).is_pending());
    // Other requests do not wait for the fetch.
    assert!(futures::poll!(std::pin::pin!(fixture.verify(&token, 3600))).is_ready());
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_first_requests_share_one_fetch() {
    let rsa = Signer::rsa();
    for up in [true, false] {
        let fixture = Fixture::new(&[("r", &rsa)]).await;
        if !up {
            fixture.fake.set_response(KEYS, Some((StatusCode::NOT_FOUND, String::new())));
        }
        let token = fixture.valid(&rsa, "r");
        let fixture = Arc::new(fixture);
        let request = || {
            let (fixture, token) = (Arc::clone(&fixture), token.clone());
            tokio::spawn(async move { fixture.verify(&token, 0).await })
        };
        for verified in futures::future::join_all((0..50).map(|_| request())).await {
            match verified.expect("no panic") {
                Ok(name) => assert!(up && name == "tje0"),
                Err(refusal) => assert!(!up && matches!(refusal, Refusal::Unavailable(_))),
            }
        }
        assert_eq!(fixture.fake.requests(), (1, 1));
    }
}

#[tokio::test]
async fn a_fetch_continues_when_its_request_is_dropped() {
    let rsa = Signer::rsa();
    let fixture = Fixture::new(&[("r", &rsa)]).await;
    let token = fixture.valid(&rsa, "r");
    {
        let mut dropped = std::pin::pin!(fixture.verify(&token, 0));
        while fixture.fake.requests() == (0, 0) {
            assert!(futures::poll!(&mut dropped).is_pending());
            tokio::task::yield_now().await;
        }
    }
    fixture.accepts(&token, 0).await;
    assert_eq!(fixture.fake.requests(), (1, 1));
}

#[tokio::test]
async fn invalid_responses_of_the_issuer_give_no_keys() {
    let rsa = Signer::rsa();
    let ok = |body: String| Some((StatusCode::OK, body));
    let invalid = [
        (
            DISCOVERY,
            ok(json!({"issuer": "https://id.example", "jwks_uri": "http://127.0.0.1:1"}).to_string()),
            "another",
        ),
        (DISCOVERY, ok("{}".to_owned()), "cannot be read"),
        (DISCOVERY, Some((StatusCode::FOUND, String::new())), "302"),
        (KEYS, ok("<html>".to_owned()), "cannot be read"),
        (KEYS, Some((StatusCode::TEMPORARY_REDIRECT, String::new())), "307"),
    ];
    for (path, response, reason) in invalid {
        let fixture = Fixture::new(&[("r", &rsa)]).await;
        fixture.fake.set_response(path, response);
        fixture.is_unavailable(&fixture.valid(&rsa, "r"), 0, reason).await;
        assert_eq!(fixture.fake.requests(), (1, usize::from(path == KEYS)));
    }
    for url in ["http://id.example/keys", "http://192.0.2.1/keys", "file:///etc/passwd", "/keys", ""] {
        let fixture = Fixture::new(&[("r", &rsa)]).await;
        fixture.fake.set_discovery(&json!({"issuer": fixture.fake.url, "jwks_uri": url}));
        fixture.is_unavailable(&fixture.valid(&rsa, "r"), 0, "its jwks_uri is").await;
    }
}

#[tokio::test]
async fn responses_have_a_size_limit() {
    let rsa = Signer::rsa();
    let fixture = Fixture::new(&[("r", &rsa)]).await;
    let token = fixture.valid(&rsa, "r");
    let keys = json!({"keys": [rsa.public("r")]}).to_string();
    let padded = |bytes: usize| Some((StatusCode::OK, keys.clone() + &" ".repeat(bytes - keys.len())));
    fixture.fake.set_response(KEYS, padded(1024 * 1024 + 1));
    fixture.is_unavailable(&token, 0, "1048576 bytes").await;
    fixture.fake.set_response(KEYS, padded(1024 * 1024));
    fixture.accepts(&token, 10).await;
}

#[tokio::test]
async fn a_fetch_has_a_time_limit() {
    let rsa = Signer::rsa();
    for path in [DISCOVERY, KEYS] {
        let fixture = Fixture::with_timeout(FakeIssuer::start(&[("r", &rsa)]).await, Duration::from_millis(100));
        fixture.fake.set_response(path, None);
        fixture.is_unavailable(&fixture.valid(&rsa, "r"), 0, "no answer in time").await;
    }
}
