//! The router: every endpoint, and the layers that each request goes through.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, EXPIRES, PRAGMA, X_CONTENT_TYPE_OPTIONS};
use axum::middleware::{from_fn, from_fn_with_state, map_request_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::decompression::RequestDecompressionLayer;

use super::cors::{AllowedOrigins, cors};
use super::discard_body::discard_body;
use super::limit::{RequestLimits, limit};
use super::path::normalize_path;
use super::request_metrics::{self, RequestMetrics};
use super::roots::ApiUrl;
use super::unique_headers::refuse_repeated;
use super::{docs, request_log, roots};
use crate::auth::{Authenticator, authenticate, authenticate_cached, current, require_grant, session};
use crate::config::Serve;
use crate::erp_sync::AgentState;
use crate::protocol::agent::{Agent, path_not_found, write_errors};
use crate::protocol::error::Error;

/// A path in lower case, and its handlers.
pub type Endpoint = (String, MethodRouter);

/// The endpoints besides the agent's methods, by the authentication in front of them.
pub struct Endpoints {
    /// Behind a login.
    pub authenticated: Vec<Endpoint>,
    /// Open to every client.
    pub public: Vec<Endpoint>,
}

impl Endpoints {
    /// Lists the endpoints of a server whose agent has these `methods`, each with its summary.
    pub fn new(methods: &[(String, String)], settings: &Serve, authenticator: &Authenticator) -> Self {
        let prefix = &settings.network.path_prefix;
        let mut authenticated = vec![("/api/v1".to_owned(), roots::list(urls(prefix, methods)))];
        let user = current::endpoints().into_iter();
        authenticated.extend(user.map(|(path, handlers)| (path, handlers.with_state(authenticator.clone()))));
        let mut public = vec![("/api".to_owned(), roots::api(prefix))];
        let sessions = session::endpoints().into_iter();
        public.extend(sessions.map(|(path, handlers)| (path.to_owned(), handlers.with_state(authenticator.clone()))));
        if settings.network.docs {
            public.extend(docs::endpoints(prefix));
        }
        Endpoints { authenticated, public }
    }
}

/// Returns every URL of the API, below the path prefix, with its summary.
fn urls(prefix: &str, methods: &[(String, String)]) -> Vec<ApiUrl> {
    let url = |method, path: &str, summary: &str| ApiUrl {
        path: format!("{prefix}{path}"),
        method,
        summary: summary.to_owned(),
    };
    let agent = methods.iter().map(|(path, summary)| url("POST", path, summary));
    let user = current::LISTED.map(|(path, summary)| url("GET", path, summary));
    agent.chain(user).collect()
}

/// Creates a router of `endpoints`.
pub fn router(endpoints: Vec<Endpoint>) -> Router {
    endpoints.into_iter().fold(Router::new(), |router, (path, handlers)| router.route(&path, handlers))
}

/// Creates the router of the agent and the other endpoints, with authentication in front of those that need it.
pub fn api(
    agent: Agent<AgentState>,
    endpoints: Endpoints,
    state: &AgentState,
    authenticator: &Authenticator,
) -> Router {
    let routes = agent.routes();
    let grant = from_fn_with_state(authenticator.clone(), require_grant);
    let authenticated = routes.authenticated.with_state(state.clone()).route_layer(grant.clone());
    let authenticated = authenticated.merge(router(endpoints.authenticated));
    let authenticated = authenticated.route_layer(from_fn_with_state(authenticator.clone(), authenticate));
    let login = from_fn_with_state(authenticator.clone(), authenticate_cached);
    let cached = routes.cached_authentication.with_state(state.clone());
    let cached = cached.route_layer(ServiceBuilder::new().layer(login).layer(grant));
    authenticated.merge(cached).merge(router(endpoints.public))
}

/// Puts the layers of every request around `api`, whose paths are in lower case.
///
/// The endpoints of `unlimited` are outside of the limits of requests.
pub fn app(api: Router, unlimited: Router, metrics: RequestMetrics, settings: &Serve) -> Router {
    // A builder for several layers: each call of `Router::layer` costs every request a copy of all the layers below it.
    let limited = ServiceBuilder::new()
        .layer(from_fn_with_state(AllowedOrigins::parse(&settings.network.cors_origins), cors))
        .layer(from_fn(discard_body))
        .layer(from_fn(refuse_repeated))
        .layer(from_fn_with_state(Arc::new(RequestLimits::new(&settings.limits)), limit))
        .layer(CatchPanicLayer::custom(panic_response))
        .layer(RequestDecompressionLayer::new().pass_through_unaccepted(true));
    let every = ServiceBuilder::new()
        .layer(from_fn_with_state(metrics, request_metrics::count))
        .layer(from_fn(request_log::log))
        .layer(CompressionLayer::new())
        .layer(map_response(add_headers))
        .layer(from_fn(write_errors));
    let app = api.fallback(path_not_found).layer(limited).merge(unlimited).layer(every);
    with_normal_paths(app, &settings.network.path_prefix)
}

/// Puts the layers that each request needs around `endpoints`, which have limits of their own.
pub fn alone(endpoints: Router) -> Router {
    let every = ServiceBuilder::new()
        .layer(from_fn(request_log::log))
        .layer(map_response(add_headers))
        .layer(from_fn(write_errors));
    with_normal_paths(endpoints.fallback(path_not_found).layer(every), "")
}

fn with_normal_paths(app: Router, path_prefix: &str) -> Router {
    // Routing comes before a router's own layers, so the path is changed in front of the router.
    let prefix: Arc<str> = path_prefix.to_ascii_lowercase().into();
    Router::new().fallback_service(app).layer(map_request_with_state(prefix, normalize_path))
}

/// Returns the response to a request whose handler has panicked.
#[expect(clippy::needless_pass_by_value, reason = "the layer's signature")]
pub fn panic_response(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref().copied());
    Error::internal(format!("panic: {}", text.unwrap_or("without a text"))).into_response()
}

/// Adds the cache headers of the vendor's framework, and forbids the guessing of content types.
async fn add_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(EXPIRES, HeaderValue::from_static("-1"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests;
