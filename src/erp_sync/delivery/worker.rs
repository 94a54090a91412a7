//! The worker of a server: runs the attempts, and walks all connections now and then.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tokio::task::{Id, JoinError, JoinSet};
use uuid::Uuid;

use super::attempt::Dispatcher;
use super::queue::DeliveryQueue;
use super::schedule::{Finished, MOST_RUNNING, Schedule};
use crate::erp_sync::AgentState;
use crate::metrics;
use crate::store::sharing::Queue;
use crate::store::{Pool, deliveries as store, save_connection};

/// The number of connections that the walk reads with one statement.
const PAGE: i64 = 2_000;
/// The shortest time from the end of a walk to the next one.
const WALK_PAUSE: Duration = Duration::from_secs(5);
/// The ratio of the pause to the time that the statements of a walk took. A walk through many connections is made less
/// often.
const WALK_PAUSE_RATIO: u32 = 100;
/// The longest time from the end of a walk to the next one.
const LONGEST_WALK_PAUSE: Duration = Duration::from_mins(5);
/// The ratio of the time limit of an attempt, which makes up to 16 calls, to that of a call.
const ATTEMPT_LIMIT_RATIO: u32 = 3;
/// The time from a save until the worker takes those that were made meanwhile. Waking the worker for each of many saves
/// takes CPU time from them.
const WAKE_DELAY: Duration = Duration::from_millis(10);
/// The time that attempts have to end when the server stops.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// Tells connectors of connections until `stop` ends; `call_limit` is the time limit of a call. Attempts that do not end soon after are made by another server, or
/// by this one when it starts again.
pub async fn run(state: AgentState, call_limit: Duration, stop: impl Future<Output = ()>) {
    let AgentState { pool, connectors, urls, deliveries: queue, saves, .. } = state;
    queue.open();
    let limit = call_limit.saturating_mul(ATTEMPT_LIMIT_RATIO);
    let dispatcher = Dispatcher { pool, connectors, urls, holder: Uuid::new_v4().to_string().into(), limit };
    let mut worker = Worker {
        dispatcher,
        saves,
        schedule: Schedule::default(),
        walk: Walk::new(),
        tasks: JoinSet::new(),
        keys: HashMap::new(),
    };
    tokio::select! {
        () = worker.work(&queue) => {}
        () = stop => {}
    }
    worker.stop().await;
}

struct Worker {
    dispatcher: Dispatcher,
    /// The saves that wait for their turn in the database.
    saves: Queue<save_connection::Shared>,
    schedule: Schedule,
    walk: Walk,
    tasks: JoinSet<Finished>,
    /// Connector and connection of each task.
    keys: HashMap<Id, (i32, i32)>,
}

impl Worker {
    async fn work(&mut self, queue: &DeliveryQueue) {
        loop {
            // Here and not where the worker is woken, as another branch of the select can end the wait after that.
            self.take_saved(queue);
            while let Some((connector, connection)) = self.schedule.start(Instant::now(), self.limit()) {
                let dispatcher = self.dispatcher.clone();
                let task = self.tasks.spawn(async move { dispatcher.attempt(connection).await });
                self.keys.insert(task.id(), (connector, connection));
            }
            let now = Instant::now();
            if self.schedule.take_incomplete() {
                self.walk.repeat(now);
            }
            // The walk goes on however many connections wait: one slow connector must not delay those of others.
            let walks_at = self.walk.resumes_at;
            let wakes_at = self.schedule.first_pause_end(now).map_or(walks_at, |pause_end| pause_end.min(walks_at));
            tokio::select! {
                () = wake(queue) => {}
                Some(ended) = self.tasks.join_next_with_id() => self.finish(ended),
                () = tokio::time::sleep_until(wakes_at.into()) => {
                    if walks_at <= Instant::now() {
                        self.walk.step(&self.dispatcher.pool, &mut self.schedule).await;
                    }
                }
            }
        }
    }

    /// Returns the most attempts at a time. They use the CPU time and the database that saves wait for.
    fn limit(&self) -> usize {
        if self.saves.is_waiting() { 1 } else { MOST_RUNNING }
    }

