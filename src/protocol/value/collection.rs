//! The types of members that hold several values: dictionaries, and lists of numbers and texts.

use std::collections::BTreeMap;

use serde::de::{Deserializer, Error, MapAccess, SeqAccess};
use serde_json::{Value, json};

use super::read::{FromShape, Limit, ReadValue, Scalar, ValueSeed, hint, read_from_shape};
use super::scalar::check_text;
use super::schema::{Describe, Schemas, dictionary, list, nullable};
use super::write::{ValueWriter, WriteContext, WriteValue};
use crate::protocol::path::Path;

/// The vendor's `StringDictionary`: text keys in the letter case in which they were sent, with texts or nulls as values.
/// Sorted by key, in the order of Unicode scalar values.
pub type StringDictionary = BTreeMap<String, Option<String>>;

impl FromShape for Option<StringDictionary> {
    const EXPECTED: &'static str = "an object of texts";
    const HINT: &'static str = hint::DICTIONARY;

    fn from_scalar(scalar: &Scalar<'_>) -> Option<Self> {
        matches!(scalar, Scalar::Null).then_some(None)
    }

    fn from_object<'de, A: MapAccess<'de>>(mut object: A, path: &Path<'_>) -> Result<Self, A::Error> {
        let mut entries = StringDictionary::new();
        // An entry of an XML dictionary can lack its key.
        while let Some(key) = object.next_key_seed(ValueSeed::<Option<String>>::new(path))? {
            let key = key.ok_or_else(|| {
                A::Error::custom(format_args!("{path}: an entry has no Key; it is an element with a Key and a Value"))
            })?;
            let value = object.next_value_seed(ValueSeed::new(&Path::Entry(path, &key)))?;
            entries.insert(key, value);
        }
        Ok(Some(entries))
    }
}

impl ReadValue for Option<StringDictionary> {
    const TYPE: &'static str = "SuperOffice.CRM.Services.StringDictionary";
    const SIZE: i32 = 0;

    fn read<'de, D: Deserializer<'de>>(source: D, path: &Path<'_>) -> Result<Self, D::Error> {
        read_from_shape(source, path)
    }

    fn check(&self, limit: Limit, path: &Path<'_>) -> Result<(), String> {
        for (key, value) in self.iter().flatten() {
            let path = Path::Entry(path, key);
            check_text(key, limit.key, "the key ", &path)?;
            if let Some(value) = value {
                check_text(value, limit.text, "", &path)?;
            }
        }
        Ok(())
    }
}

impl WriteValue for Option<StringDictionary> {
    const ELEMENT: &'static str = "StringDictionary";

    fn write<W: ValueWriter>(&self, out: &mut W, context: WriteContext<'_>) {
        let Some(entries) = self else { return out.null() };
        out.dictionary(|out| {
            for (key, value) in entries {
                if let Some(context) = context.member(key) {
                    out.entry("StringKeyValuePair", key, |out| value.write(out, context));
                }
            }
        });
    }
}

impl Describe for Option<StringDictionary> {
    fn schema(schemas: &mut Schemas) -> Value {
        Self::limited_schema(schemas, Limit::default())
    }

    // A named schema: client generators invent a name for an object that is nullable. The limits stand beside the
    // reference, as each column has its own.
    fn limited_schema(schemas: &mut Schemas, limit: Limit) -> Value {
        let mut schema = schemas.named(Self::ELEMENT, |schemas| dictionary(&Option::<String>::schema(schemas)));
        if limit != Limit::default() {
            schema["propertyNames"] = json!({ "maxLength": limit.key });
            schema["additionalProperties"] = json!({ "maxLength": limit.text });
        }
        nullable(schema)
    }
}

impl FromShape for Option<Vec<i32>> {
    const EXPECTED: &'static str = "a list of integers";
    const HINT: &'static str = hint::LIST;

    fn from_scalar(scalar: &Scalar<'_>) -> Option<Self> {
        matches!(scalar, Scalar::Null).then_some(None)
    }

    fn from_list<'de, A: SeqAccess<'de>>(mut list: A, path: &Path<'_>) -> Result<Self, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(ValueSeed::new(&Path::Item(path, items.len())))? {
            items.push(item);
        }
        Ok(Some(items))
    }
}

impl ReadValue for Option<Vec<i32>> {
    const TYPE: &'static str = "System.Int32[]";
    const SIZE: i32 = 0;

    fn read<'de, D: Deserializer<'de>>(source: D, path: &Path<'_>) -> Result<Self, D::Error> {
        read_from_shape(source, path)
    }
}

impl WriteValue for Option<Vec<i32>> {
    const ELEMENT: &'static str = "ArrayOfint";

    fn write<W: ValueWriter>(&self, out: &mut W, _: WriteContext<'_>) {
        match self {
            Some(items) => out.integer_list(items),
            None => out.null(),
        }
    }
}

impl Describe for Option<Vec<i32>> {
    fn schema(schemas: &mut Schemas) -> Value {
        nullable(list(i32::schema(schemas), i32::ELEMENT))
    }
}

impl FromShape for Option<Vec<String>> {
    const EXPECTED: &'static str = "a list of texts";
    const HINT: &'static str = hint::LIST;

    fn from_scalar(scalar: &Scalar<'_>) -> Option<Self> {
        matches!(scalar, Scalar::Null).then_some(None)
    }

    fn from_list<'de, A: SeqAccess<'de>>(mut list: A, path: &Path<'_>) -> Result<Self, A::Error> {
        let mut items = Vec::new();
        loop {
            let path = Path::Item(path, items.len());
            match list.next_element_seed(ValueSeed::<Option<String>>::new(&path))? {
                Some(Some(item)) => items.push(item),
                Some(None) => return Err(A::Error::custom(format_args!("{path}: expected a string, found null"))),
                None => return Ok(Some(items)),
            }
        }
    }
}

impl ReadValue for Option<Vec<String>> {
    const TYPE: &'static str = "System.String[]";
    const SIZE: i32 = 0;

    fn read<'de, D: Deserializer<'de>>(source: D, path: &Path<'_>) -> Result<Self, D::Error> {
        read_from_shape(source, path)
    }

    fn check(&self, limit: Limit, path: &Path<'_>) -> Result<(), String> {
        let mut items = self.iter().flatten().enumerate();
        items.try_for_each(|(index, text)| check_text(text, limit.text, "", &Path::Item(path, index)))
    }
}

impl WriteValue for Option<Vec<String>> {
    const ELEMENT: &'static str = Vec::<String>::ELEMENT;

    fn write<W: ValueWriter>(&self, out: &mut W, context: WriteContext<'_>) {
        match self {
            Some(items) => items.write(out, context),
            None => out.null(),
        }
    }
}

impl Describe for Option<Vec<String>> {
    fn schema(schemas: &mut Schemas) -> Value {
        nullable(Vec::<String>::schema(schemas))
    }
}

impl WriteValue for Vec<String> {
    const ELEMENT: &'static str = "ArrayOfstring";

    fn write<W: ValueWriter>(&self, out: &mut W, _: WriteContext<'_>) {
        out.text_list(self);
    }
}

impl Describe for Vec<String> {
    fn schema(schemas: &mut Schemas) -> Value {
        list(String::schema(schemas), Option::<String>::ELEMENT)
    }
}
