//! JSON responses, compact.

use std::io::Write as _;

use crate::protocol::value::list::ListItem;
use crate::protocol::value::write::{Mask, ValueWriter, WriteCache, WriteContext, WriteValue};

/// Writes a value as a document.
pub fn write<T: WriteValue>(value: &T, context: WriteContext<'_>) -> Vec<u8> {
    write_content(|writer| value.write(writer, context))
}

/// A list that is written in parts. One after another, they are what [`write()`] writes for the whole list.
#[derive(Debug, Default)]
pub struct ListWriter {
    has_items: bool,
}

impl ListWriter {
    /// Writes the next items.
    pub fn write<I: ListItem>(&mut self, items: &[I], context: WriteContext<'_>) -> Vec<u8> {
        if items.is_empty() {
            return Vec::new();
        }
        let mut part = write_content(|writer| I::write_list(items, writer, context));
        part.pop();
        if std::mem::replace(&mut self.has_items, true) {
            part[0] = b',';
        }
        part
    }

    /// Writes the end.
    #[must_use]
    pub fn end(&self) -> Vec<u8> {
        if self.has_items { b"]".to_vec() } else { b"[]".to_vec() }
    }
}

/// Returns the bytes that `content` writes.
fn write_content(content: impl FnOnce(&mut JsonWriter)) -> Vec<u8> {
    let mut writer = JsonWriter::default();
    content(&mut writer);
    writer.out
}

/// The JSON format.
#[derive(Debug, Default)]
pub struct JsonWriter {
    out: Vec<u8>,
}

impl JsonWriter {
    /// Writes a scalar or a list of scalars, whose serialization cannot fail.
    fn value<T: serde::Serialize + ?Sized>(&mut self, value: &T) {
        let _ = serde_json::to_writer(&mut self.out, value);
    }

    fn name(&mut self, name: &str) {
        // A `{` at the end means that this is the first member: no value ends with one.
        if self.out.last() != Some(&b'{') {
            self.out.push(b',');
        }
        self.text(name);
        self.out.push(b':');
    }
}

impl ValueWriter for JsonWriter {
    const RIGHTS_FIRST: bool = false;

    fn null(&mut self) {
        self.out.extend_from_slice(b"null");
    }

    fn boolean(&mut self, value: bool) {
        self.value(&value);
    }

    fn integer(&mut self, value: i32) {
        self.value(&value);
    }

    fn text(&mut self, value: &str) {
        // The vendor's writer escapes these too, as they end a line in JavaScript.
        const LINE_ENDS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];
        if !value.contains(LINE_ENDS) {
            return self.value(value);
        }
        let written = serde_json::to_string(value).unwrap_or_default();
        for character in written.chars() {
            if LINE_ENDS.contains(&character) {
                let _ = write!(self.out, "\\u{:04x}", u32::from(character));
            } else {
                self.out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }

    fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.out.push(b'{');
        members(self);
        self.out.push(b'}');
    }

    fn member(&mut self, name: &str, value: impl FnOnce(&mut Self)) {
        self.name(name);
        value(self);
    }

    fn dictionary(&mut self, entries: impl FnOnce(&mut Self)) {
        self.object(entries);
    }

    fn entry(&mut self, _: &str, key: &str, value: impl FnOnce(&mut Self)) {
        self.member(key, value);
    }

    fn integer_list(&mut self, items: &[i32]) {
        self.value(items);
    }

    fn text_list(&mut self, items: &[String]) {
        self.carrier_list("", items, |out, text| out.text(text));
    }

    fn carrier_list<T>(&mut self, _: &str, items: &[T], item: impl Fn(&mut Self, &T)) {
        self.out.push(b'[');
        for (index, carrier) in items.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            item(self, carrier);
        }
        self.out.push(b']');
    }

    fn mask(&mut self, mask: Mask) {
        self.value(mask.json);
    }

    fn cached(&mut self, cache: &WriteCache, value: impl FnOnce(&mut Self)) {
        self.out.extend_from_slice(cache.json.get_or_init(|| write_content(value)));
    }
}
