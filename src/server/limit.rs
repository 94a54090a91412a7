//! Limits on the number of concurrent requests and on the duration of each.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tower_http::timeout::{TimeoutBody, TimeoutError};

use super::streamed_body::on_end;
use crate::config::Limits;
use crate::connector::deadline::with_deadline;
use crate::protocol::agent::{BodyLimits, Streamed};
use crate::protocol::error::Error;

/// How long a request waits for others to finish before it is refused with 503.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(1);

/// The time that a request has left after its calls of connectors, at most.
const TIME_TO_RESPOND: Duration = Duration::from_secs(1);

/// The limits of requests; shared by all of them.
pub struct RequestLimits {
    concurrency: Arc<Semaphore>,
    timeout: Duration,
    body: BodyLimits,
}

impl RequestLimits {
    /// Creates the limits from their settings.
    pub fn new(settings: &Limits) -> Self {
        RequestLimits {
            concurrency: Arc::new(Semaphore::new(settings.max_requests as usize)),
            timeout: settings.request_timeout,
            body: BodyLimits { bytes: settings.max_body_bytes as usize, time: settings.body_timeout },
        }
    }

    /// Returns the moment at which the calls of connectors end that a request makes which begins now. Some of the request's
    /// time is left for its response.
    fn deadline_of_calls(&self) -> Instant {
        Instant::now() + self.timeout.saturating_sub((self.timeout / 10).min(TIME_TO_RESPOND))
    }
}

/// The layer that enforces the limits, and hands [`BodyLimits`] to the reader of the body.
///
/// A streamed response counts as a request in progress until its end. The limit of the time applies to each part of it,
/// as the time of the whole depends on the client.
///
/// # Errors
/// 503 where too many requests are in progress, 504 where the request takes too long.
pub async fn limit(
    State(limits): State<Arc<RequestLimits>>,
    mut request: Request,
    next: Next,
) -> Result<Response, Error> {
    let Ok(Ok(permit)) = timeout(QUEUE_TIMEOUT, Arc::clone(&limits.concurrency).acquire_owned()).await else {
        return Err(Error::busy());
    };
    request.extensions_mut().insert(limits.body);
    let work = with_deadline(limits.deadline_of_calls(), next.run(request));
    let mut response = timeout(limits.timeout, work).await.map_err(|_| Error::timed_out())?;
    if response.extensions().get::<Streamed>().is_some() {
        response = response.map(|body| {
            let limited = TimeoutBody::new(limits.timeout, body);
            Body::new(
                limited
                    .map_err(|problem| if problem.is::<TimeoutError>() { Error::timed_out().into() } else { problem }),
            )
        });
    }
    Ok(on_end(response, |_| drop(permit)))
}
