//! Authentication with a ticket, an access token or a session that this installation has issued.

use std::net::IpAddr;
use std::time::Duration;

use super::principal::{Principal, Scheme};
use super::refusal::refuse_secret;
use super::secret;
use super::throttle::Throttle;
use crate::metrics;
use crate::protocol::error::Error;
use crate::store::Pool;
use crate::store::applications;
use crate::store::credentials::{self, Kind};

/// The least time between two renewals of a ticket or session, in seconds, so that not every use of it is a write.
const RENEWAL_INTERVAL: f64 = 600.0;

/// Returns the principal of an issued secret. A session is valid with its XSRF token only.
///
/// # Errors
/// 401, 429, or 503 where the database is away.
pub async fn authenticate(
    pool: &Pool,
    throttle: &Throttle,
    kind: Kind,
    issued: &str,
    xsrf: Option<&str>,
    address: IpAddr,
) -> Result<Principal, Error> {
    let hash = secret::hash(issued);
    let (scheme, lifetime) = match kind {
        Kind::Ticket => (Scheme::Ticket, Some(secret::TICKET_LIFETIME)),
        Kind::Session => (Scheme::Session, Some(secret::SESSION_LIFETIME)),
        // An access token is not renewed.
        Kind::Token => (Scheme::Token, None),
    };
    let found = credentials::find(pool, kind, &hash).await?;
    let found = found.ok_or_else(|| {
        refuse_secret(throttle, scheme, address, format_args!("the {} is unknown, expired or revoked", scheme.name()))
    })?;
    if let Some(xsrf) = xsrf
        && !found.xsrf_hash.as_deref().is_some_and(|stored| secret::matches(stored, xsrf))
    {
        tracing::Span::current().record("associate", &found.name);
        metrics::count_failed_login(scheme.name());
        return Err(Error::invalid_xsrf().with_log_reason("wrong XSRF token"));
    }
    if let Some(lifetime) = lifetime.filter(|full| full.as_secs_f64() - found.seconds_left > RENEWAL_INTERVAL) {
        credentials::renew(pool, &hash, lifetime).await?;
    }
    let application = match found.application_id {
        Some(id) => applications::find(pool, id).await?,
        None => None,
    };
    Ok(Principal {
        associate_id: found.associate_id,
        name: found.name,
        user_group_id: found.user_group_id,
        administrator: found.administrator,
        application,
        scheme,
        token: (kind == Kind::Token).then(|| issued.to_owned()),
        stamp: found.stamp,
        valid_for: Duration::try_from_secs_f64(found.seconds_left).unwrap_or_default(),
    })
}
