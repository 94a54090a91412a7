//! One error type for every answer that is not a success, in the vendor's two shapes.
//!
//! The service's own errors are `{"Error":true,"ErrorType":..,"Message":..,"ErrorSource":..}`, with the short name
//! of a .NET exception; those of its web framework are `{"Message":..,"MessageDetail":..}`; both in the format that
//! the caller accepts.

mod described;

use std::error::Error as StdError;
use std::fmt;

use axum::extract::Request;
use axum::http::header::{ALLOW, CONTENT_LENGTH, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::media_type::{Choice, negotiate};
use super::write::{View, Write, Writer};

/// Where the vendor's business layer says that an error comes from.
const IMPLEMENTATION: &str = "SuperOffice.Services.Implementation";
/// The same for its web layer.
const WEB_API: &str = "SuperOffice.Services.WebApi";

/// The challenge that goes with a 401 where Basic is allowed; the text is the vendor's.
const BASIC_CHALLENGE: HeaderValue = HeaderValue::from_static("Basic realm=\"SuperOffice Username or Ticket\"");

/// An answer that is not a success: status, body and the headers that belong to it.
#[derive(Clone, Debug)]
pub struct Error {
    status: StatusCode,
    // Boxed: a result is moved about more often than an error is made.
    body: Box<Body>,
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

#[derive(Clone, Debug)]
enum Body {
    Service {
        error_type: &'static str,
        message: String,
        error_source: &'static str,
    },
    Framework {
        message: String,
        message_detail: Option<String>,
    },
    /// Nothing of the cause leaves the server: the caller gets a reference that the log has too.
    Internal,
}

impl Write for Body {
    const ELEMENT: &'static str = "Error";
    const HAS_NULLS: bool = false;

    fn write<W: Writer>(&self, out: &mut W, _: View<'_>) {
        out.object(|out| match self {
            Body::Service { error_type, message, error_source } => {
                out.member("Error", |out| out.boolean(true));
                out.member("ErrorType", |out| out.text(error_type));
                out.member("Message", |out| out.text(message));
                out.member("ErrorSource", |out| out.text(error_source));
            }
            Body::Framework { message, message_detail } => {
                out.member("Message", |out| out.text(message));
                if let Some(detail) = message_detail {
                    out.member("MessageDetail", |out| out.text(detail));
                }
            }
            Body::Internal => {}
        });
    }
}

impl Error {
    fn service(
        status: StatusCode,
        error_type: &'static str,
        error_source: &'static str,
        message: impl Into<String>,
    ) -> Self {
        let message = message.into();
        Error { status, body: Box::new(Body::Service { error_type, message, error_source }), header: None }
    }

    fn framework(status: StatusCode, message: String, message_detail: Option<String>) -> Self {
        Error { status, body: Box::new(Body::Framework { message, message_detail }), header: None }
    }

    fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some(Box::new((name, value)));
        self
    }

    /// 400: the body cannot be read as what the method takes.
    pub fn argument(message: impl Into<String>) -> Self {
        Self::service(StatusCode::BAD_REQUEST, "ArgumentException", WEB_API, message)
    }

    /// 400: the body can be read, but what it asks for breaks a rule.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::service(StatusCode::BAD_REQUEST, "SoValidationException", IMPLEMENTATION, message)
    }

    /// 401: no credentials, or not good ones. The text is the same whatever is wrong with them.
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self::service(StatusCode::UNAUTHORIZED, "SoSessionException", WEB_API, message)
    }

    /// 401: neither an `Authorization` header nor an XSRF token. The text begins as the vendor's.
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

    /// 401: an XSRF token that is not the session's.
    #[must_use]
    pub fn wrong_xsrf() -> Self {
        Self::service(
            StatusCode::UNAUTHORIZED,
            "XsrfValidationException",
            WEB_API,
            "The X-XSRF-TOKEN HTTP header is not the session's.",
        )
    }

    /// The challenge that goes with a 401 where `passwords` are taken.
    #[must_use]
    pub fn challenge(self, passwords: bool) -> Self {
        if passwords && self.status == StatusCode::UNAUTHORIZED {
            self.with(WWW_AUTHENTICATE, BASIC_CHALLENGE)
        } else {
            self
        }
    }

    /// 403: known, but not allowed.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::service(StatusCode::FORBIDDEN, "SoSentryException", IMPLEMENTATION, message)
    }

    /// 403: an application that was not granted the agent.
    #[must_use]
    pub fn not_granted() -> Self {
        Self::service(
            StatusCode::FORBIDDEN,
            "SoLicenseException",
            WEB_API,
            "The application was not granted the ErpSync agent, or none was shown.",
        )
    }

    /// 404: no such row to change.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::service(StatusCode::NOT_FOUND, "SoNotFoundException", IMPLEMENTATION, message)
    }

    /// 409: another row has what must be unique.
    pub fn duplicate(message: impl Into<String>) -> Self {
        Self::service(StatusCode::CONFLICT, "SoDuplicateException", IMPLEMENTATION, message)
    }

    /// 429: too many wrong passwords, tickets or tokens; `seconds` until the next try.
    #[must_use]
    pub fn too_many_wrong_secrets(seconds: u64) -> Self {
        Self::service(
            StatusCode::TOO_MANY_REQUESTS,
            "SoSessionException",
            WEB_API,
            "Too many wrong credentials. Wait before the next try.",
        )
        .with(RETRY_AFTER, seconds.into())
    }

    /// 501: a method of the vendor's that is not here.
    #[must_use]
    pub fn not_implemented(method: &str) -> Self {
        Self::service(
            StatusCode::NOT_IMPLEMENTED,
            "NotImplementedException",
            IMPLEMENTATION,
            format!("{method} is not implemented: this server does not have it yet. Nothing was done."),
        )
    }

    /// 503: tokens of the issuer cannot be checked, as its keys are not there.
    #[must_use]
    pub fn issuer_away() -> Self {
        Self::service(
            StatusCode::SERVICE_UNAVAILABLE,
            "SoServerException",
            WEB_API,
            "The token's issuer cannot be reached right now. Try again in a moment.",
        )
        .with(RETRY_AFTER, HeaderValue::from_static("10"))
    }

    /// 503: the database is away, or did not answer in time.
    #[must_use]
    pub fn database_away() -> Self {
        Self::service(
            StatusCode::SERVICE_UNAVAILABLE,
            "SoDbAccessException",
            IMPLEMENTATION,
            "The database cannot be reached right now. Try again in a moment.",
        )
        .with(RETRY_AFTER, HeaderValue::from_static("2"))
    }

    /// 503: the server has as much to do as it takes on.
    #[must_use]
    pub fn busy() -> Self {
        Self::service(
            StatusCode::SERVICE_UNAVAILABLE,
            "SoServerException",
            WEB_API,
            "The server is busy. Try again in a moment.",
        )
        .with(RETRY_AFTER, HeaderValue::from_static("1"))
    }

    /// 504: the request took longer than the server allows; whether it took effect is not known.
    #[must_use]
    pub fn timed_out() -> Self {
        Self::service(
            StatusCode::GATEWAY_TIMEOUT,
            "SoServerException",
            WEB_API,
            "The request took too long and was given up.",
        )
    }

    /// 400: the preflight of a script whose origin is not let in.
    #[must_use]
    pub fn origin_not_allowed(origin: &str) -> Self {
        Self::framework(StatusCode::BAD_REQUEST, format!("The origin '{origin}' is not allowed."), None)
    }

    /// 404: no such path.
    #[must_use]
    pub fn no_such_path(uri: &Uri) -> Self {
        Self::framework(
            StatusCode::NOT_FOUND,
            format!("No HTTP resource was found that matches the request URI '{}'.", uri.path()),
            Some("No route data was found for this request.".into()),
        )
    }

    /// 405: the path is there, for the methods `allow`.
    #[must_use]
    pub fn no_such_method(method: &Method, allow: &'static str) -> Self {
        Self::framework(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("The requested resource does not support http method '{method}'."),
            None,
        )
        .with(ALLOW, HeaderValue::from_static(allow))
    }

    /// 408: the body did not arrive in time.
    #[must_use]
    pub fn body_too_slow() -> Self {
        Self::framework(StatusCode::REQUEST_TIMEOUT, "The request body did not arrive in time.".into(), None)
    }

    /// 413: the body has more than `limit` bytes, unpacked where it came packed.
    #[must_use]
    pub fn body_too_large(limit: usize) -> Self {
        Self::framework(
            StatusCode::PAYLOAD_TOO_LARGE,
            "The request body is too large.".into(),
            Some(format!("The limit is {limit} bytes.")),
        )
    }

    /// 415: a format that this method does not read.
    #[must_use]
    pub fn unsupported_media_type(media_type: &str) -> Self {
        Self::framework(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("The request entity's media type '{media_type}' is not supported for this resource."),
            Some(super::media_type::SUPPORTED.into()),
        )
    }

    /// 415: a body, but no word of its format.
    #[must_use]
    pub fn no_media_type() -> Self {
        Self::framework(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "The request contains an entity body but no Content-Type header. The inferred media type \
             'application/octet-stream' is not supported for this resource."
                .into(),
            Some(super::media_type::SUPPORTED.into()),
        )
    }

    /// 415: a packing or a charset that is not read; `what` names it.
    #[must_use]
    pub fn unsupported_encoding(what: &str) -> Self {
        Self::framework(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("The request entity's {what} is not supported for this resource."),
            None,
        )
    }

    /// 500: our fault. The cause goes to the log, under the reference that the answer shows.
    pub fn internal(cause: impl fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        Error { status: StatusCode::INTERNAL_SERVER_ERROR, body: Box::new(Body::Internal), header: None }
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    fn write(self, reference: Option<&str>, format: &Choice) -> Response {
        let body = match *self.body {
            Body::Internal => Body::Framework {
                message: "An error has occurred.".into(),
                message_detail: reference.map(|id| format!("The server's log has it under {id}.")),
            },
            body => body,
        };
        let mut response = super::body::write(&body, View::WHOLE, format);
        *response.status_mut() = self.status;
        if let Some((name, value)) = self.header.map(|header| *header) {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl IntoResponse for Error {
    /// Leaves the writing to [`write_errors`], which knows what the caller accepts.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.body {
            Body::Service { message, .. } | Body::Framework { message, .. } => f.write_str(message),
            Body::Internal => f.write_str("internal error"),
        }
    }
}

impl StdError for Error {}

/// The header that carries the request's id, in and out.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The outermost layer of the protocol: writes the body of every [`Error`], wherever below it arose.
pub async fn write_errors(request: Request, next: Next) -> Response {
    let reference = request_id(request.headers());
    let format = negotiate(request.headers());
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Error>() {
        Some(error) => {
            // What layers below have added stays.
            let mut written = error.write(reference.as_deref(), &format);
            for (name, value) in response.headers().iter().filter(|(name, _)| **name != CONTENT_LENGTH) {
                written.headers_mut().append(name, value.clone());
            }
            written
        }
        None => response,
    }
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    headers.get(REQUEST_ID)?.to_str().ok().map(ToOwned::to_owned)
}
