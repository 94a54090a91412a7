//! Retries of transactions that PostgreSQL aborted because of concurrent ones, or refused as a standby.

use std::time::Duration;

use sqlx::Error;
use uuid::Uuid;

use super::errors::{is_contention, is_read_only};

/// The number of times that a transaction is run at most.
const ATTEMPTS: u32 = 6;
/// The longest pause before the second attempt. It doubles with each further one.
const PAUSE: Duration = Duration::from_millis(10);

/// Runs `attempt`, and again after a pause of random length when it ends in a deadlock or a serialization failure, or
/// once more when a standby refuses it: the pool has closed its connections to the standby.
///
/// # Errors
/// That of the last attempt.
pub async fn retry<T, F>(mut attempt: impl FnMut() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut number = 1;
    loop {
        match attempt().await {
            Err(error) if is_read_only(&error) && number == 1 => {
                tracing::info!(%error, "the database takes no writes; retrying on another connection");
                number += 1;
            }
            Err(error) if is_contention(&error) && number < ATTEMPTS => {
                tracing::info!(%error, attempt = number, "transaction aborted because of a concurrent one; retrying");
                tokio::time::sleep(random_up_to(PAUSE * 2_u32.pow(number - 1))).await;
                number += 1;
            }
            result => return result,
        }
    }
}

/// Returns a random duration, so that transactions that met once do not meet again at once.
fn random_up_to(limit: Duration) -> Duration {
    let [random, ..] = Uuid::new_v4().into_bytes();
    limit * u32::from(random) / u32::from(u8::MAX)
}
