//! The log line of each request.
//!
//! The request and its effect (associate, action, entity) are fields of the span. The outcome (status, duration in
//! microseconds, client address, reason of a refusal) are fields of the event. The line of a streamed response is written
//! at its end.
//!
//! Headers, bodies and the query are never logged: they hold passwords and the settings of ERP systems.

use std::time::Instant;

use axum::extract::{OriginalUri, Request};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;
use tracing::field::{Empty, display};
use uuid::Uuid;

use super::streamed_body::{End, on_end};
use crate::auth::Client;
use crate::protocol::agent::REQUEST_ID;
use crate::protocol::error::LogReason;

/// The length of the longest request id that is accepted from a client.
const MAX_ID_BYTES: usize = 64;

/// The layer that gives each request an id, and logs its outcome. An id that the client sends is used if it is plain.
pub async fn log(mut request: Request, next: Next) -> Response {
    let id = request.headers().get(REQUEST_ID).filter(|id| is_plain(id.as_bytes())).cloned();
    let id = id.or_else(|| HeaderValue::try_from(Uuid::new_v4().to_string()).ok());
    let id = id.unwrap_or_else(|| HeaderValue::from_static("none"));
    request.headers_mut().insert(REQUEST_ID, id.clone());

    let path = request.extensions().get::<OriginalUri>().map_or_else(|| request.uri().path(), |uri| uri.path());
    let is_health_check = path.starts_with("/health/");
    let address = request.extensions().get::<Client>().map(|client| display(client.address));
    // The fields that are empty are recorded by authentication and by the agent's methods.
    let span = tracing::info_span!(
        "request",
        id = id.to_str().unwrap_or_default(),
        method = %request.method(),
        path,
        associate = Empty,
        action = Empty,
        entity_id = Empty,
        sent_id = Empty,
    );
    #[cfg(feature = "opentelemetry")]
    crate::telemetry::traces::begin(&span, request.method(), path, request.headers());
    let began = Instant::now();
    async move {
        let mut response = next.run(request).await;
        response.headers_mut().insert(REQUEST_ID, id);
        let status = response.status().as_u16();
        let refusal = response.extensions().get::<LogReason>().cloned();
        on_end(response, move |end| {
            let us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
            #[cfg(feature = "opentelemetry")]
            crate::telemetry::traces::end(&tracing::Span::current(), status, matches!(end, End::Failed(_)));
            let (outcome, refusal) = match end {
                End::Complete => ("answered", refusal),
                End::Failed(reason) => ("aborted", Some(reason)),
                End::Disconnected => {
                    let reason = "The connection ended before the response.".into();
                    ("aborted", Some(LogReason { error_type: None, reason }))
                }
            };
            let error = refusal.as_ref().and_then(|refusal| refusal.error_type);
            let reason = refusal.as_ref().map(|refusal| &*refusal.reason);
            // Health checks come every few seconds, and would hide the other requests.
            if is_health_check {
                tracing::debug!(status, us, address, error, reason, "{outcome}");
            } else {
                tracing::info!(status, us, address, error, reason, "{outcome}");
            }
        })
    }
    .instrument(span)
    .await
}

/// Whether an id can be logged as it is: it must not break the line or imitate another field.
fn is_plain(id: &[u8]) -> bool {
    (1..=MAX_ID_BYTES).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte))
}
