//! The errors of the agent's rules. The return type of a rule names the statuses that its method can respond with besides
//! the common ones, and the OpenAPI document takes them from there.

use super::error::Error;
use super::message::Message;

/// The error type of a rule.
pub trait RuleError {
    /// The statuses of the errors, besides those that every method has.
    const STATUSES: &'static [u16];

    /// Returns the error of the response.
    fn error(&self) -> &Error;

    /// Converts into the error of the response.
    fn into_error(self) -> Error;
}

/// A rule with the common errors only.
impl RuleError for Error {
    const STATUSES: &'static [u16] = &[];

    fn error(&self) -> &Error {
        self
    }

    fn into_error(self) -> Error {
        self
    }
}

/// An error that may have this status as well, 404 or 409. It does not convert into [`Error`], so a rule cannot return
/// the status without declaring it.
#[derive(Debug)]
pub struct ErrorOr<const STATUS: u16>(Error);

impl<const STATUS: u16> RuleError for ErrorOr<STATUS> {
    const STATUSES: &'static [u16] = &[STATUS];

    fn error(&self) -> &Error {
        &self.0
    }

    fn into_error(self) -> Error {
        self.0
    }
}

impl<E: Into<Error>, const STATUS: u16> From<E> for ErrorOr<STATUS> {
    fn from(error: E) -> Self {
        ErrorOr(error.into())
    }
}

impl ErrorOr<404> {
    /// 404: the row to change does not exist.
    pub fn not_found(message: impl Into<Message>) -> Self {
        ErrorOr(Error::not_found(message))
    }
}

impl ErrorOr<409> {
    /// 409: another row already has a value that must be unique.
    pub fn duplicate(message: impl Into<Message>) -> Self {
        ErrorOr(Error::duplicate(message))
    }
}

/// An error of a rule that returns what a connector responds with: 404 and 502 as well. 504 is common to all rules.
#[derive(Debug)]
pub struct ConnectorRuleError(Error);

impl RuleError for ConnectorRuleError {
    const STATUSES: &'static [u16] = &[404, 502];

    fn error(&self) -> &Error {
        &self.0
    }

    fn into_error(self) -> Error {
        self.0
    }
}

impl<E: Into<Error>> From<E> for ConnectorRuleError {
    fn from(error: E) -> Self {
        ConnectorRuleError(error.into())
    }
}

impl ConnectorRuleError {
    /// 404: the connector does not exist.
    pub fn not_found(message: impl Into<Message>) -> Self {
        ConnectorRuleError(Error::not_found(message))
    }

    /// 502: the connector cannot be called, or reports an error.
    pub fn bad_gateway(message: impl Into<Message>) -> Self {
        ConnectorRuleError(Error::connector_failed(message))
    }

    /// 504: the connector is too slow.
    pub fn gateway_timeout(message: impl Into<Message>) -> Self {
        ConnectorRuleError(Error::connector_timed_out(message))
    }
}
