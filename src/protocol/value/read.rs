//! Reading: how a value is taken from a request body, whatever the format of the body.
//!
//! The vendor's server accepts an int in a string and reads `null` as the default of an int or a bool. Any other value
//! that does not fit is refused with an error that names the property's path.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::protocol::message::Sent;
use crate::protocol::path::{Path, excerpt};

/// A type that a member of a carrier can have: how its values are read, and its name in `FieldProperties`.
pub trait ReadValue: Sized {
    /// The .NET name of the type.
    const TYPE: &'static str;
    /// The `FieldLength` of a member whose column sets no limit.
    const SIZE: i32;

    /// Reads the value at `path`.
    ///
    /// # Errors
    /// The source's own error, or one that begins with `path` if the value does not fit.
    fn read<'de, D: Deserializer<'de>>(source: D, path: &Path<'_>) -> Result<Self, D::Error>;

    /// Checks the value against the limits of its column, see [`Limit`].
    ///
    /// # Errors
    /// One line that names the property and its limit.
    fn check(&self, _limit: Limit, _path: &Path<'_>) -> Result<(), String> {
        Ok(())
    }
}

/// The length limits of a column, in Unicode scalar values; 0 means no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limit {
    /// The limit of a text, or of each value of a dictionary.
    pub text: i32,
    /// The limit of each key of a dictionary.
    pub key: i32,
}

/// The kind of value that a reader expects, passed to the source as the name of a newtype.
///
/// JSON is self-describing and ignores the hint. XML and forms need it: in both, an empty list and an empty text look
/// the same.
pub mod hint {
    /// A number or a bool.
    pub const NUMBER: &str = "number";
    /// A text.
    pub const TEXT: &str = "text";
    /// A list.
    pub const LIST: &str = "list";
    /// A dictionary.
    pub const DICTIONARY: &str = "dictionary";
    /// A carrier.
    pub const CARRIER: &str = "carrier";
}

/// A value of the body that is neither list nor object.
pub enum Scalar<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number without a fraction.
    Integer(i64),
    /// Any other number.
    Number,
    /// A text.
    Text(&'a str),
}

impl Scalar<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Scalar::Null => "null",
            Scalar::Bool(_) => "true or false",
            Scalar::Integer(number) if i32::try_from(*number).is_err() => "an integer out of range",
            Scalar::Integer(_) => "an integer",
            Scalar::Number => "a number with a fraction or out of range",
            Scalar::Text(_) => "a string",
        }
    }
}

/// A conversion from the shapes that a body can hold: scalar, list, object. A shape without an implementation is refused.
pub trait FromShape: Sized {
    /// The expected value in words, for error messages.
    const EXPECTED: &'static str;
    /// One of the constants of [`hint`].
    const HINT: &'static str;

    /// Converts a scalar; `None` if it does not fit.
    fn from_scalar(scalar: &Scalar<'_>) -> Option<Self>;

    /// Converts a list.
    ///
    /// # Errors
    /// The list's own error, or that no list is expected.
    fn from_list<'de, A: SeqAccess<'de>>(_list: A, path: &Path<'_>) -> Result<Self, A::Error> {
        Err(mismatch::<Self, _>(path, "a list"))
    }

    /// Converts an object.
    ///
    /// # Errors
    /// The object's own error, or that no object is expected.
    fn from_object<'de, A: MapAccess<'de>>(_object: A, path: &Path<'_>) -> Result<Self, A::Error> {
        Err(mismatch::<Self, _>(path, "an object"))
    }
}

/// The error of a value of the wrong kind.
fn mismatch<T: FromShape, E: Error>(path: &Path<'_>, found: &str) -> E {
    E::custom(format_args!("{path}: expected {}, found {found}", T::EXPECTED))
}

/// Reads the value at `path` into a type that converts from shapes.
///
/// # Errors
/// The source's own error, or one that begins with `path` if the value does not fit.
pub fn read_from_shape<'de, T: FromShape, D: Deserializer<'de>>(source: D, path: &Path<'_>) -> Result<T, D::Error> {
    source.deserialize_newtype_struct(T::HINT, FromShapeVisitor(path, PhantomData))
}

struct FromShapeVisitor<'p, T>(&'p Path<'p>, PhantomData<T>);

impl<T: FromShape> FromShapeVisitor<'_, T> {
    fn convert<E: Error>(&self, scalar: &Scalar<'_>) -> Result<T, E> {
        T::from_scalar(scalar).ok_or_else(|| match scalar {
            // The error repeats a text only where a number or a bool is expected: any other text may be a secret.
            Scalar::Text(text) if T::HINT == hint::NUMBER => {
                mismatch::<T, E>(self.0, &format!("'{}'", Sent(excerpt(text))))
            }
            _ => mismatch::<T, E>(self.0, scalar.kind()),
        })
    }
}

impl<'de, T: FromShape> Visitor<'de> for FromShapeVisitor<'_, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, source: D) -> Result<T, D::Error> {
        source.deserialize_any(self)
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        self.convert(&Scalar::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<T, E> {
        self.convert(&Scalar::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        self.convert(&Scalar::Integer(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
        self.convert(&i64::try_from(value).map_or(Scalar::Number, Scalar::Integer))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<T, E> {
        self.convert(&Scalar::Number)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<T, E> {
        self.convert(&Scalar::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
        T::from_list(list, self.0)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<T, A::Error> {
        T::from_object(object, self.0)
    }
}

/// A deserialization seed that passes a value's path down to its reader.
pub struct ValueSeed<'p, T>(&'p Path<'p>, PhantomData<T>);

impl<'p, T> ValueSeed<'p, T> {
    /// Creates the seed of the value at `path`.
    #[must_use]
    pub fn new(path: &'p Path<'p>) -> Self {
        ValueSeed(path, PhantomData)
    }
}

impl<'de, T: ReadValue> DeserializeSeed<'de> for ValueSeed<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<T, D::Error> {
        T::read(source, self.0)
    }
}
