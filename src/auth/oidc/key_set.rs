//! The keys that an issuer publishes.

use std::fmt;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// A key that signs tokens, and the one algorithm that it is for.
struct Key {
    id: String,
    algorithm: Algorithm,
    public: DecodingKey,
}

/// The usable keys of an issuer.
pub struct KeySet(Vec<Key>);

impl KeySet {
    /// Parses a JWK set, RFC 7517; `None` where it is malformed. Keys that cannot verify tokens are left out.
    pub fn parse(json: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Published {
            keys: Vec<Value>,
        }
        let published: Published = serde_json::from_slice(json).ok()?;
        Some(KeySet(published.keys.into_iter().filter_map(Key::parse).collect()))
    }

    /// Whether the set has a key with this id.
    pub fn has(&self, id: &str) -> bool {
        self.0.iter().any(|key| key.id == id)
    }

    /// Returns the key with this id for this algorithm.
    pub fn find(&self, id: &str, algorithm: Algorithm) -> Option<&DecodingKey> {
        self.0.iter().find(|key| key.id == id && key.algorithm == algorithm).map(|key| &key.public)
    }
}

impl Key {
    /// Parses a key. Its type determines its algorithm; a key whose other members disagree is refused.
    fn parse(json: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(json).ok()?;
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => Algorithm::RS256,
            AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P256 => Algorithm::ES256,
            _ => return None,
        };
        let common = &jwk.common;
        let fits = common.key_algorithm.is_none_or(|stated| stated == KeyAlgorithm::from(algorithm))
            && common.public_key_use.as_ref().is_none_or(|stated| *stated == PublicKeyUse::Signature)
            && common.key_operations.as_ref().is_none_or(|stated| stated.contains(&KeyOperations::Verify));
        let public = DecodingKey::from_jwk(&jwk).ok().filter(|_| fits)?;
        Some(Key { id: jwk.common.key_id?, algorithm, public })
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| (&key.id, key.algorithm))).finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn algorithm(more: &Value) -> Option<Algorithm> {
        let mut key = json!({"kid": "a", "kty": "RSA", "n": "AQAB", "e": "AQAB"});
        key.as_object_mut()?.extend(more.as_object()?.clone());
        Key::parse(key).map(|key| key.algorithm)
    }

    #[test]
    fn a_key_has_the_algorithm_of_its_type_and_members() {
        assert_eq!(algorithm(&json!({})), Some(Algorithm::RS256));
        assert_eq!(algorithm(&json!({"alg": "RS256", "use": "sig", "key_ops": ["verify"]})), Some(Algorithm::RS256));
        for other in ["RS512", "PS256", "HS256", "ES256", "RSA-OAEP", "none", "?"] {
            assert_eq!(algorithm(&json!({"alg": other})), None, "{other}");
        }
        assert_eq!(algorithm(&json!({"use": "enc"})), None);
        assert_eq!(algorithm(&json!({"key_ops": ["encrypt"]})), None);
        let point = |curve| json!({"kty": "EC", "crv": curve, "x": "AQAB", "y": "AQAB"});
        assert_eq!(algorithm(&point("P-256")), Some(Algorithm::ES256));
        assert_eq!(algorithm(&point("P-384")), None);
        assert_eq!(algorithm(&json!({"kty": "oct", "k": "AQAB"})), None);
    }

    #[test]
    fn unusable_keys_are_left_out() {
        let good = json!({"kid": "a", "kty": "RSA", "n": "AQAB", "e": "AQAB"});
        let set = json!({"keys": [1, {}, {"kty": "?"}, {"kty": "RSA", "n": "AQAB", "e": "AQAB"}, good], "more": 1});
        let set = KeySet::parse(set.to_string().as_bytes()).expect("a set");
        assert_eq!(format!("{set:?}"), r#"[("a", RS256)]"#);
        assert!(KeySet::parse(b"[]").is_none());
        assert!(KeySet::parse(b"{}").is_none());
    }
}
