//! Requests that wait for their turn, and share a statement when they get it.
//!
//! A round trip and a commit cost the database more than a save or a read itself. So the requests of one server take
//! turns, about as many at a time as the database has cores: the request that gets a turn takes others that wait along. A
//! request that finds no other waiting is sent at once and alone.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use sqlx::{Error, PgConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::pool::errors::is_connection_lost;
use super::pool::{Lease, Pool};
use crate::metrics;

/// The most requests that share a statement.
const MOST_REQUESTS: usize = 16;
/// The time after which a statement that has not ended gives its turn away: it waits for a lock, and takes no CPU time.
const TURN: Duration = Duration::from_millis(50);

/// A statement that does the work of several requests.
pub trait SharedStatement: 'static {
    /// The method of the agent, as metrics name it.
    const METHOD: &'static str;
    /// A request.
    type Request: Send + Sync + 'static;
    /// What the statement gives for each request.
    type Outcome: Send + 'static;

    /// Returns whether the request may share a statement. A large one would hold up the others.
    fn is_small(request: &Self::Request) -> bool;

    /// Returns a key that no two requests of one statement may have.
    fn key(request: &Self::Request) -> Option<i32>;

    /// Executes the statement. Returns an outcome for each request: `None` for one that was left out, and has to be sent
    /// alone.
    fn execute(
        connection: &mut PgConnection,
        requests: &[Arc<Self::Request>],
    ) -> impl Future<Output = Result<Vec<Option<Self::Outcome>>, Error>> + Send;
}

/// The requests of one server that wait for their turn. Cheap to clone.
pub struct Queue<S: SharedStatement>(Arc<Inner<S>>);

struct Inner<S: SharedStatement> {
    /// Empty until the first request, which comes with the pool.
    turns: OnceLock<Arc<Semaphore>>,
    waiting: Mutex<VecDeque<Waiting<S>>>,
}

struct Waiting<S: SharedStatement> {
    request: Arc<S::Request>,
    answer: oneshot::Sender<Answer<S>>,
}

/// What a request is told that was taken along.
enum Answer<S: SharedStatement> {
    /// The statement's outcome.
    Outcome(S::Outcome),
    /// It took no effect.
    Alone,
    /// The connection to the database was lost.
    Lost(String),
}

/// The result of waiting for a turn.
pub enum Turn<S: SharedStatement> {
    /// The request shared a statement.
    Taken(S::Outcome),
    /// The request has to be sent alone: on this connection to the database if there is one, and as part of the turn.
    Alone(Option<(Lease, OwnedSemaphorePermit)>),
}

impl<S: SharedStatement> Clone for Queue<S> {
    fn clone(&self) -> Self {
        Queue(Arc::clone(&self.0))
    }
}

impl<S: SharedStatement> fmt::Debug for Queue<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("method", &S::METHOD).finish_non_exhaustive()
    }
}

impl<S: SharedStatement> Default for Queue<S> {
    fn default() -> Self {
        Queue(Arc::new(Inner { turns: OnceLock::new(), waiting: Mutex::default() }))
    }
}

impl<S: SharedStatement> Queue<S> {
    /// Waits for a turn.
    ///
    /// # Errors
    /// As [`Pool::acquire`], or that the connection to the database was lost during the statement.
    pub async fn turn(&self, pool: &Pool, request: &Arc<S::Request>) -> Result<Turn<S>, Error> {
        if !S::is_small(request) {
            return Ok(Turn::Alone(None));
        }
        let turns = self.0.turns.get_or_init(|| Arc::new(Semaphore::new(pool.status().limit.div_ceil(2))));
        if let Ok(permit) = Arc::clone(turns).try_acquire_owned() {
            return self.begin(pool, request, permit).await;
        }
        let mut place = self.enter(request);
        tokio::select! {
            biased;
            answer = &mut place.answer => answered(answer),
            permit = Arc::clone(turns).acquire_owned() => {
                let permit = permit.map_err(|_| Error::PoolClosed)?;
                if place.leave() {
                    return self.begin(pool, request, permit).await;
                }
                // Another request has taken this one along in the meantime.
                drop(permit);
                answered((&mut place.answer).await)
            }
        }
    }

    /// Whether requests wait for their turn.
    pub fn is_waiting(&self) -> bool {
        !self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Begins the turn of a request, with those that wait.
    async fn begin(
        &self,
        pool: &Pool,
        request: &Arc<S::Request>,
        permit: OwnedSemaphorePermit,
    ) -> Result<Turn<S>, Error> {
        let lease = match pool.acquire_unchecked().await {
            Ok(lease) => lease,
            Err(error) => {
                // The others would wait in vain for as long, one after another.
                for other in self.0.change(std::mem::take) {
                    let _ = other.answer.send(Answer::Alone);
                }
                return Err(error);
            }
        };
        let others = self.0.change(|waiting| take_others(waiting, request));
        if others.is_empty() {
            return Ok(Turn::Alone(Some((lease, permit))));
        }
        let (sender, answer) = oneshot::channel();
        let own = Waiting { request: Arc::clone(request), answer: sender };
        // A task of its own: the other requests go on if the client of this one disconnects.
        tokio::spawn(execute_together(lease, permit, [own].into_iter().chain(others).collect()));
        answered(answer.await)
    }

    /// Adds a request to the queue.
    fn enter(&self, request: &Arc<S::Request>) -> Place<S> {
        let (sender, answer) = oneshot::channel();
        self.0.change(|waiting| waiting.push_back(Waiting { request: Arc::clone(request), answer: sender }));
        Place { queue: Arc::clone(&self.0), request: Arc::clone(request), answer }
    }
}

impl<S: SharedStatement> Inner<S> {
    /// Changes the queue.
    fn change<T>(&self, change: impl FnOnce(&mut VecDeque<Waiting<S>>) -> T) -> T {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut waiting);
        metrics::set_waiting(S::METHOD, waiting.len());
        result
    }
}

