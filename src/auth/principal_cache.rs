//! A cache of principals that may change connections, which saves a query for each request.
//!
//! A principal is cached with the version of its rights. The statement that relies on the cache checks the version,
//! which changes with any associate's rights.

use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use moka::sync::Cache;
use sha2::Sha256;

use super::credentials::{Credentials, RequestCredentials};
use super::principal::Principal;
use super::secret;

/// How long a principal is cached. Short, as the use of a ticket renews it, which a cached principal skips.
const TIME_TO_LIVE: Duration = Duration::from_mins(1);
/// The most principals in the cache; past it the least used are dropped.
const CAPACITY: u64 = 10_000;

/// The principals of recent requests, by their credentials.
#[derive(Debug)]
pub struct PrincipalCache {
    key: [u8; 64],
    principals: Cache<[u8; 32], (Principal, Instant)>,
}

impl PrincipalCache {
    /// Creates an empty cache, with a key of its own.
    pub fn new() -> Self {
        let principals = Cache::builder().max_capacity(CAPACITY).time_to_live(TIME_TO_LIVE).build();
        PrincipalCache { key: secret::random_key(), principals }
    }

    /// Returns the principal that was cached with the same credentials.
    pub fn get(&self, credentials: &RequestCredentials) -> Option<Principal> {
        let (principal, expires) = self.principals.get(&self.digest(credentials)?)?;
        (Instant::now() < expires).then_some(principal)
    }

    /// Caches `principal`, for no longer than its credentials are valid.
    pub fn insert(&self, credentials: &RequestCredentials, principal: &Principal) {
        if let Some(digest) = self.digest(credentials) {
            let expires = Instant::now() + principal.valid_for.min(TIME_TO_LIVE);
            self.principals.insert(digest, (principal.clone(), expires));
        }
    }

    /// Hashes the credentials under the key, so that a memory dump of the cache does not reveal them.
    fn digest(&self, credentials: &RequestCredentials) -> Option<[u8; 32]> {
        let (kind, first, second) = match &credentials.associate {
            Credentials::Password(basic) => (0, basic.name.as_str(), basic.password.as_str()),
            Credentials::Ticket(ticket) => (1, ticket.as_str(), ""),
            Credentials::Token(token) => (2, token.as_str(), ""),
            Credentials::Session { id, xsrf } => (3, id.as_str(), xsrf.as_str()),
            Credentials::Malformed | Credentials::None => return None,
        };
        let app_token = credentials.app_token.as_deref();
        let mut digest = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        digest.update(&[kind, u8::from(app_token.is_some())]);
        for part in [first, second, app_token.unwrap_or_default()] {
            // With the length, so that parts that are divided differently have different digests.
            digest.update(&part.len().to_le_bytes());
            digest.update(part.as_bytes());
        }
        Some(digest.finalize().into_bytes().into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::basic::BasicCredentials;
    use super::super::principal::Scheme;
    use super::*;

    fn principal(valid_for: Duration) -> Principal {
        Principal {
            associate_id: 1,
            name: "tje0".into(),
            user_group_id: 1,
            administrator: true,
            application: None,
            scheme: Scheme::Ticket,
            token: None,
            stamp: 7,
            valid_for,
        }
    }

    fn without_application(associate: Credentials) -> RequestCredentials {
        RequestCredentials { associate, app_token: None }
    }

    #[test]
    fn only_the_same_credentials_have_a_cached_principal() {
        let cache = PrincipalCache::new();
        let minute = principal(Duration::from_mins(1));
        let ticket = || without_application(Credentials::Ticket("7T:abc".into()));
        cache.insert(&ticket(), &minute);
        assert_eq!(cache.get(&ticket()), Some(minute.clone()));
        let password = |name: &str, password: &str| {
            Credentials::Password(BasicCredentials { name: name.into(), password: password.into() })
        };
        cache.insert(&without_application(password("ab", "c")), &minute);
        for other in [
            Credentials::Token("7T:abc".into()),
            Credentials::Ticket("7T:ab".into()),
            Credentials::Session { id: "7T:abc".into(), xsrf: String::new() },
            password("a", "bc"),
            password("abc", ""),
            Credentials::None,
            Credentials::Malformed,
        ] {
            let other = without_application(other);
            assert_eq!(cache.get(&other), None, "{other:?}");
        }
        assert_eq!(cache.get(&RequestCredentials { app_token: Some(String::new()), ..ticket() }), None);
        assert_eq!(PrincipalCache::new().get(&ticket()), None, "each process has a key of its own");
    }

    #[test]
    fn a_principal_is_not_cached_for_longer_than_its_credentials_are_valid() {
        let cache = PrincipalCache::new();
        let ticket = without_application(Credentials::Ticket("7T:abc".into()));
        cache.insert(&ticket, &principal(Duration::ZERO));
        assert_eq!(cache.get(&ticket), None);
    }
}
