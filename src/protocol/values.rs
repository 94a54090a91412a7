//! The types that a carrier's members have: numbers, bools, texts, dictionaries and lists.

use std::collections::BTreeMap;

use serde::Deserialize as _;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess};

use super::At;
use super::read::{Limit, Read, Scalar, Seed, Shape, expects, read_shape};

impl Shape for i32 {
    const EXPECTED: &'static str = "a 32-bit integer";
    const HINT: &'static str = expects::NUMBER;

    fn from_scalar(scalar: &Scalar<'_>) -> Option<Self> {
        match scalar {
            Scalar::Null => Some(0),
            Scalar::Integer(number) => i32::try_from(*number).ok(),
            Scalar::Text(text) => text.trim().parse().ok(),
            Scalar::Bool(_) | Scalar::Number => None,
        }
    }
}

impl Read for i32 {
    const TYPE: &'static str = "System.Int32";
    const SIZE: i32 = 4;

    fn read<'de, D: Deserializer<'de>>(source: D, at: &At<'_>) -> Result<Self, D::Error> {
        read_shape(source, at)
    }
}

impl Shape for Option<i32> {
    const EXPECTED: &'static str = "a 32-bit integer";
    const HINT: &'static str = expects::NUMBER;

    fn from_scalar(scalar: &Scalar<'_>) -> Option<Self> {
        match scalar {
            Scalar::Null => Some(None),
            scalar => i32::from_scalar(scalar).map(Some),
        }
    }
}

impl Read for Option<i32> {
    const TYPE: &'static str = "System.Int32";
    const SIZE: i32 = 4;

    fn read<'de, D: Deserializer<'de>>(source: D, at: &At<'_>) -> Result<Self, D::Error> {
        read_shape(source, at)
    }
}

/// The vendor's empty date: of what has not happened. Not looked at in a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct EmptyDate;

impl Read for EmptyDate {
    const TYPE: &'static str = "System.DateTime";
    const SIZE: i32 = 16;

    fn read<'de, D: Deserializer<'de>>(source: D, _: &At<'_>) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(source).map(|_| EmptyDate)
    }
}

impl Shape for bool {
    const EXPECTED: &'static str = "true or false";
    const HINT: &'static str = expects::NUMBER;

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

impl Read for bool {
    const TYPE: &'static str = "System.Boolean";
    const SIZE: i32 = 2;

    fn read<'de, D: Deserializer<'de>>(source: D, at: &At<'_>) -> Result<Self, D::Error> {
        read_shape(source, at)
    }
}

impl Shape for Option<String> {
    const EXPECTED: &'static str = "a string";
    const HINT: &'static str = expects::TEXT;

    fn from_scalar(scalar: &Scalar<'_>) -> Option<Self> {
        match scalar {
            Scalar::Null => Some(None),
            Scalar::Text(text) => Some(Some((*text).to_owned())),
            _ => None,
        }
    }
}

impl Read for Option<String> {
    const TYPE: &'static str = "System.String";
    const SIZE: i32 = 0;

    fn read<'de, D: Deserializer<'de>>(source: D, at: &At<'_>) -> Result<Self, D::Error> {
        read_shape(source, at)
    }

    fn check(&self, limit: Limit, at: &At<'_>) -> Result<(), String> {
        self.as_deref().map_or(Ok(()), |text| check_text(text, limit.text, "", at))
    }
}

/// Refuses a text that its column cannot hold: PostgreSQL's text has no NUL.
fn check_text(text: &str, limit: i32, what: &str, at: &At<'_>) -> Result<(), String> {
    if text.contains('\0') {
        return Err(format!("{at}: {what}holds a NUL character, which cannot be stored."));
    }
    let length = text.chars().count();
    if limit == 0 || i32::try_from(length).is_ok_and(|length| length <= limit) {
        return Ok(());
    }
    Err(format!("{at}: {what}has {length} characters, the limit is {limit}."))
}

/// The vendor's carrier of settings: text keys, kept as sent, and texts or nulls. Sorted by key, character by
/// character.
pub type StringDictionary = BTreeMap<String, Option<String>>;

impl Shape for Option<StringDictionary> {
    const EXPECTED: &'static str = "an object of texts";
    const HINT: &'static str = expects::DICTIONARY;

    fn from_scalar(scalar: &Scalar<'_>) -> Option<Self> {
        matches!(scalar, Scalar::Null).then_some(None)
    }

    fn from_object<'de, A: MapAccess<'de>>(mut object: A, at: &At<'_>) -> Result<Self, A::Error> {
        let mut entries = StringDictionary::new();
        // An entry of an XML dictionary can lack its key.
        while let Some(key) = object.next_key_seed(Seed::<Option<String>>::new(at))? {
            let key = key.ok_or_else(|| {
                A::Error::custom(format_args!("{at}: an entry has no Key; it is an element with a Key and a Value"))
            })?;
            let value = object.next_value_seed(Seed::new(&At::Entry(at, &key)))?;
            entries.insert(key, value);
        }
        Ok(Some(entries))
    }
}

impl Read for Option<StringDictionary> {
    const TYPE: &'static str = "SuperOffice.CRM.Services.StringDictionary";
    const SIZE: i32 = 0;

    fn read<'de, D: Deserializer<'de>>(source: D, at: &At<'_>) -> Result<Self, D::Error> {
        read_shape(source, at)
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

impl Shape for Option<Vec<i32>> {
    const EXPECTED: &'static str = "a list of integers";
    const HINT: &'static str = expects::LIST;

    fn from_scalar(scalar: &Scalar<'_>) -> Option<Self> {
        matches!(scalar, Scalar::Null).then_some(None)
    }

    fn from_list<'de, A: SeqAccess<'de>>(mut list: A, at: &At<'_>) -> Result<Self, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(Seed::new(&At::Item(at, items.len())))? {
            items.push(item);
        }
        Ok(Some(items))
    }
}

impl Read for Option<Vec<i32>> {
    const TYPE: &'static str = "System.Int32[]";
    const SIZE: i32 = 0;

    fn read<'de, D: Deserializer<'de>>(source: D, at: &At<'_>) -> Result<Self, D::Error> {
        read_shape(source, at)
    }
}
