//! Demo data, and the check that keeps its published passwords off public addresses.

use crate::auth::password;
use crate::config::Serve;
use crate::database::Database;
use crate::store::{Failure, Pool, associates, demo};

/// Login name, password, administrator. The vendor's published sample request carries the first of them.
const LOGINS: [(&str, &str, bool); 2] = [("tje0", "Tje0", true), ("tje1", "Tje1", false)];

/// Adds the demo data. Existing rows stay as they are.
///
/// # Errors
/// One line. Nothing is added then.
pub async fn insert(pool: &Pool) -> Result<(), String> {
    let login = |(name, password, administrator)| {
        let password_hash = password::hash(password)?;
        Ok(demo::Login { name, password_hash, administrator })
    };
    let logins: Result<Vec<_>, String> = LOGINS.into_iter().map(login).collect();
    demo::insert(pool, &logins?).await.map_err(|failure| format!("the demo data cannot be added: {failure}"))
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

/// Prepares the associates of a server that is about to listen.
///
/// A database without an associate gets the demo data where `--demo` asks for it, and where an embedded database is
/// reachable from this machine only. Demo logins that are live on a public address are refused without `--demo`.
///
/// # Errors
/// One line, which names the live demo logins or the failure of the database.
pub async fn prepare(database: &Database, settings: &Serve) -> Result<(), String> {
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
        return Ok(());
    }
    if settings.authentication.demo || !settings.network.is_public() {
        // In the background: verifying a password is slow by design.
        tokio::spawn(warn_of_live_logins(pool.clone()));
        return Ok(());
    }
    let live = live_logins(pool).await.map_err(|failure| failure.to_string())?;
    if live.is_empty() { Ok(()) } else { Err(refusal(&live, settings)) }
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

async fn warn_of_live_logins(pool: Pool) {
    match live_logins(&pool).await {
        Ok(live) if live.is_empty() => {}
        Ok(live) => tracing::warn!(
            associates = live.join(", "),
            "demo logins with published passwords are live: every client that reaches this server can use them"
        ),
        Err(failure) => tracing::warn!(%failure, "cannot check for live demo logins"),
    }
}
