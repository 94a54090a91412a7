//! User groups and their members.

use super::{Failure, Pool};

/// The foreign key from a member to the user group.
pub const MEMBER_KEY: &str = "associate_user_group_user_group_id_fkey";

/// A user group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserGroup {
    /// Primary key.
    pub user_group_id: i32,
    /// The display name.
    pub name: String,
}

/// Adds a user group. Returns its key.
///
/// # Errors
/// See [`Failure`].
pub async fn add(pool: &Pool, name: &str) -> Result<i32, Failure> {
    let added = sqlx::query_scalar!("INSERT INTO user_group (name) VALUES ($1) RETURNING user_group_id", name);
    Ok(added.fetch_one(pool).await?)
}

/// Returns the user groups that are not flagged as deleted, ordered by key.
///
/// # Errors
/// See [`Failure`].
pub async fn list(pool: &Pool) -> Result<Vec<UserGroup>, Failure> {
    let listed = sqlx::query_as!(
        UserGroup,
        "SELECT user_group_id, name FROM user_group WHERE NOT deleted ORDER BY user_group_id"
    );
    Ok(listed.fetch_all(pool).await?)
}

/// Adds an associate to a further user group. Returns whether the associate exists.
///
/// # Errors
/// [`Failure::Constraint`] with [`MEMBER_KEY`] if the user group does not exist; see [`Failure`].
pub async fn join(pool: &Pool, associate: &str, user_group_id: i32) -> Result<bool, Failure> {
    let exists = sqlx::query_scalar!(
        r#"WITH member AS (SELECT associate_id FROM associate WHERE lower(name) = lower($1)),
        joined AS (
            INSERT INTO associate_user_group (associate_id, user_group_id) SELECT associate_id, $2 FROM member
            ON CONFLICT DO NOTHING
        )
        SELECT EXISTS (SELECT FROM member) AS "exists!""#,
        associate,
        user_group_id
    );
    Ok(exists.fetch_one(pool).await?)
}

/// Removes an associate from a further user group. Returns whether the associate was a member.
///
/// # Errors
/// See [`Failure`].
pub async fn leave(pool: &Pool, associate: &str, user_group_id: i32) -> Result<bool, Failure> {
    let left = sqlx::query!(
        "DELETE FROM associate_user_group AS g USING associate AS a
         WHERE a.associate_id = g.associate_id AND lower(a.name) = lower($1) AND g.user_group_id = $2",
        associate,
        user_group_id
    );
    Ok(left.execute(pool).await?.rows_affected() > 0)
}
