//! The moment by which the calls of a task must have ended.

use std::time::{Duration, Instant};

tokio::task_local! {
    static DEADLINE: Instant;
}

/// Runs work whose calls of connectors end before a deadline, whatever the time limit of a call is. A call that is dropped
/// with the work around it would leave nothing to tell its caller.
pub async fn with_deadline<W: Future>(deadline: Instant, work: W) -> W::Output {
    DEADLINE.scope(deadline, work).await
}

/// Returns the time that a call may take: `limit`, or the time until the deadline if that is less.
pub(super) fn time_left(limit: Duration) -> Duration {
    let left = DEADLINE.try_with(|deadline| deadline.saturating_duration_since(Instant::now()));
    left.map_or(limit, |left| left.min(limit))
}
