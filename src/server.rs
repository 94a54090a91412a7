//! The HTTP server around the agent: listener, layers, limits, endpoints and graceful shutdown.

mod admin;
pub mod connectors;
mod cors;
pub mod demo_connector;
mod discard_body;
mod docs;
mod health;
mod limit;
mod listen;
pub mod openapi;
mod path;
mod proxies;
mod request_log;
mod request_metrics;
mod roots;
mod router;
mod shutdown;
mod streamed_body;
mod tls;
mod unique_headers;

use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tracing::Instrument;

use crate::auth::Authenticator;
use crate::auth::oidc::Issuer;
use crate::config::network::Networks;
use crate::config::{Limits, Serve};
use crate::connector::journal::Journal;
use crate::database::Database;
use crate::demo_connector::state::DemoConnectorState;
use crate::erp_sync::AgentState;
use crate::erp_sync::connector_urls::ConnectorUrls;
use crate::erp_sync::delivery::worker;
use crate::{demo, erp_sync};
use listen::ListenerConfig;
use proxies::TrustedProxies;
pub use request_metrics::RequestMetrics;
pub use router::app;
use router::{Endpoints, api, router};
pub use shutdown::ShutdownSignal;

/// The maximum number of open connections to the operator's listener.
const MAX_ADMIN_CONNECTIONS: u32 = 64;

/// Opens the database, serves until the shutdown signal, finishes the requests in flight, and closes the database.
///
/// Prints one line to standard output when it listens: `erpsync listens on http://<address>`.
///
/// # Errors
/// One line with the cause.
pub async fn run(settings: &Serve) -> Result<(), String> {
    let issuer = Issuer::new(&settings.oidc)?;
    connectors::check(settings)?;
    let network = &settings.network;
    let config = ListenerConfig {
        tls: tls::acceptor(network)?,
        proxies: TrustedProxies::new(&network.trusted_proxies),
        stop_delay: network.stop_delay,
        limits: settings.limits.clone(),
    };
    // Before the database, because creating an embedded one takes seconds.
    listen::refuse_used(network.listen)?;
    let mut shutdown = ShutdownSignal::install()?;
    listen::raise_open_file_limit();
    // A signal drops the future, which also stops an embedded database that is starting.
    let (database, demo) = tokio::select! {
        opened = open_database(settings) => opened?,
        () = shutdown.received(1) => return Err("stopped before it was ready".to_owned()),
    };
    let served = serve(settings, &database, demo, config, issuer, shutdown).await;
    database.close().await;
    tracing::info!("stopped");
    served
}

/// Checks that the settings are consistent, and that the files that they name can be used.
///
/// # Errors
/// One line that names the setting or the file.
pub fn check(settings: &Serve) -> Result<(), String> {
    Issuer::new(&settings.oidc)?;
    tls::check(&settings.network)?;
    connectors::check(settings)?;
    crate::database::validate(&settings.database)
}

/// Opens the database, and adds or refuses demo data before the server listens.
async fn open_database(settings: &Serve) -> Result<(Database, DemoConnectorState), String> {
    let database = Database::open(&settings.database).await?;
    match demo::prepare(&database, settings).await {
        Ok(demo) => Ok((database, demo)),
        Err(problem) => {
            database.close().await;
            Err(problem)
        }
    }
}

async fn serve(
    settings: &Serve,
    database: &Database,
    demo: DemoConnectorState,
    config: ListenerConfig,
    issuer: Option<Issuer>,
    shutdown: ShutdownSignal,
) -> Result<(), String> {
    let listener = listen::bind(settings.network.listen)?;
    let admin_listener = match settings.network.admin_listen {
        Some(address) => Some(listen::bind(address).map_err(|problem| format!("--admin-listen: {problem}"))?),
        None => None,
    };
    let address = listener.local_addr().map_err(|problem| problem.to_string())?;
    let scheme = if config.tls.is_some() { "https" } else { "http" };

    let pool = database.pool.clone();
    let admin_address = admin_listener.as_ref().and_then(|listener| listener.local_addr().ok());
    let journal = Arc::new(Journal::new(settings.connector.journal, settings.connector.journal_size.into()));
    let client = connectors::connect(settings, admin_address, Arc::clone(&journal)).await?;
    let urls = ConnectorUrls::new(pool.clone(), connectors::demo_url(settings, address), demo.clone());
    let state = AgentState::new(pool.clone(), Arc::new(client), urls);
    let deliveries = deliver(settings, &state, shutdown.clone());
    let authenticator = Authenticator::new(pool.clone(), settings.authentication.clone(), issuer);
    let agent = erp_sync::agent();
    let metrics = RequestMetrics::new(agent.methods().iter().map(|(path, _)| path.as_str()));
    let endpoints = Endpoints::new(agent.methods(), settings, &authenticator);
    let api = api(agent, endpoints, &state, &authenticator);
    let health = router(health::endpoints(&pool, &shutdown).into());
    let admin = admin::app(&metrics, &pool, journal, health.clone());
    let demo_connector = demo_connector::endpoint(&pool, demo, &settings.network.path_prefix, &settings.limits);
    let app = app(api, health.merge(demo_connector), metrics, settings);

    let admin = async {
        if let Some(listener) = admin_listener {
            serve_admin(listener, admin, settings, shutdown.clone()).await;
        }
    };
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "listening");
    println!("erpsync listens on {scheme}://{address}");
    tokio::join!(listen::serve(listener, config, app, shutdown.clone()), admin, deliveries);
    Ok(())
}

/// Tells connectors of connections until the server stops.
async fn deliver(settings: &Serve, state: &AgentState, shutdown: ShutdownSignal) {
    if !settings.connector.deliveries {
        return;
    }
    let (mut stop, mut stop_now) = (shutdown.clone(), shutdown);
    tokio::select! {
        () = worker::run(state.clone(), settings.connector.client.timeout, async move { stop.received(1).await }) => {}
        () = stop_now.received(2) => {}
    }
}

/// Serves the operator's listener. Its limit of connections is its own, so that it stays reachable while clients use all
/// connections of the other listener.
async fn serve_admin(listener: TcpListener, app: Router, settings: &Serve, shutdown: ShutdownSignal) {
    let config = ListenerConfig {
        tls: None,
        proxies: TrustedProxies::new(&Networks::default()),
        stop_delay: settings.network.stop_delay,
        limits: Limits { max_connections: MAX_ADMIN_CONNECTIONS, ..settings.limits.clone() },
    };
    if let Ok(address) = listener.local_addr() {
        tracing::info!(%address, "metrics and health are served");
    }
    listen::serve(listener, config, app, shutdown).instrument(tracing::info_span!("admin")).await;
}
