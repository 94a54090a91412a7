//! The issuer's keys: read from what it publishes, and kept for an hour.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use super::Refusal;
use super::source::Source;

/// How old keys get before they are asked for again.
const MAX_AGE: Duration = Duration::from_hours(1);
/// How long none are asked for after they were, whatever strangers ask for.
const PAUSE: Duration = Duration::from_mins(1);
/// The same while there are none at all. Longer than a fetch, so that all who wait for one share its outcome.
const PAUSE_WITHOUT_KEYS: Duration = Duration::from_secs(10);

/// A key that signs tokens, and the one algorithm that it does it with.
struct Key {
    id: String,
    algorithm: Algorithm,
    public: DecodingKey,
}

/// What an issuer publishes, as far as it is of use.
pub(super) struct KeySet(Vec<Key>);

impl KeySet {
    /// Reads a JWK set, RFC 7517; none where it is no such thing. What is in it and of no use is left out.
    pub fn parse(json: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Published {
            keys: Vec<Value>,
        }
        let published: Published = serde_json::from_slice(json).ok()?;
        Some(KeySet(published.keys.into_iter().filter_map(Key::read).collect()))
    }

    fn has(&self, id: &str) -> bool {
        self.0.iter().any(|key| key.id == id)
    }

    fn find(&self, id: &str, algorithm: Algorithm) -> Option<&DecodingKey> {
        self.0.iter().find(|key| key.id == id && key.algorithm == algorithm).map(|key| &key.public)
    }
}

impl Key {
    /// The algorithm comes from the kind of key, and what the key says of itself must agree.
    fn read(json: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(json).ok()?;
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => Algorithm::RS256,
            AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P256 => Algorithm::ES256,
            _ => return None,
        };
        let said = &jwk.common;
        let fits = said.key_algorithm.is_none_or(|said| said == KeyAlgorithm::from(algorithm))
            && said.public_key_use.as_ref().is_none_or(|said| *said == PublicKeyUse::Signature)
            && said.key_operations.as_ref().is_none_or(|said| said.contains(&KeyOperations::Verify));
        let public = DecodingKey::from_jwk(&jwk).ok().filter(|_| fits)?;
        Some(Key { id: jwk.common.key_id?, algorithm, public })
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| (&key.id, key.algorithm))).finish()
    }
}

/// The keys, fetched when they are needed. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Keys(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    source: Source,
    state: Mutex<State>,
    fetching: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Clone, Debug, Default)]
struct State {
    /// With the time of asking for them.
    keys: Option<(Arc<KeySet>, Instant)>,
    /// When they were last asked for.
    asked: Option<Instant>,
    /// Why that brought none.
    failure: Option<Arc<str>>,
}

impl State {
    fn knows(&self, id: &str) -> bool {
        self.keys.as_ref().is_some_and(|(keys, _)| keys.has(id))
    }

    fn is_due(&self, id: &str, now: Instant) -> bool {
        let age = |then: Instant| now.saturating_duration_since(then);
        let pause = if self.keys.is_some() { PAUSE } else { PAUSE_WITHOUT_KEYS };
        let wanted = !self.knows(id) || self.keys.as_ref().is_none_or(|(_, since)| age(*since) >= MAX_AGE);
        wanted && self.asked.is_none_or(|asked| age(asked) >= pause)
    }

    fn find(&self, id: &str, algorithm: Algorithm) -> Result<DecodingKey, Refusal> {
        let key = self.keys.as_ref().and_then(|(keys, _)| keys.find(id, algorithm));
        match (key, &self.failure) {
            (Some(key), _) => Ok(key.clone()),
            (None, _) if self.knows(id) => Err(Refusal::Invalid("its key is for another algorithm")),
            // It may be a new key, that nobody could tell us of.
            (None, Some(failure)) => Err(Refusal::Unavailable(Arc::clone(failure))),
            (None, None) => Err(Refusal::Invalid("its key is not one of the issuer's")),
        }
    }
}

