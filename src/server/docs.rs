//! The API documentation: `/openapi.json`, and `/docs`, a page that shows the document and sends its requests.
//!
//! The page is Swagger UI; its license is at `/docs/license.txt`. The program contains all of its files, so that a
//! browser loads nothing from another server.

use std::io::Read as _;
use std::sync::{Arc, OnceLock};

use axum::extract::{OriginalUri, RawQuery};
use axum::http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any, get};
use bytes::Bytes;
use flate2::read::GzDecoder;

use super::openapi::{document, json_only_document};
use crate::auth::session::accepts_html;
use crate::openapi;
use crate::protocol::agent::{only, path_not_found};

/// The files of the page: path, content type and content.
const FILES: [(&str, &str, File); 4] = [
    (
        "/docs/swagger-ui-bundle.js",
        "text/javascript; charset=utf-8",
        File::Gzip(include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui-bundle.js.gz"))),
    ),
    (
        "/docs/swagger-ui.css",
        "text/css; charset=utf-8",
        File::Gzip(include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui.css.gz"))),
    ),
    (
        "/docs/license.txt",
        "text/plain; charset=utf-8",
        File::Gzip(include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui-license.gz"))),
    ),
    ("/docs/page.js", "text/javascript; charset=utf-8", File::Plain(include_str!("docs/page.js"))),
];

/// The content security policy: scripts and requests of this server alone. Swagger UI sets styles in its elements.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The content of a file.
#[derive(Clone, Copy)]
enum File {
    Plain(&'static str),
    /// Compressed with gzip by the build script.
    Gzip(&'static [u8]),
}

/// Returns the endpoints of the documentation, and the redirect of browsers to it.
pub fn endpoints(path_prefix: &str) -> Vec<(String, MethodRouter)> {
    let prefix = path_prefix.to_owned();
    let whole: Arc<OnceLock<Bytes>> = Arc::default();
    let json_only: Arc<OnceLock<Bytes>> = Arc::default();
    // Created at the first request, which most servers never get.
    let document = move |RawQuery(query): RawQuery| async move {
        let text = if query.as_deref().is_some_and(asks_for_json_only) {
            json_only.get_or_init(|| openapi::text(&json_only_document(&prefix)).into())
        } else {
            whole.get_or_init(|| openapi::text(&document(&prefix)).into())
        };
        ([(CONTENT_TYPE, "application/json; charset=utf-8")], text.clone())
    };
    let page = page(path_prefix);
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
    ];
    let redirect = redirect(path_prefix);
    let mut endpoints = vec![
        ("/".to_owned(), redirect),
        ("/openapi.json".to_owned(), only("GET", get(document))),
        ("/docs".to_owned(), only("GET", get(async move || (headers, page)))),
    ];
    endpoints.extend(FILES.map(|(path, content_type, file)| {
        let handler = move |headers: HeaderMap| async move { send(file, content_type, &headers) };
        (path.to_owned(), only("GET", get(handler)))
    }));
    endpoints
}

/// Returns whether the query string has the key `json-only`, with any value or none.
fn asks_for_json_only(query: &str) -> bool {
    query.split('&').any(|pair| pair.split_once('=').map_or(pair, |(key, _)| key) == "json-only")
}

/// Creates the handler of the root: browsers are redirected to the page, other clients get a 404.
fn redirect(prefix: &str) -> MethodRouter {
    let page = format!("{prefix}/docs");
    any(async move |method: Method, headers: HeaderMap, uri: OriginalUri| {
        if method == Method::GET && accepts_html(&headers) {
            (StatusCode::FOUND, [(LOCATION, page), (VARY, "accept".to_owned())]).into_response()
        } else {
            path_not_found(uri).await
        }
    })
}

/// Returns the page. Its paths are absolute, as relative ones would depend on a slash at the end of the page's own path.
fn page(prefix: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>erpsync</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><link rel=\"icon\" href=\"data:,\">\
         <link rel=\"stylesheet\" href=\"{prefix}/docs/swagger-ui.css\">\
         <div id=\"page\" data-document=\"{prefix}/openapi.json\"></div>\
         <script src=\"{prefix}/docs/swagger-ui-bundle.js\"></script>\
         <script src=\"{prefix}/docs/page.js\"></script></html>\n"
    )
}

/// Creates the response with a file, compressed if the client accepts gzip.
fn send(file: File, content_type: &'static str, headers: &HeaderMap) -> Response {
    let compressed = match file {
        File::Plain(text) => return ([(CONTENT_TYPE, content_type)], text).into_response(),
        File::Gzip(compressed) => compressed,
    };
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|accepted| accepted.to_str().ok()).unwrap_or_default();
    let accepts_gzip = accepted.split(',').any(|entry| entry.trim().eq_ignore_ascii_case("gzip"));
    let mut response = if accepts_gzip {
        let mut response = compressed.into_response();
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response
    } else {
        let mut content = Vec::new();
        // Cannot fail, as the build script has compressed it.
        let _ = GzDecoder::new(compressed).read_to_end(&mut content);
        content.into_response()
    };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
    response
}
