//! Who calls a method whose statement checks the caller's rights itself.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

use super::authenticator::{Authenticator, Headers};
use super::{Peer, Principal};
use crate::protocol::error::Error;

/// How often rights may change under one request before it is given up.
const TRIES: u8 = 5;

/// The principal, perhaps remembered: a rule must pass his `stamp` to its statement.
#[derive(Clone, Debug)]
pub struct Caller {
    principal: Principal,
    source: Arc<Source>,
    tries: u8,
}

#[derive(Debug)]
struct Source {
    authenticator: Authenticator,
    headers: Headers,
    address: IpAddr,
}

impl Deref for Caller {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.principal
    }
}

impl Source {
    async fn authenticate(&self) -> Result<Principal, Error> {
        let principal = self.authenticator.authenticate(&self.headers, self.address).await;
        principal.map_err(|error| error.with_challenge(self.authenticator.takes_passwords()))
    }
}

impl Caller {
    /// The same caller with the rights that he has now: a statement has found the stamp changed.
    ///
    /// # Errors
    /// 401, 403, 429, 503.
    pub async fn renewed(self) -> Result<Self, Error> {
        let tries = self.tries + 1;
        if tries >= TRIES {
            return Err(Error::busy());
        }
        let principal = self.source.authenticate().await?;
        if !self.source.authenticator.is_granted(&principal) {
            return Err(Error::not_granted());
        }
        Ok(Caller { principal, source: self.source, tries })
    }
}

/// The layer in place of [`authorize`](super::authorize) before methods whose statement checks the stamp: puts the
/// [`Caller`] into the request, remembered where he can be.
///
/// # Errors
/// As `authorize`.
pub async fn recognize(
    State(authenticator): State<Authenticator>,
    mut request: Request,
    next: Next,
) -> Result<Response, Error> {
    let headers = Headers::of(request.headers());
    let Peer { address, .. } = Peer::of(&request)?;
    let source = Arc::new(Source { authenticator, headers, address });
    // Only a POST comes to a statement.
    let remembered = source.authenticator.recall(&source.headers).filter(|_| request.method() == Method::POST);
    let is_remembered = remembered.is_some();
    let principal = match remembered {
        Some(principal) => principal,
        None => source.authenticate().await?,
    };
    tracing::Span::current().record("associate", &principal.name);
    request.extensions_mut().insert(principal.clone());
    request.extensions_mut().insert(Caller { principal, source: Arc::clone(&source), tries: 0 });
    let response = next.run(request).await;
    if is_remembered && response.status().is_client_error() {
        // No statement may have been sent: whoever has lost his rights must not learn what is wrong with his body.
        source.authenticate().await?;
    }
    Ok(response)
}
