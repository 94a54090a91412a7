//! The worker of a server: runs the attempts, and walks all connections now and then.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tokio::task::{Id, JoinError, JoinSet};
use uuid::Uuid;

use super::attempt::Dispatcher;
use super::queue::DeliveryQueue;
use super::schedule::{Finished, Schedule};
use crate::erp_sync::AgentState;
use crate::metrics;
use crate::store::{Pool, deliveries as store};

/// The number of connections that the walk reads with one statement.
const PAGE: i64 = 2_000;
/// The shortest time from the end of a walk to the next one.
const WALK_PAUSE: Duration = Duration::from_secs(5);
/// The least ratio of the pause to the time that a walk took. A walk through many connections is made less often.
const WALK_PAUSE_RATIO: u32 = 100;
/// The time that attempts have to end when the server stops.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// Tells connectors of connections until `stop` ends. Attempts that do not end soon after are made by another server, or
/// by this one when it starts again.
pub async fn run(state: AgentState, stop: impl Future<Output = ()>) {
    let AgentState { pool, connectors, urls, deliveries: queue, .. } = state;
    queue.open();
    let dispatcher = Dispatcher { pool, connectors, urls, holder: Uuid::new_v4().to_string().into() };
    let mut worker = Worker {
        dispatcher,
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
    schedule: Schedule,
    walk: Walk,
    tasks: JoinSet<Finished>,
    /// Connector and connection of each task.
    keys: HashMap<Id, (i32, i32)>,
}

impl Worker {
    async fn work(&mut self, queue: &DeliveryQueue) {
        loop {
            while let Some((connector, connection)) = self.schedule.start(Instant::now()) {
                let dispatcher = self.dispatcher.clone();
                let task = self.tasks.spawn(async move { dispatcher.attempt(connection).await });
                self.keys.insert(task.id(), (connector, connection));
            }
            let now = Instant::now();
            if self.schedule.take_incomplete() {
                self.walk.repeat(now);
            }
            let walks_at = self.schedule.has_room(now).then_some(self.walk.resumes_at);
            let wakes_at = [walks_at, self.schedule.first_pause_end(now)].into_iter().flatten().min();
            tokio::select! {
                () = queue.changed() => {
                    let saved = queue.take();
                    for (connector, connection) in saved.keys {
                        self.schedule.push(connector, connection);
                    }
                    if saved.is_incomplete {
                        self.walk.repeat(Instant::now());
                    }
                }
                Some(ended) = self.tasks.join_next_with_id() => self.finish(ended),
                () = sleep_until(wakes_at) => {
                    if walks_at.is_some_and(|at| at <= Instant::now()) {
                        self.walk.step(&self.dispatcher.pool, &mut self.schedule).await;
                    }
                }
            }
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

/// Waits until a time; for ever without one.
async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// A walk through all connections, page by page, for those that wait.
struct Walk {
    /// The last connection of the page before.
    after: i32,
    began: Instant,
    resumes_at: Instant,
    /// The connections found so far that wait.
    waiting: i64,
    /// Another walk begins at the end of this one.
    is_repeated: bool,
}

impl Walk {
    /// Begins a walk at once: another server, or an earlier run of this one, may have been killed.
    fn new() -> Self {
        let now = Instant::now();
        Walk { after: 0, began: now, resumes_at: now, waiting: 0, is_repeated: false }
    }

    /// Begins a walk now, or at the end of the one that is under way.
    fn repeat(&mut self, now: Instant) {
        if self.resumes_at <= now {
            self.is_repeated = true;
        } else {
            self.resumes_at = now;
        }
    }

    /// Reads a page, and adds the connections that wait to the schedule.
    async fn step(&mut self, pool: &Pool, schedule: &mut Schedule) {
        if self.after == 0 {
            (self.began, self.waiting) = (Instant::now(), 0);
        }
        let page = match store::walk(pool, self.after, PAGE).await {
            Ok(page) => page,
            Err(failure) => {
                tracing::warn!(%failure, "connections of which connectors have to be told could not be read");
                self.resumes_at = Instant::now() + WALK_PAUSE;
                return;
            }
        };
        self.waiting += page.waiting;
        for (connection, connector) in page.ready {
            schedule.push(connector, connection);
        }
        if let Some(last) = page.last {
            self.after = last;
            return;
        }
        metrics::set_waiting_deliveries(self.waiting);
        let now = Instant::now();
        self.after = 0;
        let pause = WALK_PAUSE.max((now - self.began) * WALK_PAUSE_RATIO);
        self.resumes_at = if std::mem::take(&mut self.is_repeated) { now } else { now + pause };
    }
}
