//! Basic authentication: valid and invalid credentials, the cache of passwords, throttling.

use std::time::Instant;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures::future::join_all;
use reqwest::Method;

use crate::support::client::{TJE0, client_builder};
use crate::support::{Answer, Program, SAVE, Server, seed_request};

async fn post_as(program: &Program, authorization: Option<&str>, body: &str) -> Answer {
    let mut request = program.request(Method::POST, SAVE).header("Content-Type", "application/json");
    if let Some(authorization) = authorization {
        request = request.header("Authorization", authorization);
    }
    Answer::of(request.body(body.to_owned()).send().await.unwrap()).await
}

fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{password}")))
}

#[track_caller]
fn assert_unauthorized(answer: &Answer) {
    assert_eq!(answer.status, 401, "{}", answer.text);
    let error_type = answer.json()["ErrorType"].clone();
    assert!(error_type == "SoSessionException" || error_type == "ArgumentException", "{}", answer.text);
    assert_eq!(answer.header("www-authenticate"), "Basic realm=\"SuperOffice Username or Ticket\"");
}

#[tokio::test]
async fn invalid_credentials_are_401_and_store_nothing() {
    let server = Server::start().await;
    let before = server.database.contents().await;
    let long = basic("tje0", &"x".repeat(20_000));
    for authorization in [
        None,
        Some(""),
        Some("Basic"),
        Some("Basic !"),
        Some("Basic dGplMA=="),
        Some("Bearer dGplMDpUamUw"),
        Some("SOTicket 7T:abc"),
        Some(basic("tje0", "tje0").as_str()),
        Some(basic("tje0", "").as_str()),
        Some(basic("", "").as_str()),
        Some(basic("unknown", "Tje0").as_str()),
        Some(basic("demo463", "").as_str()),
        Some(basic("tje0\0", "Tje0").as_str()),
        Some(long.as_str()),
    ] {
        assert_unauthorized(&post_as(&server.program, authorization, &seed_request()).await);
    }
    assert_eq!(server.database.contents().await, before);
}

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_get_the_same_response() {
    let server = Server::start().await;
    let unknown = post_as(&server.program, Some(&basic("unknown", "x")), "").await;
    let wrong = post_as(&server.program, Some(&basic("tje0", "x")), "").await;
    assert_eq!(unknown.text, wrong.text);
}

#[tokio::test]
async fn authentication_comes_before_validation_of_the_body() {
    let server = Server::start().await;
    for body in ["", "{", "null"] {
        assert_unauthorized(&post_as(&server.program, None, body).await);
    }
}

#[tokio::test]
async fn the_name_matches_in_any_letter_case_and_the_password_does_not() {
    let server = Server::start().await;
    for authorization in [basic("TJE0", "Tje0"), TJE0.replace("Basic", "bAsIc")] {
        assert_eq!(post_as(&server.program, Some(&authorization), &seed_request()).await.status, 200);
    }
    assert_unauthorized(&post_as(&server.program, Some(&basic("tje0", "TJE0")), &seed_request()).await);
}

#[tokio::test]
async fn a_change_of_an_associate_ends_its_cached_password_at_once() {
    let server = Server::start().await;
    let program = &server.program;
    assert_eq!(post_as(program, Some(TJE0), &seed_request()).await.status, 200);

    server.database.execute("UPDATE associate SET disabled = true WHERE name = 'tje0'").await;
    assert_unauthorized(&post_as(program, Some(TJE0), &seed_request()).await);
    server.database.execute("UPDATE associate SET disabled = false WHERE name = 'tje0'").await;
    assert_eq!(post_as(program, Some(TJE0), &seed_request()).await.status, 200);

    server.database.execute("UPDATE associate SET administrator = false WHERE name = 'tje0'").await;
    assert_eq!(post_as(program, Some(TJE0), &seed_request()).await.status, 403);
    server.database.execute("UPDATE associate SET administrator = true WHERE name = 'tje0'").await;

    server
        .database
        .execute(
            "UPDATE associate SET password_hash = (SELECT password_hash FROM associate WHERE name = 'tje1')
                  WHERE name = 'tje0'",
        )
        .await;
    assert_unauthorized(&post_as(program, Some(TJE0), &seed_request()).await);
    assert_eq!(post_as(program, Some(&basic("tje0", "Tje1")), &seed_request()).await.status, 200);
}

