//! The error of the store.

use std::fmt;

use super::pool::errors::{is_contention, is_statement_timeout, is_unavailable};

/// The reason why a statement gave no result.
#[derive(Debug)]
pub enum Failure {
    /// The database is away, refuses connections or changes, or no connection became free in time. The statement may
    /// or may not have taken effect.
    Away(sqlx::Error),
    /// The database cancelled the statement, which took longer than a time limit. Nothing has taken effect.
    TimedOut(sqlx::Error),
    /// The transaction was aborted because of concurrent ones as often as it was tried: deadlocks or serialization
    /// failures. Nothing has taken effect.
    Contention(sqlx::Error),
    /// The constraint of this name refused the statement.
    Constraint(String),
    /// Any other error: a bug in this program.
    Fault(sqlx::Error),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        if let Some(constraint) = error.as_database_error().and_then(sqlx::error::DatabaseError::constraint) {
            Failure::Constraint(constraint.to_owned())
        } else if is_contention(&error) {
            Failure::Contention(error)
        } else if is_statement_timeout(&error) {
            Failure::TimedOut(error)
        } else if is_unavailable(&error) {
            Failure::Away(error)
        } else {
            Failure::Fault(error)
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Away(error) | Failure::TimedOut(error) | Failure::Fault(error) => write!(f, "{error}"),
            Failure::Contention(error) => write!(f, "given up after several attempts: {error}"),
            Failure::Constraint(name) => write!(f, "refused by the constraint {name}"),
        }
    }
}

impl std::error::Error for Failure {}
