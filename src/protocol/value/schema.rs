//! Describing: the JSON Schema of a value.
//!
//! One schema serves requests and responses: in a request every member may be omitted or null, and in a response
//! `$select` can make every member null.

use serde_json::{Map, Value, json};

use super::read::Limit;
use super::write::{Mask, ValueWriter, WriteCache, WriteContext, WriteValue};

/// A function that returns a type's schema and registers the named schemas that it refers to.
pub type Schema = fn(&mut Schemas) -> Value;

/// A [`Schema`] with the length limits of a column.
pub type LimitedSchema = fn(&mut Schemas, Limit) -> Value;

/// A type that has a schema.
pub trait Describe {
    /// Returns the schema.
    fn schema(schemas: &mut Schemas) -> Value;

    /// Returns the schema with the length limits of a column. Types without text ignore the limits.
    fn limited_schema(schemas: &mut Schemas, _limit: Limit) -> Value {
        Self::schema(schemas)
    }
}

/// The named schemas of a document.
#[derive(Debug, Default)]
pub struct Schemas(Map<String, Value>);

impl Schemas {
    /// Returns a reference to the schema called `name`, which `make` creates on first use.
    pub fn named(&mut self, name: &str, make: impl FnOnce(&mut Self) -> Value) -> Value {
        if !self.0.contains_key(name) {
            // Reserves the name: the schema may refer to itself.
            self.0.insert(name.to_owned(), Value::Null);
            let schema = make(self);
            self.0.insert(name.to_owned(), schema);
        }
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    /// Looks up a schema by a reference to it.
    #[must_use]
    pub fn get(&self, reference: &str) -> Option<&Value> {
        self.0.get(reference.rsplit('/').next()?)
    }

    /// Returns all schemas, sorted by name.
    #[must_use]
    pub fn sorted(self) -> Map<String, Value> {
        let mut schemas: Vec<_> = self.0.into_iter().collect();
        schemas.sort_by(|one, other| one.0.cmp(&other.0));
        schemas.into_iter().collect()
    }
}

/// Adds a doc comment to a schema as its description.
pub(super) fn described(mut schema: Value, about: &str) -> Value {
    schema["description"] = about.trim().replace('`', "").into();
    schema
}

/// Returns the schema with null as a further value.
#[must_use]
pub fn nullable(mut schema: Value) -> Value {
    match schema.get("type").cloned() {
        Some(Value::String(name)) if name != "null" => schema["type"] = json!([name, "null"]),
        None if schema["anyOf"].as_array().is_none_or(|any| !any.contains(&json!({ "type": "null" }))) => {
            schema = json!({ "anyOf": [schema, { "type": "null" }] });
        }
        _ => {}
    }
    schema
}

/// Returns the schema of an object with every member nullable, at every depth.
#[must_use]
pub fn all_nullable(mut schema: Value) -> Value {
    for member in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        *member = nullable(all_nullable(member.take()));
    }
    if let Some(values) = schema.get_mut("additionalProperties") {
        *values = all_nullable(values.take());
    }
    schema
}

/// Returns the schema of a dictionary with the given schema of its values.
#[must_use]
pub fn dictionary(values: &Value) -> Value {
    json!({ "type": "object", "additionalProperties": values })
}

/// Returns the schema of a list; `element` is the XML element of a scalar item.
pub(super) fn list(mut items: Value, element: &str) -> Value {
    if items.get("$ref").is_none() {
        items["xml"] = json!({ "name": element });
    }
    json!({ "type": "array", "items": items, "xml": { "wrapped": true } })
}

/// Returns the schema of a value that has no [`Describe`], inferred from what the value writes.
///
/// The value must have every member set, each to a value of its usual type, and an entry in each dictionary.
pub fn infer<T: WriteValue>(value: &T) -> Value {
    infer_content(|writer| value.write(writer, WriteContext::WHOLE))
}

/// Returns the schema of the value that `content` writes.
pub(super) fn infer_content(content: impl FnOnce(&mut SchemaWriter)) -> Value {
    let mut writer = SchemaWriter(json!({ "type": "null" }));
    content(&mut writer);
    writer.0
}

/// A "format" that writes the schema of a value in place of the value.
pub(super) struct SchemaWriter(Value);

impl ValueWriter for SchemaWriter {
    const RIGHTS_FIRST: bool = false;

    fn null(&mut self) {
        self.0 = json!({ "type": "null" });
    }

    fn boolean(&mut self, _: bool) {
        self.0 = bool::schema(&mut Schemas::default());
    }

    fn integer(&mut self, _: i32) {
        self.0 = i32::schema(&mut Schemas::default());
    }

    fn text(&mut self, _: &str) {
        self.0 = String::schema(&mut Schemas::default());
    }

    fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.0 = json!({ "type": "object", "properties": {} });
        members(self);
    }

    fn member(&mut self, name: &str, value: impl FnOnce(&mut Self)) {
        self.0["properties"][name] = infer_content(value);
    }

    fn dictionary(&mut self, entries: impl FnOnce(&mut Self)) {
        self.0 = dictionary(&json!({}));
        entries(self);
    }

    fn entry(&mut self, _: &str, _: &str, value: impl FnOnce(&mut Self)) {
        self.0["additionalProperties"] = infer_content(value);
    }

    fn integer_list(&mut self, items: &[i32]) {
        self.carrier_list("", items, |writer, item| writer.integer(*item));
    }

    fn text_list(&mut self, items: &[String]) {
        self.carrier_list("", items, |writer, item| writer.text(item));
    }

    fn carrier_list<T>(&mut self, _: &str, items: &[T], item: impl Fn(&mut Self, &T)) {
        let items = items.first().map_or(json!({}), |first| infer_content(|writer| item(writer, first)));
        self.0 = json!({ "type": "array", "items": items });
    }

    fn mask(&mut self, mask: Mask) {
        self.text(mask.json);
    }

    fn cached(&mut self, _: &WriteCache, value: impl FnOnce(&mut Self)) {
        value(self);
    }
}

impl Describe for i32 {
    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "integer", "format": "int32" })
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

    fn limited_schema(schemas: &mut Schemas, limit: Limit) -> Value {
        let mut schema = Self::schema(schemas);
        if limit.text > 0 {
            schema["maxLength"] = limit.text.into();
        }
        schema
    }
}
