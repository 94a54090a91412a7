//! The server around the agent: router, layers, limits, listening and draining.

mod admin;
mod cors;
mod docs;
pub mod documented;
mod drain;
mod health;
mod listen;
mod proxies;
mod request_log;
mod requests;
mod roots;
mod tls;

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, EXPIRES, PRAGMA, X_CONTENT_TYPE_OPTIONS};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Uri};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_request_with_state, map_response};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::decompression::RequestDecompressionLayer;
use tracing::Instrument;

use crate::auth::oidc::Issuer;
use crate::auth::{Authenticator, authorize, current, recognize, require_grant, session};
use crate::config::network::Networks;
use crate::config::{Limits, Serve};
use crate::database::Database;
use crate::protocol::agent::BodyLimits;
use crate::protocol::agent::write_errors;
use crate::protocol::agent::{Agent, path_not_found};
use crate::protocol::error::Error;
use crate::store::Pool;
use crate::{demo, erp_sync};
use cors::Origins;
use listen::Front;
pub use listen::Stop;
use proxies::Proxies;
pub use requests::Requests;
use roots::Listed;

/// How long a request may wait for its turn before it gets 503.
const TURN_TIMEOUT: Duration = Duration::from_secs(1);
/// Connections of operators open at once.
const MAX_ADMIN_CONNECTIONS: u32 = 64;

/// Opens the database, serves until SIGTERM or SIGINT, finishes what is in flight, and closes the database.
///
/// Prints one line to standard output when it is ready: `erpsync listens on http://<address>`.
///
/// # Errors
/// One line that names what is wrong.
pub async fn run(settings: &Serve) -> Result<(), String> {
    let issuer = Issuer::new(&settings.oidc)?;
    let network = &settings.network;
    let front = Front {
        tls: tls::acceptor(network)?,
        proxies: Proxies::new(&network.trusted_proxies),
        stop_delay: network.stop_delay,
    };
    let mut stop = listen::Stop::on_signals()?;
    listen::allow_open_files();
    // Dropped halfway, the opening takes a database of our own down with it.
    let database = tokio::select! {
        opened = open_database(settings) => opened?,
        () = stop.asked(1) => return Err("stopped before it was ready".to_owned()),
    };
    let served = serve(settings, &database, front, issuer, stop).await;
    database.close().await;
    tracing::info!("stopped");
    served
}

/// Whether the settings go together, and the files that they name can be used.
///
/// # Errors
/// One line that names the setting or the file.
pub fn check(settings: &Serve) -> Result<(), String> {
    Issuer::new(&settings.oidc)?;
    tls::check(&settings.network)?;
    crate::database::check(&settings.database)
}

/// Opens the database and adds or refuses demo data, before anything listens.
async fn open_database(settings: &Serve) -> Result<Database, String> {
    let database = Database::open(&settings.database).await?;
    match demo::prepare(&database, settings).await {
        Ok(()) => Ok(database),
        Err(problem) => {
            database.close().await;
            Err(problem)
        }
    }
}

async fn serve(
    settings: &Serve,
    database: &Database,
    front: Front,
    issuer: Option<Issuer>,
    stop: listen::Stop,
) -> Result<(), String> {
    let listener = listen::open(settings.listen).await?;
    let admin_listener = match settings.admin_listen {
        Some(address) => Some(listen::open(address).await.map_err(|problem| format!("--admin-listen: {problem}"))?),
        None => None,
    };
    let address = listener.local_addr().map_err(|problem| problem.to_string())?;
    let scheme = if front.tls.is_some() { "https" } else { "http" };

    let pool = database.pool.clone();
    let authenticator = Authenticator::new(pool.clone(), settings.authentication.clone(), issuer);
    let agent = erp_sync::agent();
    let requests = Requests::new(agent.methods().iter().map(|(path, _)| path.as_str()));
    let api = api(agent, settings, &pool, &authenticator);
    let health = health::routes(pool.clone(), stop.clone());
    let admin = admin::app(&requests, &pool, health.clone());
    let app = app(api, health, requests, settings);

    let admin = async {
        if let Some(listener) = admin_listener {
            serve_admin(listener, admin, settings, stop.clone()).await;
        }
    };
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "listening");
    println!("erpsync listens on {scheme}://{address}");
    tokio::join!(listen::serve(listener, front, app, &settings.limits, stop.clone()), admin);
    Ok(())
}

/// Beside the callers' listener, with connections of its own, so that no crowd of callers keeps the operator out.
async fn serve_admin(listener: TcpListener, app: Router, settings: &Serve, stop: listen::Stop) {
    let limits = Limits { max_connections: MAX_ADMIN_CONNECTIONS, ..settings.limits.clone() };
    let stop_delay = settings.network.stop_delay;
    let front = Front { tls: None, proxies: Proxies::new(&Networks::default()), stop_delay };
    if let Ok(address) = listener.local_addr() {
        tracing::info!(%address, "metrics and health are served");
    }
    listen::serve(listener, front, app, &limits, stop).instrument(tracing::info_span!("admin")).await;
}

