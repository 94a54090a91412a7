//! CORS: access for scripts of other origins, with the responses of the vendor's framework. Off without allowed origins.
//!
//! Cookies are not allowed: a script of another origin sends its credentials in a header.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::protocol::error::Error;

/// The allowed origins; `*` in one stands for any text. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AllowedOrigins(Arc<Vec<String>>);

impl AllowedOrigins {
    /// Parses a list that is separated by spaces. If it is empty, CORS is off.
    #[must_use]
    pub fn parse(list: &str) -> Self {
        AllowedOrigins(Arc::new(list.split_whitespace().map(str::to_ascii_lowercase).collect()))
    }

    fn allow(&self, origin: &str) -> bool {
        let origin = origin.to_ascii_lowercase();
        self.0.iter().any(|pattern| matches(pattern, &origin))
    }
}

/// Whether `text` is `pattern`, in which each `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(end)
}

/// The layer that responds to preflights, and adds the headers that allow a script to read a response.
pub async fn cors(State(origins): State<AllowedOrigins>, request: Request, next: Next) -> Response {
    let Some(origin) = request.headers().get(ORIGIN).filter(|_| !origins.0.is_empty()).cloned() else {
        return next.run(request).await;
    };
    let is_allowed = origin.to_str().is_ok_and(|origin| origins.allow(origin));
    let requested_method = request.headers().get(ACCESS_CONTROL_REQUEST_METHOD);
    if request.method() == Method::OPTIONS && requested_method.is_some() {
        if !is_allowed {
            return Error::origin_not_allowed(origin.to_str().unwrap_or("?")).into_response();
        }
        let mut response = StatusCode::OK.into_response();
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        if let Some(requested_headers) = request.headers().get(ACCESS_CONTROL_REQUEST_HEADERS) {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, requested_headers.clone());
        }
        return allow_origin(response, origin);
    }
    let response = next.run(request).await;
    if is_allowed { allow_origin(response, origin) } else { response }
}

fn allow_origin(mut response: Response, origin: HeaderValue) -> Response {
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("SO-TimeZone, X-Request-Id, Retry-After"));
    headers.append(VARY, HeaderValue::from_static("origin"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_in_an_origin_matches_any_text() {
        let origins = AllowedOrigins::parse("https://mail.example  https://*.Example.com http://localhost:*");
        for allowed in
            ["https://mail.example", "HTTPS://MAIL.EXAMPLE", "https://a.b.example.com", "http://localhost:3000"]
        {
            assert!(origins.allow(allowed), "{allowed}");
        }
        for refused in [
            "https://mail.example.evil",
            "http://mail.example",
            "https://example.com",
            "null",
            "",
            "https://evil/.example.com.x",
        ] {
            assert!(!origins.allow(refused), "{refused}");
        }
        assert!(AllowedOrigins::parse("*").allow("null"));
        assert!(!AllowedOrigins::parse("").allow("https://mail.example"));
        assert!(matches("a*b*c", "a1b2c") && !matches("a*b*c", "a1c2b") && !matches("ab*b", "ab"));
    }
}
