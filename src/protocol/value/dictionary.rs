//! Dictionaries of texts.

use std::collections::BTreeMap;

use serde::de::{Deserializer, Error, MapAccess};
use serde_json::{Value, json};

use super::read::{FromShape, Limit, ReadValue, Scalar, ValueSeed, hint, read_from_shape};
use super::scalar::check_text;
use super::schema::{Describe, Schemas, dictionary, nullable};
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
