//! Limits on the number of concurrent requests and on the duration of each.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::config::Limits;
use crate::protocol::agent::BodyLimits;
use crate::protocol::error::Error;

/// How long a request waits for others to finish before it is refused with 503.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(1);

/// The limits of requests; shared by all of them.
pub struct RequestLimits {
    concurrency: Semaphore,
    timeout: Duration,
    body: BodyLimits,
}

impl RequestLimits {
    /// Creates the limits from their settings.
    pub fn new(settings: &Limits) -> Self {
        RequestLimits {
            concurrency: Semaphore::new(settings.max_requests as usize),
            timeout: settings.request_timeout,
            body: BodyLimits { bytes: settings.max_body_bytes as usize, time: settings.body_timeout },
        }
    }
}

/// The layer that enforces the limits, and hands [`BodyLimits`] to the reader of the body.
///
/// # Errors
/// 503 where too many requests are in progress, 504 where the request takes too long.
pub async fn limit(
    State(limits): State<Arc<RequestLimits>>,
    mut request: Request,
    next: Next,
) -> Result<Response, Error> {
    let Ok(Ok(_permit)) = timeout(QUEUE_TIMEOUT, limits.concurrency.acquire()).await else {
        return Err(Error::busy());
    };
    request.extensions_mut().insert(limits.body);
    timeout(limits.timeout, next.run(request)).await.map_err(|_| Error::timed_out())
}
