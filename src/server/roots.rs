//! `GET /api`, which needs no login, and `GET /api/v1`: what there is here.

use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use serde_json::Value;

use crate::auth::Client;
use crate::protocol::agent::{ResponseFormat, only};
use crate::protocol::value::{ValueWriter, WriteContext, WriteValue, schema};

/// `GET /api` (unauthenticated): API root, program name and version.
pub fn api(path_prefix: &str) -> MethodRouter {
    let prefix = path_prefix.to_owned();
    let answer = move |parts: Parts| async move {
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).filter(|host| is_plain(host));
        let is_secure = parts.extensions.get::<Client>().is_some_and(|peer| peer.is_secure);
        let scheme = if is_secure { "https" } else { "http" };
        let v1 = format!("{scheme}://{}{prefix}/api/v1/", host.unwrap_or("localhost"));
        ResponseFormat::of_request(&parts).write(&Api { v1 })
    };
    only("GET", get(answer))
}

/// `GET /api/v1` (authenticated): every URL with its methods.
pub fn list(listed: Vec<Listed>) -> MethodRouter {
    let answer = move |format: ResponseFormat| {
        let answer: Response = format.write(&Urls(&listed));
        async move { answer }
    };
    only("GET", get(answer))
}

/// A name or an address with a port; the header is the caller's text.
fn is_plain(host: &str) -> bool {
    host.len() <= 255 && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
}

struct Api {
    v1: String,
}

/// What `GET /api` answers.
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

/// A URL's path, its method, and what that does.
#[derive(Clone, Debug)]
pub struct Listed {
    /// From the root.
    pub path: String,
    /// GET or POST.
    pub method: &'static str,
    /// In a sentence.
    pub summary: String,
}

struct Urls<'u>(&'u [Listed]);

impl WriteValue for Urls<'_> {
    const ELEMENT: &'static str = "StringDictionary";

    fn write<W: ValueWriter>(&self, out: &mut W, _: WriteContext<'_>) {
        out.dictionary(|out| {
            for Listed { path, method, summary } in self.0 {
                out.entry("StringKeyValuePair", path, |out| {
                    out.dictionary(|out| out.entry("StringKeyValuePair", method, |out| out.text(summary)));
                });
            }
        });
    }
}
