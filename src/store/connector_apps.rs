//! The URLs of connectors that are registered as applications.

use super::{Failure, Pool};

/// An application with the URL of its connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorApp {
    /// The client id, as in `app://<client id>`; case-sensitive.
    pub client_id: String,
    /// The URL.
    pub url: String,
}

/// Registers an application, or replaces the URL of one.
///
/// # Errors
/// See [`Failure`].
pub async fn set(pool: &Pool, client_id: &str, url: &str) -> Result<(), Failure> {
    let stored = sqlx::query!(
        "INSERT INTO connector_app AS a (client_id, url) VALUES ($1, $2)
         ON CONFLICT (client_id) DO UPDATE SET url = excluded.url, updated = statement_timestamp()
         WHERE a.url <> excluded.url",
        client_id,
        url
    );
    stored.execute(pool).await?;
    Ok(())
}

/// Returns the URL of an application; `None` if it is not registered.
///
/// # Errors
/// See [`Failure`].
pub async fn find_url(pool: &Pool, client_id: &str) -> Result<Option<String>, Failure> {
    let found = sqlx::query_scalar!("SELECT url FROM connector_app WHERE client_id = $1", client_id);
    Ok(found.fetch_optional(pool).await?)
}

/// Returns all applications, ordered by client id.
///
/// # Errors
/// See [`Failure`].
pub async fn list(pool: &Pool) -> Result<Vec<ConnectorApp>, Failure> {
    let listed = sqlx::query_as!(ConnectorApp, "SELECT client_id, url FROM connector_app ORDER BY client_id");
    Ok(listed.fetch_all(pool).await?)
}

/// Removes an application. Returns whether it was registered.
///
/// # Errors
/// See [`Failure`].
pub async fn remove(pool: &Pool, client_id: &str) -> Result<bool, Failure> {
    let removed = sqlx::query!("DELETE FROM connector_app WHERE client_id = $1", client_id);
    Ok(removed.execute(pool).await?.rows_affected() > 0)
}
