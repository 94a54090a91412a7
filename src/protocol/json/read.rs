//! JSON in. Straight through serde: no tree between the bytes and the carrier.

use serde_json::error::Category;

use crate::protocol::carrier::Carrier;
use crate::protocol::error::Error;
use crate::protocol::{At, Read, text};

/// Lists and objects within each other; the XML reader's limit is the same. That of `serde_json` does not hold for what
/// is read over.
const MAX_DEPTH: usize = 128;

/// Reads a body; `None` where it is `null`.
///
/// # Errors
/// 400 with line and column where it is no JSON, with the property's path where a value does not fit.
pub fn read<C: Carrier>(body: &str) -> Result<Option<C>, Error> {
    if let Some(offset) = too_deep(body) {
        let (line, column) = text::place(body, offset);
        return Err(Error::argument(format!(
            "The request body is not valid JSON: nested deeper than {MAX_DEPTH} (line {line}, column {column})."
        )));
    }
    match parse(body) {
        // The vendor's published requests have some, and its reader takes them.
        Err(problem) if problem.to_string().starts_with("trailing comma") => parse(&without_trailing_commas(body)),
        read => read,
    }
    .map_err(|problem| refuse(&problem))
}

fn parse<C: Carrier>(body: &str) -> Result<Option<C>, serde_json::Error> {
    let mut source = serde_json::Deserializer::from_str(body);
    let carrier = <Option<C> as Read>::read(&mut source, &At::Body)?;
    source.end().map(|()| carrier)
}

fn refuse(problem: &serde_json::Error) -> Error {
    let (line, column) = (problem.line(), problem.column());
    // serde_json ends its texts with the place; ours begin with what is wrong there.
    let text = problem.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    Error::argument(match problem.classify() {
        Category::Data => format!("{text} (line {line}, column {column})."),
        Category::Syntax | Category::Eof | Category::Io => {
            format!("The request body is not valid JSON: {text} (line {line}, column {column}).")
        }
    })
}

/// The bytes of `body` that stand outside of strings.
fn structure(body: &str) -> impl Iterator<Item = (usize, u8)> {
    let (mut quoted, mut escaped) = (false, false);
    body.bytes().enumerate().filter(move |(_, byte)| {
        let was_quoted = quoted;
        match byte {
            _ if std::mem::take(&mut escaped) => {}
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
        // A quote itself stands outside.
        !was_quoted || !quoted
    })
}

/// Where the nesting goes past the limit.
fn too_deep(body: &str) -> Option<usize> {
    let mut depth = 0_usize;
    structure(body).find_map(|(offset, byte)| {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        (depth > MAX_DEPTH).then_some(offset)
    })
}

/// The same text with blanks for commas that stand before the end of a list or an object.
fn without_trailing_commas(body: &str) -> String {
    let mut blanks = Vec::new();
    let mut comma = None;
    for (offset, byte) in structure(body) {
        match byte {
            b',' => comma = Some(offset),
            b']' | b'}' => blanks.extend(comma.take()),
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => comma = None,
        }
    }
    let mut plain = body.to_owned();
    for offset in blanks {
        plain.replace_range(offset..=offset, " ");
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trailing_commas_are_blanked() {
        for (body, plain) in [
            ("[1,]", "[1 ]"),
            ("{\"a\":\"x,}\\\",]\", \n}", "{\"a\":\"x,}\\\",]\"  \n}"),
            ("[1,2,[3,],]", "[1,2,[3 ] ]"),
            ("[\"ø\",\"a\",]", "[\"ø\",\"a\" ]"),
            ("[,,]", "[,  ]"),
            ("[1,\"\"]", "[1,\"\"]"),
        ] {
            assert_eq!(without_trailing_commas(body).replace(' ', ""), plain.replace(' ', ""), "{body}");
            assert_eq!(without_trailing_commas(body).len(), body.len());
        }
    }

    #[test]
    fn depth_counts_outside_of_strings() {
        assert_eq!(too_deep(&"[".repeat(128)), None);
        assert_eq!(too_deep(&"[".repeat(129)), Some(128));
        assert_eq!(too_deep(&format!("\"{}\\\"{}\"", "[".repeat(200), "{".repeat(200))), None);
        assert_eq!(too_deep(&"[]".repeat(1000)), None);
    }
}
