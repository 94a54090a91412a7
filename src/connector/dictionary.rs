//! Dictionaries of texts, in the order in which they are written.

use super::description::Schema;
use super::reader::{Element, ReadError};
use super::value::Value;
use super::writer::Writer;

/// A dictionary of texts. The order of the entries is kept: it is the order in which a user sees the items of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dictionary(pub Vec<(String, Option<String>)>);

impl Dictionary {
    /// Returns the value of a key; `None` also if the value is null. Of several entries with the key the last one counts.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().rfind(|(known, _)| known == key)?.1.as_deref()
    }

    /// Returns the entries.
    pub fn entries(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_deref()))
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, Option<V>)> for Dictionary {
    fn from_iter<I: IntoIterator<Item = (K, Option<V>)>>(entries: I) -> Self {
        Dictionary(entries.into_iter().map(|(key, value)| (key.into(), value.map(Into::into))).collect())
    }
}

/// Writes entries, or null, as the content of the current element.
pub(super) fn write_entries<'e>(entries: Option<impl Iterator<Item = (&'e str, Option<&'e str>)>>, out: &mut Writer) {
    let prefix = out.declare_arrays();
    let Some(entries) = entries else { return out.nil() };
    for (key, value) in entries {
        out.prefixed_element(&prefix, "KeyValueOfstringstring", |out| {
            out.prefixed_element(&prefix, "Key", |out| out.text(key));
            out.prefixed_element(&prefix, "Value", |out| match value {
                Some(value) => out.text(value),
                None => out.nil(),
            });
        });
    }
}

/// Reads the entries of a dictionary; `None` if it is nil. An entry without a key is left out.
pub(super) fn read_entries(element: Element<'_, '_>) -> Result<Option<Dictionary>, ReadError> {
    if element.is_nil() {
        return element.skip().map(|()| None);
    }
    let mut entries = Vec::new();
    element.items(|entry| {
        let (mut key, mut value) = (None, None);
        entry.children(|name, part| {
            if name.eq_ignore_ascii_case("Key") {
                key = part.text()?;
            } else if name.eq_ignore_ascii_case("Value") {
                value = part.text()?;
            } else {
                part.skip()?;
            }
            Ok(())
        })?;
        entries.extend(key.map(|key| (key, value)));
        Ok(())
    })?;
    Ok(Some(Dictionary(entries)))
}

impl Value for Option<Dictionary> {
    const SCHEMA: Schema = Schema::Dictionary;

    fn write(&self, out: &mut Writer) {
        write_entries(self.as_ref().map(Dictionary::entries), out);
    }

    fn read(element: Element<'_, '_>) -> Result<Self, ReadError> {
        read_entries(element)
    }
}
