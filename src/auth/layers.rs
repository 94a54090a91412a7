//! The layers in front of endpoints that need a login.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use super::authenticator::Authenticator;
use super::client::Client;
use super::credentials::RequestCredentials;
use super::principal::Principal;
use crate::protocol::error::Error;

/// Puts the [`Principal`] into the request, or refuses the request with 401.
///
/// Runs before the body is read, so that a caller without valid credentials learns nothing about the body.
///
/// # Errors
/// 401, 429, or 503 where the database is away.
pub async fn authenticate(
    State(authenticator): State<Authenticator>,
    mut request: Request,
    next: Next,
) -> Result<Response, Error> {
    let credentials = RequestCredentials::of(request.headers());
    let Client { address, .. } = Client::of(&request)?;
    let principal = authenticator.authenticate_or_challenge(&credentials, address).await?;
    tracing::Span::current().record("associate", &principal.name);
    request.extensions_mut().insert(principal);
    Ok(next.run(request).await)
}

/// Refuses callers to whom the agent is not granted. Needs authentication in front of it.
///
/// # Errors
/// 403.
pub async fn require_grant(
    State(authenticator): State<Authenticator>,
    request: Request,
    next: Next,
) -> Result<Response, Error> {
    let principal = request.extensions().get::<Principal>();
    let principal = principal.ok_or_else(|| Error::internal("no principal in the request"))?;
    if !authenticator.is_granted(principal) {
        return Err(Error::not_granted());
    }
    Ok(next.run(request).await)
}
