//! Bearer with a token of an OpenID Connect issuer; what makes a token good or not is tested beside the code.

use reqwest::Method;
use serde_json::{Value, json};

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
async fn a_token_of_the_issuer_stands_for_the_associate_that_it_names() {
    let signer = Signer::ec();
    let issuer = FakeIssuer::start(&[("key-1", &signer)]).await;
    let server = Server::start_with(&["--oidc-issuer", &issuer.url, "--oidc-audience", "erpsync"]).await;
    let token = |name: &str| signer.token("key-1", &claims(&issuer, name));
    assert_eq!(save(&server, &token("TJE0")).await.status, 200);
    assert_eq!(save(&server, &token("tje1")).await.status, 403);
    let before = server.database.contents().await;
    for refused in [token("nobody"), Signer::rsa().token("key-1", &claims(&issuer, "tje0")), "a.b.c".to_owned()] {
        let answer = save(&server, &refused).await;
        answer.assert_service_error(401, "SoSessionException", &["not valid"]);
        assert!(answer.header("www-authenticate").starts_with("Basic"));
    }
    server.database.execute("UPDATE associate SET disabled = true WHERE name = 'tje0'").await;
    assert_eq!(save(&server, &token("tje0")).await.status, 401, "disabled since the token was issued");
    server.database.execute("UPDATE associate SET disabled = false WHERE name = 'tje0'").await;
    assert_eq!(server.database.contents().await, before);
    assert_eq!(issuer.asked(), (1, 1), "the keys are fetched once");

    // It takes part in the rest: currentToken gives a token of our own, which needs the issuer no more.
    let request = server.program.request(Method::GET, "/api/v1/User/currentToken");
    let request = request.header("Authorization", format!("Bearer {}", token("tje0"))).header("Accept", "text/json");
    let own = Answer::of(request.send().await.unwrap()).await.json().as_str().unwrap().to_owned();
    drop(issuer);
    assert_eq!(save(&server, &own).await.status, 200);
    assert!(!server.program.log().contains(&own));
}

#[tokio::test]
async fn without_the_issuers_keys_it_is_503_and_the_rest_works() {
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
async fn without_an_issuer_the_door_is_closed() {
    let signer = Signer::ec();
    let issuer = FakeIssuer::start(&[("key-1", &signer)]).await;
    let server = Server::start().await;
    assert_eq!(save(&server, &signer.token("key-1", &claims(&issuer, "tje0"))).await.status, 401);
    assert_eq!(issuer.asked(), (0, 0));
    let done = crate::support::program::run(&["--oidc-issuer", "https://id.example"]);
    assert_eq!(done.status.code(), Some(2), "an issuer without an audience");
}
