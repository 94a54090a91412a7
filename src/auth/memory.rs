//! A short memory of who may change connections, so that a save need not ask first.
//!
//! Only what lets a caller in is remembered, and only with the stamp of the moment in which it was read: the statement
//! that relies on it checks the stamp, and a change of anybody's rights changes that.

use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use moka::sync::Cache;
use sha2::Sha256;

use super::scheme::Shown;
use super::{Principal, secret};

/// A ticket that is used is renewed, which remembering must not keep from happening.
const REMEMBERED_FOR: Duration = Duration::from_mins(1);
/// How many are remembered; past it the least used are forgotten.
const REMEMBERED: u64 = 10_000;

/// Those who were let in a moment ago.
#[derive(Debug)]
pub(super) struct Memory {
    key: [u8; 64],
    known: Cache<[u8; 32], (Principal, Instant)>,
}

impl Memory {
    pub fn new() -> Self {
        let known = Cache::builder().max_capacity(REMEMBERED).time_to_live(REMEMBERED_FOR).build();
        Memory { key: secret::random_key(), known }
    }

    /// Who has shown the same before.
    pub fn recall(&self, shown: &Shown, app_token: Option<&str>) -> Option<Principal> {
        let (principal, until) = self.known.get(&self.digest(shown, app_token)?)?;
        (Instant::now() < until).then_some(principal)
    }

    /// Remembers `principal`, for no longer than what was shown is good.
    pub fn remember(&self, shown: &Shown, app_token: Option<&str>, principal: &Principal) {
        if let Some(digest) = self.digest(shown, app_token) {
            self.known.insert(digest, (principal.clone(), Instant::now() + principal.good_for.min(REMEMBERED_FOR)));
        }
    }

    /// What was shown, so that nobody can tell it from the memory.
    fn digest(&self, shown: &Shown, app_token: Option<&str>) -> Option<[u8; 32]> {
        let (kind, first, second) = match shown {
            Shown::Password(credentials) => (0, credentials.name.as_str(), credentials.password.as_str()),
            Shown::Ticket(ticket) => (1, ticket.as_str(), ""),
            Shown::Token(token) => (2, token.as_str(), ""),
            Shown::Session { id, xsrf } => (3, id.as_str(), xsrf.as_str()),
            Shown::Broken | Shown::Nothing => return None,
        };
        let mut digest = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        digest.update(&[kind, u8::from(app_token.is_some())]);
        for part in [first, second, app_token.unwrap_or_default()] {
            // With the length, so that what ends one part cannot begin the next.
            digest.update(&part.len().to_le_bytes());
            digest.update(part.as_bytes());
        }
        Some(digest.finalize().into_bytes().into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Scheme;
    use super::super::basic::Credentials;
    use super::*;

    fn principal(good_for: Duration) -> Principal {
        Principal {
            associate_id: 1,
            name: "tje0".into(),
            user_group_id: 1,
            administrator: true,
            application: None,
            scheme: Scheme::Ticket,
            token: None,
            stamp: 7,
            good_for,
        }
    }

    #[test]
    fn the_same_is_recalled_and_nothing_else() {
        let memory = Memory::new();
        let minute = principal(Duration::from_mins(1));
        let ticket = || Shown::Ticket("7T:abc".into());
        memory.remember(&ticket(), None, &minute);
        assert_eq!(memory.recall(&ticket(), None), Some(minute.clone()));
        let password =
            |name: &str, password: &str| Shown::Password(Credentials { name: name.into(), password: password.into() });
        memory.remember(&password("ab", "c"), None, &minute);
        for other in [
            Shown::Token("7T:abc".into()),
            Shown::Ticket("7T:ab".into()),
            Shown::Session { id: "7T:abc".into(), xsrf: String::new() },
            password("a", "bc"),
            password("abc", ""),
            Shown::Nothing,
            Shown::Broken,
        ] {
            assert_eq!(memory.recall(&other, None), None, "{other:?}");
        }
        assert_eq!(memory.recall(&ticket(), Some("")), None);
        assert_eq!(Memory::new().recall(&ticket(), None), None, "each process has a key of its own");
    }

    #[test]
    fn nobody_is_remembered_for_longer_than_what_he_shows_is_good() {
        let memory = Memory::new();
        let ticket = Shown::Ticket("7T:abc".into());
        memory.remember(&ticket, None, &principal(Duration::ZERO));
        assert_eq!(memory.recall(&ticket, None), None);
    }
}
