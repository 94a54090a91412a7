//! One line for each request, and the id that ties its lines together.
//!
//! Headers and bodies are never logged: they hold passwords and the settings of ERP systems. Nor is the query: it is
//! the caller's text.

use std::time::Instant;

use axum::extract::{OriginalUri, Request};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;
use uuid::Uuid;

use crate::protocol::agent::REQUEST_ID;

/// The longest id that is taken from a caller.
const MAX_ID_BYTES: usize = 64;

/// Gives the request an id, the caller's own where it is a plain word, and logs how it ended.
pub async fn log(mut request: Request, next: Next) -> Response {
    let id = request.headers().get(REQUEST_ID).filter(|id| is_plain(id.as_bytes())).cloned();
    let id = id.or_else(|| HeaderValue::try_from(Uuid::new_v4().to_string()).ok());
    let id = id.unwrap_or_else(|| HeaderValue::from_static("none"));
    request.headers_mut().insert(REQUEST_ID, id.clone());

    let path = request.extensions().get::<OriginalUri>().map_or_else(|| request.uri().path(), |uri| uri.path());
    let is_health_check = path.starts_with("/health/");
    let span = tracing::info_span!(
        "request",
        id = id.to_str().unwrap_or_default(),
        method = %request.method(),
        path,
        associate = tracing::field::Empty,
    );
    #[cfg(feature = "opentelemetry")]
    crate::telemetry::traces::begin(&span, request.method(), path, request.headers());
    let began = Instant::now();
    async move {
        let mut response = next.run(request).await;
        response.headers_mut().insert(REQUEST_ID, id);
        let status = response.status().as_u16();
        let us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        #[cfg(feature = "opentelemetry")]
        crate::telemetry::traces::end(&tracing::Span::current(), status);
        // Asked every few seconds, for as long as the server lives.
        if is_health_check {
            tracing::debug!(status, us, "answered");
        } else {
            tracing::info!(status, us, "answered");
        }
        response
    }
    .instrument(span)
    .await
}

/// An id goes into the log as it is, so it may not break the line or look like something else.
fn is_plain(id: &[u8]) -> bool {
    (1..=MAX_ID_BYTES).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte))
}
