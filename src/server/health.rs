//! The health checks: `/health/live` for the process, `/health/ready` for its ability to serve requests.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use serde_json::json;

use super::shutdown::ShutdownSignal;
use crate::protocol::agent::only;
use crate::store::Pool;
use crate::store::associates;

/// The time limit of the query that checks the database.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(2);

/// Returns the endpoints, which are public.
pub fn endpoints(pool: &Pool, shutdown: &ShutdownSignal) -> [(String, MethodRouter); 2] {
    let live = only("GET, HEAD", get(async || Json(json!({ "Status": "live" }))));
    let ready = only("GET, HEAD", get(ready)).with_state((pool.clone(), shutdown.clone()));
    [("/health/live".to_owned(), live), ("/health/ready".to_owned(), ready)]
}

async fn ready(State((pool, shutdown)): State<(Pool, ShutdownSignal)>) -> Response {
    let not_ready = |database: &str, status: &str| {
        (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "Status": status, "Database": database }))).into_response()
    };
    if shutdown.is_received() {
        return not_ready("unasked", "stopping");
    }
    match tokio::time::timeout(DATABASE_TIMEOUT, associates::ping(&pool)).await {
        Ok(Ok(())) => Json(json!({ "Status": "ready", "Database": "ok" })).into_response(),
        Ok(Err(_)) | Err(_) => not_ready("away", "not ready"),
    }
}
