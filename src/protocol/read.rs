//! How the values of a carrier's members are read, whatever the format of the body.
//!
//! The vendor's server takes an int that stands in a string and reads `null` into an int or a bool as its default;
//! anything else that does not fit is refused, naming the property's path.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{At, shown};

/// The type of a carrier's member: how it is read, and what `FieldProperties` calls it.
pub trait Read: Sized {
    /// The .NET name of the type.
    const TYPE: &'static str;
    /// The size that `FieldProperties` gives where the column sets none.
    const SIZE: i32;

    /// Reads a value that stands at `at`.
    ///
    /// # Errors
    /// The source's own, or one that begins with `at` where the value does not fit.
    fn read<'de, D: Deserializer<'de>>(source: D, at: &At<'_>) -> Result<Self, D::Error>;

    /// Checks what was read against the column's limits, see [`Limit`].
    ///
    /// # Errors
    /// One line that names the property and what it may hold.
    fn check(&self, _limit: Limit, _at: &At<'_>) -> Result<(), String> {
        Ok(())
    }
}

/// The columns' lengths, in Unicode scalar values; 0 where the column sets none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limit {
    /// Of the text, or of each value of a dictionary.
    pub text: i32,
    /// Of each key of a dictionary.
    pub key: i32,
}

/// What a reader expects, told to its source as the name of a newtype: JSON says by itself what it holds and takes no
/// notice; XML and forms cannot tell an empty list from an empty text.
pub mod expects {
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

/// A value that is neither list nor object, as the body has it.
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

/// What can stand where a value is expected; whatever an implementation does not take is refused.
pub trait Shape: Sized {
    /// In words, for the errors.
    const EXPECTED: &'static str;
    /// One of [`expects`].
    const HINT: &'static str;

    /// Takes a scalar; `None` where it does not fit.
    fn from_scalar(scalar: &Scalar<'_>) -> Option<Self>;

    /// Takes a list.
    ///
    /// # Errors
    /// The list's own, or that none is expected.
    fn from_list<'de, A: SeqAccess<'de>>(_list: A, at: &At<'_>) -> Result<Self, A::Error> {
        Err(refuse::<Self, _>(at, "a list"))
    }

    /// Takes an object.
    ///
    /// # Errors
    /// The object's own, or that none is expected.
    fn from_object<'de, A: MapAccess<'de>>(_object: A, at: &At<'_>) -> Result<Self, A::Error> {
        Err(refuse::<Self, _>(at, "an object"))
    }
}

/// Says what kind of value was found. What it was is said of a number or a bool only: a text may be a secret.
fn refuse<T: Shape, E: Error>(at: &At<'_>, found: &str) -> E {
    E::custom(format_args!("{at}: expected {}, found {found}", T::EXPECTED))
}

/// Reads a value of the shape `T` that stands at `at`.
///
/// # Errors
/// The source's own, or one that begins with `at` where the value does not fit.
pub fn read_shape<'de, T: Shape, D: Deserializer<'de>>(source: D, at: &At<'_>) -> Result<T, D::Error> {
    source.deserialize_newtype_struct(T::HINT, ShapeVisitor(at, PhantomData))
}

struct ShapeVisitor<'p, T>(&'p At<'p>, PhantomData<T>);

impl<T: Shape> ShapeVisitor<'_, T> {
    fn take<E: Error>(&self, scalar: &Scalar<'_>) -> Result<T, E> {
        T::from_scalar(scalar).ok_or_else(|| match scalar {
            Scalar::Text(text) if T::HINT == expects::NUMBER => refuse::<T, E>(self.0, &format!("'{}'", shown(text))),
            _ => refuse::<T, E>(self.0, scalar.kind()),
        })
    }
}

impl<'de, T: Shape> Visitor<'de> for ShapeVisitor<'_, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, source: D) -> Result<T, D::Error> {
        source.deserialize_any(self)
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        self.take(&Scalar::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<T, E> {
        self.take(&Scalar::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        self.take(&Scalar::Integer(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
        self.take(&i64::try_from(value).map_or(Scalar::Number, Scalar::Integer))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<T, E> {
        self.take(&Scalar::Number)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<T, E> {
        self.take(&Scalar::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
        T::from_list(list, self.0)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<T, A::Error> {
        T::from_object(object, self.0)
    }
}

/// Hands a value's place down to its reader.
pub struct Seed<'p, T>(&'p At<'p>, PhantomData<T>);

impl<'p, T> Seed<'p, T> {
    /// A reader for the value at `at`.
    #[must_use]
    pub fn new(at: &'p At<'p>) -> Self {
        Seed(at, PhantomData)
    }
}

impl<'de, T: Read> DeserializeSeed<'de> for Seed<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<T, D::Error> {
        T::read(source, self.0)
    }
}
