//! The errors of the vendor's web framework.

use axum::http::header::ALLOW;
use axum::http::{HeaderValue, Method, StatusCode, Uri};

use super::Error;
use crate::protocol::message::Sent;

impl Error {
    /// 400: a CORS preflight from an origin that is not allowed.
    #[must_use]
    pub fn origin_not_allowed(origin: &str) -> Self {
        Self::framework(StatusCode::BAD_REQUEST, format_args!("The origin '{}' is not allowed.", Sent(origin)), None)
    }

    /// 404: the path does not exist.
    #[must_use]
    pub fn path_not_found(uri: &Uri) -> Self {
        Self::framework(
            StatusCode::NOT_FOUND,
            format_args!("No HTTP resource was found that matches the request URI '{}'.", Sent(uri.path())),
            Some("No route data was found for this request.".into()),
        )
    }

    /// 405: the path exists, but only for the methods in `allow`.
    #[must_use]
    pub fn method_not_allowed(method: &Method, allow: &'static str) -> Self {
        Self::framework(
            StatusCode::METHOD_NOT_ALLOWED,
            format_args!("The requested resource does not support http method '{}'.", Sent(method)),
            None,
        )
        .with_header(ALLOW, HeaderValue::from_static(allow))
    }

    /// 408: the body did not arrive in time.
    #[must_use]
    pub fn body_timeout() -> Self {
        Self::framework(StatusCode::REQUEST_TIMEOUT, "The request body did not arrive in time.", None)
    }

    /// 413: the body has more than `limit` bytes after decompression.
    #[must_use]
    pub fn body_too_large(limit: usize) -> Self {
        Self::framework(
            StatusCode::PAYLOAD_TOO_LARGE,
            "The request body is too large.",
            Some(format!("The limit is {limit} bytes.")),
        )
    }

    /// 415: a media type that is not one of the `supported`.
    #[must_use]
    pub fn unsupported_media_type(media_type: &str, supported: &str) -> Self {
        Self::framework(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format_args!("The request entity's media type '{}' is not supported for this resource.", Sent(media_type)),
            Some(supported.into()),
        )
    }

    /// 415: a body without a `Content-Type`.
    #[must_use]
    pub fn missing_content_type(supported: &str) -> Self {
        Self::framework(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "The request contains an entity body but no Content-Type header. The inferred media type \
             'application/octet-stream' is not supported for this resource.",
            Some(supported.into()),
        )
    }

    /// 415: a content encoding or a charset that is not supported; `kind` says which of them `name` is.
    #[must_use]
    pub fn unsupported_encoding(kind: &'static str, name: &str) -> Self {
        Self::framework(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format_args!("The request entity's {kind} '{}' is not supported for this resource.", Sent(name)),
            None,
        )
    }
}