impl Keys {
    /// None yet.
    pub fn new(source: Source) -> Self {
        Keys(Arc::new(Parts { source, state: Mutex::default(), fetching: Arc::default() }))
    }

    /// The key with this id.
    ///
    /// # Errors
    /// Where there is none, it is for another algorithm, or the keys cannot be had.
    pub async fn get(&self, id: &str, algorithm: Algorithm, now: Instant) -> Result<DecodingKey, Refusal> {
        let state = self.state().clone();
        if state.is_due(id, now) {
            self.refresh(id, now).await;
            return self.state().find(id, algorithm);
        }
        state.find(id, algorithm)
    }

    /// Fetches the keys, or waits for whoever does.
    async fn refresh(&self, id: &str, now: Instant) {
        let fetching = Arc::clone(&self.0.fetching);
        let turn = if self.state().knows(id) {
            // The old key does until the new ones are here, so one caller waits for them, not all.
            let Ok(turn) = fetching.try_lock_owned() else { return };
            turn
        } else {
            fetching.lock_owned().await
        };
        // Somebody else may have fetched them meanwhile.
        if !self.state().is_due(id, now) {
            return;
        }
        let keys = self.clone();
        // A task of its own goes on when the caller hangs up: others wait for it, and it counts.
        let fetch = tokio::spawn(async move {
            keys.fetch(now).await;
            drop(turn);
        });
        if let Err(problem) = fetch.await {
            tracing::error!(%problem, "the fetching of the issuer's keys was cut off");
        }
    }

    async fn fetch(&self, now: Instant) {
        let fetched = self.0.source.fetch().await;
        let mut state = self.state();
        state.asked = Some(now);
        match fetched {
            Ok(keys) => {
                tracing::debug!(?keys, "the issuer's keys are here");
                state.keys = Some((Arc::new(keys), now));
                state.failure = None;
            }
            Err(problem) => {
                tracing::warn!(problem, "the issuer's keys cannot be had");
                state.failure = Some(problem.into());
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics with it in hand, and what is in it is whole at any time.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(more: &Value) -> Option<Algorithm> {
        let mut key = json!({"kid": "a", "kty": "RSA", "n": "AQAB", "e": "AQAB"});
        key.as_object_mut()?.extend(more.as_object()?.clone());
        Key::read(key).map(|key| key.algorithm)
    }

    #[test]
    fn a_key_is_for_what_it_is_and_says() {
        assert_eq!(read(&json!({})), Some(Algorithm::RS256));
        assert_eq!(read(&json!({"alg": "RS256", "use": "sig", "key_ops": ["verify"]})), Some(Algorithm::RS256));
        for other in ["RS512", "PS256", "HS256", "ES256", "RSA-OAEP", "none", "?"] {
            assert_eq!(read(&json!({"alg": other})), None, "{other}");
        }
        assert_eq!(read(&json!({"use": "enc"})), None);
        assert_eq!(read(&json!({"key_ops": ["encrypt"]})), None);
        let point = |curve| json!({"kty": "EC", "crv": curve, "x": "AQAB", "y": "AQAB"});
        assert_eq!(read(&point("P-256")), Some(Algorithm::ES256));
        assert_eq!(read(&point("P-384")), None);
        assert_eq!(read(&json!({"kty": "oct", "k": "AQAB"})), None);
    }

    #[test]
    fn what_is_of_no_use_does_not_spoil_the_rest() {
        let good = json!({"kid": "a", "kty": "RSA", "n": "AQAB", "e": "AQAB"});
        let set = json!({"keys": [1, {}, {"kty": "?"}, {"kty": "RSA", "n": "AQAB", "e": "AQAB"}, good], "more": 1});
        let set = KeySet::parse(set.to_string().as_bytes()).expect("a set");
        assert_eq!(format!("{set:?}"), r#"[("a", RS256)]"#);
        assert!(KeySet::parse(b"[]").is_none());
        assert!(KeySet::parse(b"{}").is_none());
    }
}
