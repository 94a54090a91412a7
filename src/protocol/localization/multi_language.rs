//! Multi-language texts: `US:"Main";NO:"Hoved";`.
//!
//! A block is a sequence of entries, with or without a semicolon between them. An entry is two letters, a colon, and a
//! text in double quotes that contains no double quote. The text around a block is kept, and each of several blocks is
//! resolved. A block next to a letter, a digit or another quote is not one: `STATUS:"open"`, `NO:"a"b"`.

use std::borrow::Cow;

/// The language used if a block does not have the requested one.
const FALLBACK: &str = "US";

/// Resolves each block to the language with the vendor's code `language`, else to English, else to the block's first
/// language. Returns a text without a block unchanged.
#[must_use]
pub fn resolve<'t>(text: &'t str, language: &str) -> Cow<'t, str> {
    let mut resolved = String::new();
    let mut kept = 0;
    let mut from = 0;
    while let Some(block) = next_block(text, from) {
        from = block.end;
        if block.is_whole {
            resolved.push_str(&text[kept..block.start]);
            resolved.push_str(block.resolve(text, language));
            kept = block.end;
        }
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    resolved.push_str(&text[kept..]);
    Cow::Owned(resolved)
}

struct Block {
    start: usize,
    end: usize,
    /// Whether no letter, digit or quote is adjacent.
    is_whole: bool,
}

/// The length of `LL:"`.
const HEAD_BYTES: usize = 4;

impl Block {
    fn entries<'t>(&self, text: &'t str) -> impl Iterator<Item = (&'t str, &'t str)> {
        let mut rest = &text[self.start..self.end];
        std::iter::from_fn(move || {
            let (entry, after) = entry(rest)?;
            rest = after.strip_prefix(';').unwrap_or(after);
            Some(entry)
        })
    }

    fn resolve<'t>(&self, text: &'t str, language: &str) -> &'t str {
        let find = |wanted: &str| self.entries(text).find(|(code, _)| code.eq_ignore_ascii_case(wanted));
        let resolved = find(language).or_else(|| find(FALLBACK)).or_else(|| self.entries(text).next());
        resolved.map_or("", |(_, text)| text)
    }
}

/// Returns the first block at or after `from`.
fn next_block(text: &str, from: usize) -> Option<Block> {
    let mut quote = from;
    loop {
        quote += text[quote..].find('"')?;
        let start = quote.checked_sub(HEAD_BYTES - 1).filter(|start| *start >= from && text.is_char_boundary(*start));
        if let Some(start) = start
            && let Some((_, after)) = entry(&text[start..])
        {
            let mut rest = after;
            let ends_with_separator = loop {
                let separated = rest.strip_prefix(';');
                rest = separated.unwrap_or(rest);
                match entry(rest) {
                    Some((_, after)) => rest = after,
                    None => break separated.is_some(),
                }
            };
            let is_joined = |character: char| character.is_alphanumeric() || character == '"';
            let joins_before = text[..start].ends_with(is_joined);
            let joins_after = !ends_with_separator && rest.starts_with(is_joined);
            return Some(Block { start, end: text.len() - rest.len(), is_whole: !joins_before && !joins_after });
        }
        quote += 1;
    }
}

/// Parses an entry at the start of `text`: its code and text, and the rest.
fn entry(text: &str) -> Option<((&str, &str), &str)> {
    let code = text.get(..2).filter(|code| code.bytes().all(|byte| byte.is_ascii_alphabetic()))?;
    let (value, after) = text[2..].strip_prefix(":\"")?.split_once('"')?;
    Some(((code, value), after))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_block_resolves_to_the_requested_language() {
        for (text, expected) in [
            (r#"US:"A";NO:"B""#, "B"),
            (r#"US:"A";NO:"B";"#, "B"),
            (r#"US:"A"NO:"B""#, "B"),
            (r#"us:"A";no:"B""#, "B"),
            (r#"NO:"";US:"A""#, ""),
            (r#"US:"A";GE:"C""#, "A"),
            (r#"GE:"C";FR:"D""#, "C"),
            (r#"x US:"A";NO:"B" y"#, "x B y"),
            (r#"(US:"A";NO:"B")"#, "(B)"),
            (r#"US:"A";NO:"B" / US:"C";NO:"D""#, "B / D"),
            (r#"US:"A";NO:"B"; US:"C";NO:"D""#, "B D"),
            (r#"US:"A";NO:"B";rest"#, "Brest"),
            (r#"Ø"NO:"B""#, r#"Ø"NO:"B""#),
            (r#"ø: NO:"B""#, "ø: B"),
        ] {
            assert_eq!(resolve(text, "NO"), expected, "{text}");
        }
    }

    #[test]
    fn a_text_without_a_block_is_unchanged() {
        for text in [
            "",
            "plain",
            r#"US:"A"#,
            r#"NO:"a"b""#,
            r#"STATUS:"open""#,
            r#"N:"a""#,
            r#"NO: "a""#,
            "NO:'a'",
            r#""NO:"a""#,
            r#"1NO:"a""#,
            r#"ØNO:"a""#,
            "\"\"\"",
            "Ø:\"",
        ] {
            assert!(matches!(resolve(text, "NO"), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_text_without_a_quote_is_never_changed(text in "[^\"]*") {
            prop_assert_eq!(resolve(&text, "NO"), text.clone());
        }

        #[test]
        fn a_block_becomes_one_of_its_texts(
            entries in proptest::collection::vec(("[A-Za-z]{2}", "[^\"]{0,10}"), 1..5), separator in ";?", end in ";?",
        ) {
            let block = entries.iter().map(|(code, text)| format!("{code}:\"{text}\"")).collect::<Vec<_>>();
            let block = block.join(&separator) + &end;
            let resolved = resolve(&block, "NO");
            prop_assert!(entries.iter().any(|(_, text)| *text == resolved), "{} gives {}", block, resolved);
            let wanted = entries.iter().find(|(code, _)| code.eq_ignore_ascii_case("NO"));
            prop_assert!(wanted.is_none_or(|(_, text)| *text == resolved));
        }

        #[test]
        fn no_text_panics_or_grows(text in "([A-Z]{2}:\"|[\";:]|US|NO|\\PC){0,30}") {
            prop_assert!(resolve(&text, "NO").len() <= text.len());
        }
    }
}
