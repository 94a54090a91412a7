//! Associates: the users who can log in.

use super::credentials::revoke_all;
use super::locks::lock_associate;
use super::{Failure, Pool};

/// The unique constraint on login names.
pub const NAME_KEY: &str = "associate_name_key";
/// The foreign key to the primary user group.
pub const USER_GROUP_KEY: &str = "associate_user_group_id_fkey";

/// The columns of an associate that a login needs.
#[derive(Clone, Debug)]
pub struct Associate {
    /// Primary key.
    pub associate_id: i32,
    /// The login name as stored.
    pub name: String,
    /// The primary user group.
    pub user_group_id: i32,
    /// Has all rights.
    pub administrator: bool,
    /// The argon2id hash as a PHC string; `None` permits no login by password.
    pub password_hash: Option<String>,
    /// The stamp under which the rights were read.
    pub stamp: i64,
}

/// Returns the associate with the login name `name`, in any letter case; `None` if there is none, or they are disabled.
///
/// # Errors
/// See [`Failure`].
pub async fn find_by_name(pool: &Pool, name: &str) -> Result<Option<Associate>, Failure> {
    if name.contains('\0') {
        // No stored name has a NUL character, and PostgreSQL rejects a parameter with one.
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

/// Adds an associate. Returns its key. Without a group, the primary group is the one with the lowest key.
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

/// An associate in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Primary key.
    pub associate_id: i32,
    /// The login name.
    pub name: String,
    /// The primary user group.
    pub user_group_id: i32,
    /// Keys of further user groups, ascending.
    pub further_groups: Vec<i32>,
    /// Has all rights.
    pub administrator: bool,
    /// Cannot log in.
    pub disabled: bool,
    /// Can log in with a password.
    pub has_password: bool,
}

/// Returns all associates, ordered by name.
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

/// Disables an associate and revokes their tickets, tokens and sessions, or enables them. Returns whether the associate
/// exists.
///
/// # Errors
/// See [`Failure`].
pub async fn set_disabled(pool: &Pool, name: &str, disabled: bool) -> Result<bool, Failure> {
    let exists = pool.transaction(|mut transaction| async move {
        let Some(associate_id) = lock_associate(&mut transaction, name).await? else { return Ok(false) };
        if disabled {
            revoke_all(&mut transaction, associate_id).await?;
        }
        sqlx::query!("UPDATE associate SET disabled = $2 WHERE associate_id = $1", associate_id, disabled)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    });
    Ok(exists.await?)
}

/// Changes a password and revokes the associate's tickets, tokens and sessions. Returns whether the associate exists.
///
/// # Errors
/// See [`Failure`].
pub async fn set_password(pool: &Pool, name: &str, password_hash: &str) -> Result<bool, Failure> {
    let exists = pool.transaction(|mut transaction| async move {
        let Some(associate_id) = lock_associate(&mut transaction, name).await? else { return Ok(false) };
        revoke_all(&mut transaction, associate_id).await?;
        sqlx::query!("UPDATE associate SET password_hash = $2 WHERE associate_id = $1", associate_id, password_hash)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    });
    Ok(exists.await?)
}

/// Grants or revokes the rights of an administrator. Returns whether the associate exists.
///
/// # Errors
/// See [`Failure`].
pub async fn set_administrator(pool: &Pool, name: &str, administrator: bool) -> Result<bool, Failure> {
    let changed =
        sqlx::query!("UPDATE associate SET administrator = $2 WHERE lower(name) = lower($1)", name, administrator);
    Ok(changed.execute(pool).await?.rows_affected() > 0)
}

/// Returns the keys of an associate's groups besides the primary one, ascending.
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

/// Returns whether the database has no associate, as a new one.
///
/// # Errors
/// See [`Failure`].
pub async fn is_empty(pool: &Pool) -> Result<bool, Failure> {
    let any = sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM associate) AS "any!""#);
    Ok(!any.fetch_one(pool).await?)
}

/// Checks that the database answers.
///
/// # Errors
/// See [`Failure`].
pub async fn ping(pool: &Pool) -> Result<(), Failure> {
    sqlx::query_scalar!(r#"SELECT 1 AS "one!""#).fetch_one(pool).await?;
    Ok(())
}
