//! Credentials of `Authorization: Basic`, RFC 7617.

use std::fmt;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Padding is optional, as some clients leave it out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The length of the longest login name, which is that of its column.
const MAX_NAME_CHARS: usize = 254;

/// A login name and a password.
#[derive(PartialEq, Eq)]
pub struct BasicCredentials {
    pub name: String,
    pub password: String,
}

impl BasicCredentials {
    /// Parses the value of the header; `None` where it is of another scheme or malformed.
    pub fn parse(header: &[u8]) -> Option<Self> {
        let header = header.trim_ascii();
        let end = header.iter().position(|byte| *byte == b' ')?;
        let (scheme, encoded) = header.split_at(end);
        if !scheme.eq_ignore_ascii_case(b"Basic") {
            return None;
        }
        let decoded = decode_text(BASE64.decode(encoded.trim_ascii()).ok()?);
        let (name, password) = decoded.split_once(':')?;
        // Longer names are refused, as the memory of the throttle must not grow with the names that are sent.
        (name.chars().count() <= MAX_NAME_CHARS)
            .then(|| BasicCredentials { name: name.to_owned(), password: password.to_owned() })
    }
}

/// Decodes UTF-8, or else Latin-1, which older clients send.
fn decode_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|not_utf8| not_utf8.into_bytes().into_iter().map(char::from).collect())
}

// Written by hand, so that `{:?}` logs no password.
impl fmt::Debug for BasicCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicCredentials").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(header: &[u8], name: &str, password: &str) {
        let expected = BasicCredentials { name: name.into(), password: password.into() };
        assert!(BasicCredentials::parse(header) == Some(expected));
    }

    #[test]
    fn reads_name_and_password() {
        reads(b"Basic dGplMDpUamUw", "tje0", "Tje0");
        reads(b"bASIC  dGplMDpUamUw ", "tje0", "Tje0");
    }

    #[test]
    fn password_may_be_blank_or_hold_a_colon() {
        reads(b"Basic QURNMDo=", "ADM0", "");
        reads(b"Basic QURNMDo", "ADM0", "");
        reads(b"Basic YTpiOmM=", "a", "b:c");
    }

    #[test]
    fn text_is_utf8_or_latin1() {
        reads(b"Basic w6U6w7g=", "å", "ø"); // C3 A5 3A C3 B8
        reads(b"Basic 5Tr4", "å", "ø"); // E5 3A F8
    }

    #[test]
    fn refuses_other_schemes_and_malformed_values() {
        let long = format!("Basic {}", BASE64.encode(format!("{}:x", "n".repeat(255))));
        for header in [&long, "", "Basic", "Basic ", "Basic !!", "Basic QURNMA==", "Bearer dGplMDpUamUw"] {
            assert!(BasicCredentials::parse(header.as_bytes()).is_none(), "{header}");
        }
    }
}
