//! The failure of an operation.

use crate::connector::responses::{ErrorCode, Refusal};
use crate::store::Failure;

/// The reason why an operation has no result.
#[derive(Debug)]
pub enum Problem {
    /// The connector refuses: the result says so.
    Refused(Refusal),
    /// The operation ends with an exception: the response is a SOAP fault. The text is for the log.
    Fault(String),
}

impl Problem {
    /// Refuses with an explanation for users.
    #[must_use]
    pub fn refused(explanation: String) -> Self {
        Problem::Refused(Refusal { code: None, user_explanation: Some(explanation), tech_explanation: None })
    }

    /// Refuses with a code and an explanation for users.
    #[must_use]
    pub fn coded(code: ErrorCode, explanation: String) -> Self {
        Problem::Refused(Refusal { code: Some(code), user_explanation: Some(explanation), tech_explanation: None })
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Problem::Fault(failure.to_string())
    }
}
