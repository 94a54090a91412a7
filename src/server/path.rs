//! Normalization of request paths, before routing.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::Uri;
use axum::http::uri::PathAndQuery;

/// A path that no endpoint has.
const NO_ENDPOINT: &str = "//";

/// Rewrites the request's path to the form in which endpoints are registered: lower case, without a slash at the end,
/// without `prefix`, which is in lower case.
///
/// The vendor's paths match in any letter case. With a prefix, only the paths below it have endpoints, besides the
/// health checks and the root, which redirects browsers.
pub async fn normalize_path(State(prefix): State<Arc<str>>, mut request: Request) -> Request {
    let uri = request.uri();
    let normal = normal(uri.path(), &prefix);
    if normal == uri.path() {
        return request;
    }
    let target = match uri.query() {
        Some(query) => format!("{normal}?{query}"),
        None => normal,
    };
    if let Ok(target) = target.parse::<PathAndQuery>() {
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(target);
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
    request
}

fn normal(path: &str, prefix: &str) -> String {
    let path = path.strip_suffix('/').unwrap_or(path).to_ascii_lowercase();
    match path.strip_prefix(prefix) {
        Some("") => "/".to_owned(),
        Some(rest) if rest.starts_with('/') => rest.to_owned(),
        _ if path.is_empty() => "/".to_owned(),
        _ if path.starts_with("/health/") => path,
        _ => NO_ENDPOINT.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn paths_lose_their_letter_case_and_a_slash_at_the_end() {
        for (path, expected) in
            [("/", "/"), ("/API/v1/", "/api/v1"), ("/api/v1", "/api/v1"), ("//", "/"), ("/x//", "/x/"), ("*", "//")]
        {
            assert_eq!(normal(path, ""), expected, "{path}");
        }
    }

    #[test]
    fn paths_outside_of_the_prefix_have_no_endpoint() {
        for (path, expected) in [
            ("/Cust1/api", "/api"),
            ("/cust1", "/"),
            ("/cust1/", "/"),
            ("/", "/"),
            ("/health/live", "/health/live"),
            ("/api", "//"),
            ("/cust12/api", "//"),
            ("/cust12", "//"),
        ] {
            assert_eq!(normal(path, "/cust1"), expected, "{path}");
        }
    }
}
