//! Authentication from the cache, for methods whose SQL statement checks the caller's rights.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

use super::authenticator::Authenticator;
use super::client::Client;
use super::credentials::RequestCredentials;
use super::principal::Principal;
use crate::protocol::error::Error;

/// How often the rights may change during one request before the server gives up.
const MAX_ATTEMPTS: u8 = 5;

/// A principal that may come from the cache. A rule has to pass its `stamp` to the statement.
#[derive(Clone, Debug)]
pub struct CachedPrincipal {
    principal: Principal,
    source: Arc<Source>,
    attempts: u8,
}

/// Everything that another authentication of the request needs.
#[derive(Debug)]
struct Source {
    authenticator: Authenticator,
    credentials: RequestCredentials,
    address: IpAddr,
}

impl Deref for CachedPrincipal {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.principal
    }
}

impl Source {
    async fn authenticate(&self) -> Result<Principal, Error> {
        self.authenticator.authenticate_or_challenge(&self.credentials, self.address).await
    }
}

impl CachedPrincipal {
    /// Authenticates again, after a statement has found the stamp changed.
    ///
    /// # Errors
    /// 401, 403, 429, 503.
    pub async fn renewed(self) -> Result<Self, Error> {
        let attempts = self.attempts + 1;
        if attempts >= MAX_ATTEMPTS {
            return Err(Error::busy());
        }
        let principal = self.source.authenticate().await?;
        if !self.source.authenticator.is_granted(&principal) {
            return Err(Error::not_granted());
        }
        Ok(CachedPrincipal { principal, source: self.source, attempts })
    }
}

/// Puts a [`CachedPrincipal`] into the request, from the cache where it has one.
///
/// Stands in place of [`authenticate`](super::authenticate) in front of methods whose statement checks the stamp.
///
/// # Errors
/// As `authenticate`.
pub async fn authenticate_cached(
    State(authenticator): State<Authenticator>,
    mut request: Request,
    next: Next,
) -> Result<Response, Error> {
    let credentials = RequestCredentials::of(request.headers());
    let Client { address, .. } = Client::of(&request)?;
    let source = Arc::new(Source { authenticator, credentials, address });
    // Only a POST runs a statement that checks the stamp.
    let cached = source.authenticator.cached(&source.credentials).filter(|_| request.method() == Method::POST);
    let is_cached = cached.is_some();
    let principal = match cached {
        Some(principal) => principal,
        None => source.authenticate().await?,
    };
    tracing::Span::current().record("associate", &principal.name);
    request.extensions_mut().insert(principal.clone());
    request.extensions_mut().insert(CachedPrincipal { principal, source: Arc::clone(&source), attempts: 0 });
    let response = next.run(request).await;
    if is_cached && response.status().is_client_error() {
        // The principal may come from the cache. Authenticate again before reporting a validation error, so that a
        // caller whose rights were revoked learns nothing about the request body.
        source.authenticate().await?;
    }
    Ok(response)
}
