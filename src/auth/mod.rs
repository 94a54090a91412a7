//! Who calls: credentials in, a [`Principal`] out.

mod basic;
pub mod oidc;
pub mod password;
mod throttle;

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::Response;
use sqlx::PgPool;

use crate::protocol::error::Error;
use crate::store::associates;
use basic::Credentials;
use password::{Core, Passwords};
use throttle::Throttle;

/// The associate who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Primary key of the associate.
    pub associate_id: i32,
    /// The login name, as stored.
    pub name: String,
    /// The primary user group.
    pub user_group_id: i32,
    /// May do everything.
    pub administrator: bool,
}

/// The address of the other end of the connection; put into every request by the server.
#[derive(Clone, Copy, Debug)]
pub struct PeerAddress(pub IpAddr);

/// Tells callers apart. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Authenticator(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    pool: PgPool,
    passwords: Passwords,
    throttle: Throttle,
}

/// Wrong user, wrong password, no password, disabled: the caller is not told which.
const REFUSED: &str = "The credentials are not valid.";

impl Authenticator {
    /// Over the associates in `pool`.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Authenticator(Arc::new(Parts { pool, passwords: Passwords::new(), throttle: Throttle::new() }))
    }

    async fn authenticate(&self, header: Option<&HeaderValue>, address: IpAddr) -> Result<Principal, Error> {
        let header = header.ok_or_else(|| Error::unauthorized("The Authorization header is missing."))?;
        let credentials = Credentials::parse(header.as_bytes())
            .ok_or_else(|| Error::unauthorized("The Authorization header cannot be read; Basic is supported."))?;
        self.login(&credentials, address).await
    }

    async fn login(&self, credentials: &Credentials, address: IpAddr) -> Result<Principal, Error> {
        let Parts { pool, passwords, .. } = &*self.0;
        // Read on every call, so that what is changed or disabled counts from then on, on every server.
        let associate = associates::find_by_name(pool, &credentials.name).await?;
        let stored = associate.as_ref().and_then(|associate| associate.password_hash.as_deref());
        if !passwords.remembers(stored, &credentials.password) {
            let core = passwords.core().await?;
            self.check(credentials, stored, address, core).await?;
        }
        let associate = associate.ok_or_else(|| Error::unauthorized(REFUSED))?;
        Ok(Principal {
            associate_id: associate.associate_id,
            name: associate.name,
            user_group_id: associate.user_group_id,
            administrator: associate.administrator,
        })
    }

    /// The costly way, with a core's permit: what is checked here counts from the moment of the check, so that no
    /// crowd of callers gets past the throttle together.
    async fn check(
        &self,
        credentials: &Credentials,
        stored: Option<&str>,
        address: IpAddr,
        core: Core,
    ) -> Result<(), Error> {
        let Parts { passwords, throttle, .. } = &*self.0;
        if passwords.remembers(stored, &credentials.password) {
            return Ok(());
        }
        if let Some(seconds) = throttle.wait(&credentials.name, address) {
            tracing::warn!(associate = credentials.name, %address, "too many wrong passwords");
            return Err(Error::too_many_wrong_passwords(seconds));
        }
        // The core is held until a wrong password is counted, so that no more are tried than there are cores.
        let (right, _core) = passwords.verify(stored, &credentials.password, core).await?;
        if !right {
            throttle.count_wrong(&credentials.name, address);
            tracing::info!(associate = credentials.name, %address, "login refused");
            return Err(Error::unauthorized(REFUSED));
        }
        Ok(())
    }
}

/// The layer before every agent method: puts the [`Principal`] into the request, or answers 401.
///
/// Runs before the body is looked at, so that a stranger learns nothing from it.
///
/// # Errors
/// 401, 429, or 503 where the database is away.
pub async fn authorize(
    State(authenticator): State<Authenticator>,
    mut request: Request,
    next: Next,
) -> Result<Response, Error> {
    // Apart from the request: its body cannot be shared between threads while this waits.
    let header = request.headers().get(AUTHORIZATION).cloned();
    let address = request.extensions().get::<PeerAddress>().map(|peer| peer.0);
    let address = address.ok_or_else(|| Error::internal("no peer address in the request"))?;
    let principal = authenticator.authenticate(header.as_ref(), address).await?;
    tracing::Span::current().record("associate", &principal.name);
    request.extensions_mut().insert(principal);
    Ok(next.run(request).await)
}
