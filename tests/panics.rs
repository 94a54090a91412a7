//! Panics and internal errors: the response and the log have the same reference, and the server survives.

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
    panic!("an internal secret")
}

/// Starts a server with the program's layers around two routes that fail and one that succeeds.
async fn start() -> String {
    let settings = CommandLine::try_parse_from(["erpsync"]).unwrap().serve;
    let faulty = Router::new()
        .route("/panic", get(fail))
        .route("/fault", get(async || Error::internal("an internal secret")))
        .route("/fine", get(async || "fine"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app(faulty, Router::new(), RequestMetrics::new([]), &settings);
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}

#[tokio::test]
async fn panics_and_internal_errors_are_500_with_a_reference() {
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
