//! The server around the agent: router, layers, limits, listening and draining.

mod admin;
mod cors;
mod docs;
pub mod documented;
mod drain;
mod health;
mod limit;
mod listen;
mod path;
mod proxies;
mod request_log;
mod requests;
mod roots;
mod router;
mod tls;
mod unique_headers;

use axum::Router;
use tokio::net::TcpListener;
use tracing::Instrument;

use crate::auth::Authenticator;
use crate::auth::oidc::Issuer;
use crate::config::network::Networks;
use crate::config::{Limits, Serve};
use crate::database::Database;
use crate::{demo, erp_sync};
use listen::Front;
pub use listen::Stop;
use proxies::Proxies;
pub use requests::Requests;
pub use router::app;
use router::{Endpoints, api, router};

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
    let endpoints = Endpoints::new(agent.methods(), settings, &authenticator);
    let api = api(agent, endpoints, &pool, &authenticator);
    let health = router(health::endpoints(&pool, &stop).into());
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
