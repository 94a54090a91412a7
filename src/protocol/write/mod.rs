//! Response bodies: from a value to bytes, one module a format.

pub mod json;
pub mod xml;

use super::negotiate::Syntax;
use super::value::{ListItem, WriteContext};

/// A list that is written in parts. One after another, they are the document of the whole list.
#[derive(Debug)]
pub enum ListWriter {
    /// In JSON.
    Json(json::ListWriter),
    /// In XML.
    Xml(xml::ListWriter),
}

impl ListWriter {
    /// Starts a list of `I`.
    #[must_use]
    pub fn new<I: ListItem>(syntax: Syntax) -> Self {
        match syntax {
            Syntax::Xml => ListWriter::Xml(xml::ListWriter::new::<I>()),
            Syntax::Json | Syntax::Form => ListWriter::Json(json::ListWriter::default()),
        }
    }

    /// Writes the next items of the `I`.
    pub fn write<I: ListItem>(&mut self, items: &[I], context: WriteContext<'_>) -> Vec<u8> {
        match self {
            ListWriter::Json(list) => list.write(items, context),
            ListWriter::Xml(list) => list.write(items, context),
        }
    }

    /// Writes the end.
    #[must_use]
    pub fn end(self) -> Vec<u8> {
        match self {
            ListWriter::Json(list) => list.end(),
            ListWriter::Xml(list) => list.end(),
        }
    }
}
