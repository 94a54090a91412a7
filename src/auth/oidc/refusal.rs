//! The reasons to refuse a token.

use std::fmt;
use std::sync::Arc;

/// Why a token is refused. Displays as one line for the log, without any part of the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The token is not valid: 401.
    Invalid(&'static str),
    /// The token cannot be verified, as the issuer's keys cannot be fetched: 503.
    Unavailable(Arc<str>),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Invalid(reason) => write!(f, "the token is not valid: {reason}"),
            Refusal::Unavailable(reason) => write!(f, "the issuer's keys cannot be fetched: {reason}"),
        }
    }
}

impl std::error::Error for Refusal {}
