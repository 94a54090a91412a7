//! XML out: as the vendor's contracts have it, without a declaration and without a namespace of its own.

use super::escape;
use crate::protocol::write::{Mask, Prepared, View, Write, Writer};

/// The namespace of lists of numbers and texts.
const ARRAYS: &str = " xmlns:a=\"http://schemas.microsoft.com/2003/10/Serialization/Arrays\"";

/// Writes an answer as a document.
pub fn write<T: Write>(value: &T, view: View<'_>) -> Vec<u8> {
    let mut writer = XmlWriter::default();
    writer.element(T::ELEMENT, |writer| {
        if T::HAS_NULLS {
            writer.out.push_str(" xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\"");
        }
        value.write(writer, view);
    });
    writer.out.into_bytes()
}

/// Writes a value as the content of an element.
pub fn write_content(content: impl FnOnce(&mut XmlWriter)) -> String {
    let mut writer = XmlWriter::default();
    content(&mut writer);
    writer.out
}

/// Writes XML. A value is written into an element whose start tag may still be open: null is an attribute there.
#[derive(Debug, Default)]
pub struct XmlWriter {
    out: String,
    tag_is_open: bool,
}

impl XmlWriter {
    fn element(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.close_tag();
        self.out.push('<');
        self.out.push_str(name);
        self.tag_is_open = true;
        content(self);
        if std::mem::take(&mut self.tag_is_open) {
            self.out.push_str("/>");
        } else {
            self.out.push_str("</");
            self.out.push_str(name);
            self.out.push('>');
        }
    }

    fn close_tag(&mut self) {
        if std::mem::take(&mut self.tag_is_open) {
            self.out.push('>');
        }
    }

    /// Text that needs no escape.
    fn plain(&mut self, text: &str) {
        self.close_tag();
        self.out.push_str(text);
    }
}

impl Writer for XmlWriter {
    const RIGHTS_FIRST: bool = true;

    fn null(&mut self) {
        self.out.push_str(" i:nil=\"true\"");
    }

    fn boolean(&mut self, value: bool) {
        self.plain(if value { "true" } else { "false" });
    }

    fn integer(&mut self, value: i32) {
        self.plain(&value.to_string());
    }

    fn text(&mut self, value: &str) {
        if !value.is_empty() {
            self.close_tag();
            escape::write(value, &mut self.out);
        }
    }

    fn object(&mut self, members: impl FnOnce(&mut Self)) {
        members(self);
    }

    fn member(&mut self, name: &str, value: impl FnOnce(&mut Self)) {
        self.element(name, value);
    }

    fn dictionary(&mut self, entries: impl FnOnce(&mut Self)) {
        entries(self);
    }

    fn entry(&mut self, pair: &str, key: &str, value: impl FnOnce(&mut Self)) {
        self.element(pair, |out| {
            out.element("Key", |out| out.text(key));
            out.element("Value", value);
        });
    }

    fn integers(&mut self, items: &[i32]) {
        self.out.push_str(ARRAYS);
        for item in items {
            self.element("a:int", |out| out.integer(*item));
        }
    }

    fn texts(&mut self, items: &[String]) {
        self.out.push_str(ARRAYS);
        for item in items {
            self.element("a:string", |out| out.text(item));
        }
    }

    fn carriers<T>(&mut self, element: &str, items: &[T], item: impl Fn(&mut Self, &T)) {
        for carrier in items {
            self.element(element, |out| item(out, carrier));
        }
    }

    fn mask(&mut self, mask: Mask) {
        self.plain(mask.xml);
    }

    fn prepared(&mut self, prepared: &Prepared) {
        if !prepared.xml.is_empty() {
            self.plain(&prepared.xml);
        }
    }
}
