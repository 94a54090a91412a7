//! Traces at an OpenTelemetry collector. Only with the feature `opentelemetry`.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::support::wait::within_limit;
use crate::support::{Program, SAVE, TestDatabase, seed_request};

/// Starts a collector. Returns its URL, and a channel with the bodies that it receives.
async fn collector() -> (String, mpsc::UnboundedReceiver<Bytes>) {
    let (keep, kept) = mpsc::unbounded_channel();
    let take = |State(keep): State<mpsc::UnboundedSender<Bytes>>, body: Bytes| async move { keep.send(body).unwrap() };
    let app = Router::new().route("/v1/traces", post(take)).with_state(keep);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (format!("http://{address}"), kept)
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_a_span_of_the_clients_trace() {
    let (endpoint, mut kept) = collector().await;
    let database = TestDatabase::with_demo_data().await;
    let environment = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()), ("OTEL_BSP_SCHEDULE_DELAY", "100")];
    let program = Program::start_in(&environment, &["--database-url", &database.url(), "--log", "error"]);
    let trace: [u8; 16] = *b"sixteen bytes ok";
    let hex = format!("{:032x}", u128::from_be_bytes(trace));
    let request = program.post_request(SAVE, &seed_request());
    let request = request.header("traceparent", format!("00-{hex}-00f067aa0ba902b7-01"));
    assert_eq!(request.send().await.unwrap().status(), 200);

    let span = within_limit("the span of the request", async {
        loop {
            let sent = kept.recv().await.unwrap();
            if has(&sent, &trace) {
                return sent;
            }
        }
    })
    .await;
    for part in [SAVE, "request", "http.response.status_code", "service.name", "erpsync", "tje0"] {
        assert!(has(&span, part.as_bytes()), "{part}: {}", String::from_utf8_lossy(&span));
    }
    assert!(!has(&span, b"dGplMDpUamUw") && !has(&span, b"Tje0"), "no secret");
}
