//! Texts that hold several languages: `US:"Main";NO:"Hoved";`.
//!
//! Such a block is two letters, a colon and a text in double quotes, without one inside; any number of these, with or
//! without a semicolon between them. Text round a block stays, and each of several blocks is resolved. A block that
//! touches a letter, a digit or a further quote is none: `STATUS:"open"`, `NO:"a"b"`.

use std::borrow::Cow;

/// What stands in for a language that a block does not have, before its first one.
const FALLBACK: &str = "US";

/// The text in the language of the vendor's code `language`, else in English, else in the block's first one. A text
/// without a block comes back as it is.
#[must_use]
pub fn pick<'t>(text: &'t str, language: &str) -> Cow<'t, str> {
    let mut picked = String::new();
    let mut kept = 0;
    let mut from = 0;
    while let Some(block) = next_block(text, from) {
        from = block.end;
        if block.is_whole {
            picked.push_str(&text[kept..block.start]);
            picked.push_str(block.pick(text, language));
            kept = block.end;
        }
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    picked.push_str(&text[kept..]);
    Cow::Owned(picked)
}

struct Block {
    start: usize,
    end: usize,
    /// Nothing touches it that should not.
    is_whole: bool,
}

/// `LL:"`
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

    fn pick<'t>(&self, text: &'t str, language: &str) -> &'t str {
        let of = |wanted: &str| self.entries(text).find(|(code, _)| code.eq_ignore_ascii_case(wanted));
        let picked = of(language).or_else(|| of(FALLBACK)).or_else(|| self.entries(text).next());
        picked.map_or("", |(_, text)| text)
    }
}

/// The first run of entries at or after `from`.
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

/// The code and the text of an entry that `text` begins with, and what comes after it.
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
    fn the_language_is_picked() {
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
            assert_eq!(pick(text, "NO"), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_block_stays() {
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
            assert!(matches!(pick(text, "NO"), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_text_without_a_quote_is_never_changed(text in "[^\"]*") {
            prop_assert_eq!(pick(&text, "NO"), text.clone());
        }

        #[test]
        fn a_block_becomes_one_of_its_texts(
            entries in proptest::collection::vec(("[A-Za-z]{2}", "[^\"]{0,10}"), 1..5), separator in ";?", end in ";?",
        ) {
            let block = entries.iter().map(|(code, text)| format!("{code}:\"{text}\"")).collect::<Vec<_>>();
            let block = block.join(&separator) + &end;
            let picked = pick(&block, "NO");
            prop_assert!(entries.iter().any(|(_, text)| *text == picked), "{} gives {}", block, picked);
            let wanted = entries.iter().find(|(code, _)| code.eq_ignore_ascii_case("NO"));
            prop_assert!(wanted.is_none_or(|(_, text)| *text == picked));
        }

        #[test]
        fn no_text_makes_it_panic_or_grow(text in "([A-Z]{2}:\"|[\";:]|US|NO|\\PC){0,30}") {
            prop_assert!(pick(&text, "NO").len() <= text.len());
        }
    }
}
