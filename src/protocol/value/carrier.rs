//! The vendor's word for an object that travels: a carrier.
//!
//! A carrier is described once, with [`carrier!`](crate::carrier). Everything else follows from that description:
//! reading with names in any letter case (the vendor's TypeScript client sends camelCase), writing in PascalCase and in
//! the vendor's order, `$select`, the caller's language, length limits, `FieldProperties`, and the OpenAPI schema.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use super::list::ListItem;
use super::member::Member;
use super::read::{FromShape, Limit, ReadValue, Scalar, hint, read_from_shape};
use super::rights::Rights;
use super::schema::{Describe, Schemas, described, list, nullable};
use super::write::{ValueWriter, WriteContext, WriteValue};
use crate::protocol::path::Path;

/// The code that [`carrier!`](crate::carrier) generates for a type.
pub trait Carrier: Default + Describe {
    /// The members in the vendor's order, without `TableRight` and `FieldProperties`.
    const MEMBERS: &'static [Member];
    /// The XML element of a list of these carriers.
    const ARRAY: &'static str;
    /// The .NET name of the type.
    const TYPE: &'static str;
    /// The .NET name of a list of these carriers.
    const LIST_TYPE: &'static str;

    /// Reads the value of the member called `name`, in any letter case. Returns false if the carrier has no such member.
    ///
    /// # Errors
    /// Those of the value.
    fn read_member<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        map: &mut A,
        path: &Path<'_>,
    ) -> Result<bool, A::Error>;

    /// Checks every member against the limits of its column.
    ///
    /// # Errors
    /// One line that names the first property beyond its limit.
    fn check_members(&self, path: &Path<'_>) -> Result<(), String>;
}

/// Returns a reference to the schema of a carrier.
pub fn schema<C: Carrier>(schemas: &mut Schemas, name: &str, about: &str, has_rights: bool) -> Value {
    schemas.named(name, |schemas| {
        let members = C::MEMBERS.iter().map(|member| (member.name.to_owned(), member_schema(member, schemas)));
        let mut properties: Map<String, Value> = members.collect();
        if has_rights {
            for (name, schema) in Rights::schemas(schemas) {
                let mut schema = nullable(schema);
                schema["readOnly"] = true.into();
                properties.insert(name.to_owned(), schema);
            }
        }
        described(json!({ "type": "object", "properties": properties, "xml": { "name": name } }), about)
    })
}

/// Returns the schema of a member, which is always nullable.
pub fn member_schema(member: &Member, schemas: &mut Schemas) -> Value {
    described(nullable((member.schema)(schemas, member.limit)), member.about)
}

impl<C: Carrier> ReadValue for Option<C> {
    const TYPE: &'static str = C::TYPE;
    const SIZE: i32 = 0;

    fn read<'de, D: Deserializer<'de>>(source: D, path: &Path<'_>) -> Result<Self, D::Error> {
        read_from_shape::<Nullable<C>, D>(source, path).map(|read| read.0)
    }

    fn check(&self, _: Limit, path: &Path<'_>) -> Result<(), String> {
        self.as_ref().map_or(Ok(()), |carrier| carrier.check_members(path))
    }
}

impl<C: Carrier + WriteValue> WriteValue for Option<C> {
    const ELEMENT: &'static str = C::ELEMENT;

    fn write<W: ValueWriter>(&self, out: &mut W, context: WriteContext<'_>) {
        match self {
            Some(carrier) => carrier.write(out, context),
            None => out.null(),
        }
    }
}

impl<C: Carrier> Describe for Option<C> {
    fn schema(schemas: &mut Schemas) -> Value {
        nullable(C::schema(schemas))
    }
}

impl<C: Carrier + WriteValue> ListItem for C {
    type Read = Option<C>;

    const LIST_TYPE: &'static str = <C as Carrier>::LIST_TYPE;
    const LIST_ELEMENT: &'static str = C::ARRAY;
    const EXPECTED_LIST: &'static str = "a list of objects";
    const EXPECTED_ITEM: &'static str = Nullable::<C>::EXPECTED;

    fn check_item(&self, _: Limit, path: &Path<'_>) -> Result<(), String> {
        self.check_members(path)
    }

    // The selection applies to each carrier of the list.
    fn write_list<W: ValueWriter>(carriers: &[C], out: &mut W, context: WriteContext<'_>) {
        out.carrier_list(C::ELEMENT, carriers, |out, carrier| carrier.write(out, context));
    }

    fn list_schema(schemas: &mut Schemas) -> Value {
        list(C::schema(schemas), "")
    }
}

/// A carrier or null. A type of its own, as `Option` of the scalar types has its own [`FromShape`].
struct Nullable<C>(Option<C>);

impl<C: Carrier> FromShape for Nullable<C> {
    const EXPECTED: &'static str = "an object";
    const HINT: &'static str = hint::CARRIER;

    fn from_scalar(scalar: &Scalar<'_>) -> Option<Self> {
        matches!(scalar, Scalar::Null).then_some(Nullable(None))
    }

    // As on the vendor's server, unknown members are ignored, and of two members with one name the last one wins.
    fn from_object<'de, A: MapAccess<'de>>(mut object: A, path: &Path<'_>) -> Result<Self, A::Error> {
        let mut carrier = C::default();
        while let Some(Name(name)) = object.next_key_seed(NameSeed)? {
            if !carrier.read_member(&name, &mut object, path)? {
                object.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Nullable(Some(carrier)))
    }
}

/// The name of a member, borrowed from the body if it has no escapes.
struct Name<'de>(Cow<'de, str>);

struct NameSeed;

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = Name<'de>;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Self::Value, D::Error> {
        source.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for NameSeed {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a property name")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Name(Cow::Borrowed(name)))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Name(Cow::Owned(name.to_owned())))
    }
}
