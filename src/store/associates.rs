//! Associates: who can log in.

use super::{Failure, Pool, credentials};

/// The constraint that keeps login names unique.
pub const NAME_KEY: &str = "associate_name_key";
/// The constraint that a primary group is there.
pub const USER_GROUP_KEY: &str = "associate_user_group_id_fkey";

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
    /// The stamp of the rights.
    pub stamp: i64,
}

/// The associate who logs in as `name`, in any letter case; none where there is none or it is disabled.
///
/// # Errors
/// See [`Failure`].
pub async fn find_by_name(pool: &Pool, name: &str) -> Result<Option<Associate>, Failure> {
    if name.contains('\0') {
        // No stored name holds one, and PostgreSQL takes none in a parameter.
        return Ok(None);
    }
    let found = sqlx::query_as!(
        Associate,
        r#"SELECT associate_id, name, user_group_id, administrator, password_hash,
            (SELECT stamp FROM security_stamp WHERE security_stamp_id = 1) AS "stamp!"
         FROM associate WHERE lower(name) = lower($1) AND NOT disabled"#,
        name
    );
    Ok(found.fetch_optional(pool).await?)
}

/// Adds an associate and gives its key. Without a group it gets the one with the lowest key.
///
/// # Errors
/// [`Failure::Constraint`] with [`NAME_KEY`] or [`USER_GROUP_KEY`]; see [`Failure`].
pub async fn add(
    pool: &Pool,
    name: &str,
    user_group_id: Option<i32>,
    administrator: bool,
    password_hash: Option<&str>,
) -> Result<i32, Failure> {
    let added = sqlx::query_scalar!(
        "INSERT INTO associate (name, user_group_id, administrator, password_hash)
         VALUES ($1, coalesce($2, (SELECT min(user_group_id) FROM user_group WHERE NOT deleted)), $3, $4)
         RETURNING associate_id",
        name,
        user_group_id,
        administrator,
        password_hash
    );
    Ok(added.fetch_one(pool).await?)
}

/// An associate, as lists show it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Primary key.
    pub associate_id: i32,
    /// The login name.
    pub name: String,
    /// The primary user group.
    pub user_group_id: i32,
    /// Further groups, ascending.
    pub further_groups: Vec<i32>,
    /// May do everything.
    pub administrator: bool,
    /// Is not let in.
    pub disabled: bool,
    /// Can log in by password.
    pub has_password: bool,
}

/// All of them, by name.
///
/// # Errors
/// See [`Failure`].
pub async fn list(pool: &Pool) -> Result<Vec<Listed>, Failure> {
    let listed = sqlx::query_as!(
        Listed,
        r#"SELECT associate_id, name, user_group_id, administrator, disabled,
            password_hash IS NOT NULL AS "has_password!",
            ARRAY(
                SELECT g.user_group_id FROM associate_user_group AS g
                WHERE g.associate_id = a.associate_id ORDER BY g.user_group_id
            ) AS "further_groups!"
         FROM associate AS a ORDER BY lower(name)"#
    );
    Ok(listed.fetch_all(pool).await?)
}

/// Lets an associate in, or not; then the tickets, tokens and sessions end. False where there is none of that name.
///
/// # Errors
/// See [`Failure`].
pub async fn set_disabled(pool: &Pool, name: &str, disabled: bool) -> Result<bool, Failure> {
    let mut transaction = pool.begin().await?;
    let changed = sqlx::query_scalar!(
        "UPDATE associate SET disabled = $2 WHERE lower(name) = lower($1) RETURNING associate_id",
        name,
        disabled
    );
    let changed = changed.fetch_optional(&mut *transaction).await?;
    if let Some(associate_id) = changed.filter(|_| disabled) {
        credentials::revoke_all(&mut *transaction, associate_id).await?;
    }
    transaction.commit().await?;
    Ok(changed.is_some())
}

/// Changes a password; the tickets, tokens and sessions end. False where there is no associate of that name.
///
/// # Errors
/// See [`Failure`].
pub async fn set_password(pool: &Pool, name: &str, password_hash: &str) -> Result<bool, Failure> {
    let mut transaction = pool.begin().await?;
    let changed = sqlx::query_scalar!(
        "UPDATE associate SET password_hash = $2 WHERE lower(name) = lower($1) RETURNING associate_id",
        name,
        password_hash
    );
    let changed = changed.fetch_optional(&mut *transaction).await?;
    if let Some(associate_id) = changed {
        credentials::revoke_all(&mut *transaction, associate_id).await?;
    }
    transaction.commit().await?;
    Ok(changed.is_some())
}

/// Makes an associate an administrator, or no more; false where there is none of that name.
///
/// # Errors
/// See [`Failure`].
pub async fn set_administrator(pool: &Pool, name: &str, administrator: bool) -> Result<bool, Failure> {
    let changed =
        sqlx::query!("UPDATE associate SET administrator = $2 WHERE lower(name) = lower($1)", name, administrator);
    Ok(changed.execute(pool).await?.rows_affected() > 0)
}

/// The groups of an associate besides the primary one, ascending.
///
/// # Errors
/// See [`Failure`].
pub async fn further_groups(pool: &Pool, associate_id: i32) -> Result<Vec<i32>, Failure> {
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
pub async fn is_empty(pool: &Pool) -> Result<bool, Failure> {
    let any = sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM associate) AS "any!""#);
    Ok(!any.fetch_one(pool).await?)
}

/// Whether the database answers.
///
/// # Errors
/// See [`Failure`].
pub async fn ping(pool: &Pool) -> Result<(), Failure> {
    sqlx::query_scalar!(r#"SELECT 1 AS "one!""#).fetch_one(pool).await?;
    Ok(())
}
