//! Discards the rest of a refused request's body before the response is sent.
//!
//! If the server sent the response and closed the connection while the client still sends, the client's TCP stack would
//! discard the response, and the client would report a broken connection instead of the error.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header::EXPECT;
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt;
use hyper::body::Frame;

/// The maximum number of bytes that are discarded.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// The time limit for discarding.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The layer that discards the rest of the body of each request that is answered with an error.
///
/// It has to be outside of the layer that decompresses bodies, so that discarding takes no CPU time.
pub async fn discard_body(request: Request, next: Next) -> Response {
    // The client sends no body before the server asks for it, which it does not after an error.
    let expects_continue = request.headers().contains_key(EXPECT);
    let mut rest = None;
    let request = request.map(|body| {
        let shared = SharedBody(Arc::new(Mutex::new(body)));
        rest = Some(shared.clone());
        Body::new(shared)
    });
    let response = next.run(request).await;
    if let Some(rest) = rest.filter(|_| response.status().as_u16() >= 400 && !expects_continue) {
        let _ = tokio::time::timeout(TIMEOUT, discard(rest)).await;
    }
    response
}

async fn discard(mut rest: SharedBody) {
    let mut bytes = 0;
    while bytes < MAX_BYTES
        && let Some(Ok(frame)) = rest.frame().await
    {
        bytes += frame.data_ref().map_or(0, Bytes::len);
    }
}

/// A body with two handles, which are not read at the same time: the second continues where the first has stopped.
#[derive(Clone)]
struct SharedBody(Arc<Mutex<Body>>);

impl HttpBody for SharedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if body.is_end_stream() {
            return Poll::Ready(None);
        }
        Pin::new(&mut *body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_end_stream()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).size_hint()
    }
}
