//! Counting the outcomes of saves.

use crate::metrics::{self, Entity, Outcome};
use crate::protocol::rule_error::RuleError;

/// Counts the outcome of a save. A server error, such as an unavailable database, is not counted: the save was not
/// refused.
pub fn count<T, E: RuleError>(entity: Entity, saved: Result<(T, Outcome), E>) -> Result<T, E> {
    match saved {
        Ok((stored, outcome)) => {
            metrics::count_save(entity, outcome);
            Ok(stored)
        }
        Err(error) => {
            if error.error().status().is_client_error() {
                metrics::count_save(entity, Outcome::Refused);
            }
            Err(error)
        }
    }
}
