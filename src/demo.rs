//! Demo data, and the check that keeps its published passwords off public addresses.

use tokio::sync::watch;

use crate::auth::password;
use crate::config::Serve;
use crate::database::Database;
use crate::demo_connector::state::DemoConnectorState;
use crate::demo_connector::{data, lists};
use crate::store::{Failure, Pool, associates, demo, demo_erp};

/// Login name, password, administrator. The vendor's published sample request carries the first of them.
const LOGINS: [(&str, &str, bool); 2] = [("tje0", "Tje0", true), ("tje1", "Tje1", false)];

/// Adds the demo data: the logins, connectors and a connection, and the ERP system of the demo connector. Existing rows
/// stay as they are.
///
/// # Errors
/// One line.
pub async fn insert(pool: &Pool) -> Result<(), String> {
    insert_erp(pool).await?;
    let login = |(name, password, administrator)| {
        let password_hash = password::hash(password)?;
        Ok(demo::Login { name, password_hash, administrator })
    };
    let logins: Result<Vec<_>, String> = LOGINS.into_iter().map(login).collect();
    demo::insert(pool, &logins?).await.map_err(|failure| format!("the demo data cannot be added: {failure}"))
}

/// Adds the ERP system of the demo connector, unless the database has it.
///
/// # Errors
/// One line. Nothing is added then.
pub async fn insert_erp(pool: &Pool) -> Result<(), String> {
    let added = demo_erp::install(pool, &data::actors(), &lists::initial_items(), data::LAST_KEY).await;
    added.map_err(|failure| format!("the demo connector's data cannot be added: {failure}"))
}

/// Returns the names of the enabled associates whose password is still the published one.
///
/// # Errors
/// See [`Failure`].
pub async fn live_logins(pool: &Pool) -> Result<Vec<&'static str>, Failure> {
    let mut live = Vec::new();
    for (name, password, _) in LOGINS {
        let associate = associates::find_by_name(pool, name).await?;
        let stored = associate.and_then(|associate| associate.password_hash);
        if stored.is_some_and(|stored| password::matches(&stored, password)) {
            live.push(name);
        }
    }
    Ok(live)
}

/// Prepares the associates of a server that is about to listen. Returns whether it serves the demo connector.
///
/// A database without an associate gets the demo data where `--demo` asks for it, and where an embedded database is
/// reachable from this machine only. Demo logins that are live on a public address are refused without `--demo`.
///
/// # Errors
/// One line, which names the live demo logins or the failure of the database.
pub async fn prepare(database: &Database, settings: &Serve) -> Result<DemoConnectorState, String> {
    let pool = &database.pool;
    let is_empty = associates::is_empty(pool).await.map_err(|failure| failure.to_string())?;
    if is_empty && (settings.authentication.demo || database.is_embedded() && !settings.network.is_public()) {
        insert(pool).await?;
        tracing::info!("demo data added to a new database");
    } else if is_empty {
        tracing::warn!(
            "the database has no associate: add the first administrator with \
             `erpsync associate add NAME --administrator` and this server's database settings"
        );
        return Ok(DemoConnectorState::known(false));
    }
    if settings.authentication.demo || !settings.network.is_public() {
        let (sender, state) = DemoConnectorState::unknown();
        // In the background: verifying a password is slow by design.
        tokio::spawn(check(pool.clone(), settings.authentication.demo, sender));
        return Ok(state);
    }
    let live = live_logins(pool).await.map_err(|failure| failure.to_string())?;
    if live.is_empty() { Ok(DemoConnectorState::known(false)) } else { Err(refusal(&live, settings)) }
}

fn refusal(live: &[&str], settings: &Serve) -> String {
    format!(
        "demo logins with published passwords are live ({}), and other machines can reach {}: change the passwords \
         (`erpsync associate password NAME`), disable the associates (`erpsync associate disable NAME`), or allow \
         them with --demo",
        live.join(", "),
        settings.network.listen
    )
}

/// Finds out whether the demo connector is served, and warns of live demo logins.
async fn check(pool: Pool, is_demo: bool, state: watch::Sender<Option<bool>>) {
    let (is_installed, live) = match check_database(&pool).await {
        Ok(found) => found,
        Err(failure) => {
            tracing::warn!(%failure, "cannot check for live demo logins, and so the demo connector is not served");
            (false, Vec::new())
        }
    };
    state.send_replace(Some(is_installed && (is_demo || !live.is_empty())));
    if !live.is_empty() {
        tracing::warn!(
            associates = live.join(", "),
            "demo logins with published passwords are live: every client that reaches this server can use them"
        );
    }
}

/// Returns whether the database has the demo connector's data, and the demo logins that are live.
async fn check_database(pool: &Pool) -> Result<(bool, Vec<&'static str>), Failure> {
    Ok((demo_erp::is_installed(pool).await?, live_logins(pool).await?))
}
