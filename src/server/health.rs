//! `/health/live`: the process answers. `/health/ready`: it can do its work.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use serde_json::json;

use super::listen::Stop;
use crate::protocol::agent::only;
use crate::store::Pool;
use crate::store::associates;

/// How long the database may take to answer before it counts as away.
const PATIENCE: Duration = Duration::from_secs(2);

/// Returns the endpoints; neither asks for a login.
pub fn endpoints(pool: &Pool, stop: &Stop) -> [(String, MethodRouter); 2] {
    let live = only("GET, HEAD", get(async || Json(json!({ "Status": "live" }))));
    let ready = only("GET, HEAD", get(ready)).with_state((pool.clone(), stop.clone()));
    [("/health/live".to_owned(), live), ("/health/ready".to_owned(), ready)]
}

async fn ready(State((pool, stop)): State<(Pool, Stop)>) -> Response {
    let not_ready = |database: &str, status: &str| {
        (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "Status": status, "Database": database }))).into_response()
    };
    if stop.is_asked() {
        return not_ready("unasked", "stopping");
    }
    match tokio::time::timeout(PATIENCE, associates::ping(&pool)).await {
        Ok(Ok(())) => Json(json!({ "Status": "ready", "Database": "ok" })).into_response(),
        Ok(Err(_)) | Err(_) => not_ready("away", "not ready"),
    }
}
