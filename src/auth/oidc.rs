//! `Authorization: Bearer` with a token of a configured OpenID Connect issuer.
//!
//! A token is a JWT, RFC 7519, signed with RS256 or ES256 by a key that the issuer publishes. What it is worth follows
//! RFC 8725: the algorithm is the key's, never the token's; `iss`, `aud` and `exp` must be there and right; keys come
//! from the issuer's own discovery document only, and nothing that a token points to is followed.
//!
//! The caller
//! - makes one [`Issuer`] at the start with [`Issuer::new`], inside or outside of a runtime, and gives clones to
//!   whoever needs it; without one, a Bearer token that looks like a JWT is refused like any other;
//! - hands what follows `Bearer ` to [`Issuer::verify`], inside of a Tokio runtime;
//! - looks the login name up in the store on every call, as with a password: a token outlives the associate that was
//!   disabled, and the issuer knows people that are no associates;
//! - answers 401 for [`Refusal::Invalid`] and 503 for [`Refusal::Unavailable`], logs the refusal, which holds nothing of
//!   the token, and tells the stranger none of it.
//!
//! Every token is good for whoever has it until it expires: there is no list of revoked ones.

mod keys;
mod ring;
mod source;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value};

use crate::config;
use keys::Keys;
use source::Source;

/// How far the issuer's clock and ours may be apart.
const LEEWAY: Duration = Duration::from_mins(1);
/// How long the issuer has for its answers, taken together.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest token; one that lists a hundred groups has half of it.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// An OpenID Connect issuer, and what its tokens have to say. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Issuer(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    issuer: String,
    audience: String,
    claim: String,
    keys: Keys,
}

/// Why a token lets nobody in. Its text is one line for the log, and holds nothing of the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The token is not valid: 401.
    Invalid(&'static str),
    /// Whether it is cannot be told now, as the issuer's keys cannot be had: 503.
    Unavailable(Arc<str>),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Invalid(reason) => write!(f, "the token is not valid: {reason}"),
            Refusal::Unavailable(reason) => write!(f, "the issuer's keys cannot be had: {reason}"),
        }
    }
}

impl std::error::Error for Refusal {}

/// Now, on the clock on the wall and on the one that never goes back.
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
    /// The one in `settings`, if there is one. Nothing is sent before the first token, so that a server starts without
    /// its issuer.
    ///
    /// # Errors
    /// One line where a setting is missing or no good, or the system has no certificates to check the issuer's with.
    pub fn new(settings: &config::Oidc) -> Result<Option<Self>, String> {
        let config::Oidc { issuer, audience, claim, ca } = settings;
        let Some(issuer) = issuer else { return Ok(None) };
        let audience = audience.as_ref().filter(|text| !text.is_empty()).ok_or("--oidc-audience: it is missing")?;
        if claim.is_empty() {
            return Err("--oidc-claim: it is empty".to_owned());
        }
        let authorities = match ca {
            Some(file) => source::read_certificates(file)
                .map_err(|problem| format!("--oidc-ca: {}: {problem}", file.display()))?,
            None => Vec::new(),
        };
        let source = Source::new(issuer, authorities, PATIENCE);
        let source = source.map_err(|problem| format!("--oidc-issuer: {problem}"))?;
        Ok(Some(Self::with(source, issuer, audience, claim)))
    }

    fn with(source: Source, issuer: &str, audience: &str, claim: &str) -> Self {
        ring::install();
        Issuer(Arc::new(Parts {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            claim: claim.to_owned(),
            keys: Keys::new(source),
        }))
    }

    /// The login name in the token: the text of the configured claim, not empty.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] where the token is not a valid one of this issuer for this audience, or names nobody;
    /// [`Refusal::Unavailable`] where the issuer's keys are needed and cannot be had.
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
        // No login name has control characters, and they would spoil a log line or a query.
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

/// The algorithm and the id of the key. Nothing of it is proved yet.
fn read_header(token: &str) -> Result<(Algorithm, String), Refusal> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(Refusal::Invalid("it is too long"));
    }
    // `none` is no algorithm that can be read.
    let header = decode_header(token).map_err(|_| Refusal::Invalid("its header cannot be read"))?;
    if !matches!(header.alg, Algorithm::RS256 | Algorithm::ES256) {
        return Err(Refusal::Invalid("its algorithm is neither RS256 nor ES256"));
    }
    // A token of another type, such as one that tells of a logout, says other things with the same claims.
    let is_ours =
        |name: &str| ["JWT", "at+jwt", "application/at+jwt"].iter().any(|ours| ours.eq_ignore_ascii_case(name));
    if !header.typ.as_deref().is_none_or(is_ours) {
        return Err(Refusal::Invalid("it is of another type"));
    }
    // RFC 7515: what is critical and not understood, and we understand none of it, makes the token invalid.
    if header.crit.is_some() {
        return Err(Refusal::Invalid("it has critical extensions"));
    }
    let id = header.kid.ok_or(Refusal::Invalid("it does not name its key"))?;
    Ok((header.alg, id))
}

/// The claims, once the signature is proved. They are checked by us: the library takes a list of issuers for one, and
/// the time from the system.
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
