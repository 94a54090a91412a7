//! Characters that XML 1.0 cannot hold: most control characters, U+FFFE and U+FFFF.
//!
//! As in .NET and Office Open XML, such a character is written as `_xHHHH_`. If a text holds such a sequence itself, the
//! first underscore of the sequence is written as `_x005F_`, so that the text reads back unchanged.

use std::borrow::Cow;
use std::fmt::Write;

use crate::xml::{is_legal, reference};

/// Writes `text` as the content of an element.
pub fn write(text: &str, out: &mut String) {
    let mut written = 0;
    for (at, character) in text.char_indices() {
        let escape = match (reference(character), character) {
            (Some(reference), _) => reference,
            (None, '_') if encoded(&text[at..]).is_some() => "_x005F_",
            (None, legal) if is_legal(legal) => continue,
            (None, _) => "",
        };
        out.push_str(&text[written..at]);
        out.push_str(escape);
        if escape.is_empty() {
            let _ = write!(out, "_x{:04X}_", u32::from(character));
        }
        written = at + character.len_utf8();
    }
    out.push_str(&text[written..]);
}

/// Returns the text that [`write`] was given, from the text that a parser returns.
pub fn unescape(text: Cow<'_, str>) -> Cow<'_, str> {
    let escape_at = |from: usize| {
        let found = text[from..].match_indices('_').map(|(at, _)| from + at);
        let mut found = found.filter_map(|at| Some((at, encoded(&text[at..])?)));
        found.find(|(at, _)| text[*at..].as_bytes().get(ESCAPE_BYTES - 1) == Some(&b'_'))
    };
    let mut unescaped = String::new();
    let mut read = 0;
    while let Some((at, character)) = escape_at(read) {
        unescaped.push_str(&text[read..at]);
        unescaped.push(character);
        read = at + ESCAPE_BYTES;
    }
    if read == 0 {
        return text;
    }
    unescaped.push_str(&text[read..]);
    Cow::Owned(unescaped)
}

/// The length of `_xHHHH_`.
const ESCAPE_BYTES: usize = 7;

/// Returns the character that `_xHHHH` at the start of `text` encodes, if that character is one that is always encoded.
fn encoded(text: &str) -> Option<char> {
    let digits = text.strip_prefix("_x")?.get(..4)?;
    let number =
        digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())??;
    char::from_u32(number).filter(|character| !is_legal(*character) || *character == '_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(text: &str) -> String {
        let mut out = String::new();
        write(text, &mut out);
        out
    }

    #[test]
    fn characters_that_xml_cannot_hold_are_escaped() {
        for (text, expected) in [
            ("a<b>&\"'", "a&lt;b&gt;&amp;\"'"),
            ("\t\n\r", "\t\n&#xD;"),
            ("\u{1}\u{1f}\u{fffe}", "_x0001__x001F__xFFFE_"),
            ("_x0041_ _x0001_ _x005f_", "_x0041_ _x005F_x0001_ _x005F_x005f_"),
            ("_x0001\u{2}", "_x005F_x0001_x0002_"),
        ] {
            assert_eq!(written(text), expected);
        }
    }

    proptest! {
        #[test]
        fn unescape_reverts_write_for_every_text(text in "(_|x|[0-9a-fF]{4}|_x0001_|_x005F_|[\\x00-\\x1f]|\u{ffff}|\\PC){0,20}") {
            let parsed = written(&text)
                .replace("&#xD;", "\r").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
            prop_assert!(parsed.chars().all(is_legal));
            prop_assert_eq!(unescape(Cow::Borrowed(&parsed)), text);
        }
    }
}
