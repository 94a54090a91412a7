//! Refuses requests that repeat a header of which only one value can count.

use axum::extract::Request;
use axum::http::HeaderName;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::middleware::Next;
use axum::response::Response;

use crate::protocol::error::Error;

/// The headers that a request may have once at most, with their usual spelling.
const UNIQUE: [(HeaderName, &str); 3] = [
    (AUTHORIZATION, "Authorization"),
    (CONTENT_TYPE, "Content-Type"),
    (HeaderName::from_static("so-apptoken"), "SO-AppToken"),
];

/// The layer that refuses a request with a repeated header.
///
/// Programs in front of this one may read another of the values than this one, so that picking one is not safe.
///
/// # Errors
/// 400.
pub async fn refuse_repeated(request: Request, next: Next) -> Result<Response, Error> {
    let repeated = UNIQUE.into_iter().find(|(name, _)| request.headers().get_all(name).iter().nth(1).is_some());
    match repeated {
        Some((_, spelling)) => Err(Error::argument(format_args!(
            "The {spelling} HTTP header is in the request more than once. Send it once."
        ))),
        None => Ok(next.run(request).await),
    }
}
