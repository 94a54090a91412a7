//! When the issuer is asked for its keys, and what it may answer.

use axum::http::StatusCode;
use serde_json::json;

use super::fake::{DISCOVERY, FakeIssuer, KEYS, Signer};
use super::*;

#[tokio::test]
async fn an_unknown_key_is_asked_for_once_a_minute() {
    let (rsa, next) = (Signer::rsa(), Signer::next_rsa());
    let house = House::with(&[("old", &rsa)]).await;
    let rotated = house.good(&next, "new");
    house.refuses(&rotated, 0, "its key is not one of the issuer's").await;
    assert_eq!(house.fake.asked(), (1, 1));

    house.fake.publishes(&[("new", &next)]);
    for seconds in 0..60 {
        house.refuses(&rotated, seconds, "its key is not one of the issuer's").await;
        house.refuses(&house.good(&rsa, &seconds.to_string()), seconds, "its key is not one of the issuer's").await;
        house.lets_in(&house.good(&rsa, "old"), seconds).await;
    }
    assert_eq!(house.fake.asked(), (1, 1));
    house.lets_in(&rotated, 60).await;
    assert_eq!(house.fake.asked(), (2, 2));
    house.refuses(&house.good(&rsa, "old"), 61, "its key is not one of the issuer's").await;
    assert_eq!(house.fake.asked(), (2, 2));
}

#[tokio::test]
async fn keys_are_asked_for_again_after_an_hour() {
    let (rsa, next) = (Signer::rsa(), Signer::next_rsa());
    let house = House::with(&[("r", &rsa)]).await;
    let token = rsa.token("r", &house.claims(&json!({"exp": START + 10_000})));
    house.lets_in(&token, 0).await;
    house.fake.publishes(&[("r", &next)]);
    house.lets_in(&token, 3599).await;
    assert_eq!(house.fake.asked(), (1, 1));
    house.refuses(&token, 3600, "its signature is wrong").await;
    assert_eq!(house.fake.asked(), (2, 2));
}

#[tokio::test]
async fn an_issuer_that_is_away_at_first_is_asked_again() {
    let rsa = Signer::rsa();
    let house = House::with(&[("r", &rsa)]).await;
    let token = house.good(&rsa, "r");
    house.fake.answers(DISCOVERY, Some((StatusCode::SERVICE_UNAVAILABLE, String::new())));
    house.cannot_tell(&token, 0, "503").await;
    house.fake.discovers(&json!({"issuer": house.fake.url, "jwks_uri": format!("{}{KEYS}", house.fake.url)}));
    house.cannot_tell(&token, 9, "503").await;
    assert_eq!(house.fake.asked(), (1, 0));
    house.lets_in(&token, 10).await;
    assert_eq!(house.fake.asked(), (2, 1));
}

#[tokio::test]
async fn old_keys_do_while_the_issuer_is_away() {
    let rsa = Signer::rsa();
    let mut house = House::with(&[("r", &rsa)]).await;
    let token = rsa.token("r", &house.claims(&json!({"exp": START + 100_000})));
    house.lets_in(&token, 0).await;
    house.fake.stop().await;
    for seconds in [1, 3600, 3601, 90_000] {
        house.lets_in(&token, seconds).await;
    }
    // Whether this is a new key or a made-up one, nobody can tell.
    house.cannot_tell(&house.good(&rsa, "new"), 90_000, "error").await;
}

#[tokio::test]
async fn old_keys_do_while_new_ones_are_fetched() {
    let rsa = Signer::rsa();
    let house = House::with(&[("r", &rsa)]).await;
    let token = rsa.token("r", &house.claims(&json!({"exp": START + 10_000})));
    house.lets_in(&token, 0).await;
    house.fake.answers(DISCOVERY, None);
    let mut first = std::pin::pin!(house.verify(&token, 3600));
    assert!(futures::poll!(&mut first).is_pending());
    // The others do not wait with the first.
    assert!(futures::poll!(std::pin::pin!(house.verify(&token, 3600))).is_ready());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_first_requests_make_one_fetch() {
    let rsa = Signer::rsa();
    for up in [true, false] {
        let house = House::with(&[("r", &rsa)]).await;
        if !up {
            house.fake.answers(KEYS, Some((StatusCode::NOT_FOUND, String::new())));
        }
        let token = house.good(&rsa, "r");
        let house = Arc::new(house);
        let request = || {
            let (house, token) = (Arc::clone(&house), token.clone());
            tokio::spawn(async move { house.verify(&token, 0).await })
        };
        for answer in futures::future::join_all((0..50).map(|_| request())).await {
            match answer.expect("no panic") {
                Ok(name) => assert!(up && name == "tje0"),
                Err(refusal) => assert!(!up && matches!(refusal, Refusal::Unavailable(_))),
            }
        }
        assert_eq!(house.fake.asked(), (1, 1));
    }
}

#[tokio::test]
async fn a_caller_that_hangs_up_leaves_the_fetch_to_the_others() {
    let rsa = Signer::rsa();
    let house = House::with(&[("r", &rsa)]).await;
    let token = house.good(&rsa, "r");
    {
        let mut gone = std::pin::pin!(house.verify(&token, 0));
        while house.fake.asked() == (0, 0) {
            assert!(futures::poll!(&mut gone).is_pending());
            tokio::task::yield_now().await;
        }
    }
    house.lets_in(&token, 0).await;
    assert_eq!(house.fake.asked(), (1, 1));
}

#[tokio::test]
async fn an_issuer_that_is_wrong_has_no_keys() {
    let rsa = Signer::rsa();
    let ok = |body: String| Some((StatusCode::OK, body));
    let wrong = [
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
    for (path, answer, reason) in wrong {
        let house = House::with(&[("r", &rsa)]).await;
        house.fake.answers(path, answer);
        house.cannot_tell(&house.good(&rsa, "r"), 0, reason).await;
        assert_eq!(house.fake.asked(), (1, usize::from(path == KEYS)));
    }
    for place in ["http://id.example/keys", "http://192.0.2.1/keys", "file:///etc/passwd", "/keys", ""] {
        let house = House::with(&[("r", &rsa)]).await;
        house.fake.discovers(&json!({"issuer": house.fake.url, "jwks_uri": place}));
        house.cannot_tell(&house.good(&rsa, "r"), 0, "its jwks_uri is").await;
    }
}

#[tokio::test]
async fn answers_have_a_limit() {
    let rsa = Signer::rsa();
    let house = House::with(&[("r", &rsa)]).await;
    let token = house.good(&rsa, "r");
    let keys = json!({"keys": [rsa.public("r")]}).to_string();
    let padded = |bytes: usize| Some((StatusCode::OK, keys.clone() + &" ".repeat(bytes - keys.len())));
    house.fake.answers(KEYS, padded(1024 * 1024 + 1));
    house.cannot_tell(&token, 0, "1048576 bytes").await;
    house.fake.answers(KEYS, padded(1024 * 1024));
    house.lets_in(&token, 10).await;
}

#[tokio::test]
async fn a_silent_issuer_is_not_waited_for() {
    let rsa = Signer::rsa();
    for path in [DISCOVERY, KEYS] {
        let house = House::trusting(FakeIssuer::start(&[("r", &rsa)]).await, Duration::from_millis(100));
        house.fake.answers(path, None);
        house.cannot_tell(&house.good(&rsa, "r"), 0, "no answer in time").await;
    }
}
