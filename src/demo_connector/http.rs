//! The HTTP endpoint: SOAP by POST, the description of the service by GET.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ALLOW, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::service::{self, Reply};
use super::wsdl;
use crate::connector::envelope::CONTENT_TYPE as SOAP;
use crate::store::Pool;

const SOAP_ACTION: HeaderName = HeaderName::from_static("soapaction");
const METHODS: &str = "GET, HEAD, POST";

/// The limits of a request's body.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The size in bytes.
    pub bytes: usize,
    /// The time from the headers to the last byte.
    pub time: Duration,
}

/// Responds to a request. `url` is that of the endpoint, and needs no escape in XML. Statuses and faults are those of WCF.
pub async fn respond(pool: &Pool, url: &str, limits: Limits, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if parts.method == Method::GET || parts.method == Method::HEAD {
        let asks_for_wsdl = parts.uri.query().is_some_and(|query| query.to_ascii_lowercase().starts_with("wsdl"));
        return if asks_for_wsdl { xml(StatusCode::OK, wsdl::document(url)) } else { page(url) };
    }
    if parts.method != Method::POST {
        return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, METHODS)]).into_response();
    }
    if !is_soap(&parts.headers) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let body = match receive(body, limits).await {
        Ok(body) => body,
        Err(status) => return status.into_response(),
    };
    let document = std::str::from_utf8(body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&body));
    let Ok(document) = document else { return StatusCode::BAD_REQUEST.into_response() };
    let action = header(&parts.headers, &SOAP_ACTION).trim().trim_matches('"');
    match service::respond(pool, action, document).await {
        Reply::Result(envelope) => xml(StatusCode::OK, envelope),
        Reply::Fault(envelope) => xml(StatusCode::INTERNAL_SERVER_ERROR, envelope),
        Reply::NotSoap(problem) => {
            tracing::debug!(problem, "a request to the demo connector is not SOAP");
            StatusCode::BAD_REQUEST.into_response()
        }
    }
}

fn xml(status: StatusCode, body: impl Into<Body>) -> Response {
    (status, [(CONTENT_TYPE, SOAP)], body.into()).into_response()
}

/// Returns a page for persons who open the URL in a browser.
fn page(url: &str) -> Response {
    let text = format!("ErpConnectorWS, the demo connector of erpsync. Its description is at {url}?wsdl\n");
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

/// Whether the body is XML in UTF-8, and not compressed.
fn is_soap(headers: &HeaderMap) -> bool {
    let encoding = header(headers, &CONTENT_ENCODING);
    let mut parts = header(headers, &CONTENT_TYPE).split(';').map(str::trim);
    let is_xml = parts.next().is_some_and(|media_type| media_type.eq_ignore_ascii_case("text/xml"));
    let mut charsets = parts.filter_map(|parameter| parameter.split_once('=')).filter(|(name, _)| is_charset(name));
    is_xml
        && charsets.all(|(_, charset)| charset.trim().trim_matches('"').eq_ignore_ascii_case("utf-8"))
        && (encoding.is_empty() || encoding.eq_ignore_ascii_case("identity"))
}

fn is_charset(name: &str) -> bool {
    name.trim().eq_ignore_ascii_case("charset")
}

/// Returns the text of a header; empty if it is absent, and a text that no header has if it is none.
fn header<'h>(headers: &'h HeaderMap, name: &HeaderName) -> &'h str {
    headers.get(name).map_or("", |value| value.to_str().unwrap_or("?"))
}

async fn receive(body: Body, limits: Limits) -> Result<Bytes, StatusCode> {
    match tokio::time::timeout(limits.time, Limited::new(body, limits.bytes).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(problem)) if problem.is::<LengthLimitError>() => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Ok(Err(_)) => Err(StatusCode::BAD_REQUEST),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}
