//! Issued credentials: tickets, access tokens and sessions. Only hashes of the secrets are stored.

use std::time::Duration;

use sqlx::{Error, PgConnection};

use super::{Failure, Pool};

/// SHA-256 of a secret.
pub type Hash = [u8; 32];

/// The kind of a credential. A secret of one kind is not accepted as another.
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

/// A credential to store.
#[derive(Debug)]
pub struct Issue<'i> {
    /// Its kind.
    pub kind: Kind,
    /// The hash of the secret.
    pub secret_hash: &'i Hash,
    /// The hash of a session's XSRF token.
    pub xsrf_hash: Option<&'i Hash>,
    /// Key of the associate whom it authenticates.
    pub associate_id: i32,
    /// Key of the application that it is issued to.
    pub application_id: Option<i32>,
    /// The time from now until it expires.
    pub lifetime: Duration,
}

/// The most credentials of one kind that an associate has. A further one replaces the oldest.
const MOST: i64 = 1000;

/// Stores a credential, and removes expired ones.
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

/// A valid credential, with the rights of its associate.
#[derive(Clone, Debug)]
pub struct Found {
    /// Primary key of the associate.
    pub associate_id: i32,
    /// The associate's login name as stored.
    pub name: String,
    /// The associate's primary user group.
    pub user_group_id: i32,
    /// The associate has all rights.
    pub administrator: bool,
    /// The hash of a session's XSRF token.
    pub xsrf_hash: Option<Vec<u8>>,
    /// Seconds until it expires.
    pub seconds_left: f64,
    /// Key of the application that it was issued to.
    pub application_id: Option<i32>,
    /// The stamp under which the rights were read.
    pub stamp: i64,
}

/// Returns the credential with this hash, if it has not expired and neither its associate nor the application that it
/// was issued to is disabled.
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

/// Extends a credential to `lifetime` from now.
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

/// Revokes a credential. Returns whether it existed.
///
/// # Errors
/// See [`Failure`].
pub async fn revoke(pool: &Pool, kind: Kind, secret_hash: &Hash) -> Result<bool, Failure> {
    let removed = sqlx::query!("DELETE FROM credential WHERE secret_hash = $1 AND kind = $2", secret_hash, kind.name());
    Ok(removed.execute(pool).await?.rows_affected() > 0)
}

/// Revokes all credentials of an associate whose password was changed, or who was disabled. The caller has locked the
/// associate.
pub(super) async fn revoke_all(connection: &mut PgConnection, associate_id: i32) -> Result<(), Error> {
    sqlx::query!("DELETE FROM credential WHERE associate_id = $1", associate_id).execute(connection).await?;
    Ok(())
}

/// A credential in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The associate's login name.
    pub associate: String,
    /// Name of the application that it was issued to.
    pub application: Option<String>,
    /// RFC 3339, in UTC.
    pub valid_from: String,
    /// RFC 3339, in UTC.
    pub valid_to: String,
}

/// Returns the credentials of one kind that have not expired, the newest first.
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
