//! What values look like, as JSON Schema: a carrier's follows from its one description, anything else's from what is
//! written.
//!
//! One schema serves requests and answers: in a request every member may be left out or null, and in an answer
//! `$select` can make every member null.

use serde_json::{Map, Value, json};

use super::carrier::{Carrier, Member};
use super::enumeration::Enumeration;
use super::read::Limit;
use super::rights::Rights;
use super::values::{EmptyDate, StringDictionary};
use super::write::{View, Write};

/// Gives a type's schema, and puts those it refers to into the schemas.
pub type Schema = fn(&mut Schemas) -> Value;

/// A type that has a schema.
pub trait Describe {
    /// The schema.
    fn schema(schemas: &mut Schemas) -> Value;
}

/// The schemas that have names.
#[derive(Debug, Default)]
pub struct Schemas(Map<String, Value>);

impl Schemas {
    /// Refers to a schema, which `make` gives where it is not there yet.
    pub fn named(&mut self, name: &str, make: impl FnOnce(&mut Self) -> Value) -> Value {
        if !self.0.contains_key(name) {
            // It may hold itself.
            self.0.insert(name.to_owned(), Value::Null);
            let schema = make(self);
            self.0.insert(name.to_owned(), schema);
        }
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    /// Refers to a carrier's.
    pub fn carrier<C: Carrier>(&mut self, name: &str, about: &str, has_rights: bool) -> Value {
        self.named(name, |schemas| {
            let members = C::MEMBERS.iter().map(|member| (member.name.to_owned(), schemas.member(member)));
            let mut properties: Map<String, Value> = members.collect();
            if has_rights {
                for (name, schema) in Rights::properties() {
                    let schema = or_null(schemas.named(&name, |_| all_or_null(schema)));
                    properties.insert(name, read_only(schema));
                }
            }
            described(json!({ "type": "object", "properties": properties, "xml": { "name": name } }), about)
        })
    }

    /// A member's, which can always be null.
    pub fn member(&mut self, member: &Member) -> Value {
        let schema = (member.schema)(self);
        described(or_null(limited(schema, member.limit)), member.about)
    }

    /// All of them, by name.
    #[must_use]
    pub fn sorted(self) -> Map<String, Value> {
        let mut schemas: Vec<_> = self.0.into_iter().collect();
        schemas.sort_by(|one, other| one.0.cmp(&other.0));
        schemas.into_iter().collect()
    }
}

/// A schema with what it is in words; doc comments come with the spaces that they have.
fn described(mut schema: Value, about: &str) -> Value {
    schema["description"] = about.trim().replace('`', "").into();
    schema
}

fn read_only(mut schema: Value) -> Value {
    schema["readOnly"] = true.into();
    schema
}

/// The schema, or null.
#[must_use]
pub fn or_null(mut schema: Value) -> Value {
    match schema.get("type").cloned() {
        Some(Value::String(name)) if name != "null" => schema["type"] = json!([name, "null"]),
        None if schema["anyOf"].as_array().is_none_or(|any| !any.contains(&json!({ "type": "null" }))) => {
            schema = json!({ "anyOf": [schema, { "type": "null" }] });
        }
        _ => {}
    }
    schema
}

/// The schema of an object, all of whose members can be null, down to the last.
#[must_use]
pub fn all_or_null(mut schema: Value) -> Value {
    for member in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        *member = or_null(all_or_null(member.take()));
    }
    if let Some(values) = schema.get_mut("additionalProperties") {
        *values = all_or_null(values.take());
    }
    schema
}

fn limited(mut schema: Value, limit: Limit) -> Value {
    let is_dictionary = schema.get("additionalProperties").is_some();
    if limit.text > 0 {
        let text = if is_dictionary { &mut schema["additionalProperties"] } else { &mut schema };
        text["maxLength"] = limit.text.into();
    }
    if limit.key > 0 {
        schema["propertyNames"] = json!({ "maxLength": limit.key });
    }
    schema
}

/// The schema of an object with any names, whose values have this one.
#[must_use]
pub fn dictionary(values: &Value) -> Value {
    json!({ "type": "object", "additionalProperties": values })
}

fn list(mut items: Value, element: &str) -> Value {
    if items.get("$ref").is_none() {
        items["xml"] = json!({ "name": element });
    }
    json!({ "type": "array", "items": items, "xml": { "wrapped": true } })
}

/// What a value that is written by hand looks like, by how it is written. Every member must be there, and have a value
/// of the type it always has.
pub fn written<T: Write>(value: &T) -> Value {
    inferred(&serde_json::from_slice(&super::json::write(value, View::WHOLE)).unwrap_or_default())
}

/// The schema of what looks like this.
#[must_use]
pub fn inferred(value: &Value) -> Value {
    match value {
        Value::Null => json!({ "type": "null" }),
        Value::Bool(_) => bool::schema(&mut Schemas::default()),
        Value::Number(_) => i32::schema(&mut Schemas::default()),
        Value::String(_) => String::schema(&mut Schemas::default()),
        Value::Array(items) => json!({ "type": "array", "items": items.first().map_or(json!({}), inferred) }),
        Value::Object(members) => {
            let properties: Map<String, Value> =
                members.iter().map(|(name, value)| (name.clone(), inferred(value))).collect();
            json!({ "type": "object", "properties": properties })
        }
    }
}

impl Describe for i32 {
    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "integer", "format": "int32" })
    }
}

impl Describe for Option<i32> {
    fn schema(schemas: &mut Schemas) -> Value {
        or_null(i32::schema(schemas))
    }
}

impl Describe for bool {
    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "boolean" })
    }
}

impl Describe for String {
    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "string" })
    }
}

impl Describe for Option<String> {
    fn schema(schemas: &mut Schemas) -> Value {
        or_null(String::schema(schemas))
    }
}

impl Describe for EmptyDate {
    fn schema(_: &mut Schemas) -> Value {
        let written = super::json::write(&EmptyDate, View::WHOLE);
        let date: Value = serde_json::from_slice(&written).unwrap_or_default();
        json!({ "type": "string", "examples": [date] })
    }
}

impl Describe for Option<StringDictionary> {
    fn schema(schemas: &mut Schemas) -> Value {
        or_null(dictionary(&Option::<String>::schema(schemas)))
    }
}

impl Describe for Option<Vec<i32>> {
    fn schema(schemas: &mut Schemas) -> Value {
        or_null(list(i32::schema(schemas), i32::ELEMENT))
    }
}

impl Describe for Vec<String> {
    fn schema(schemas: &mut Schemas) -> Value {
        list(String::schema(schemas), Option::<String>::ELEMENT)
    }
}

impl<E: Enumeration> Describe for E {
    fn schema(schemas: &mut Schemas) -> Value {
        let names: Vec<_> = E::ALL.iter().map(|(name, _)| *name).collect();
        schemas.named(E::NAME, |_| json!({ "type": "string", "enum": names }))
    }
}

impl<C: Carrier> Describe for Option<C> {
    fn schema(schemas: &mut Schemas) -> Value {
        or_null(C::schema(schemas))
    }
}

impl<C: Carrier> Describe for Vec<C> {
    fn schema(schemas: &mut Schemas) -> Value {
        list(C::schema(schemas), "")
    }
}

impl<C: Carrier> Describe for Option<Vec<C>> {
    fn schema(schemas: &mut Schemas) -> Value {
        or_null(Vec::<C>::schema(schemas))
    }
}
