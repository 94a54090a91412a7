//! How the values of a carrier's members are read, whatever the format of the body.
//!
//! The vendor's server takes an int that stands in a string and reads `null` into an int or a bool as its default;
//! anything else that does not fit is refused, naming the property's path.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::At;

/// The type of a carrier's member: how it is read, and what `FieldProperties` calls it.
pub trait Read: Sized {
    /// The .NET name of the type.
    const TYPE: &'static str;
    /// The size that `FieldProperties` gives where the column sets none.
    const SIZE: u32;

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
    pub text: u32,
    /// Of each key of a dictionary.
    pub key: u32,
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

/// A value that is neither list nor object, as the body has it.
enum Scalar<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    Number,
    Text(&'a str),
}

impl Scalar<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Scalar::Null => "null",
            Scalar::Bool(_) => "true or false",
            Scalar::Integer(_) => "an integer",
            Scalar::Number => "a number with a fraction or out of range",
            Scalar::Text(_) => "a string",
        }
    }
}

/// A type whose values are scalars.
trait FromScalar: Sized {
    const EXPECTED: &'static str;
    fn from_scalar(scalar: &Scalar<'_>) -> Option<Self>;
}

impl FromScalar for i32 {
    const EXPECTED: &'static str = "a 32-bit integer";

    fn from_scalar(scalar: &Scalar<'_>) -> Option<Self> {
        match scalar {
            Scalar::Null => Some(0),
            Scalar::Integer(number) => i32::try_from(*number).ok(),
            Scalar::Text(text) => text.trim().parse().ok(),
            Scalar::Bool(_) | Scalar::Number => None,
        }
    }
}

impl FromScalar for bool {
    const EXPECTED: &'static str = "true or false";

    fn from_scalar(scalar: &Scalar<'_>) -> Option<Self> {
        match scalar {
            Scalar::Null => Some(false),
            Scalar::Bool(value) => Some(*value),
            Scalar::Text(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
            Scalar::Text(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }
}

impl FromScalar for Option<String> {
    const EXPECTED: &'static str = "a string";

    fn from_scalar(scalar: &Scalar<'_>) -> Option<Self> {
        match scalar {
            Scalar::Null => Some(None),
            Scalar::Text(text) => Some(Some((*text).to_owned())),
            _ => None,
        }
    }
}

struct ScalarVisitor<'p, T>(&'p At<'p>, PhantomData<T>);

impl<T: FromScalar> ScalarVisitor<'_, T> {
    fn take<E: Error>(&self, scalar: &Scalar<'_>) -> Result<T, E> {
        T::from_scalar(scalar).ok_or_else(|| self.refuse(scalar.kind()))
    }

    // Says what kind of value was found, never the value: it may be a secret.
    fn refuse<E: Error>(&self, found: &str) -> E {
        E::custom(format_args!("{}: expected {}, found {found}", self.0, T::EXPECTED))
    }
}

impl<'de, T: FromScalar> Visitor<'de> for ScalarVisitor<'_, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
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

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<T, A::Error> {
        Err(self.refuse("a list"))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<T, A::Error> {
        Err(self.refuse("an object"))
    }
}

fn read_scalar<'de, T: FromScalar, D: Deserializer<'de>>(source: D, at: &At<'_>) -> Result<T, D::Error> {
    source.deserialize_any(ScalarVisitor(at, PhantomData))
}

impl Read for i32 {
    const TYPE: &'static str = "System.Int32";
    const SIZE: u32 = 4;

    fn read<'de, D: Deserializer<'de>>(source: D, at: &At<'_>) -> Result<Self, D::Error> {
        read_scalar(source, at)
    }
}

impl Read for bool {
    const TYPE: &'static str = "System.Boolean";
    const SIZE: u32 = 2;

    fn read<'de, D: Deserializer<'de>>(source: D, at: &At<'_>) -> Result<Self, D::Error> {
        read_scalar(source, at)
    }
}

impl Read for Option<String> {
    const TYPE: &'static str = "System.String";
    const SIZE: u32 = 0;

    fn read<'de, D: Deserializer<'de>>(source: D, at: &At<'_>) -> Result<Self, D::Error> {
        read_scalar(source, at)
    }

    fn check(&self, limit: Limit, at: &At<'_>) -> Result<(), String> {
        self.as_deref().map_or(Ok(()), |text| check_text(text, limit.text, "", at))
    }
}

/// Refuses a text that its column cannot hold: PostgreSQL's text has no NUL.
fn check_text(text: &str, limit: u32, what: &str, at: &At<'_>) -> Result<(), String> {
    if text.contains('\0') {
        return Err(format!("{at}: {what}holds a NUL character, which cannot be stored."));
    }
    let length = text.chars().count();
    if limit > 0 && length > limit as usize {
        return Err(format!("{at}: {what}has {length} characters, the limit is {limit}."));
    }
    Ok(())
}

/// The vendor's carrier of settings: text keys, kept as sent, and texts or nulls. Sorted by key, character by
/// character.
pub type StringDictionary = BTreeMap<String, Option<String>>;

impl Read for Option<StringDictionary> {
    const TYPE: &'static str = "SuperOffice.CRM.Services.StringDictionary";
    const SIZE: u32 = 0;

    fn read<'de, D: Deserializer<'de>>(source: D, at: &At<'_>) -> Result<Self, D::Error> {
        source.deserialize_any(DictionaryVisitor(at))
    }

    fn check(&self, limit: Limit, at: &At<'_>) -> Result<(), String> {
        for (key, value) in self.iter().flatten() {
            let at = At::Entry(at, key);
            check_text(key, limit.key, "the key ", &at)?;
            if let Some(value) = value {
                check_text(value, limit.text, "", &at)?;
            }
        }
        Ok(())
    }
}

struct DictionaryVisitor<'p>(&'p At<'p>);

impl<'de> Visitor<'de> for DictionaryVisitor<'_> {
    type Value = Option<StringDictionary>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object of texts for {}", self.0)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = StringDictionary::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(Seed::new(&At::Entry(self.0, &key)))?;
            entries.insert(key, value);
        }
        Ok(Some(entries))
    }
}

impl Read for Option<Vec<i32>> {
    const TYPE: &'static str = "System.Int32[]";
    const SIZE: u32 = 0;

    fn read<'de, D: Deserializer<'de>>(source: D, at: &At<'_>) -> Result<Self, D::Error> {
        source.deserialize_any(ListVisitor(at))
    }
}

struct ListVisitor<'p>(&'p At<'p>);

impl<'de> Visitor<'de> for ListVisitor<'_> {
    type Value = Option<Vec<i32>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of integers for {}", self.0)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(Seed::new(&At::Item(self.0, items.len())))? {
            items.push(item);
        }
        Ok(Some(items))
    }
}
