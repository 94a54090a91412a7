//! The one extractor of every agent method: reads the arguments from the body or the query.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::request::Parts;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::response::ResponseFormat;
use super::shape::RequestShape;
use crate::protocol::error::Error;
use crate::protocol::negotiate::{self, SUPPORTED, Syntax};
use crate::protocol::path::{Path, excerpt};
use crate::protocol::read::charset::{Charset, decode};
use crate::protocol::read::{form, json, xml};
use crate::protocol::value::Carrier;

/// The limits of a request body. The server puts them into the extensions of every request.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimits {
    /// The size in bytes, after decompression.
    pub bytes: usize,
    /// The time from the headers to the last byte.
    pub time: Duration,
}

/// A request to an agent: the arguments, and the format of the response.
pub struct AgentRequest<I> {
    /// The arguments, checked against the limits of their columns.
    pub arguments: I,
    /// The format that the response must have.
    pub format: ResponseFormat,
}

impl<I: Arguments, S: Send + Sync> FromRequest<S> for AgentRequest<I> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        Self::read(request).await
    }
}

impl<I: Arguments> AgentRequest<I> {
    /// Reads a request.
    ///
    /// # Errors
    /// 400, 408, 413, 415.
    pub async fn read(request: Request) -> Result<Self, Error> {
        let limits = *request
            .extensions()
            .get::<BodyLimits>()
            .ok_or_else(|| Error::internal("no body limits in the request"))?;
        let (parts, body) = request.into_parts();
        let bytes = receive(body, limits).await?;
        Ok(AgentRequest { arguments: I::read(&parts, &bytes)?, format: ResponseFormat::of_request(&parts) })
    }
}

/// The arguments of a method.
pub trait Arguments: Sized {
    /// Where the arguments are, and their schema.
    const SHAPE: RequestShape;

    /// Reads the arguments.
    ///
    /// # Errors
    /// 400, 415.
    fn read(parts: &Parts, body: &[u8]) -> Result<Self, Error>;
}

/// A carrier in the body.
impl<C: Carrier> Arguments for C {
    const SHAPE: RequestShape = RequestShape::Body(C::schema);

    fn read(parts: &Parts, body: &[u8]) -> Result<Self, Error> {
        let carrier = if body.is_empty() { None } else { read(&parts.headers, body)? };
        let carrier: C = carrier.ok_or_else(|| Error::argument("The request body is missing or null."))?;
        carrier.check_members(&Path::Body).map_err(|problem| Error::validation(format_args!("{problem}")))?;
        Ok(carrier)
    }
}

/// No arguments. The body is ignored: clients send `null` or an empty one.
impl Arguments for () {
    const SHAPE: RequestShape = RequestShape::Nothing;

    fn read(_: &Parts, _: &[u8]) -> Result<Self, Error> {
        Ok(())
    }
}

/// A carrier whose members are query parameters. The body is ignored.
#[derive(Debug)]
pub struct Query<C>(pub C);

impl<C: Carrier> Arguments for Query<C> {
    const SHAPE: RequestShape = RequestShape::Parameters(C::MEMBERS);

    fn read(parts: &Parts, _: &[u8]) -> Result<Self, Error> {
        let parameters: Option<C> = form::read(parts.uri.query().unwrap_or_default())?;
        Ok(Query(parameters.unwrap_or_default()))
    }
}

async fn receive(body: Body, limits: BodyLimits) -> Result<Bytes, Error> {
    let received = tokio::time::timeout(limits.time, Limited::new(body, limits.bytes).collect());
    match received.await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(problem)) if is_over_limit(problem.as_ref()) => Err(Error::body_too_large(limits.bytes)),
        // Invalid compressed data, or a client that has disconnected and does not read the response.
        Ok(Err(_)) => Err(Error::argument("The request body cannot be read to its end.")),
        Err(_) => Err(Error::body_timeout()),
    }
}

fn is_over_limit(problem: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(problem), |cause| cause.source()).any(<dyn std::error::Error>::is::<LengthLimitError>)
}

fn read<C: Carrier>(headers: &HeaderMap, body: &[u8]) -> Result<Option<C>, Error> {
    // The server has decompressed the encodings that it knows and has removed the header.
    let encoding = headers.get(CONTENT_ENCODING).map(|encoding| encoding.to_str().unwrap_or("?"));
    if let Some(encoding) = encoding.filter(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        return Err(Error::unsupported_encoding("content encoding", &excerpt(encoding)));
    }
    let content_type = headers.get(CONTENT_TYPE).ok_or_else(|| Error::missing_content_type(SUPPORTED))?;
    let content_type = content_type.to_str().unwrap_or_default();
    let media_type = negotiate::of_body(content_type).ok_or_else(|| {
        let name = content_type.split(';').next().unwrap_or_default().trim();
        Error::unsupported_media_type(&excerpt(name), SUPPORTED)
    })?;
    let charset = match content_type.split(';').find_map(charset) {
        Some(name) => Charset::named(name).ok_or_else(|| Error::unsupported_encoding("charset", &excerpt(name)))?,
        None => Charset::Utf8,
    };
    let text = decode(body, charset).ok_or_else(|| {
        Error::argument("The request body is not UTF-8, nor the UTF-16 that its Content-Type can name. Send UTF-8.")
    })?;
    match media_type.syntax {
        Syntax::Json => json::read(&text),
        Syntax::Xml => xml::read(&text),
        Syntax::Form => form::read(&text),
    }
}

/// Returns the value of a `charset` parameter.
fn charset(parameter: &str) -> Option<&str> {
    let (name, value) = parameter.split_once('=')?;
    name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
}
