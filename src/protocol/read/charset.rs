//! Character encodings: from the bytes of a body to its text.

use std::borrow::Cow;

/// A supported charset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// The default, and the charset of ASCII, which is a subset.
    Utf8,
    /// UTF-16 in either byte order.
    Utf16,
}

impl Charset {
    /// Returns the charset called `name`, in any letter case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let is = |known: &[&str]| known.iter().any(|known| known.eq_ignore_ascii_case(name));
        if is(&["utf-8", "utf8", "us-ascii"]) {
            Some(Charset::Utf8)
        } else if is(&["utf-16", "utf-16le", "utf-16be", "unicode"]) {
            Some(Charset::Utf16)
        } else {
            None
        }
    }
}

/// Decodes the bytes, without a byte order mark; `None` if they are not valid in `charset`.
///
/// A byte order mark overrides the charset. UTF-16 without a mark is detected by the first character: in every format it
/// is an ASCII character, so one of its two bytes is zero, which never occurs at the start of a UTF-8 body.
#[must_use]
pub fn decode(bytes: &[u8], charset: Charset) -> Option<Cow<'_, str>> {
    match (bytes, charset) {
        ([0xEF, 0xBB, 0xBF, rest @ ..], _) => std::str::from_utf8(rest).ok().map(Cow::Borrowed),
        ([0xFE, 0xFF, rest @ ..], _) => utf16(rest, u16::from_be_bytes),
        ([0xFF, 0xFE, rest @ ..], _) => utf16(rest, u16::from_le_bytes),
        ([0, ..], _) => utf16(bytes, u16::from_be_bytes),
        ([_, 0, ..], _) | (_, Charset::Utf16) => utf16(bytes, u16::from_le_bytes),
        (_, Charset::Utf8) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Cow<'static, str>> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    rest.is_empty().then(|| String::from_utf16(&units).ok())?.map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf16_is_read_in_both_orders_with_and_without_a_mark() {
        let text = "{\"a\":\"ø😀\"}";
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for charset in [Charset::Utf8, Charset::Utf16] {
            assert_eq!(decode(&big, charset).as_deref(), Some(text));
            assert_eq!(decode(&little, charset).as_deref(), Some(text));
            assert_eq!(decode(&[&[0xFE, 0xFF], &*big].concat(), charset).as_deref(), Some(text));
            assert_eq!(decode(&[&[0xFF, 0xFE], &*little].concat(), charset).as_deref(), Some(text));
            assert_eq!(decode("\u{feff}{}".as_bytes(), charset).as_deref(), Some("{}"));
        }
    }

    #[test]
    fn broken_text_is_none() {
        assert_eq!(decode(b"\xff", Charset::Utf8), None);
        assert_eq!(decode(b"{\0}", Charset::Utf16), None);
        assert_eq!(decode(b"{\0\x00\xd8", Charset::Utf16), None);
    }
}
