//! Tickets, access tokens and other secrets: how they are generated, and the hashes of them that are stored.
//!
//! Each has at least 122 random bits, so that one pass of SHA-256 protects the stored hash.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::store::credentials::Hash;

/// How long a ticket is valid after its last use.
pub const TICKET_LIFETIME: Duration = Duration::from_hours(6);
/// How long an access token is valid.
pub const TOKEN_LIFETIME: Duration = Duration::from_hours(1);
/// How long a browser's session is valid after its last use.
pub const SESSION_LIFETIME: Duration = Duration::from_hours(6);

/// The beginning of every access token.
pub const ACCESS_TOKEN_PREFIX: &str = "8A:";

/// Generates a key.
#[must_use]
pub fn random_key() -> [u8; 64] {
    let mut key = [0; 64];
    for part in key.chunks_exact_mut(16) {
        part.copy_from_slice(Uuid::new_v4().as_bytes());
    }
    key
}

/// Returns the hash of a secret, which is stored in its place.
#[must_use]
pub fn hash(secret: &str) -> Hash {
    Sha256::digest(secret.as_bytes()).into()
}

/// Whether `stored` is the hash of `secret`, in constant time.
#[must_use]
pub fn matches(stored: &[u8], secret: &str) -> bool {
    // The library compares authentication codes in constant time, so both hashes get one under a fresh key.
    let key = Uuid::new_v4();
    let code = |hash: &[u8]| Hmac::<Sha256>::new_from_slice(key.as_bytes()).map(|code| code.chain_update(hash));
    match (code(stored), code(&hash(secret))) {
        (Ok(stored), Ok(sent)) => sent.verify_slice(&stored.finalize().into_bytes()).is_ok(),
        _ => false,
    }
}

/// Generates a ticket in the vendor's format: `7T:` and the base64 of the UTF-16 of `guid;number[;tenant]`.
#[must_use]
pub fn ticket(tenant: Option<&str>) -> String {
    let (guid, [a, b, c, d, ..]) = (Uuid::new_v4().simple(), Uuid::new_v4().into_bytes());
    let number = u32::from_le_bytes([a, b, c, d]) >> 1;
    let tenant = tenant.map(|tenant| format!(";{tenant}")).unwrap_or_default();
    let plain: Vec<u8> = format!("{guid};{number}{tenant}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    format!("7T:{}", BASE64_STANDARD.encode(plain))
}

/// Generates an access token in the vendor's format: `8A:`, the tenant, a dot, and random bytes in base64.
#[must_use]
pub fn access_token(tenant: &str) -> String {
    format!(
        "8A:{tenant}.{}",
        BASE64_STANDARD.encode([Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat())
    )
}

/// Generates 64 hexadecimal digits, for cookies.
#[must_use]
pub fn opaque() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// Generates an application's `SO-AppToken`: 32 hexadecimal digits.
#[must_use]
pub fn app_token() -> String {
    Uuid::new_v4().simple().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(ticket: &str) -> String {
        let bytes = BASE64_STANDARD.decode(ticket.strip_prefix("7T:").expect("a prefix")).expect("base64");
        let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
        String::from_utf16(&units).expect("UTF-16")
    }

    #[test]
    fn tickets_have_the_vendors_format() {
        let plain = plain(&ticket(Some("Cust26759")));
        let parts: Vec<&str> = plain.split(';').collect();
        assert!(parts[0].len() == 32 && parts[0].bytes().all(|digit| digit.is_ascii_hexdigit()), "{plain}");
        assert!(parts[1].parse::<i32>().is_ok_and(|number| number >= 0), "{plain}");
        assert_eq!(parts[2], "Cust26759");
        assert_eq!(self::plain(&ticket(None)).split(';').count(), 2);
    }

    #[test]
    fn access_tokens_name_their_tenant() {
        let token = access_token("Cust12345");
        let random = token.strip_prefix("8A:Cust12345.").expect("a prefix");
        assert_eq!(BASE64_STANDARD.decode(random).expect("base64").len(), 32);
    }

    #[test]
    fn secrets_are_unique() {
        let all = |make: fn() -> String| (0..100).map(|_| make()).collect::<std::collections::BTreeSet<_>>().len();
        assert_eq!(all(|| ticket(None)), 100);
        assert_eq!(all(|| access_token("x")), 100);
        assert_eq!((all(opaque), all(app_token)), (100, 100));
    }

    #[test]
    fn a_secret_matches_only_its_own_hash() {
        assert!(matches(&hash("a"), "a"));
        assert!(!matches(&hash("a"), "b"));
        assert!(!matches(b"", "a"));
        assert!(!matches(&hash("a")[..31], "a"));
    }
}
