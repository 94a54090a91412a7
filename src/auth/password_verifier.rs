//! Verification of passwords, and a cache of verified ones.
//!
//! A client with Basic authentication sends the password with every call, and argon2 takes some 15 ms of CPU time by
//! design. So a verified password is cached for a minute, as a hash of the password and its stored hash under a key of
//! this process. The stored hash is part of it, so that a changed password is not found in the cache.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use moka::sync::Cache;
use sha2::Sha256;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::password::{MAX_PASSWORD_BYTES, hash, matches};
use super::secret;
use crate::protocol::error::Error;

/// How long a verified password is cached.
const TIME_TO_LIVE: Duration = Duration::from_mins(1);
/// The most passwords in the cache; past it the least used are dropped.
const CAPACITY: u64 = 10_000;
/// The hash that is checked for an unknown associate, so that its refusal takes as long as that of a wrong password.
static DUMMY_HASH: LazyLock<String> = LazyLock::new(|| hash("").unwrap_or_default());

/// A permit to use a CPU for argon2. There are as many as the machine has CPUs.
#[derive(Debug)]
pub struct CpuPermit(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

/// Verifies passwords, at most one for each CPU at once, and caches the right ones.
#[derive(Debug)]
pub struct PasswordVerifier {
    key: [u8; 64],
    verified: Cache<[u8; 32], ()>,
    cpus: Arc<Semaphore>,
}

impl PasswordVerifier {
    /// Creates a verifier with an empty cache, under a key of its own.
    pub fn new() -> Self {
        let cpus = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        PasswordVerifier {
            key: secret::random_key(),
            verified: Cache::builder().max_capacity(CAPACITY).time_to_live(TIME_TO_LIVE).build(),
            cpus: Arc::new(Semaphore::new(cpus)),
        }
    }

    /// Whether the password was verified against the same stored hash within the last minute. Takes microseconds.
    pub fn is_cached(&self, stored: Option<&str>, password: &str) -> bool {
        stored.is_some_and(|stored| {
            password.len() <= MAX_PASSWORD_BYTES && self.verified.contains_key(&self.digest(stored, password))
        })
    }

    /// Waits for a CPU that is free for argon2.
    ///
    /// # Errors
    /// 500 where the semaphore is closed, which does not happen.
    pub async fn acquire_cpu(&self) -> Result<CpuPermit, Error> {
        Arc::clone(&self.cpus).acquire_owned().await.map(CpuPermit).map_err(Error::internal)
    }

    /// Verifies the password, and returns the permit. Without a stored hash the result is false, after the same work.
    ///
    /// # Errors
    /// 500 where the work was aborted.
    pub async fn verify(
        &self,
        stored: Option<&str>,
        password: &str,
        permit: CpuPermit,
    ) -> Result<(bool, CpuPermit), Error> {
        if password.len() > MAX_PASSWORD_BYTES {
            return Ok((false, permit));
        }
        let is_known = stored.is_some();
        let hash = stored.map_or_else(|| DUMMY_HASH.clone(), ToOwned::to_owned);
        let digest = self.digest(&hash, password);
        let password = password.to_owned();
        let work = tokio::task::spawn_blocking(move || {
            // The closure holds the permit, as the work continues when the client disconnects.
            (matches(&hash, &password), permit)
        });
        let (matches, permit) = work.await.map_err(Error::internal)?;
        let is_right = matches && is_known;
        if is_right {
            self.verified.insert(digest, ());
        }
        Ok((is_right, permit))
    }

    fn digest(&self, stored: &str, password: &str) -> [u8; 32] {
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&self.key.into());
        // A PHC string has no NUL, so that no two pairs have the same bytes.
        mac.update(stored.as_bytes());
        mac.update(&[0]);
        mac.update(password.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn verify(verifier: &PasswordVerifier, stored: Option<&str>, password: &str) -> bool {
        let permit = verifier.acquire_cpu().await.expect("a permit");
        verifier.verify(stored, password, permit).await.expect("verifies").0
    }

    #[tokio::test]
    async fn a_right_password_is_cached_for_its_stored_hash_only() {
        let verifier = PasswordVerifier::new();
        let stored = hash("right").expect("hashes");
        assert!(!verifier.is_cached(Some(&stored), "right"));
        assert!(verify(&verifier, Some(&stored), "right").await);
        assert!(verifier.is_cached(Some(&stored), "right"));
        assert!(!verifier.is_cached(Some(&stored), "wrong"));

        let changed = hash("right").expect("hashes");
        assert_ne!(stored, changed, "two hashes of one password have two salts");
        assert!(!verifier.is_cached(Some(&changed), "right"));
        assert!(!verifier.is_cached(None, "right"));
    }

    #[tokio::test]
    async fn a_wrong_password_and_an_unknown_associate_are_refused_and_not_cached() {
        let verifier = PasswordVerifier::new();
        let stored = hash("right").expect("hashes");
        assert!(!verify(&verifier, Some(&stored), "wrong").await);
        assert!(!verify(&verifier, Some(&stored), &"x".repeat(513)).await);
        assert!(!verify(&verifier, None, "").await);
        assert!(!verifier.is_cached(Some(&stored), "wrong"));
    }
}