/// Every path but those of the health checks, in lower case.
fn api(agent: Agent<Pool>, settings: &Serve, pool: &Pool, authenticator: &Authenticator) -> Router {
    let listed = roots::list(listed(agent.methods()));
    let routes = agent.routes();
    let grant = from_fn_with_state(authenticator.clone(), require_grant);
    let certain = routes.authenticated.with_state(pool.clone()).route_layer(grant.clone());
    let certain = certain.merge(listed).merge(current::routes().with_state(authenticator.clone()));
    let certain = certain.route_layer(from_fn_with_state(authenticator.clone(), authorize));
    let checking = routes.cached_authentication.with_state(pool.clone()).route_layer(grant);
    let checking = checking.route_layer(from_fn_with_state(authenticator.clone(), recognize));
    let open = session::routes().with_state(authenticator.clone()).merge(roots::api(&settings.path_prefix));
    certain.merge(checking).merge(open).merge(docs::routes(&settings.path_prefix))
}

/// Every URL of the API.
fn listed(methods: &[(String, String)]) -> Vec<Listed> {
    let listed =
        |method, path: &str, summary: &str| Listed { path: path.to_owned(), method, summary: summary.to_owned() };
    let agent = methods.iter().map(|(path, summary)| listed("POST", path, summary));
    let user = current::LISTED.map(|(path, summary)| listed("GET", path, summary));
    agent.chain(user).collect()
}

/// Puts everything that every request goes through around `api`, whose paths are in lower case.
pub fn app(api: Router, health: Router, requests: Requests, settings: &Serve) -> Router {
    let limits = &settings.limits;
    let bounds = Arc::new(Bounds {
        turns: Semaphore::new(limits.max_requests as usize),
        request_timeout: limits.request_timeout,
        body: BodyLimits { bytes: limits.max_body_bytes as usize, time: limits.body_timeout },
    });
    // The layer added last is met first.
    let app = api
        .fallback(path_not_found)
        .layer(RequestDecompressionLayer::new().pass_through_unaccepted(true))
        .layer(CatchPanicLayer::custom(answer_panic))
        .layer(from_fn_with_state(bounds, bound))
        .layer(from_fn(drain::drain_refused))
        .layer(from_fn_with_state(Origins::read(&settings.cors_origins), cors::allow))
        .merge(health)
        .layer(from_fn(write_errors))
        .layer(map_response(add_headers))
        .layer(CompressionLayer::new())
        .layer(from_fn(request_log::log))
        .layer(from_fn_with_state(requests, requests::count));
    // Routing comes before a router's own layers, so the path is changed in front of it.
    let prefix: Arc<str> = settings.path_prefix.as_str().into();
    Router::new().fallback_service(app).layer(map_request_with_state(prefix, plain_path))
}

struct Bounds {
    turns: Semaphore,
    request_timeout: Duration,
    body: BodyLimits,
}

/// Gives the request its turn and its time.
async fn bound(State(bounds): State<Arc<Bounds>>, mut request: Request, next: Next) -> Result<Response, Error> {
    let Ok(Ok(_turn)) = tokio::time::timeout(TURN_TIMEOUT, bounds.turns.acquire()).await else {
        return Err(Error::busy());
    };
    request.extensions_mut().insert(bounds.body);
    tokio::time::timeout(bounds.request_timeout, next.run(request)).await.map_err(|_| Error::timed_out())
}

#[expect(clippy::needless_pass_by_value, reason = "the layer's signature")]
fn answer_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref().copied());
    Error::internal(format!("panic: {}", text.unwrap_or("without a text"))).into_response()
}

/// What the vendor's framework sends where nothing else is set; and that an answer is what it says it is.
async fn add_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(EXPIRES, HeaderValue::from_static("-1"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The vendor's paths match in any letter case, with or without a slash at the end. Where there is a prefix, only what
/// is below it is found, and the health checks.
async fn plain_path(State(prefix): State<Arc<str>>, mut request: Request) -> Request {
    let uri = request.uri();
    let path = uri.path();
    let plain = path.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(path).to_ascii_lowercase();
    let plain = match plain.strip_prefix(&*prefix).filter(|rest| prefix.is_empty() || rest.starts_with('/')) {
        Some(rest) => rest.to_owned(),
        None if plain.starts_with("/health/") => plain,
        // Nothing has this path.
        None => "/".to_owned(),
    };
    if plain == path {
        return request;
    }
    let target = match uri.query() {
        Some(query) => format!("{plain}?{query}"),
        None => plain,
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

#[cfg(test)]
mod tests;
