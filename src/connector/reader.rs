//! Reading of SOAP messages: elements in any order and with any prefix, on the tokenizer that limits what a hostile
//! document can do.

use std::error::Error;
use std::fmt;

use crate::xml::{Node, SyntaxError, Tokens};

/// The maximum number of items in the lists and dictionaries of a document. An item takes more memory than the four bytes
/// that it can be written with.
const MAX_ITEMS: usize = 1_000_000;

/// The number of characters that a message repeats of the document.
const EXCERPT_CHARS: usize = 64;

/// The reason why a message is refused. The text can repeat short parts of the message, so it is for the log.
#[derive(Debug, PartialEq, Eq)]
pub struct ReadError {
    text: String,
    /// The position in bytes.
    offset: usize,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {})", self.text, self.offset)
    }
}

impl Error for ReadError {}

impl From<SyntaxError> for ReadError {
    fn from(problem: SyntaxError) -> Self {
        ReadError { text: problem.message(excerpt), offset: problem.offset }
    }
}

/// Returns the beginning of a text from outside, without control characters.
fn excerpt(text: &str) -> String {
    let beginning: String = text.chars().take(EXCERPT_CHARS).collect();
    let ellipsis = if beginning.len() < text.len() { "…" } else { "" };
    format!("{}{ellipsis}", beginning.escape_debug())
}

/// Reads a document.
struct Reader<'x> {
    tokens: Tokens<'x>,
    /// The number of items that lists and dictionaries may still have.
    items_left: usize,
}

/// Reads a document by `read`, which is given the root element.
///
/// # Errors
/// If the document is not XML, or `read` fails.
pub fn read_root<T>(
    document: &str,
    read: impl FnOnce(&str, Element<'_, '_>) -> Result<T, ReadError>,
) -> Result<T, ReadError> {
    read_limited(document, MAX_ITEMS, read)
}

fn read_limited<T>(
    document: &str,
    max_items: usize,
    read: impl FnOnce(&str, Element<'_, '_>) -> Result<T, ReadError>,
) -> Result<T, ReadError> {
    let mut reader = Reader { tokens: Tokens::new(document)?, items_left: max_items };
    let (Node::Open(nil), name) = reader.tokens.read_node()? else {
        return Err(reader.error("there is no root element"));
    };
    let value = read(&name, Element { reader: &mut reader, nil })?;
    match reader.tokens.read_node()? {
        (Node::End, _) => Ok(value),
        _ => Err(reader.error("there is more than one root element")),
    }
}

impl Reader<'_> {
    fn error(&self, text: impl Into<String>) -> ReadError {
        ReadError { text: text.into(), offset: self.tokens.offset() }
    }
}

/// An element whose start tag has been read.
pub struct Element<'t, 'x> {
    reader: &'t mut Reader<'x>,
    nil: bool,
}

impl<'x> Element<'_, 'x> {
    /// Whether the element stands for null.
    #[must_use]
    pub fn is_nil(&self) -> bool {
        self.nil
    }

    /// Creates an error at this element. `found`, a text of the document, is repeated shortened.
    #[must_use]
    pub fn error(&self, problem: &str, found: &str) -> ReadError {
        self.reader.error(format!("{problem} '{}'", excerpt(found)))
    }

    /// Skips the element.
    ///
    /// # Errors
    /// If the rest of the element is not XML.
    pub fn skip(self) -> Result<(), ReadError> {
        Ok(self.reader.tokens.skip()?)
    }

    /// Reads the element as a text; `None` if it is nil.
    ///
    /// # Errors
    /// If the element has child elements, or is not XML.
    pub fn text(self) -> Result<Option<String>, ReadError> {
        if self.nil {
            self.reader.tokens.skip()?;
            return Ok(None);
        }
        match self.reader.tokens.read_text()? {
            Some(text) => Ok(Some(text.into_owned())),
            None => Err(self.reader.error("there are elements where only text can stand")),
        }
    }

    /// Reads the element as a scalar in a text; the default if it is nil.
    ///
    /// # Errors
    /// If `parse` returns `None` for the text without white space around it, or the element is not a text.
    pub fn scalar<T: Default>(self, expected: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, ReadError> {
        let Element { reader, nil } = self;
        let Some(text) = (Element { reader: &mut *reader, nil }).text()? else { return Ok(T::default()) };
        parse(text.trim()).ok_or_else(|| reader.error(format!("'{}' is not {expected}", excerpt(&text))))
    }

    /// Reads the child elements, each by `read`, which is given its name and must read or skip it. An element that is nil
    /// has none.
    ///
    /// # Errors
    /// If `read` fails, or the element has a text or is not XML.
    pub fn children(
        self,
        mut read: impl FnMut(&str, Element<'_, 'x>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        if self.nil {
            return self.skip();
        }
        let reader = self.reader;
        loop {
            match reader.tokens.read_node()? {
                (Node::Open(nil), name) => read(&name, Element { reader: &mut *reader, nil })?,
                (Node::Close | Node::End, _) => return Ok(()),
            }
        }
    }

    /// Reads the child elements as items of a list, as [`children`](Self::children) does; nulls are left out.
    ///
    /// # Errors
    /// As [`children`](Self::children), and if the document has too many items.
    pub fn items(self, mut read: impl FnMut(Element<'_, 'x>) -> Result<(), ReadError>) -> Result<(), ReadError> {
        self.children(|_, item| {
            let Some(items_left) = item.reader.items_left.checked_sub(1) else {
                return Err(item.reader.error("there are too many items"));
            };
            item.reader.items_left = items_left;
            if item.nil { item.skip() } else { read(item) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(document: &str) -> Result<usize, ReadError> {
        let mut count = 0;
        read_limited(document, 3, |_, list| {
            list.items(|item| {
                count += 1;
                item.skip()
            })
        })?;
        Ok(count)
    }

    #[test]
    fn the_number_of_items_is_limited() {
        assert_eq!(count("<a><b/><b>x</b><b/></a>"), Ok(3));
        let refused = count("<a><b/><b>x</b><b/><b/></a>").expect_err("too many");
        assert_eq!(refused.to_string(), "there are too many items (at byte 19)");
    }

    #[test]
    fn a_message_repeats_little_of_the_document_and_no_control_character() {
        let document = format!("<a>\n{}</a>", "x".repeat(1000));
        let refused = read_root(&document, |_, root| root.scalar("a number", |_| None::<i32>)).expect_err("no number");
        let expected = format!("'\\n{}…' is not a number (at byte 1004)", "x".repeat(EXCERPT_CHARS - 1));
        assert_eq!(refused.to_string(), expected);
    }
}
