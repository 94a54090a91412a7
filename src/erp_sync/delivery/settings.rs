//! The settings of a connection on which its fields depend.

use sha2::{Digest, Sha256};

use crate::store::deliveries::Claimed;

/// Returns the digest of the settings on which the fields of a connection depend.
pub fn digest(claimed: &Claimed) -> Vec<u8> {
    let mut digest = Sha256::new();
    let fields = claimed.config_fields.iter().flat_map(|(key, value)| [Some(key), value.as_ref()]);
    for part in [Some(&claimed.url), Some(&claimed.connection_id)].into_iter().chain(fields) {
        // No text has the length of an absent one.
        digest.update(part.map_or(usize::MAX, String::len).to_be_bytes());
        digest.update(part.map_or("", String::as_str));
    }
    digest.finalize().to_vec()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn claimed(url: &str, fields: &[(&str, Option<&str>)]) -> Claimed {
        let fields = fields.iter().map(|(key, value)| ((*key).to_owned(), value.map(str::to_owned)));
        Claimed {
            erp_connection_id: 1,
            erp_connector_id: 1,
            url: url.to_owned(),
            connection_id: "a".to_owned(),
            deleted: false,
            config_fields: fields.collect(),
            updated_associate_id: 1,
            updated_count: 0,
            delivered_count: -1,
            fields_due: false,
            fields_source: None,
            attempts: 0,
            refusals: 0,
        }
    }

    #[test]
    fn the_digest_tells_settings_apart() {
        let settings = [
            claimed("u", &[]),
            claimed("v", &[]),
            claimed("u", &[("a", None)]),
            claimed("u", &[("a", Some(""))]),
            claimed("u", &[("a", Some("bc"))]),
            claimed("u", &[("ab", Some("c"))]),
            claimed("u", &[("a", Some("b")), ("c", Some(""))]),
        ];
        let digests: std::collections::HashSet<_> = settings.iter().map(digest).collect();
        assert_eq!(digests.len(), settings.len());
        assert_eq!(digest(&settings[0]), digest(&Claimed { updated_count: 5, ..claimed("u", &[]) }));
    }
}