/// Takes requests that can share a statement with `request` from the queue, in the order in which they came.
fn take_others<S: SharedStatement>(waiting: &mut VecDeque<Waiting<S>>, request: &S::Request) -> Vec<Waiting<S>> {
    let mut keys: HashSet<i32> = S::key(request).into_iter().collect();
    let mut taken = Vec::new();
    let mut left = VecDeque::new();
    while taken.len() < MOST_REQUESTS - 1
        && let Some(other) = waiting.pop_front()
    {
        if S::key(&other.request).is_none_or(|key| keys.insert(key)) {
            taken.push(other);
        } else {
            left.push_back(other);
        }
    }
    left.append(waiting);
    *waiting = left;
    taken
}

/// A place in the queue. Left when it goes out of scope, as when the client has disconnected.
struct Place<S: SharedStatement> {
    queue: Arc<Inner<S>>,
    request: Arc<S::Request>,
    answer: oneshot::Receiver<Answer<S>>,
}

impl<S: SharedStatement> Place<S> {
    /// Leaves the queue. Returns false if another request has taken this one along.
    fn leave(&self) -> bool {
        self.queue.change(|waiting| {
            let position = waiting.iter().position(|other| Arc::ptr_eq(&other.request, &self.request));
            position.and_then(|position| waiting.remove(position)).is_some()
        })
    }
}

impl<S: SharedStatement> Drop for Place<S> {
    fn drop(&mut self) {
        self.leave();
    }
}

fn answered<S: SharedStatement>(answer: Result<Answer<S>, oneshot::error::RecvError>) -> Result<Turn<S>, Error> {
    let lost = |reason| Err(Error::Io(std::io::Error::other(reason)));
    match answer {
        Ok(Answer::Outcome(outcome)) => Ok(Turn::Taken(outcome)),
        Ok(Answer::Alone) => Ok(Turn::Alone(None)),
        Ok(Answer::Lost(reason)) => lost(reason),
        Err(_) => lost("the task of the statement ended".to_owned()),
    }
}

/// Returns an outcome for each of `count` requests: that of the row with its number, from 1, or `None` without a row.
pub fn by_number<T>(count: usize, rows: impl IntoIterator<Item = (i64, T)>) -> Vec<Option<T>> {
    let mut outcomes: Vec<_> = (0..count).map(|_| None).collect();
    for (number, outcome) in rows {
        let index = usize::try_from(number - 1).unwrap_or(usize::MAX);
        if let Some(place) = outcomes.get_mut(index) {
            *place = Some(outcome);
        }
    }
    outcomes
}

/// Waits for the statement of a turn.
pub async fn in_turn<T>(permit: OwnedSemaphorePermit, statement: impl Future<Output = T>) -> T {
    let mut statement = pin!(statement);
    if let Ok(result) = tokio::time::timeout(TURN, &mut statement).await {
        return result;
    }
    drop(permit);
    statement.await
}

/// Executes the statement and tells each request what became of it. If the statement fails, each of the requests is sent
/// alone, so that it has its own error.
async fn execute_together<S: SharedStatement>(
    mut lease: Lease,
    permit: OwnedSemaphorePermit,
    together: Vec<Waiting<S>>,
) {
    let (requests, answers): (Vec<_>, Vec<_>) =
        together.into_iter().map(|waiting| (waiting.request, waiting.answer)).unzip();
    metrics::count_shared(S::METHOD, requests.len());
    let executed = async {
        let outcomes = S::execute(&mut lease, &requests).await;
        lease.finish(outcomes).await
    };
    let outcomes = in_turn(permit, executed).await;
    // The callers go on as the only owners of their requests.
    drop(requests);
    let outcomes: Vec<_> = match outcomes {
        Ok(outcomes) => outcomes.into_iter().map(|outcome| outcome.map_or(Answer::Alone, Answer::Outcome)).collect(),
        Err(error) if is_connection_lost(&error) => answers.iter().map(|_| Answer::Lost(error.to_string())).collect(),
        Err(error) => {
            let method = S::METHOD;
            tracing::debug!(%error, method, requests = answers.len(), "a shared statement failed; each is sent alone");
            answers.iter().map(|_| Answer::Alone).collect()
        }
    };
    for (answer, outcome) in answers.into_iter().zip(outcomes) {
        // The client may have disconnected.
        let _ = answer.send(outcome);
    }
}
