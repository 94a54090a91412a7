//! The one extractor and the one responder that every agent method uses.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::carrier::Carrier;
use super::error::Error;
use super::localization::Localization;
use super::media_type::{self, Choice, Syntax, negotiate};
use super::operation::Takes;
use super::schema::{Describe, Schema};
use super::select::Selection;
use super::text::{Charset, decode};
use super::write::{View, Write};
use super::{form, json, shown, xml};

/// What a body may cost; put into every request by the server.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimits {
    /// In bytes, after unpacking.
    pub bytes: usize,
    /// From the headers to the last byte.
    pub time: Duration,
}

/// What the caller asked for: what the method takes, and how to answer.
pub struct Asked<I> {
    /// The request, already within its columns' limits.
    pub request: I,
    /// How the caller wants the answer.
    pub reply: Reply,
}

/// How the caller wants the answer: format, members, language.
#[derive(Clone, Debug)]
pub struct Reply {
    format: Choice,
    selection: Selection,
    localization: Localization,
}

impl Reply {
    /// What a request's headers and query ask for.
    #[must_use]
    pub fn to(request: &Parts) -> Self {
        Reply {
            format: negotiate(&request.headers),
            selection: request.uri.query().map_or(Selection::All, Selection::of_query),
            localization: Localization::of_headers(&request.headers),
        }
    }

    /// Writes a method's result.
    #[must_use]
    pub fn with<T: Write>(&self, result: &T) -> Response {
        let view = View::new(&self.selection, &self.localization);
        let mut response = write(result, view, &self.format);
        self.localization.add_headers(response.headers_mut());
        response
    }
}

/// What a rule gives: a value, or nothing, which is 204.
pub trait Answer {
    /// What it looks like; `None` where it is nothing.
    const SCHEMA: Option<Schema>;

    /// Answers with it.
    fn answer(&self, reply: &Reply) -> Response;
}

impl<T: Write + Describe> Answer for T {
    const SCHEMA: Option<Schema> = Some(T::schema);

    fn answer(&self, reply: &Reply) -> Response {
        reply.with(self)
    }
}

impl Answer for () {
    const SCHEMA: Option<Schema> = None;

    fn answer(&self, _: &Reply) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

/// Writes `value` in the format of the caller's choice.
pub(super) fn write<T: Write>(value: &T, view: View<'_>, format: &Choice) -> Response {
    let text = match format.media_type.syntax {
        Syntax::Xml => xml::write(value, view),
        Syntax::Json | Syntax::Form => json::write(value, view),
    };
    let mut response = text.into_response();
    response.headers_mut().insert(CONTENT_TYPE, format.media_type.header.clone());
    for looked_at in format.looked_at {
        response.headers_mut().append(VARY, HeaderValue::from_name(looked_at.clone()));
    }
    response
}

impl<S: Send + Sync> FromRequestParts<S> for Reply {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Reply::to(parts))
    }
}

/// What a method takes.
pub trait Input: Sized {
    /// Where it stands, and what it looks like.
    const TAKES: Takes;

    /// Reads it.
    ///
    /// # Errors
    /// 400, 415.
    fn read(parts: &Parts, body: &[u8]) -> Result<Self, Error>;
}

/// A carrier, in the body.
impl<C: Carrier> Input for C {
    const TAKES: Takes = Takes::Body(C::schema);

    fn read(parts: &Parts, body: &[u8]) -> Result<Self, Error> {
        let request = if body.is_empty() { None } else { read(&parts.headers, body)? };
        let request: C = request.ok_or_else(|| Error::argument("The request body is missing or null."))?;
        request.check_members(&super::At::Body).map_err(Error::validation)?;
        Ok(request)
    }
}

/// Nothing; the body is not looked at, as clients send `null` or an empty one.
impl Input for () {
    const TAKES: Takes = Takes::Nothing;

    fn read(_: &Parts, _: &[u8]) -> Result<Self, Error> {
        Ok(())
    }
}

/// A carrier whose members are parameters of the URL; the body is not looked at.
#[derive(Debug)]
pub struct Query<C>(pub C);

impl<C: Carrier> Input for Query<C> {
    const TAKES: Takes = Takes::Parameters(C::MEMBERS);

    fn read(parts: &Parts, _: &[u8]) -> Result<Self, Error> {
        let parameters: Option<C> = form::read(parts.uri.query().unwrap_or_default())?;
        Ok(Query(parameters.unwrap_or_default()))
    }
}

impl<I: Input, S: Send + Sync> FromRequest<S> for Asked<I> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        Self::read(request).await
    }
}

impl<I: Input> Asked<I> {
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
        Ok(Asked { request: I::read(&parts, &bytes)?, reply: Reply::to(&parts) })
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
        return Err(Error::unsupported_encoding(&format!("content encoding '{}'", shown(packing))));
    }
    let content_type = headers.get(CONTENT_TYPE).ok_or_else(Error::no_media_type)?;
    let content_type = content_type.to_str().unwrap_or_default();
    let media_type = media_type::of_body(content_type).ok_or_else(|| {
        Error::unsupported_media_type(&shown(content_type.split(';').next().unwrap_or_default().trim()))
    })?;
    let charset = match content_type.split(';').find_map(charset) {
        Some(name) => {
            Charset::named(name).ok_or_else(|| Error::unsupported_encoding(&format!("charset '{}'", shown(name))))?
        }
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

fn charset(parameter: &str) -> Option<&str> {
    let (name, value) = parameter.split_once('=')?;
    name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
}
