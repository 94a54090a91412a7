//! Saves that wait for their turn, and share a transaction when they get it.
//!
//! A commit and a round trip cost the database more than a save itself. So the saves of one server take turns, about as
//! many at a time as the database has cores: the save that gets a turn takes others that wait along. A save that finds no
//! other waiting is sent at once and alone.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use sqlx::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::save::{Outcome, Save};
use super::statement::save_all;
use crate::metrics;
use crate::store::pool::errors::is_connection_lost;
use crate::store::pool::{Lease, Pool};

/// The most saves that share a transaction.
const MOST_SAVES: usize = 16;
/// The most config fields and ids of a save that shares a transaction. A larger one would hold up the others.
const MOST_ELEMENTS: usize = 64;

/// The saves of one server that wait for their turn. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct SaveQueue(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Empty until the first save, which comes with the pool.
    turns: OnceLock<Arc<Semaphore>>,
    waiting: Mutex<VecDeque<Waiting>>,
}

#[derive(Debug)]
struct Waiting {
    save: Arc<Save>,
    answer: oneshot::Sender<Answer>,
}

/// What a save is told that was taken along.
#[derive(Debug)]
enum Answer {
    /// It took part in a transaction.
    Outcome(Outcome),
    /// It took no effect.
    Alone,
    /// The connection to the database was lost.
    Lost(String),
}

/// The result of waiting for a turn.
#[derive(Debug)]
pub enum Turn {
    /// The save took part in a transaction of several.
    Taken(Outcome),
    /// The save has to be sent alone: on this connection to the database if there is one, and as part of the turn.
    Alone(Option<(Lease, OwnedSemaphorePermit)>),
}

impl SaveQueue {
    /// Waits for a turn.
    ///
    /// # Errors
    /// As [`Pool::acquire`], or that the connection to the database was lost during the save.
    pub async fn turn(&self, pool: &Pool, save: &Arc<Save>) -> Result<Turn, Error> {
        if elements(save) > MOST_ELEMENTS {
            return Ok(Turn::Alone(None));
        }
        let turns = self.0.turns.get_or_init(|| Arc::new(Semaphore::new(pool.status().limit.div_ceil(2))));
        if let Ok(permit) = Arc::clone(turns).try_acquire_owned() {
            return self.begin(pool, save, permit).await;
        }
        let mut place = self.enter(save);
        tokio::select! {
            biased;
            answer = &mut place.answer => answered(answer),
            permit = Arc::clone(turns).acquire_owned() => {
                let permit = permit.map_err(|_| Error::PoolClosed)?;
                if place.leave() {
                    return self.begin(pool, save, permit).await;
                }
                // Another save has taken this one along in the meantime.
                drop(permit);
                answered((&mut place.answer).await)
            }
        }
    }

    /// Begins the turn of a save, with those that wait.
    async fn begin(&self, pool: &Pool, save: &Arc<Save>, permit: OwnedSemaphorePermit) -> Result<Turn, Error> {
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
        let others = self.0.change(|waiting| take_others(waiting, save));
        if others.is_empty() {
            return Ok(Turn::Alone(Some((lease, permit))));
        }
        let (sender, answer) = oneshot::channel();
        let own = Waiting { save: Arc::clone(save), answer: sender };
        // A task of its own: the other saves go on if the client of this one disconnects.
        tokio::spawn(save_together(lease, permit, [own].into_iter().chain(others).collect()));
        answered(answer.await)
    }

    /// Adds a save to the queue.
    fn enter(&self, save: &Arc<Save>) -> Place {
        let (sender, answer) = oneshot::channel();
        self.0.change(|waiting| waiting.push_back(Waiting { save: Arc::clone(save), answer: sender }));
        Place { queue: Arc::clone(&self.0), save: Arc::clone(save), answer }
    }
}

impl Inner {
    /// Changes the queue.
    fn change<T>(&self, change: impl FnOnce(&mut VecDeque<Waiting>) -> T) -> T {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut waiting);
        metrics::set_waiting_saves(waiting.len());
        result
    }
}

/// Takes saves of other connections than that of `save` from the queue, in the order in which they came.
fn take_others(waiting: &mut VecDeque<Waiting>, save: &Save) -> Vec<Waiting> {
    let mut ids = HashSet::from([save.erp_connection_id]);
    let mut taken = Vec::new();
    let mut left = VecDeque::new();
    while taken.len() < MOST_SAVES - 1
        && let Some(other) = waiting.pop_front()
    {
        let id = other.save.erp_connection_id;
        if id == 0 || ids.insert(id) {
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
struct Place {
    queue: Arc<Inner>,
    save: Arc<Save>,
    answer: oneshot::Receiver<Answer>,
}

impl Place {
    /// Leaves the queue. Returns false if another save has taken this one along.
    fn leave(&self) -> bool {
        self.queue.change(|waiting| {
            let position = waiting.iter().position(|other| Arc::ptr_eq(&other.save, &self.save));
            position.and_then(|position| waiting.remove(position)).is_some()
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Returns the number of config fields and ids of a save.
fn elements(save: &Save) -> usize {
    let fields = save.config_fields.as_ref().map_or(0, std::collections::BTreeMap::len);
    let ids = [&save.user_group_ids, &save.associate_ids].into_iter().flatten().map(Vec::len);
    fields + ids.sum::<usize>()
}

fn answered(answer: Result<Answer, oneshot::error::RecvError>) -> Result<Turn, Error> {
    let lost = |reason| Err(Error::Io(std::io::Error::other(reason)));
    match answer {
        Ok(Answer::Outcome(outcome)) => Ok(Turn::Taken(outcome)),
        Ok(Answer::Alone) => Ok(Turn::Alone(None)),
        Ok(Answer::Lost(reason)) => lost(reason),
        Err(_) => lost("the task of the save ended".to_owned()),
    }
}

/// Saves connections in one transaction, and tells each save what became of it. If the transaction fails, each of the saves is sent alone, so that it has its own error.
async fn save_together(mut lease: Lease, permit: OwnedSemaphorePermit, together: Vec<Waiting>) {
    let (saves, answers): (Vec<_>, Vec<_>) = together.into_iter().map(|waiting| (waiting.save, waiting.answer)).unzip();
    metrics::count_shared_saves(saves.len());
    let outcomes = save_all(&mut lease, &saves).await;
    let outcomes = lease.finish(outcomes).await;
    drop(permit);
    // The requests go on as the only owners of their saves.
    drop(saves);
    let outcomes: Vec<_> = match outcomes {
        Ok(outcomes) => outcomes.into_iter().map(|outcome| outcome.map_or(Answer::Alone, Answer::Outcome)).collect(),
        Err(error) if is_connection_lost(&error) => answers.iter().map(|_| Answer::Lost(error.to_string())).collect(),
        Err(error) => {
            tracing::debug!(%error, saves = answers.len(), "a transaction of several saves failed; each is sent alone");
            answers.iter().map(|_| Answer::Alone).collect()
        }
    };
    for (answer, outcome) in answers.into_iter().zip(outcomes) {
        // The client may have disconnected.
        let _ = answer.send(outcome);
    }
}
