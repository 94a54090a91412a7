//! The one extractor and the one responder that every agent method uses.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Serialize;

use super::carrier::Carrier;
use super::error::Error;
use super::json;

/// How answers in JSON are labelled.
pub const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// The media types that are read as JSON: the vendor labels its patch formats the same way in and out, and reads
/// both into the carrier.
const JSON_FAMILY: [&str; 4] =
    ["application/json", "text/json", "application/json-patch+json", "application/merge-patch+json"];

/// What a body may cost; put into every request by the server.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimits {
    /// In bytes, after unpacking.
    pub bytes: usize,
    /// From the headers to the last byte.
    pub time: Duration,
}

/// What the caller asked for: the method's request carrier, and how to answer.
pub struct Asked<C> {
    /// The request, already within its columns' limits.
    pub request: C,
    /// How the caller wants the answer.
    pub reply: Reply,
}

/// How the caller wants the answer.
#[derive(Clone, Copy, Debug)]
pub struct Reply;

impl Reply {
    /// Writes a method's result.
    #[must_use]
    pub fn with<T: Serialize>(self, result: &T) -> Response {
        match serde_json::to_vec(result) {
            Ok(text) => ([(CONTENT_TYPE, JSON)], text).into_response(),
            Err(cause) => Error::internal(cause).into_response(),
        }
    }
}

impl<C: Carrier, S: Send + Sync> FromRequest<S> for Asked<C> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        let limits = *request
            .extensions()
            .get::<BodyLimits>()
            .ok_or_else(|| Error::internal("no body limits in the request"))?;
        let (parts, body) = request.into_parts();
        let bytes = receive(body, limits).await?;
        let request = if bytes.is_empty() { None } else { read(&parts.headers, &bytes)? };
        let request: C = request.ok_or_else(|| Error::argument("The request body is missing or null."))?;
        request.check_members(&super::At::Body).map_err(Error::validation)?;
        Ok(Asked { request, reply: Reply })
    }
}

async fn receive(body: Body, limits: BodyLimits) -> Result<Bytes, Error> {
    let received = tokio::time::timeout(limits.time, Limited::new(body, limits.bytes).collect());
    match received.await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(problem)) if is_over_limit(problem.as_ref()) => Err(Error::body_too_large(limits.bytes)),
        // The packing is broken, or the client went away; then nobody reads this.
        Ok(Err(_)) => Err(Error::argument("The request body cannot be read to its end.")),
        Err(_) => Err(Error::body_too_slow()),
    }
}

fn is_over_limit(problem: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(problem), |cause| cause.source()).any(<dyn std::error::Error>::is::<LengthLimitError>)
}

fn read<C: Carrier>(headers: &HeaderMap, body: &[u8]) -> Result<Option<C>, Error> {
    // The server has unpacked what it knows and taken the header away.
    let packing = headers.get(CONTENT_ENCODING).map(|packing| packing.to_str().unwrap_or("?"));
    if let Some(packing) = packing.filter(|packing| !packing.eq_ignore_ascii_case("identity")) {
        return Err(Error::unsupported_encoding(&format!("content encoding '{packing}'")));
    }
    let content_type = headers.get(CONTENT_TYPE).ok_or_else(Error::no_media_type)?;
    let content_type = content_type.to_str().unwrap_or_default();
    let mut parts = content_type.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    if !JSON_FAMILY.iter().any(|known| known.eq_ignore_ascii_case(media_type)) {
        return Err(Error::unsupported_media_type(media_type));
    }
    if let Some(charset) = parts.find_map(charset).filter(|charset| !is_utf8(charset)) {
        return Err(Error::unsupported_encoding(&format!("charset '{charset}'")));
    }
    json::read(body)
}

fn charset(parameter: &str) -> Option<&str> {
    let (name, value) = parameter.split_once('=')?;
    name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
}

fn is_utf8(charset: &str) -> bool {
    ["utf-8", "utf8", "us-ascii"].iter().any(|known| known.eq_ignore_ascii_case(charset))
}
