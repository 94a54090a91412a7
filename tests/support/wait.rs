//! Waits for events. No test depends on the speed of the machine: a wait ends with its event.

use std::time::{Duration, Instant};

/// The limit of each wait. Only a program that hangs meets it.
pub const LIMIT: Duration = Duration::from_mins(1);
/// The time between two evaluations of a condition.
const INTERVAL: Duration = Duration::from_millis(10);

/// Waits until `condition` is true. Returns false if it is still false after a minute.
pub async fn is_met(mut condition: impl AsyncFnMut() -> bool) -> bool {
    let began = Instant::now();
    while !condition().await {
        if began.elapsed() > LIMIT {
            return false;
        }
        tokio::time::sleep(INTERVAL).await;
    }
    true
}

/// Waits until `condition` is true.
///
/// # Panics
/// With the name of the event, after a minute.
pub async fn wait_until(event: &str, condition: impl AsyncFnMut() -> bool) {
    assert!(is_met(condition).await, "not within a minute: {event}");
}

/// Returns the output of `work`.
///
/// # Panics
/// With the name of the event, after a minute.
pub async fn within_limit<T>(event: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, work).await.unwrap_or_else(|_| panic!("not within a minute: {event}"))
}
