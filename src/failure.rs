//! Conversion of a failure of the store into the error of a response.

use crate::protocol::error::Error;
use crate::store::Failure;

impl From<Failure> for Error {
    /// 503 if the database is away, cancelled the statement, or keeps aborting the transaction; otherwise 500, as the
    /// failure is a bug.
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Away(cause) => {
                tracing::warn!(%cause, "database away");
                Error::database_unavailable()
            }
            Failure::TimedOut(cause) => {
                tracing::warn!(%cause, "statement cancelled by the database");
                Error::statement_timed_out()
            }
            Failure::Contention(cause) => {
                tracing::warn!(%cause, "transaction given up after repeated deadlocks or serialization failures");
                Error::busy()
            }
            Failure::Constraint(_) | Failure::Fault(_) => Error::internal(failure),
        }
    }
}
