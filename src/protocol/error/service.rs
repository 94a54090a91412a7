//! The errors of the vendor's services.

use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};

use super::Error;
use crate::protocol::message::Message;

/// The `ErrorSource` of the vendor's business layer.
const IMPLEMENTATION: &str = "SuperOffice.Services.Implementation";
/// The `ErrorSource` of the vendor's web layer.
const WEB_API: &str = "SuperOffice.Services.WebApi";

/// The challenge of a 401 where Basic is allowed. The text is the vendor's.
const BASIC_CHALLENGE: HeaderValue = HeaderValue::from_static("Basic realm=\"SuperOffice Username or Ticket\"");

impl Error {
    /// 400: the request cannot be read.
    pub fn argument(message: impl Into<Message>) -> Self {
        Self::service(StatusCode::BAD_REQUEST, "ArgumentException", WEB_API, message)
    }

    /// 400: the request can be read, but breaks a rule.
    pub fn validation(message: impl Into<Message>) -> Self {
        Self::service(StatusCode::BAD_REQUEST, "SoValidationException", IMPLEMENTATION, message)
    }

    /// 401: missing or invalid credentials. The message does not say which part is invalid.
    pub fn unauthorized(message: impl Into<Message>) -> Self {
        Self::service(StatusCode::UNAUTHORIZED, "SoSessionException", WEB_API, message)
    }

    /// 401: neither an `Authorization` header nor an XSRF token. The message begins as the vendor's.
    #[must_use]
    pub fn missing_xsrf() -> Self {
        Self::service(
            StatusCode::UNAUTHORIZED,
            "ArgumentException",
            WEB_API,
            "X-XSRF-TOKEN HTTP header missing. Add X-XSRF-TOKEN HTTP header to use existing session, or add an \
             Authorization HTTP header.",
        )
    }

    /// 401: an XSRF token that does not belong to the session.
    #[must_use]
    pub fn invalid_xsrf() -> Self {
        Self::service(
            StatusCode::UNAUTHORIZED,
            "XsrfValidationException",
            WEB_API,
            "The X-XSRF-TOKEN HTTP header is not the session's.",
        )
    }

    /// Adds the Basic challenge to a 401, if `passwords` are accepted.
    #[must_use]
    pub fn with_challenge(self, passwords: bool) -> Self {
        if passwords && self.status == StatusCode::UNAUTHORIZED {
            self.with_header(WWW_AUTHENTICATE, BASIC_CHALLENGE)
        } else {
            self
        }
    }

    /// 403: the caller is authenticated, but lacks the right.
    pub fn forbidden(message: impl Into<Message>) -> Self {
        Self::service(StatusCode::FORBIDDEN, "SoSentryException", IMPLEMENTATION, message)
    }

    /// 403: the application has no grant of the agent.
    #[must_use]
    pub fn not_granted() -> Self {
        Self::service(
            StatusCode::FORBIDDEN,
            "SoLicenseException",
            WEB_API,
            "The application was not granted the ErpSync agent, or none was shown.",
        )
    }

    /// 404: the row to change does not exist. Rules create it by `ErrorOr`, which declares the status.
    pub(in crate::protocol) fn not_found(message: impl Into<Message>) -> Self {
        Self::service(StatusCode::NOT_FOUND, "SoNotFoundException", IMPLEMENTATION, message)
    }

    /// 409: another row already has a value that must be unique. Rules create it by `ErrorOr`, which declares the status.
    pub(in crate::protocol) fn duplicate(message: impl Into<Message>) -> Self {
        Self::service(StatusCode::CONFLICT, "SoDuplicateException", IMPLEMENTATION, message)
    }

    /// 429: too many failed logins; `seconds` until the next attempt is accepted.
    #[must_use]
    pub fn too_many_failed_logins(seconds: u64) -> Self {
        Self::service(
            StatusCode::TOO_MANY_REQUESTS,
            "SoSessionException",
            WEB_API,
            "Too many wrong credentials. Wait before the next try.",
        )
        .with_header(RETRY_AFTER, seconds.into())
    }

    /// 501: a method of the vendor's that this program does not have.
    #[must_use]
    pub fn not_implemented(method: &str) -> Self {
        Self::service(
            StatusCode::NOT_IMPLEMENTED,
            "NotImplementedException",
            IMPLEMENTATION,
            format_args!("{method} is not implemented: this server does not have it yet. Nothing was done."),
        )
    }

    /// 502: a connector cannot be called, or reports an error, in several languages. Rules create it by
    /// `ConnectorRuleError`, which declares the status.
    pub(in crate::protocol) fn connector_failed(message: impl Into<Message>) -> Self {
        Self::service(StatusCode::BAD_GATEWAY, "SoConnectorException", IMPLEMENTATION, message).in_several_languages()
    }

    /// 504: a connector is too slow.
    pub(in crate::protocol) fn connector_timed_out(message: impl Into<Message>) -> Self {
        Self::service(StatusCode::GATEWAY_TIMEOUT, "SoConnectorException", IMPLEMENTATION, message)
    }

    /// 503: tokens of an OpenID Connect issuer cannot be verified, as its keys are not available.
    #[must_use]
    pub fn issuer_unavailable() -> Self {
        Self::service(
            StatusCode::SERVICE_UNAVAILABLE,
            "SoServerException",
            WEB_API,
            "The token's issuer cannot be reached right now. Try again in a moment.",
        )
        .with_header(RETRY_AFTER, HeaderValue::from_static("10"))
    }

    /// 503: the database is unavailable or did not answer in time.
    #[must_use]
    pub fn database_unavailable() -> Self {
        Self::service(
            StatusCode::SERVICE_UNAVAILABLE,
            "SoDbAccessException",
            IMPLEMENTATION,
            "The database cannot be reached right now. Try again in a moment.",
        )
        .with_header(RETRY_AFTER, HeaderValue::from_static("2"))
    }

    /// 503: the database cancelled the statement, which took longer than its time limit. Nothing has taken effect.
    #[must_use]
    pub fn statement_timed_out() -> Self {
        Self::service(
            StatusCode::SERVICE_UNAVAILABLE,
            "SoServerException",
            IMPLEMENTATION,
            "The database took longer than its time limit. Nothing was done. Try again in a moment.",
        )
        .with_header(RETRY_AFTER, HeaderValue::from_static("2"))
    }

    /// 503: the server is busy: at its concurrency limit, or a transaction was aborted repeatedly.
    #[must_use]
    pub fn busy() -> Self {
        Self::service(
            StatusCode::SERVICE_UNAVAILABLE,
            "SoServerException",
            WEB_API,
            "The server is busy. Try again in a moment.",
        )
        .with_header(RETRY_AFTER, HeaderValue::from_static("1"))
    }

    /// 504: the request exceeded the time limit; its effect is unknown.
    #[must_use]
    pub fn timed_out() -> Self {
        Self::service(
            StatusCode::GATEWAY_TIMEOUT,
            "SoServerException",
            WEB_API,
            "The request took too long and was given up.",
        )
    }
}
