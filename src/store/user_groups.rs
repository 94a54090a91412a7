//! User groups, and who is in them.

use super::{Failure, Pool};

/// The constraint that a group, of which somebody becomes a member, is there.
pub const MEMBER_KEY: &str = "associate_user_group_user_group_id_fkey";

/// A user group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserGroup {
    /// Primary key.
    pub user_group_id: i32,
    /// For people.
    pub name: String,
}

/// Adds a user group and gives its key.
///
/// # Errors
/// See [`Failure`].
pub async fn add(pool: &Pool, name: &str) -> Result<i32, Failure> {
    let added = sqlx::query_scalar!("INSERT INTO user_group (name) VALUES ($1) RETURNING user_group_id", name);
    Ok(added.fetch_one(pool).await?)
}

/// All that are not deleted, by key.
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

/// Puts an associate into a further group; false where there is no associate of that name.
///
/// # Errors
/// [`Failure::Constraint`] with [`MEMBER_KEY`] where there is no such group; see [`Failure`].
pub async fn join(pool: &Pool, associate: &str, user_group_id: i32) -> Result<bool, Failure> {
    let joined = sqlx::query_scalar!(
        r#"WITH who AS (SELECT associate_id FROM associate WHERE lower(name) = lower($1)),
        joined AS (
            INSERT INTO associate_user_group (associate_id, user_group_id) SELECT associate_id, $2 FROM who
            ON CONFLICT DO NOTHING
        )
        SELECT EXISTS (SELECT FROM who) AS "any!""#,
        associate,
        user_group_id
    );
    Ok(joined.fetch_one(pool).await?)
}

/// Takes an associate out of a further group; false where it was in none such.
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
