//! A fault in a rule: the caller gets a reference, the log has it too, and the server lives.

use axum::Router;
use axum::routing::get;
use clap::Parser;
use erpsync::config::CommandLine;
use erpsync::protocol::error::Error;
use erpsync::server::{RequestMetrics, app};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::support::client::http_client;

async fn fail() -> &'static str {
    panic!("a secret of the house")
}

/// What the program puts around its routes, around two that fail.
async fn start() -> String {
    let settings = CommandLine::try_parse_from(["erpsync"]).unwrap().serve;
    let faulty = Router::new()
        .route("/panic", get(fail))
        .route("/fault", get(async || Error::internal("a secret of the house")))
        .route("/fine", get(async || "fine"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app(faulty, Router::new(), RequestMetrics::new([]), &settings);
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}

#[tokio::test]
async fn a_panic_and_a_fault_are_500_with_a_reference_and_the_server_lives() {
    let server = start().await;
    let http = http_client();
    for path in ["/panic", "/fault", "/panic"] {
        let answer = http.get(format!("{server}{path}")).header("X-Request-Id", "ref-1").send().await.unwrap();
        assert_eq!(answer.status(), 500);
        assert_eq!(answer.headers()["x-request-id"], "ref-1");
        assert_eq!(answer.headers()["content-type"], "application/json; charset=utf-8");
        let text = answer.text().await.unwrap();
        let body: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(body["Message"], "An error has occurred.");
        assert_eq!(body["MessageDetail"], "The server's log has it under ref-1.");
        assert!(!text.contains("secret"), "{text}");
    }
    assert_eq!(http.get(format!("{server}/fine")).send().await.unwrap().text().await.unwrap(), "fine");
}
