//! The API's roots: `GET /api`, which is public, and `GET /api/v1`, which lists the endpoints.

use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use serde_json::Value;

use crate::auth::Client;
use crate::protocol::agent::{ResponseFormat, only};
use crate::protocol::value::{ValueWriter, WriteContext, WriteValue, schema};

/// Returns the handler of `GET /api` (unauthenticated): API root, program name and version.
pub fn api(path_prefix: &str) -> MethodRouter {
    let prefix = path_prefix.to_owned();
    let handler = move |parts: Parts| async move {
        let v1 = format!("{}{prefix}/api/v1/", origin(&parts.headers, &parts.extensions));
        ResponseFormat::of_request(&parts).write(&Api { v1 })
    };
    only("GET", get(handler))
}

/// Returns scheme and host of the URL that a request was sent to. They need no escape in JSON or XML.
pub fn origin(headers: &HeaderMap, extensions: &Extensions) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).filter(|host| is_plain(host));
    let is_secure = extensions.get::<Client>().is_some_and(|client| client.is_secure);
    let scheme = if is_secure { "https" } else { "http" };
    format!("{scheme}://{}", host.unwrap_or("localhost"))
}

/// Returns the handler of `GET /api/v1` (authenticated): every URL with its method.
pub fn list(urls: Vec<ApiUrl>) -> MethodRouter {
    let handler = move |format: ResponseFormat| {
        let response: Response = format.write(&Urls(&urls));
        async move { response }
    };
    only("GET", get(handler))
}

/// Whether a `Host` header is a name or an address with or without a port. Any other text is not repeated.
fn is_plain(host: &str) -> bool {
    host.len() <= 255 && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
}

/// The response to `GET /api`.
struct Api {
    v1: String,
}

/// Returns the schema of the response to `GET /api`.
pub fn api_schema() -> Value {
    schema::infer(&Api { v1: String::new() })
}

impl WriteValue for Api {
    const ELEMENT: &'static str = "Api";

    fn write<W: ValueWriter>(&self, out: &mut W, _: WriteContext<'_>) {
        let version = env!("CARGO_PKG_VERSION");
        out.object(|out| {
            for (name, value) in [
                ("v1", self.v1.as_str()),
                ("NetServerVersion", version),
                ("NetServerAssembly", concat!("erpsync ", env!("CARGO_PKG_VERSION"))),
                ("NetServer", "erpsync"),
                ("Services", "Services87"),
                ("ServicesCurrent", "Services88"),
                ("Version", "v1"),
            ] {
                out.member(name, |out| out.text(value));
            }
        });
    }
}

/// A URL of the API.
#[derive(Clone, Debug)]
pub struct ApiUrl {
    /// The path, from the root.
    pub path: String,
    /// The method: GET or POST.
    pub method: &'static str,
    /// A sentence that says what the method does.
    pub summary: String,
}

/// The response to `GET /api/v1`.
struct Urls<'u>(&'u [ApiUrl]);

impl WriteValue for Urls<'_> {
    const ELEMENT: &'static str = "StringDictionary";

    fn write<W: ValueWriter>(&self, out: &mut W, _: WriteContext<'_>) {
        out.dictionary(|out| {
            for ApiUrl { path, method, summary } in self.0 {
                out.entry("StringKeyValuePair", path, |out| {
                    out.dictionary(|out| out.entry("StringKeyValuePair", method, |out| out.text(summary)));
                });
            }
        });
    }
}
