//! Associates: who can log in.

use sqlx::PgPool;

use super::Failure;

/// An associate's row, as far as a login looks at it.
#[derive(Clone, Debug)]
pub struct Associate {
    /// Primary key.
    pub associate_id: i32,
    /// The login name, as stored.
    pub name: String,
    /// The primary user group.
    pub user_group_id: i32,
    /// May do everything.
    pub administrator: bool,
    /// argon2id, as a PHC string; none: no login by password.
    pub password_hash: Option<String>,
}

/// The associate who logs in as `name`, in any letter case; none where there is none or it is disabled.
///
/// # Errors
/// See [`Failure`].
pub async fn find_by_name(pool: &PgPool, name: &str) -> Result<Option<Associate>, Failure> {
    if name.contains('\0') {
        // No stored name holds one, and PostgreSQL takes none in a parameter.
        return Ok(None);
    }
    let found = sqlx::query_as!(
        Associate,
        "SELECT associate_id, name, user_group_id, administrator, password_hash
         FROM associate WHERE lower(name) = lower($1) AND NOT disabled",
        name
    );
    Ok(found.fetch_optional(pool).await?)
}

/// The groups of an associate besides the primary one, ascending.
///
/// # Errors
/// See [`Failure`].
pub async fn further_groups(pool: &PgPool, associate_id: i32) -> Result<Vec<i32>, Failure> {
    let groups = sqlx::query_scalar!(
        "SELECT user_group_id FROM associate_user_group WHERE associate_id = $1 ORDER BY user_group_id",
        associate_id
    );
    Ok(groups.fetch_all(pool).await?)
}

/// Whether the database has no associate at all, as a fresh one.
///
/// # Errors
/// See [`Failure`].
pub async fn is_empty(pool: &PgPool) -> Result<bool, Failure> {
    let any = sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM associate) AS "any!""#);
    Ok(!any.fetch_one(pool).await?)
}

/// Whether the database answers.
///
/// # Errors
/// See [`Failure`].
pub async fn ping(pool: &PgPool) -> Result<(), Failure> {
    sqlx::query_scalar!(r#"SELECT 1 AS "one!""#).fetch_one(pool).await?;
    Ok(())
}
