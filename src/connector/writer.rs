//! Writing of SOAP messages, byte for byte as WCF writes them.

use crate::xml::{is_legal, reference};

/// The namespace of the items of lists of texts and of the entries of dictionaries.
pub const ARRAYS: &str = "http://schemas.microsoft.com/2003/10/Serialization/Arrays";

/// Writes a document. The start tag of the current element stays open until its content begins: namespaces and nulls are
/// attributes.
#[derive(Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
    tag_is_open: bool,
    /// The number of elements around the current position.
    depth: usize,
    is_masked: bool,
}

impl Writer {
    /// Creates a writer that replaces secrets with [`MASK`](super::config_values::MASK), for the journal.
    #[must_use]
    pub fn masked() -> Self {
        Writer { is_masked: true, ..Writer::default() }
    }

    /// Whether secrets are replaced.
    #[must_use]
    pub fn is_masked(&self) -> bool {
        self.is_masked
    }

    /// Returns the document.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// Writes markup as it is.
    pub fn raw(&mut self, markup: &str) {
        self.close_tag();
        self.out.extend_from_slice(markup.as_bytes());
    }

    /// Writes an element without a prefix.
    pub fn element(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.prefixed_element("", name, content);
    }

    /// Writes an element. `prefix` is empty or ends with a colon.
    pub fn prefixed_element(&mut self, prefix: &str, name: &str, content: impl FnOnce(&mut Self)) {
        self.close_tag();
        let write_name = |out: &mut Vec<u8>| {
            out.extend_from_slice(prefix.as_bytes());
            out.extend_from_slice(name.as_bytes());
        };
        self.out.push(b'<');
        write_name(&mut self.out);
        self.tag_is_open = true;
        self.depth += 1;
        content(self);
        self.depth -= 1;
        if std::mem::take(&mut self.tag_is_open) {
            self.out.extend_from_slice(b" />");
        } else {
            self.out.extend_from_slice(b"</");
            write_name(&mut self.out);
            self.out.push(b'>');
        }
    }

    /// Adds an attribute to the current element. The value needs no escape.
    pub fn attribute(&mut self, name: &str, value: &str) {
        for piece in [" ", name, "=\"", value, "\""] {
            self.out.extend_from_slice(piece.as_bytes());
        }
    }

    /// Marks the current element as null.
    pub fn nil(&mut self) {
        self.attribute("i:nil", "true");
    }

    /// Declares the namespace of lists of texts and of dictionaries on the current element, and returns its prefix. WCF
    /// names a prefix after the depth of the element that declares it.
    pub fn declare_arrays(&mut self) -> String {
        let prefix = format!("d{}p1", self.depth);
        self.attribute(&format!("xmlns:{prefix}"), ARRAYS);
        prefix + ":"
    }

    /// Writes text as the content of the current element. A character that XML cannot hold becomes U+FFFD: WCF writes a
    /// reference to it, for which other parsers refuse the whole message.
    pub fn text(&mut self, text: &str) {
        self.close_tag();
        let mut written = 0;
        for (at, character) in text.char_indices() {
            let replacement = match reference(character) {
                Some(reference) => reference,
                None if is_legal(character) => continue,
                None => "\u{FFFD}",
            };
            self.out.extend_from_slice(&text.as_bytes()[written..at]);
            self.out.extend_from_slice(replacement.as_bytes());
            written = at + character.len_utf8();
        }
        self.out.extend_from_slice(&text.as_bytes()[written..]);
    }

    fn close_tag(&mut self) {
        if std::mem::take(&mut self.tag_is_open) {
            self.out.push(b'>');
        }
    }
}
