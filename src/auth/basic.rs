//! `Authorization: Basic`, RFC 7617.

use std::fmt;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Some clients leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The longest login name, as its column has it.
const MAX_NAME_CHARS: usize = 254;

/// A login name and a password, as sent.
#[derive(PartialEq, Eq)]
pub struct Credentials {
    pub name: String,
    pub password: String,
}

impl Credentials {
    /// Reads the value of the header; none where it is not Basic, or broken.
    pub fn parse(header: &[u8]) -> Option<Self> {
        let header = header.trim_ascii();
        let end = header.iter().position(|byte| *byte == b' ')?;
        let (scheme, encoded) = header.split_at(end);
        if !scheme.eq_ignore_ascii_case(b"Basic") {
            return None;
        }
        let decoded = decode_text(BASE64.decode(encoded.trim_ascii()).ok()?);
        let (name, password) = decoded.split_once(':')?;
        // No associate has a longer one, and what is counted by name must not grow with what a stranger sends.
        (name.chars().count() <= MAX_NAME_CHARS)
            .then(|| Credentials { name: name.to_owned(), password: password.to_owned() })
    }
}

/// UTF-8, as today's clients send; what is none is Latin-1, as older ones do.
fn decode_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|not_utf8| not_utf8.into_bytes().into_iter().map(char::from).collect())
}

// A password must not get into a log by a careless `{:?}`.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(header: &[u8], name: &str, password: &str) {
        let expected = Credentials { name: name.into(), password: password.into() };
        assert!(Credentials::parse(header) == Some(expected));
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
    fn utf8_else_latin1() {
        reads(b"Basic w6U6w7g=", "å", "ø"); // C3 A5 3A C3 B8
        reads(b"Basic 5Tr4", "å", "ø"); // E5 3A F8
    }

    #[test]
    fn refuses_what_is_not_basic() {
        let long = format!("Basic {}", BASE64.encode(format!("{}:x", "n".repeat(255))));
        for header in [&long, "", "Basic", "Basic ", "Basic !!", "Basic QURNMA==", "Bearer dGplMDpUamUw"] {
            assert!(Credentials::parse(header.as_bytes()).is_none(), "{header}");
        }
    }
}
