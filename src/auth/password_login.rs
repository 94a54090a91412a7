//! Login with a name and a password.

use std::net::IpAddr;
use std::time::Duration;

use super::basic::BasicCredentials;
use super::password_verifier::{CpuPermit, PasswordVerifier};
use super::principal::{Principal, Scheme};
use super::refusal;
use super::throttle::Throttle;
use crate::metrics;
use crate::protocol::error::Error;
use crate::store::Pool;
use crate::store::associates;

/// The reason in the log.
const LOGIN_REFUSED: &str = "login refused: unknown associate or wrong password";

/// Checks login names and passwords, and slows down callers who guess them.
#[derive(Debug)]
pub struct PasswordLogin {
    verifier: PasswordVerifier,
}

impl PasswordLogin {
    /// Creates a login with an empty cache of verified passwords.
    pub fn new() -> Self {
        PasswordLogin { verifier: PasswordVerifier::new() }
    }

    /// Returns the principal of a login name and a password.
    ///
    /// # Errors
    /// 401, 429, or 503 where the database is away.
    pub async fn login(
        &self,
        pool: &Pool,
        throttle: &Throttle,
        credentials: &BasicCredentials,
        address: IpAddr,
    ) -> Result<Principal, Error> {
        // Read on every call, so that a changed password or a disabled associate takes effect at once on every server.
        let associate = associates::find_by_name(pool, &credentials.name).await?;
        let stored = associate.as_ref().and_then(|associate| associate.password_hash.as_deref());
        if !self.verifier.is_cached(stored, &credentials.password) {
            let permit = self.verifier.acquire_cpu().await?;
            let verified = self.verify(throttle, credentials, stored, address, permit).await;
            if let (Err(_), Some(associate)) = (&verified, &associate) {
                // The stored name: the sent one may be a password that was typed into the wrong field.
                tracing::Span::current().record("associate", &associate.name);
            }
            verified?;
        }
        let associate = associate.ok_or_else(|| refusal::invalid(LOGIN_REFUSED))?;
        Ok(Principal::of(associate, Scheme::Password, Duration::MAX))
    }

    /// Verifies the password with argon2.
    ///
    /// The throttle is checked after the CPU permit was acquired, so that many concurrent guesses cannot all pass it
    /// before the first is counted.
    async fn verify(
        &self,
        throttle: &Throttle,
        credentials: &BasicCredentials,
        stored: Option<&str>,
        address: IpAddr,
        permit: CpuPermit,
    ) -> Result<(), Error> {
        // Another request may have verified it while this one waited for the permit.
        if self.verifier.is_cached(stored, &credentials.password) {
            return Ok(());
        }
        if let Some(seconds) = throttle.wait(&credentials.name, address) {
            return Err(Error::too_many_failed_logins(seconds).with_log_reason("too many wrong passwords"));
        }
        // The permit is held until a wrong password is counted, so that no more guesses run than there are CPUs.
        let (is_right, _permit) = self.verifier.verify(stored, &credentials.password, permit).await?;
        if !is_right {
            throttle.count_wrong_password(&credentials.name, address);
            metrics::count_failed_login(Scheme::Password.name());
            return Err(refusal::invalid(LOGIN_REFUSED));
        }
        Ok(())
    }
}
