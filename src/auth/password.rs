//! Passwords: argon2id, and a short memory of those that were right.
//!
//! Basic sends the password with every call, and argon2 takes some 15 ms of a core by design. So a right password is
//! remembered for a minute: as a hash keyed with a secret of this process, over the password and the stored hash.
//! With another stored hash the memory no longer fits, so a changed password is forgotten with the change.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::{self, CustomizedPasswordHasher, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use hmac::{Hmac, KeyInit, Mac};
use moka::sync::Cache;
use sha2::Sha256;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::secret;
use crate::protocol::error::Error;

/// How long a right password is remembered.
const REMEMBERED_FOR: Duration = Duration::from_mins(1);
/// How many are.
const REMEMBERED: u64 = 10_000;
/// In bytes. No longer one is hashed: the work must not grow with what a stranger sends.
pub const MAX_PASSWORD_BYTES: usize = 512;

/// Checked where there is no hash to check against, so that an unknown associate takes as long as a wrong password.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash("").unwrap_or_default());

/// Hashes a password with argon2id (19 MiB, 2 passes, 1 lane: OWASP's minimum) and a random salt, as a PHC string.
///
/// # Errors
/// One line where the password is too long or the system has no random numbers.
pub fn hash(password: &str) -> Result<String, String> {
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(format!("a password has at most {MAX_PASSWORD_BYTES} bytes"));
    }
    let hashed = Argon2::default().hash_password(password.as_bytes());
    hashed.map(|hash| hash.to_string()).map_err(|problem| problem.to_string())
}

/// Whether `password` is the one of the stored PHC string. Takes some 15 ms.
#[must_use]
pub fn matches(stored: &str, password: &str) -> bool {
    PasswordHash::new(stored).is_ok_and(|stored| Borrowing.verify_password(password.as_bytes(), &stored).is_ok())
}

/// Argon2 on memory that goes back to the system at once.
struct Borrowing;

/// In blocks of 1 KiB. The C library keeps what it is given back, up to 32 MiB a piece; more than that it never does.
/// Memory that is not touched costs nothing.
const NEVER_KEPT: usize = 33 * 1024;

impl CustomizedPasswordHasher<PasswordHash> for Borrowing {
    type Params = Params;

    fn hash_password_customized(
        &self,
        password: &[u8],
        salt: &[u8],
        algorithm: Option<&str>,
        version: Option<u32>,
        params: Params,
    ) -> password_hash::Result<PasswordHash> {
        let algorithm = algorithm.map(Algorithm::try_from).transpose()?.unwrap_or_default();
        let version = version.map(Version::try_from).transpose()?.unwrap_or_default();
        let mut output = [0; Output::MAX_LENGTH];
        let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let output = output.get_mut(..length).ok_or(password_hash::Error::OutputSize)?;
        let mut memory: Vec<Block> = Vec::with_capacity(params.block_count().max(NEVER_KEPT));
        memory.resize(params.block_count(), Block::default());
        let argon2 = Argon2::new(algorithm, version, params.clone());
        argon2.hash_password_into_with_memory(password, salt, output, &mut memory)?;
        Ok(PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: ParamsString::try_from(&params)?,
            salt: Some(Salt::new(salt)?),
            hash: Some(Output::new(output)?),
        })
    }
}

/// A core to work on: there are no more of these than the machine has.
#[derive(Debug)]
pub(super) struct Core(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

/// Checks passwords, no more at once than there are cores, and remembers the right ones.
#[derive(Debug)]
pub(super) struct Passwords {
    key: [u8; 64],
    right: Cache<[u8; 32], ()>,
    cores: Arc<Semaphore>,
}

impl Passwords {
    /// Remembers nothing yet; under a key that no other process has.
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Passwords {
            key: secret::random_key(),
            right: Cache::builder().max_capacity(REMEMBERED).time_to_live(REMEMBERED_FOR).build(),
            cores: Arc::new(Semaphore::new(cores)),
        }
    }

    /// Whether the password was right a short while ago, for the same stored hash. Takes microseconds.
    pub fn remembers(&self, stored: Option<&str>, password: &str) -> bool {
        stored.is_some_and(|stored| {
            password.len() <= MAX_PASSWORD_BYTES && self.right.contains_key(&self.digest(stored, password))
        })
    }

    /// Waits for a core that is free for argon2.
    ///
    /// # Errors
    /// 500; it does not happen.
    pub async fn core(&self) -> Result<Core, Error> {
        Arc::clone(&self.cores).acquire_owned().await.map(Core).map_err(Error::internal)
    }

    /// Checks the password; false where nothing is stored, after the same work. Gives the core back.
    ///
    /// # Errors
    /// 500 where the work was cut off.
    pub async fn verify(&self, stored: Option<&str>, password: &str, core: Core) -> Result<(bool, Core), Error> {
        if password.len() > MAX_PASSWORD_BYTES {
            return Ok((false, core));
        }
        let known = stored.is_some();
        let hash = stored.map_or_else(|| NOBODY.clone(), ToOwned::to_owned);
        let digest = self.digest(&hash, password);
        let password = password.to_owned();
        let right = tokio::task::spawn_blocking(move || {
            // The core is held in here: the work goes on when the caller hangs up.
            (matches(&hash, &password), core)
        });
        let (matches, core) = right.await.map_err(Error::internal)?;
        let right = matches && known;
        if right {
            self.right.insert(digest, ());
        }
        Ok((right, core))
    }

    fn digest(&self, stored: &str, password: &str) -> [u8; 32] {
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&self.key.into());
        // A PHC string holds no NUL, so no two pairs give the same bytes.
        mac.update(stored.as_bytes());
        mac.update(&[0]);
        mac.update(password.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn verify(passwords: &Passwords, stored: Option<&str>, password: &str) -> bool {
        let core = passwords.core().await.expect("a core");
        passwords.verify(stored, password, core).await.expect("verifies").0
    }

    #[tokio::test]
    async fn a_right_password_is_remembered_for_its_stored_hash_only() {
        let passwords = Passwords::new();
        let stored = hash("right").expect("hashes");
        assert!(!passwords.remembers(Some(&stored), "right"));
        assert!(verify(&passwords, Some(&stored), "right").await);
        assert!(passwords.remembers(Some(&stored), "right"));
        assert!(!passwords.remembers(Some(&stored), "wrong"));

        let changed = hash("right").expect("hashes");
        assert_ne!(stored, changed, "two hashes of one password have two salts");
        assert!(!passwords.remembers(Some(&changed), "right"));
        assert!(!passwords.remembers(None, "right"));
    }

    #[tokio::test]
    async fn a_wrong_password_and_nobody_are_refused_and_not_remembered() {
        let passwords = Passwords::new();
        let stored = hash("right").expect("hashes");
        assert!(!verify(&passwords, Some(&stored), "wrong").await);
        assert!(!verify(&passwords, Some(&stored), &"x".repeat(513)).await);
        assert!(!verify(&passwords, None, "").await);
        assert!(!passwords.remembers(Some(&stored), "wrong"));
    }

    #[test]
    fn hashes_are_argon2id_at_owasps_minimum() {
        let stored = hash("x").expect("hashes");
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(hash(&"x".repeat(513)).is_err());
    }
}
