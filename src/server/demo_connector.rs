//! The demo connector as an endpoint, beside the agent or alone.

use std::sync::Arc;

use axum::Router;
use axum::extract::{OriginalUri, Request};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use axum::routing::any;
use tokio::net::TcpListener;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;

use super::discard_body::discard_body;
use super::limit::{RequestLimits, limit};
use super::listen::{self, ListenerConfig};
use super::proxies::TrustedProxies;
use super::router::panic_response;
use super::shutdown::ShutdownSignal;
use super::{health, roots, router};
use crate::config::network::Networks;
use crate::config::{DemoConnectorArgs, Limits};
use crate::database::Database;
use crate::demo;
use crate::demo_connector::http;
use crate::demo_connector::state::DemoConnectorState;
use crate::protocol::agent::{BodyLimits, path_not_found};
use crate::protocol::error::Error;
use crate::store::Pool;

/// The path, below the path prefix.
pub const PATH: &str = "/demo/ErpConnectorWS.svc";

/// Returns the endpoint, which needs no login. If the demo connector is not served, the path does not exist.
///
/// It has limits of its own: a method of the agent that calls the demo connector counts as a request in progress, and
/// would wait for its own place.
pub fn endpoint(pool: &Pool, state: DemoConnectorState, path_prefix: &str, limits: &Limits) -> Router {
    let (pool, path) = (pool.clone(), format!("{path_prefix}{PATH}"));
    let handler = move |request: Request| async move {
        if !state.is_served().await {
            let uri = request.extensions().get::<OriginalUri>().cloned();
            return path_not_found(uri.unwrap_or_else(|| OriginalUri(request.uri().clone()))).await;
        }
        let Some(BodyLimits { bytes, time }) = request.extensions().get().copied() else {
            return Error::internal("no body limits in the request").into_response();
        };
        let url = format!("{}{path}", roots::origin(request.headers(), request.extensions()));
        http::respond(&pool, &url, http::Limits { bytes, time }, request).await
    };
    let layers = ServiceBuilder::new()
        .layer(from_fn(discard_body))
        .layer(from_fn_with_state(Arc::new(RequestLimits::new(limits)), limit))
        .layer(CatchPanicLayer::custom(panic_response));
    Router::new().route(&PATH.to_ascii_lowercase(), any(handler)).layer(layers)
}

/// Serves the demo connector alone until the shutdown signal. Adds its data to the database if they are missing.
///
/// Prints one line to standard output when it listens: `erpsync listens on http://<address>/demo/ErpConnectorWS.svc`.
///
/// # Errors
/// One line with the cause.
pub async fn run(settings: &DemoConnectorArgs) -> Result<(), String> {
    listen::refuse_used(settings.listen)?;
    let mut shutdown = ShutdownSignal::install()?;
    let database = tokio::select! {
        opened = Database::open_or_attach(&settings.database) => opened?,
        () = shutdown.received(1) => return Err("stopped before it was ready".to_owned()),
    };
    let served = serve(settings, &database, shutdown).await;
    database.close().await;
    served
}

async fn serve(settings: &DemoConnectorArgs, database: &Database, shutdown: ShutdownSignal) -> Result<(), String> {
    demo::insert_erp(&database.pool).await?;
    let listener: TcpListener = listen::bind(settings.listen)?;
    let address = listener.local_addr().map_err(|problem| problem.to_string())?;
    let endpoint = endpoint(&database.pool, DemoConnectorState::known(true), "", &settings.limits);
    let app = router::alone(endpoint.merge(router::router(health::endpoints(&database.pool, &shutdown).into())));
    let config = ListenerConfig {
        tls: None,
        proxies: TrustedProxies::new(&Networks::default()),
        stop_delay: std::time::Duration::ZERO,
        limits: settings.limits.clone(),
    };
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "the demo connector is served");
    println!("erpsync listens on http://{address}{PATH}");
    listen::serve(listener, config, app, shutdown).await;
    Ok(())
}
