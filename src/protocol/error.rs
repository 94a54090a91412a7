//! The error type of every response that is not a success, without any format.
//!
//! The vendor has two shapes. Errors of its services are `{"Error":true,"ErrorType":..,"Message":..,"ErrorSource":..}`
//! with the short name of a .NET exception. Errors of its web framework are `{"Message":..,"MessageDetail":..}`.

mod framework;
mod service;

use std::error::Error as StdError;
use std::fmt;

use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::message::Message;

/// A response that is not a success: status, body and the headers that belong to them.
#[derive(Clone, Debug)]
pub struct Error {
    status: StatusCode,
    // Boxed: results are moved more often than errors are created.
    body: Box<ErrorBody>,
    header: Option<Box<(HeaderName, HeaderValue)>>,
    log_reason: Box<str>,
    /// The message can hold several languages.
    is_multi_language: bool,
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

/// The reason of an error, as the log has it. An extension of the response.
#[derive(Clone, Debug)]
pub struct LogReason {
    /// The short name of a .NET exception, for errors of services.
    pub error_type: Option<&'static str>,
    /// The message, without the values that the caller has sent.
    pub reason: Box<str>,
}

impl Error {
    fn service(
        status: StatusCode,
        error_type: &'static str,
        error_source: &'static str,
        message: impl Into<Message>,
    ) -> Self {
        let Message { for_caller: message, for_log } = message.into();
        let body = Box::new(ErrorBody::Service { error_type, message, error_source });
        Error { status, body, header: None, log_reason: for_log.into(), is_multi_language: false }
    }

    fn framework(status: StatusCode, message: impl Into<Message>, message_detail: Option<String>) -> Self {
        let Message { for_caller: message, for_log } = message.into();
        let body = Box::new(ErrorBody::Framework { message, message_detail });
        Error { status, body, header: None, log_reason: for_log.into(), is_multi_language: false }
    }

    /// Replaces the reason in the log, where the message keeps it from the caller.
    #[must_use]
    pub fn with_log_reason(mut self, reason: impl Into<Message>) -> Self {
        self.log_reason = reason.into().for_log.into();
        self
    }

    fn in_several_languages(mut self) -> Self {
        self.is_multi_language = true;
        self
    }

    /// Localizes the message if it can hold several languages. Other messages are in English.
    #[must_use]
    pub fn localized(mut self, localize: impl FnOnce(&str) -> String) -> Self {
        if let (true, ErrorBody::Service { message, .. }) = (self.is_multi_language, &mut *self.body) {
            *message = localize(message);
        }
        self
    }

    fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some(Box::new((name, value)));
        self
    }

    /// 500: an internal error. The cause goes to the log, with the request id that the response shows.
    pub fn internal(cause: impl fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        Error {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            body: Box::new(ErrorBody::Internal),
            header: None,
            log_reason: "internal error".into(),
            is_multi_language: false,
        }
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

    /// The reason for the log: the error's type, if it has one, and the message without the values that the caller has
    /// sent.
    #[must_use]
    pub fn log_reason(&self) -> LogReason {
        let error_type = match *self.body {
            ErrorBody::Service { error_type, .. } => Some(error_type),
            ErrorBody::Framework { .. } | ErrorBody::Internal => None,
        };
        LogReason { error_type, reason: self.log_reason.clone() }
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