    /// Moves the connections that were saved from the queue to the schedule.
    fn take_saved(&mut self, queue: &DeliveryQueue) {
        let saved = queue.take();
        for (connector, connection) in saved.keys {
            self.schedule.push(connector, connection);
        }
        if saved.is_incomplete {
            self.walk.repeat(Instant::now());
        }
    }

    fn finish(&mut self, ended: Result<(Id, Finished), JoinError>) {
        let (task, finished) = ended.unwrap_or_else(|problem| {
            tracing::error!(%problem, "a delivery ended unexpectedly");
            (problem.id(), Finished::Skipped)
        });
        if let Some((connector, connection)) = self.keys.remove(&task) {
            self.schedule.finish(connector, connection, finished, Instant::now());
        }
    }

    async fn stop(mut self) {
        let ended = async {
            while let Some(ended) = self.tasks.join_next_with_id().await {
                self.finish(ended);
            }
        };
        if tokio::time::timeout(STOP_LIMIT, ended).await.is_ok() {
            return;
        }
        self.tasks.shutdown().await;
        let Dispatcher { pool, holder, .. } = &self.dispatcher;
        // Without this, another server waits until the leases end.
        if let Err(failure) = store::release(pool, &self.schedule.running(), holder).await {
            tracing::warn!(%failure, "the leases of deliveries could not be returned");
        }
    }
}

/// Waits for a save, and a little longer for others.
async fn wake(queue: &DeliveryQueue) {
    queue.changed().await;
    tokio::time::sleep(WAKE_DELAY).await;
}

/// A walk through all connections, page by page, for those that wait.
struct Walk {
    /// The last connection of the page before; 0 between two walks.
    after: i32,
    /// The time that the statements of the walk have taken so far.
    spent: Duration,
    resumes_at: Instant,
    /// The connections found so far that wait.
    waiting: i64,
    /// Another walk begins at the end of this one.
    is_repeated: bool,
}

impl Walk {
    /// Begins a walk at once: another server, or an earlier run of this one, may have been killed.
    fn new() -> Self {
        Walk { after: 0, spent: Duration::ZERO, resumes_at: Instant::now(), waiting: 0, is_repeated: false }
    }

    /// Begins a walk now, or at the end of the one that is under way.
    fn repeat(&mut self, now: Instant) {
        if self.after == 0 {
            self.resumes_at = self.resumes_at.min(now);
        } else {
            self.is_repeated = true;
        }
    }

    /// Reads a page, and adds the connections that wait to the schedule.
    async fn step(&mut self, pool: &Pool, schedule: &mut Schedule) {
        let began = Instant::now();
        let page = store::walk(pool, self.after, PAGE).await;
        let now = Instant::now();
        let page = match page {
            Ok(page) => page,
            Err(failure) => {
                tracing::warn!(%failure, "connections of which connectors have to be told could not be read");
                self.resumes_at = now + WALK_PAUSE;
                return;
            }
        };
        self.spent += now - began;
        self.waiting += page.waiting;
        for (connection, connector) in page.ready {
            schedule.push(connector, connection);
        }
        if let Some(last) = page.last {
            self.after = last;
            return;
        }
        metrics::set_waiting_deliveries(self.waiting);
        let pause = if self.is_repeated { Duration::ZERO } else { pause_after_walk(self.spent) };
        *self = Walk { resumes_at: now + pause, ..Walk::new() };
    }
}

/// Returns the pause after a walk whose statements took a time.
fn pause_after_walk(spent: Duration) -> Duration {
    spent.saturating_mul(WALK_PAUSE_RATIO).clamp(WALK_PAUSE, LONGEST_WALK_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_after_a_walk_grows_with_the_time_of_its_statements_up_to_a_limit() {
        for (millis, seconds) in [(0, 5), (50, 5), (200, 20), (3_000, 300), (60_000, 300)] {
            assert_eq!(pause_after_walk(Duration::from_millis(millis)), Duration::from_secs(seconds));
        }
    }
}
