//! Applications: partner programs, identified by their `SO-AppToken`.

use super::credentials::Hash;
use super::{Failure, Pool};

/// The unique constraint on names.
pub const NAME_KEY: &str = "application_name_key";

/// An application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Primary key.
    pub application_id: i32,
    /// The display name.
    pub name: String,
    /// The ErpSync agent is granted.
    pub erp_sync: bool,
    /// Requests are refused.
    pub disabled: bool,
}

/// Adds an application. Returns its key.
///
/// # Errors
/// [`Failure::Constraint`] with [`NAME_KEY`] if the name is taken; see [`Failure`].
pub async fn add(pool: &Pool, name: &str, secret_hash: &Hash, erp_sync: bool) -> Result<i32, Failure> {
    let added = sqlx::query_scalar!(
        "INSERT INTO application (name, secret_hash, erp_sync) VALUES ($1, $2, $3) RETURNING application_id",
        name,
        secret_hash,
        erp_sync
    );
    Ok(added.fetch_one(pool).await?)
}

/// Returns the application whose `SO-AppToken` has this hash, unless it is disabled.
///
/// # Errors
/// See [`Failure`].
pub async fn find_by_secret(pool: &Pool, secret_hash: &Hash) -> Result<Option<Application>, Failure> {
    let found = sqlx::query_as!(
        Application,
        "SELECT application_id, name, erp_sync, disabled FROM application WHERE secret_hash = $1 AND NOT disabled",
        secret_hash
    );
    Ok(found.fetch_optional(pool).await?)
}

/// Returns the application of this key, unless it is disabled.
///
/// # Errors
/// See [`Failure`].
pub async fn find(pool: &Pool, application_id: i32) -> Result<Option<Application>, Failure> {
    let found = sqlx::query_as!(
        Application,
        "SELECT application_id, name, erp_sync, disabled FROM application WHERE application_id = $1 AND NOT disabled",
        application_id
    );
    Ok(found.fetch_optional(pool).await?)
}

/// Returns the application of this name, in any letter case, disabled or not.
///
/// # Errors
/// See [`Failure`].
pub async fn find_by_name(pool: &Pool, name: &str) -> Result<Option<Application>, Failure> {
    let found = sqlx::query_as!(
        Application,
        "SELECT application_id, name, erp_sync, disabled FROM application WHERE lower(name) = lower($1)",
        name
    );
    Ok(found.fetch_optional(pool).await?)
}

/// Returns all applications, ordered by name.
///
/// # Errors
/// See [`Failure`].
pub async fn list(pool: &Pool) -> Result<Vec<Application>, Failure> {
    let listed = sqlx::query_as!(
        Application,
        "SELECT application_id, name, erp_sync, disabled FROM application ORDER BY lower(name)"
    );
    Ok(listed.fetch_all(pool).await?)
}

/// Grants the ErpSync agent to an application, or revokes it. Returns whether the application exists.
///
/// # Errors
/// See [`Failure`].
pub async fn set_erp_sync(pool: &Pool, name: &str, erp_sync: bool) -> Result<bool, Failure> {
    let changed = sqlx::query!("UPDATE application SET erp_sync = $2 WHERE lower(name) = lower($1)", name, erp_sync);
    Ok(changed.execute(pool).await?.rows_affected() > 0)
}

/// Disables or enables an application. Returns whether the application exists.
///
/// # Errors
/// See [`Failure`].
pub async fn set_disabled(pool: &Pool, name: &str, disabled: bool) -> Result<bool, Failure> {
    let changed = sqlx::query!("UPDATE application SET disabled = $2 WHERE lower(name) = lower($1)", name, disabled);
    Ok(changed.execute(pool).await?.rows_affected() > 0)
}
