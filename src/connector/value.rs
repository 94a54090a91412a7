//! The types of message members, each able to be written, read and described.

use super::description::Schema;
use super::reader::{Element, ReadError};
use super::writer::Writer;

/// A type of members.
pub trait Value: Sized {
    /// The type in an XML schema.
    const SCHEMA: Schema;

    /// Writes the content of the current element.
    fn write(&self, out: &mut Writer);

    /// Reads an element.
    ///
    /// # Errors
    /// If the element does not fit.
    fn read(element: Element<'_, '_>) -> Result<Self, ReadError>;

    /// Returns the value if it is a text.
    fn as_text(&self) -> Option<&str> {
        None
    }

    /// Adds the secrets in the value to `found`.
    fn secrets<'v>(&'v self, _found: &mut Vec<&'v str>) {}
}

impl Value for bool {
    const SCHEMA: Schema = Schema::Boolean;

    fn write(&self, out: &mut Writer) {
        out.text(if *self { "true" } else { "false" });
    }

    fn read(element: Element<'_, '_>) -> Result<Self, ReadError> {
        element.scalar("a boolean", |text| match text {
            "1" => Some(true),
            "0" => Some(false),
            // .NET's own spelling, which JSON and XML do not have, is `True`.
            _ => text.to_ascii_lowercase().parse().ok(),
        })
    }
}

impl Value for i32 {
    const SCHEMA: Schema = Schema::Integer;

    fn write(&self, out: &mut Writer) {
        out.text(&self.to_string());
    }

    fn read(element: Element<'_, '_>) -> Result<Self, ReadError> {
        element.scalar("a 32-bit integer", |text| text.parse().ok())
    }
}

/// A text that is never written as null. Null is read as an empty text.
impl Value for String {
    const SCHEMA: Schema = Schema::Text;

    fn write(&self, out: &mut Writer) {
        out.text(self);
    }

    fn read(element: Element<'_, '_>) -> Result<Self, ReadError> {
        Ok(element.text()?.unwrap_or_default())
    }

    fn as_text(&self) -> Option<&str> {
        Some(self)
    }
}

impl Value for Option<String> {
    const SCHEMA: Schema = Schema::Text;

    fn write(&self, out: &mut Writer) {
        match self {
            Some(text) => out.text(text),
            None => out.nil(),
        }
    }

    fn read(element: Element<'_, '_>) -> Result<Self, ReadError> {
        element.text()
    }

    fn as_text(&self) -> Option<&str> {
        self.as_deref()
    }
}

impl Value for Option<Vec<String>> {
    const SCHEMA: Schema = Schema::TextList;

    fn write(&self, out: &mut Writer) {
        let prefix = out.declare_arrays();
        match self {
            Some(items) => {
                for item in items {
                    out.prefixed_element(&prefix, "string", |out| out.text(item));
                }
            }
            None => out.nil(),
        }
    }

    fn read(element: Element<'_, '_>) -> Result<Self, ReadError> {
        if element.is_nil() {
            return element.skip().map(|()| None);
        }
        let mut items = Vec::new();
        element.items(|item| {
            items.extend(item.text()?);
            Ok(())
        })?;
        Ok(Some(items))
    }
}
