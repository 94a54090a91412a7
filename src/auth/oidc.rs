//! `Authorization: Bearer` with a token of a configured OpenID Connect issuer.
//!
//! A token is a JWT, RFC 7519, signed with RS256 or ES256 by a key that the issuer publishes. Its validation follows
//! RFC 8725: the algorithm is that of the key, never that of the token; `iss`, `aud` and `exp` must be present and
//! right; keys come from the issuer's own discovery document only, and no URL in a token is followed.
//!
//! The user of this module
//! - creates one [`Issuer`] at the start with [`Issuer::new`], inside or outside of a runtime;
//! - passes the text after `Bearer ` to [`Issuer::verify`], inside of a Tokio runtime;
//! - looks the login name up in the store on every call, as with a password: a token outlives an associate that was
//!   disabled, and the issuer knows persons that are no associates;
//! - answers 401 for [`Refusal::Invalid`] and 503 for [`Refusal::Unavailable`], logs the refusal, which holds no part of
//!   the token, and does not send its reason to the client.
//!
//! A token is valid until it expires: there is no list of revoked ones.

mod key_cache;
mod key_set;
mod refusal;
mod signature;
mod source;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value};

use crate::config;
use key_cache::KeyCache;
pub use refusal::Refusal;
use source::Source;

/// The tolerated difference between the issuer's clock and that of this machine.
const LEEWAY: Duration = Duration::from_mins(1);
/// The time limit for the issuer's responses to one fetch, taken together.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// The length of the longest token. One that lists a hundred groups has half of it.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// An OpenID Connect issuer, and the requirements for its tokens. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Issuer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    issuer: String,
    audience: String,
    claim: String,
    keys: KeyCache,
}

/// A time on the system clock and on the monotonic clock.
#[derive(Clone, Copy, Debug)]
struct Moment {
    since_1970: Duration,
    instant: Instant,
}

impl Moment {
    fn now() -> Self {
        let since_1970 = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        Moment { since_1970, instant: Instant::now() }
    }
}

impl Issuer {
    /// Creates the issuer of the settings; `None` where they name none. Sends no request before the first token, so that
    /// a server starts while its issuer is down.
    ///
    /// # Errors
    /// One line where a setting is missing or invalid, or the system has no certificates to check the issuer's with.
    pub fn new(settings: &config::Oidc) -> Result<Option<Self>, String> {
        let config::Oidc { issuer, audience, claim, ca } = settings;
        let Some(issuer) = issuer else { return Ok(None) };
        let audience = audience.as_ref().filter(|text| !text.is_empty()).ok_or("--oidc-audience: it is missing")?;
        if claim.is_empty() {
            return Err("--oidc-claim: it is empty".to_owned());
        }
        let authorities = match ca {
            Some(file) => config::read_certificates(file)
                .map_err(|problem| format!("--oidc-ca: {}: {problem}", file.display()))?,
            None => Vec::new(),
        };
        let source = Source::new(issuer, authorities, FETCH_TIMEOUT);
        let source = source.map_err(|problem| format!("--oidc-issuer: {problem}"))?;
        Ok(Some(Self::with(source, issuer, audience, claim)))
    }

    fn with(source: Source, issuer: &str, audience: &str, claim: &str) -> Self {
        signature::install();
        Issuer(Arc::new(Inner {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            claim: claim.to_owned(),
            keys: KeyCache::new(source),
        }))
    }

    /// Verifies a token and returns its login name: the text of the configured claim, which is not empty.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] where the token is not a valid one of this issuer for this audience, or has no login name;
    /// [`Refusal::Unavailable`] where the issuer's keys are needed and cannot be fetched.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub async fn verify(&self, token: &str) -> Result<String, Refusal> {
        self.verify_at(token, Moment::now()).await
    }

    async fn verify_at(&self, token: &str, now: Moment) -> Result<String, Refusal> {
        let (algorithm, id) = read_header(token)?;
        let key = self.0.keys.get(&id, algorithm, now.instant).await?;
        let claims = read_claims(token, &key, algorithm)?;
        self.check(&claims, now.since_1970)?;
        // No login name has control characters, which would break a log line.
        let name = claims.get(&self.0.claim).and_then(Value::as_str);
        name.filter(|name| !name.is_empty() && !name.contains(char::is_control))
            .map(ToOwned::to_owned)
            .ok_or(Refusal::Invalid("it holds no login name"))
    }

    fn check(&self, claims: &Map<String, Value>, now: Duration) -> Result<(), Refusal> {
        let (now, leeway) = (now.as_secs_f64(), LEEWAY.as_secs_f64());
        if claims.get("iss").and_then(Value::as_str) != Some(&self.0.issuer) {
            return Err(Refusal::Invalid("it is of another issuer"));
        }
        let is_ours = |audience: &Value| audience.as_str() == Some(&self.0.audience);
        if !claims
            .get("aud")
            .is_some_and(|aud| is_ours(aud) || aud.as_array().is_some_and(|all| all.iter().any(is_ours)))
        {
            return Err(Refusal::Invalid("it is for another audience"));
        }
        let expires = claims.get("exp").and_then(Value::as_f64).ok_or(Refusal::Invalid("it has no time of expiry"))?;
        if now >= expires + leeway {
            return Err(Refusal::Invalid("it has expired"));
        }
        if let Some(begins) = claims.get("nbf")
            && begins.as_f64().is_none_or(|begins| now + leeway < begins)
        {
            return Err(Refusal::Invalid("it is not valid yet"));
        }
        Ok(())
    }
}

/// Returns the algorithm and the id of the key, of which neither is verified yet.
fn read_header(token: &str) -> Result<(Algorithm, String), Refusal> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(Refusal::Invalid("it is too long"));
    }
    // The library does not parse the algorithm `none`.
    let header = decode_header(token).map_err(|_| Refusal::Invalid("its header cannot be read"))?;
    if !matches!(header.alg, Algorithm::RS256 | Algorithm::ES256) {
        return Err(Refusal::Invalid("its algorithm is neither RS256 nor ES256"));
    }
    // The same claims have another meaning in a token of another type, such as that of a logout.
    let is_accepted =
        |name: &str| ["JWT", "at+jwt", "application/at+jwt"].iter().any(|typ| typ.eq_ignore_ascii_case(name));
    if !header.typ.as_deref().is_none_or(is_accepted) {
        return Err(Refusal::Invalid("it is of another type"));
    }
    // RFC 7515: a critical extension that is not understood makes the token invalid, and none is understood here.
    if header.crit.is_some() {
        return Err(Refusal::Invalid("it has critical extensions"));
    }
    let id = header.kid.ok_or(Refusal::Invalid("it does not name its key"))?;
    Ok((header.alg, id))
}

/// Verifies the signature and returns the claims.
///
/// The library does not check them, as it accepts a list of issuers as `iss`, and takes the time from the system.
fn read_claims(token: &str, key: &DecodingKey, algorithm: Algorithm) -> Result<Map<String, Value>, Refusal> {
    let mut only_signature = Validation::new(algorithm);
    only_signature.required_spec_claims.clear();
    only_signature.validate_exp = false;
    only_signature.validate_aud = false;
    let token = decode(token, key, &only_signature).map_err(|problem| match problem.kind() {
        ErrorKind::InvalidSignature => Refusal::Invalid("its signature is wrong"),
        _ => Refusal::Invalid("it cannot be read"),
    })?;
    Ok(token.claims)
}