#[tokio::test]
async fn password_guessing_is_throttled_without_locking_the_associate_out() {
    let server = Server::start().await;
    assert_eq!(post_as(&server.program, Some(TJE0), &seed_request()).await.status, 200);
    let guesses: Vec<_> = (0..40).map(|guess| basic("tje0", &format!("guess{guess}"))).collect();
    let body = seed_request();
    let answers = join_all(guesses.iter().map(|guess| post_as(&server.program, Some(guess), &body))).await;
    let verified = answers.iter().filter(|answer| answer.status == 401).count();
    let throttled: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert_eq!(verified + throttled.len(), 40);
    let cores = std::thread::available_parallelism().unwrap().get();
    assert!((10..10 + cores).contains(&verified), "{verified} guesses were verified");
    throttled[0].assert_service_error(429, "SoSessionException", &["Too many wrong credentials"]);
    assert!((1..=61).contains(&throttled[0].header("retry-after").parse::<u32>().unwrap()));

    assert_eq!(
        post_as(&server.program, Some(TJE0), &seed_request()).await.status,
        200,
        "the cached password is accepted"
    );
    let other = post_as(&server.program, Some(crate::support::client::TJE1), &seed_request()).await;
    assert_eq!(other.status, 403, "another associate is not throttled");
}

#[tokio::test]
async fn a_thousand_guesses_from_one_address_do_not_lock_out_another_address() {
    const GUESSES: usize = 1_000;
    let server = Server::start().await;
    let wrong = basic("tje0", "guess");
    let other = client_builder().local_address(std::net::IpAddr::from([127, 0, 0, 2])).build().unwrap();
    let url = format!("http://{}{SAVE}", server.program.address);
    let began = Instant::now();
    let mut throttled = 0;
    for _ in 0..GUESSES / 100 {
        let guesses = join_all((0..100).map(|_| post_as(&server.program, Some(&wrong), "{}"))).await;
        throttled += guesses.iter().filter(|answer| answer.status == 429).count();
        let request = other.post(&url).header("Authorization", TJE0).header("Content-Type", "application/json");
        assert_eq!(request.body(seed_request()).send().await.unwrap().status(), 200);
    }
    // Each minute, 10 guesses are verified, and those that another core has begun to verify.
    let minutes = usize::try_from(began.elapsed().as_secs() / 60 + 1).unwrap();
    let cores = std::thread::available_parallelism().unwrap().get();
    assert!(throttled + minutes * (10 + cores) > GUESSES, "{throttled} of {GUESSES} were throttled");
}

#[tokio::test]
async fn the_log_has_no_secret_at_any_level() {
    let server = Server::start_with(&["--log", "trace"]).await;
    let body = seed_request().replace("ducimus", "S3cretConfig");
    assert_eq!(post_as(&server.program, Some(TJE0), &body).await.status, 200);
    let _ = post_as(&server.program, Some(&basic("tje0", "Wr0ngGuess")), &body).await;
    let _ = post_as(&server.program, Some(TJE0), &body.replace("\"S3cretConfig\"", "[\"S3cretConfig\"]")).await;
    let _ = post_as(&server.program, Some(TJE0), &body.replace("S3cretConfig", &"S3cretConfig".repeat(100))).await;
    server.program.wait_for_log("login refused").await;
    let log = server.program.log();
    assert!(log.contains("\"level\":\"DEBUG\""), "the log has every level");
    for secret in ["S3cretConfig", "Wr0ngGuess", "Tje0", "dGplMDpUamUw", "argon2id"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
