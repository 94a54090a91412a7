//! The scalar types of members: numbers, bools, texts and the vendor's empty date.

use serde::Deserialize as _;
use serde::de::{Deserializer, IgnoredAny};
use serde_json::{Value, json};

use super::read::{FromShape, Limit, ReadValue, Scalar, hint, read_from_shape};
use super::schema::{Describe, Schemas, nullable};
use super::write::{ValueWriter, WriteContext, WriteValue};
use crate::protocol::path::Path;

impl FromShape for i32 {
    const EXPECTED: &'static str = "a 32-bit integer";
    const HINT: &'static str = hint::NUMBER;

    fn from_scalar(scalar: &Scalar<'_>) -> Option<Self> {
        match scalar {
            Scalar::Null => Some(0),
            Scalar::Integer(number) => i32::try_from(*number).ok(),
            Scalar::Text(text) => text.trim().parse().ok(),
            Scalar::Bool(_) | Scalar::Number => None,
        }
    }
}

impl ReadValue for i32 {
    const TYPE: &'static str = "System.Int32";
    const SIZE: i32 = 4;

    fn read<'de, D: Deserializer<'de>>(source: D, path: &Path<'_>) -> Result<Self, D::Error> {
        read_from_shape(source, path)
    }
}

impl WriteValue for i32 {
    const ELEMENT: &'static str = "int";

    fn write<W: ValueWriter>(&self, out: &mut W, _: WriteContext<'_>) {
        out.integer(*self);
    }
}

impl FromShape for Option<i32> {
    const EXPECTED: &'static str = "a 32-bit integer";
    const HINT: &'static str = hint::NUMBER;

    fn from_scalar(scalar: &Scalar<'_>) -> Option<Self> {
        match scalar {
            Scalar::Null => Some(None),
            scalar => i32::from_scalar(scalar).map(Some),
        }
    }
}

impl ReadValue for Option<i32> {
    const TYPE: &'static str = "System.Int32";
    const SIZE: i32 = 4;

    fn read<'de, D: Deserializer<'de>>(source: D, path: &Path<'_>) -> Result<Self, D::Error> {
        read_from_shape(source, path)
    }
}

impl WriteValue for Option<i32> {
    const ELEMENT: &'static str = "int";

    fn write<W: ValueWriter>(&self, out: &mut W, _: WriteContext<'_>) {
        match self {
            Some(number) => out.integer(*number),
            None => out.null(),
        }
    }
}

impl Describe for Option<i32> {
    fn schema(schemas: &mut Schemas) -> Value {
        nullable(i32::schema(schemas))
    }
}

impl FromShape for bool {
    const EXPECTED: &'static str = "true or false";
    const HINT: &'static str = hint::NUMBER;

    fn from_scalar(scalar: &Scalar<'_>) -> Option<Self> {
        match scalar {
            Scalar::Null => Some(false),
            Scalar::Bool(value) => Some(*value),
            Scalar::Integer(number @ (0 | 1)) => Some(*number == 1),
            Scalar::Text(text) => match text.trim() {
                "1" => Some(true),
                "0" => Some(false),
                text if text.eq_ignore_ascii_case("true") => Some(true),
                text if text.eq_ignore_ascii_case("false") => Some(false),
                _ => None,
            },
            Scalar::Integer(_) | Scalar::Number => None,
        }
    }
}

impl ReadValue for bool {
    const TYPE: &'static str = "System.Boolean";
    const SIZE: i32 = 2;

    fn read<'de, D: Deserializer<'de>>(source: D, path: &Path<'_>) -> Result<Self, D::Error> {
        read_from_shape(source, path)
    }
}

impl WriteValue for bool {
    const ELEMENT: &'static str = "boolean";

    fn write<W: ValueWriter>(&self, out: &mut W, _: WriteContext<'_>) {
        out.boolean(*self);
    }
}

impl FromShape for Option<String> {
    const EXPECTED: &'static str = "a string";
    const HINT: &'static str = hint::TEXT;

    fn from_scalar(scalar: &Scalar<'_>) -> Option<Self> {
        match scalar {
            Scalar::Null => Some(None),
            Scalar::Text(text) => Some(Some((*text).to_owned())),
            _ => None,
        }
    }
}

impl ReadValue for Option<String> {
    const TYPE: &'static str = "System.String";
    const SIZE: i32 = 0;

    fn read<'de, D: Deserializer<'de>>(source: D, path: &Path<'_>) -> Result<Self, D::Error> {
        read_from_shape(source, path)
    }

    fn check(&self, limit: Limit, path: &Path<'_>) -> Result<(), String> {
        self.as_deref().map_or(Ok(()), |text| check_text(text, limit.text, "", path))
    }
}

impl WriteValue for Option<String> {
    const ELEMENT: &'static str = "string";

    fn write<W: ValueWriter>(&self, out: &mut W, _: WriteContext<'_>) {
        match self {
            Some(text) => out.text(text),
            None => out.null(),
        }
    }
}

impl Describe for Option<String> {
    fn schema(schemas: &mut Schemas) -> Value {
        nullable(String::schema(schemas))
    }

    fn limited_schema(schemas: &mut Schemas, limit: Limit) -> Value {
        nullable(String::limited_schema(schemas, limit))
    }
}

/// Refuses a text that its column cannot hold; `part` is the part of the property that the error names, if not the
/// whole. PostgreSQL's text type cannot hold NUL.
pub(super) fn check_text(text: &str, limit: i32, part: &str, path: &Path<'_>) -> Result<(), String> {
    if text.contains('\0') {
        return Err(format!("{path}: {part}holds a NUL character, which cannot be stored."));
    }
    let length = text.chars().count();
    if limit == 0 || i32::try_from(length).is_ok_and(|length| length <= limit) {
        return Ok(());
    }
    Err(format!("{path}: {part}has {length} characters, the limit is {limit}."))
}

/// The vendor's empty date: the date of an event that has not happened. Ignored in a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct EmptyDate;

impl EmptyDate {
    const TEXT: &'static str = "0001-01-01T00:00:00";
}

impl ReadValue for EmptyDate {
    const TYPE: &'static str = "System.DateTime";
    const SIZE: i32 = 16;

    fn read<'de, D: Deserializer<'de>>(source: D, _: &Path<'_>) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(source).map(|_| EmptyDate)
    }
}

impl WriteValue for EmptyDate {
    const ELEMENT: &'static str = "dateTime";

    fn write<W: ValueWriter>(&self, out: &mut W, _: WriteContext<'_>) {
        out.text(Self::TEXT);
    }
}

impl Describe for EmptyDate {
    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "string", "examples": [Self::TEXT] })
    }
}
