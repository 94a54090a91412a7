//! A cache of the issuer's keys, which are fetched again after an hour.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jsonwebtoken::{Algorithm, DecodingKey};

use super::key_set::KeySet;
use super::refusal::Refusal;
use super::source::Source;

/// The age at which the keys are fetched again.
const MAX_AGE: Duration = Duration::from_hours(1);
/// The least time between two fetches, so that tokens with made-up key ids cause no more.
const MIN_INTERVAL: Duration = Duration::from_mins(1);
/// The least time between two fetches while there are no keys. Longer than a fetch takes, so that all requests that
/// wait for one share its result.
const MIN_INTERVAL_WITHOUT_KEYS: Duration = Duration::from_secs(10);

/// The issuer's keys, fetched on demand. Cheap to clone.
#[derive(Clone, Debug)]
pub struct KeyCache(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Source,
    state: Mutex<State>,
    fetching: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Clone, Debug, Default)]
struct State {
    /// The keys, with the time of their fetch.
    keys: Option<(Arc<KeySet>, Instant)>,
    /// The time of the last fetch, failed ones included.
    fetched: Option<Instant>,
    /// Why the last fetch failed.
    failure: Option<Arc<str>>,
}

impl State {
    fn has(&self, id: &str) -> bool {
        self.keys.as_ref().is_some_and(|(keys, _)| keys.has(id))
    }

    fn is_due(&self, id: &str, now: Instant) -> bool {
        let age = |then: Instant| now.saturating_duration_since(then);
        let interval = if self.keys.is_some() { MIN_INTERVAL } else { MIN_INTERVAL_WITHOUT_KEYS };
        let is_needed = !self.has(id) || self.keys.as_ref().is_none_or(|(_, since)| age(*since) >= MAX_AGE);
        is_needed && self.fetched.is_none_or(|fetched| age(fetched) >= interval)
    }

    fn find(&self, id: &str, algorithm: Algorithm) -> Result<DecodingKey, Refusal> {
        let key = self.keys.as_ref().and_then(|(keys, _)| keys.find(id, algorithm));
        match (key, &self.failure) {
            (Some(key), _) => Ok(key.clone()),
            (None, _) if self.has(id) => Err(Refusal::Invalid("its key is for another algorithm")),
            // The key may be a new one, which the failed fetch would have brought.
            (None, Some(failure)) => Err(Refusal::Unavailable(Arc::clone(failure))),
            (None, None) => Err(Refusal::Invalid("its key is not one of the issuer's")),
        }
    }
}

impl KeyCache {
    /// Creates an empty cache.
    pub fn new(source: Source) -> Self {
        KeyCache(Arc::new(Inner { source, state: Mutex::default(), fetching: Arc::default() }))
    }

    /// Returns the key with this id, and fetches the keys where that is due.
    ///
    /// # Errors
    /// Where there is no such key, it is for another algorithm, or the keys cannot be fetched.
    pub async fn get(&self, id: &str, algorithm: Algorithm, now: Instant) -> Result<DecodingKey, Refusal> {
        let state = self.state().clone();
        if state.is_due(id, now) {
            self.refresh(id, now).await;
            return self.state().find(id, algorithm);
        }
        state.find(id, algorithm)
    }

    /// Fetches the keys, or waits for another task that does.
    async fn refresh(&self, id: &str, now: Instant) {
        let fetching = Arc::clone(&self.0.fetching);
        let lock = if self.state().has(id) {
            // The old key is valid until the new ones arrive, so only one request waits for them.
            let Ok(lock) = fetching.try_lock_owned() else { return };
            lock
        } else {
            fetching.lock_owned().await
        };
        // Another task may have fetched them meanwhile.
        if !self.state().is_due(id, now) {
            return;
        }
        let keys = self.clone();
        // A task of its own continues when the client disconnects, as other requests wait for its result.
        let fetch = tokio::spawn(async move {
            keys.fetch(now).await;
            drop(lock);
        });
        if let Err(problem) = fetch.await {
            tracing::error!(%problem, "the fetch of the issuer's keys was aborted");
        }
    }

    async fn fetch(&self, now: Instant) {
        let fetched = self.0.source.fetch().await;
        let mut state = self.state();
        state.fetched = Some(now);
        match fetched {
            Ok(keys) => {
                tracing::debug!(?keys, "the issuer's keys were fetched");
                state.keys = Some((Arc::new(keys), now));
                state.failure = None;
            }
            Err(problem) => {
                tracing::warn!(problem, "the issuer's keys cannot be fetched");
                state.failure = Some(problem.into());
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock, and each write leaves the state consistent.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
