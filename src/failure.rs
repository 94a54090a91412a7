//! What the caller is told when the database gives no result.

use crate::protocol::error::Error;
use crate::store::Failure;

impl From<Failure> for Error {
    /// 503 where the database is away; anything else nobody foresaw, so 500.
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Away(cause) => {
                tracing::warn!(%cause, "database away");
                Error::database_unavailable()
            }
            Failure::Constraint(_) | Failure::Fault(_) => Error::internal(failure),
        }
    }
}
