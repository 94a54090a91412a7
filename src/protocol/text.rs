//! From the bytes of a body to its text.

use std::borrow::Cow;

/// What a body's charset can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// Also where none is given, and for its subset ASCII.
    Utf8,
    /// In either byte order.
    Utf16,
}

impl Charset {
    /// The charset called `name`, in any letter case.
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

/// The bytes as UTF-8, less a byte order mark; `None` where they are not what `charset` says.
///
/// A byte order mark overrides the charset. UTF-16 without one is told by its first character, which in every format
/// here is an ASCII one: half of it is zero, as no byte of UTF-8 text is here.
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

/// Line and column, from 1, of a byte of `text`; columns are characters.
#[must_use]
pub fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
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

    #[test]
    fn places_count_lines_and_characters() {
        assert_eq!(place("", 0), (1, 1));
        assert_eq!(place("ø\nøx", 5), (2, 2));
        assert_eq!(place("ab", 99), (1, 3));
    }
}
