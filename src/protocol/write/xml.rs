//! XML responses as in the vendor's contracts: without a declaration and without a namespace for the elements.

use crate::protocol::value::list::ListItem;
use crate::protocol::value::write::{Mask, ValueWriter, WriteCache, WriteContext, WriteValue};
use crate::protocol::xml_escape;

/// The namespace of the items in lists of numbers and texts.
const ARRAYS: &str = " xmlns:a=\"http://schemas.microsoft.com/2003/10/Serialization/Arrays\"";

/// Writes a value as a document.
pub fn write<T: WriteValue>(value: &T, context: WriteContext<'_>) -> Vec<u8> {
    let mut writer = XmlWriter::default();
    writer.start_root::<T>();
    value.write(&mut writer, context);
    writer.end(T::ELEMENT);
    writer.out.into_bytes()
}

/// A list that is written in parts. One after another, they are what [`write()`] writes for the whole list.
#[derive(Debug)]
pub struct ListWriter {
    writer: XmlWriter,
    root: &'static str,
}

impl ListWriter {
    /// Starts a list of `I`.
    #[must_use]
    pub fn new<I: ListItem>() -> Self {
        let mut writer = XmlWriter::default();
        writer.start_root::<Vec<I>>();
        ListWriter { writer, root: I::LIST_ELEMENT }
    }

    /// Writes the next items.
    pub fn write<I: ListItem>(&mut self, items: &[I], context: WriteContext<'_>) -> Vec<u8> {
        I::write_list(items, &mut self.writer, context);
        std::mem::take(&mut self.writer.out).into_bytes()
    }

    /// Writes the end.
    #[must_use]
    pub fn end(mut self) -> Vec<u8> {
        self.writer.end(self.root);
        self.writer.out.into_bytes()
    }
}

/// Returns what `content` writes as the content of an element.
fn write_content(content: impl FnOnce(&mut XmlWriter)) -> String {
    let mut writer = XmlWriter::default();
    content(&mut writer);
    writer.out
}

/// The XML format. The start tag of the current element stays open until its content begins: a null is an attribute.
#[derive(Debug, Default)]
pub struct XmlWriter {
    out: String,
    tag_is_open: bool,
}

impl XmlWriter {
    fn element(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.start(name);
        content(self);
        self.end(name);
    }

    fn start_root<T: WriteValue>(&mut self) {
        self.start(T::ELEMENT);
        if T::HAS_NULLS {
            self.out.push_str(" xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\"");
        }
    }

    fn start(&mut self, name: &str) {
        self.close_tag();
        self.out.push('<');
        self.out.push_str(name);
        self.tag_is_open = true;
    }

    fn end(&mut self, name: &str) {
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

    /// Writes text that needs no escape.
    fn plain(&mut self, text: &str) {
        self.close_tag();
        self.out.push_str(text);
    }
}

impl ValueWriter for XmlWriter {
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
            xml_escape::write(value, &mut self.out);
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

    fn integer_list(&mut self, items: &[i32]) {
        self.out.push_str(ARRAYS);
        for item in items {
            self.element("a:int", |out| out.integer(*item));
        }
    }

    fn text_list(&mut self, items: &[String]) {
        self.out.push_str(ARRAYS);
        for item in items {
            self.element("a:string", |out| out.text(item));
        }
    }

    fn carrier_list<T>(&mut self, element: &str, items: &[T], item: impl Fn(&mut Self, &T)) {
        for carrier in items {
            self.element(element, |out| item(out, carrier));
        }
    }

    fn mask(&mut self, mask: Mask) {
        self.plain(mask.xml);
    }

    fn cached(&mut self, cache: &WriteCache, value: impl FnOnce(&mut Self)) {
        let content = cache.xml.get_or_init(|| write_content(value));
        if !content.is_empty() {
            self.plain(content);
        }
    }
}
