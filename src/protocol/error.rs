//! The error type of every response that is not a success, without any format.
//!
//! The vendor has two shapes. Errors of its services are `{"Error":true,"ErrorType":..,"Message":..,"ErrorSource":..}`
//! with the short name of a .NET exception. Errors of its web framework are `{"Message":..,"MessageDetail":..}`.

use std::error::Error as StdError;
use std::fmt;

use axum::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

/// The `ErrorSource` of the vendor's business layer.
const IMPLEMENTATION: &str = "SuperOffice.Services.Implementation";
/// The `ErrorSource` of the vendor's web layer.
const WEB_API: &str = "SuperOffice.Services.WebApi";

/// The challenge of a 401 where Basic is allowed. The text is the vendor's.
const BASIC_CHALLENGE: HeaderValue = HeaderValue::from_static("Basic realm=\"SuperOffice Username or Ticket\"");

/// A response that is not a success: status, body and the headers that belong to them.
#[derive(Clone, Debug)]
pub struct Error {
    status: StatusCode,
    // Boxed: results are moved more often than errors are created.
    body: Box<ErrorBody>,
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

/// The body of an error, in one of the vendor's two shapes.
#[derive(Clone, Debug)]
pub enum ErrorBody {
    /// An error of a service.
    Service {
        /// The short name of a .NET exception.
        error_type: &'static str,
        /// The message for the caller.
        message: String,
        /// The layer of the vendor's server that raises the error.
        error_source: &'static str,
    },
    /// An error of the web framework.
    Framework {
        /// The message for the caller.
        message: String,
        /// More about the cause.
        message_detail: Option<String>,
    },
    /// An internal error. Its cause stays in the log; the caller gets the request's id, which the log has too.
    Internal,
}

impl Error {
    fn service(
        status: StatusCode,
        error_type: &'static str,
        error_source: &'static str,
        message: impl Into<String>,
    ) -> Self {
        let message = message.into();
        Error { status, body: Box::new(ErrorBody::Service { error_type, message, error_source }), header: None }
    }

    fn framework(status: StatusCode, message: String, message_detail: Option<String>) -> Self {
        Error { status, body: Box::new(ErrorBody::Framework { message, message_detail }), header: None }
    }

    fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some(Box::new((name, value)));
        self
    }

    /// 400: the request cannot be read.
    pub fn argument(message: impl Into<String>) -> Self {
        Self::service(StatusCode::BAD_REQUEST, "ArgumentException", WEB_API, message)
    }

    /// 400: the request can be read, but breaks a rule.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::service(StatusCode::BAD_REQUEST, "SoValidationException", IMPLEMENTATION, message)
    }

    /// 401: missing or invalid credentials. The message does not say which part is invalid.
    pub fn unauthorized(message: impl Into<String>) -> Self {
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
    pub fn forbidden(message: impl Into<String>) -> Self {
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

    /// 404: the row to change does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::service(StatusCode::NOT_FOUND, "SoNotFoundException", IMPLEMENTATION, message)
    }

    /// 409: another row already has a value that must be unique.
    pub fn duplicate(message: impl Into<String>) -> Self {
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
            format!("{method} is not implemented: this server does not have it yet. Nothing was done."),
        )
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

    /// 503: the server has reached its concurrency limit.
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

    /// 400: a CORS preflight from an origin that is not allowed.
    #[must_use]
    pub fn origin_not_allowed(origin: &str) -> Self {
        Self::framework(StatusCode::BAD_REQUEST, format!("The origin '{origin}' is not allowed."), None)
    }

    /// 404: the path does not exist.
    #[must_use]
    pub fn path_not_found(uri: &Uri) -> Self {
        Self::framework(
            StatusCode::NOT_FOUND,
            format!("No HTTP resource was found that matches the request URI '{}'.", uri.path()),
            Some("No route data was found for this request.".into()),
        )
    }

    /// 405: the path exists, but only for the methods in `allow`.
    #[must_use]
    pub fn method_not_allowed(method: &Method, allow: &'static str) -> Self {
        Self::framework(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("The requested resource does not support http method '{method}'."),
            None,
        )
        .with_header(ALLOW, HeaderValue::from_static(allow))
    }

    /// 408: the body did not arrive in time.
    #[must_use]
    pub fn body_timeout() -> Self {
        Self::framework(StatusCode::REQUEST_TIMEOUT, "The request body did not arrive in time.".into(), None)
    }

    /// 413: the body has more than `limit` bytes after decompression.
    #[must_use]
    pub fn body_too_large(limit: usize) -> Self {
        Self::framework(
            StatusCode::PAYLOAD_TOO_LARGE,
            "The request body is too large.".into(),
            Some(format!("The limit is {limit} bytes.")),
        )
    }

    /// 415: a media type that is not one of the `supported`.
    #[must_use]
    pub fn unsupported_media_type(media_type: &str, supported: &str) -> Self {
        Self::framework(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("The request entity's media type '{media_type}' is not supported for this resource."),
            Some(supported.into()),
        )
    }

    /// 415: a body without a `Content-Type`.
    #[must_use]
    pub fn missing_content_type(supported: &str) -> Self {
        Self::framework(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "The request contains an entity body but no Content-Type header. The inferred media type \
             'application/octet-stream' is not supported for this resource."
                .into(),
            Some(supported.into()),
        )
    }

    /// 415: a content encoding or a charset that is not supported; `encoding` names it.
    #[must_use]
    pub fn unsupported_encoding(encoding: &str) -> Self {
        Self::framework(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("The request entity's {encoding} is not supported for this resource."),
            None,
        )
    }

    /// 500: an internal error. The cause goes to the log, with the request id that the response shows.
    pub fn internal(cause: impl fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        Error { status: StatusCode::INTERNAL_SERVER_ERROR, body: Box::new(ErrorBody::Internal), header: None }
    }

    /// The status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The body, its shape depending on the origin of the error.
    #[must_use]
    pub fn body(&self) -> &ErrorBody {
        &self.body
    }

    /// The header that belongs to the error.
    #[must_use]
    pub fn header(&self) -> Option<&(HeaderName, HeaderValue)> {
        self.header.as_deref()
    }
}

impl IntoResponse for Error {
    /// Returns a response without a body that carries the error to the layer `write_errors`, which knows the format.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.body {
            ErrorBody::Service { message, .. } | ErrorBody::Framework { message, .. } => f.write_str(message),
            ErrorBody::Internal => f.write_str("internal error"),
        }
    }
}

impl StdError for Error {}
