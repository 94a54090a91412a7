//! The end of responses whose body is still being written when the headers are sent.
//!
//! A layer that has something to do when a request ends leaves it to [`on_end`].

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};
use tracing::Span;

use crate::protocol::agent::Streamed;
use crate::protocol::error::{Error, LogReason};

/// How a response ended.
#[derive(Debug)]
pub enum End {
    /// The body is complete, or is sent as a whole.
    Complete,
    /// The body was aborted because of an error.
    Failed(LogReason),
    /// The connection ended before the body.
    Disconnected,
}

/// Calls `at_end` when the response ends: at once, unless its body is streamed. The body is written in the current span.
pub fn on_end(response: Response, at_end: impl FnOnce(End) + Send + 'static) -> Response {
    if response.extensions().get::<Streamed>().is_none() {
        at_end(End::Complete);
        return response;
    }
    response.map(|body| Body::new(ObservedBody { body, span: Span::current(), at_end: Some(Box::new(at_end)) }))
}

struct ObservedBody {
    body: Body,
    span: Span,
    at_end: Option<Box<dyn FnOnce(End) + Send>>,
}

impl ObservedBody {
    fn end(&mut self, end: End) {
        if let Some(at_end) = self.at_end.take() {
            self.span.in_scope(|| at_end(end));
        }
    }
}

impl HttpBody for ObservedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let polled = this.span.in_scope(|| Pin::new(&mut this.body).poll_frame(context));
        match &polled {
            Poll::Ready(None) => this.end(End::Complete),
            Poll::Ready(Some(Err(problem))) => this.end(End::Failed(reason(problem))),
            Poll::Ready(Some(Ok(_))) if this.body.is_end_stream() => this.end(End::Complete),
            _ => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for ObservedBody {
    fn drop(&mut self) {
        self.end(End::Disconnected);
    }
}

fn reason(problem: &axum::Error) -> LogReason {
    let mut causes = std::iter::successors(Some(problem as &(dyn std::error::Error + 'static)), |cause| cause.source());
    let known = causes.find_map(|cause| cause.downcast_ref::<Error>());
    known.map_or_else(|| LogReason { error_type: None, reason: problem.to_string().into() }, Error::log_reason)
}
