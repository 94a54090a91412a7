//! What saves come to, counted.

use crate::metrics::{self, Entity, Outcome};
use crate::protocol::error::Error;

/// Counts what a save came to. One that failed, as for want of the database, was not refused and is not counted.
pub fn counted<T>(entity: Entity, saved: Result<(T, Outcome), Error>) -> Result<T, Error> {
    match saved {
        Ok((stored, outcome)) => {
            metrics::count_save(entity, outcome);
            Ok(stored)
        }
        Err(error) => {
            if error.status().is_client_error() {
                metrics::count_save(entity, Outcome::Refused);
            }
            Err(error)
        }
    }
}
