//! Tickets, access tokens and sessions: what a caller shows instead of a password. Known by hash only.

use std::time::Duration;

use sqlx::PgExecutor;

use super::{Failure, Pool};

/// SHA-256 of a secret.
pub type Hash = [u8; 32];

/// What kind of secret it is; one kind does not stand in for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `Authorization: SOTicket`.
    Ticket,
    /// `Authorization: Bearer`.
    Token,
    /// A browser's session cookie.
    Session,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Ticket => "ticket",
            Kind::Token => "token",
            Kind::Session => "session",
        }
    }
}

/// A secret to store.
#[derive(Debug)]
pub struct Issue<'i> {
    /// What kind it is.
    pub kind: Kind,
    /// Of the secret.
    pub secret_hash: &'i Hash,
    /// Of a session's XSRF token.
    pub xsrf_hash: Option<&'i Hash>,
    /// Whom it stands for.
    pub associate_id: i32,
    /// The application that it was issued to.
    pub application_id: Option<i32>,
    /// From now.
    pub lifetime: Duration,
}

/// The most live secrets of one kind that one associate has; a further one ends the oldest.
const MOST: i64 = 1000;

/// Stores a secret, and removes what has expired.
///
/// # Errors
/// See [`Failure`].
pub async fn issue(pool: &Pool, issue: &Issue<'_>) -> Result<(), Failure> {
    sqlx::query!(
        "WITH expired AS (
            DELETE FROM credential WHERE credential_id = ANY (ARRAY(
                SELECT credential_id FROM credential WHERE valid_to <= now() LIMIT 1000
                FOR UPDATE SKIP LOCKED
            ))
        ), too_many AS (
            DELETE FROM credential WHERE credential_id = ANY (ARRAY(
                SELECT credential_id FROM credential WHERE associate_id = $4 AND kind = $1
                ORDER BY credential_id DESC OFFSET $7
                FOR UPDATE SKIP LOCKED
            ))
        )
        INSERT INTO credential (kind, secret_hash, xsrf_hash, associate_id, application_id, valid_to)
        VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))",
        issue.kind.name(),
        issue.secret_hash,
        issue.xsrf_hash.map(|hash| &hash[..]),
        issue.associate_id,
        issue.application_id,
        issue.lifetime.as_secs_f64(),
        MOST - 1,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// What a secret stands for.
#[derive(Clone, Debug)]
pub struct Found {
    /// Primary key of the associate.
    pub associate_id: i32,
    /// The associate's login name, as stored.
    pub name: String,
    /// The associate's primary user group.
    pub user_group_id: i32,
    /// The associate may do everything.
    pub administrator: bool,
    /// Of a session's XSRF token.
    pub xsrf_hash: Option<Vec<u8>>,
    /// How long it is still good for, in seconds.
    pub seconds_left: f64,
    /// The application that it was issued to.
    pub application_id: Option<i32>,
    /// The stamp of the rights.
    pub stamp: i64,
}

/// What a live secret of a live associate stands for. One that was issued to an application is good while that is.
///
/// # Errors
/// See [`Failure`].
pub async fn find(pool: &Pool, kind: Kind, secret_hash: &Hash) -> Result<Option<Found>, Failure> {
    let found = sqlx::query_as!(
        Found,
        r#"SELECT associate_id, a.name, a.user_group_id, a.administrator, c.xsrf_hash, c.application_id,
            extract(epoch FROM c.valid_to - now())::float8 AS "seconds_left!",
            (SELECT stamp FROM security_stamp WHERE security_stamp_id = 1) AS "stamp!"
         FROM credential AS c JOIN associate AS a USING (associate_id)
         WHERE c.secret_hash = $1 AND c.kind = $2 AND c.valid_to > now() AND NOT a.disabled
            AND NOT EXISTS (SELECT FROM application WHERE application_id = c.application_id AND disabled OFFSET 0)"#,
        secret_hash,
        kind.name(),
    );
    Ok(found.fetch_optional(pool).await?)
}

/// Makes a secret good for `lifetime` from now.
///
/// # Errors
/// See [`Failure`].
pub async fn renew(pool: &Pool, secret_hash: &Hash, lifetime: Duration) -> Result<(), Failure> {
    sqlx::query!(
        "UPDATE credential SET valid_to = now() + make_interval(secs => $2) WHERE secret_hash = $1 AND valid_to > now()",
        secret_hash,
        lifetime.as_secs_f64(),
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Ends a secret; false where there is none.
///
/// # Errors
/// See [`Failure`].
pub async fn revoke(pool: &Pool, kind: Kind, secret_hash: &Hash) -> Result<bool, Failure> {
    let removed = sqlx::query!("DELETE FROM credential WHERE secret_hash = $1 AND kind = $2", secret_hash, kind.name());
    Ok(removed.execute(pool).await?.rows_affected() > 0)
}

/// Ends every secret of an associate: his password was changed, or he was disabled.
///
/// # Errors
/// See [`Failure`].
pub async fn revoke_all(executor: impl PgExecutor<'_>, associate_id: i32) -> Result<u64, Failure> {
    let removed = sqlx::query!("DELETE FROM credential WHERE associate_id = $1", associate_id);
    Ok(removed.execute(executor).await?.rows_affected())
}

/// A live secret, as lists show it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The associate's login name.
    pub associate: String,
    /// The application that it was issued to.
    pub application: Option<String>,
    /// RFC 3339, in UTC.
    pub valid_from: String,
    /// RFC 3339, in UTC.
    pub valid_to: String,
}

/// The live secrets of one kind, the newest first.
///
/// # Errors
/// See [`Failure`].
pub async fn list(pool: &Pool, kind: Kind) -> Result<Vec<Listed>, Failure> {
    let listed = sqlx::query_as!(
        Listed,
        r#"SELECT a.name AS associate, p.name AS "application?",
            to_char(c.valid_from AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "valid_from!",
            to_char(c.valid_to AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "valid_to!"
         FROM credential AS c JOIN associate AS a USING (associate_id) LEFT JOIN application AS p USING (application_id)
         WHERE c.kind = $1 AND c.valid_to > now() ORDER BY c.credential_id DESC"#,
        kind.name(),
    );
    Ok(listed.fetch_all(pool).await?)
}
