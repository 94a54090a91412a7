//! JSON bodies, deserialized by serde straight into the carrier.

use serde_json::error::Category;

use super::position::line_and_column;
use crate::protocol::error::Error;
use crate::protocol::path::Path;
use crate::protocol::value::{Carrier, ReadValue};

/// The maximum nesting of lists and objects, the same as in XML. The limit of `serde_json` does not apply to ignored
/// members.
const MAX_DEPTH: usize = 128;

/// Reads a body; `None` for `null`.
///
/// # Errors
/// 400 with line and column if the body is not JSON, and with the property's path if a value does not fit.
pub fn read<C: Carrier>(body: &str) -> Result<Option<C>, Error> {
    if let Some(offset) = too_deep(body) {
        let (line, column) = line_and_column(body, offset);
        return Err(Error::argument(format_args!(
            "The request body is not valid JSON: nested deeper than {MAX_DEPTH} (line {line}, column {column})."
        )));
    }
    match parse(body) {
        // The vendor's published requests have trailing commas, and its reader accepts them.
        Err(problem) if problem.to_string().starts_with("trailing comma") => parse(&without_trailing_commas(body)),
        read => read,
    }
    .map_err(|problem| refuse(&problem))
}

fn parse<C: Carrier>(body: &str) -> Result<Option<C>, serde_json::Error> {
    let mut source = serde_json::Deserializer::from_str(body);
    let carrier = <Option<C> as ReadValue>::read(&mut source, &Path::Body)?;
    source.end().map(|()| carrier)
}

fn refuse(problem: &serde_json::Error) -> Error {
    let (line, column) = (problem.line(), problem.column());
    // serde_json appends the position to its messages.
    let text = problem.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    match problem.classify() {
        Category::Data => Error::argument(format_args!("{text} (line {line}, column {column}).")),
        Category::Syntax | Category::Eof | Category::Io => {
            Error::argument(format_args!("The request body is not valid JSON: {text} (line {line}, column {column})."))
        }
    }
}

/// Returns the bytes of `body` outside of strings, with their offsets.
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
        // The quotes themselves count as outside.
        !was_quoted || !quoted
    })
}

/// Returns the offset at which the nesting exceeds the limit.
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

/// Returns the text with spaces in place of the commas before the end of a list or an object, so that offsets stay.
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
    fn only_trailing_commas_become_spaces() {
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
    fn brackets_in_strings_do_not_count_as_nesting() {
        assert_eq!(too_deep(&"[".repeat(128)), None);
        assert_eq!(too_deep(&"[".repeat(129)), Some(128));
        assert_eq!(too_deep(&format!("\"{}\\\"{}\"", "[".repeat(200), "{".repeat(200))), None);
        assert_eq!(too_deep(&"[]".repeat(1000)), None);
    }
}
