//! Request bodies as forms, with a field for each member at every depth.

use serde_json::{Map, Value, json};

use crate::protocol::value::Schemas;

/// The fields of a form, and the encoding of those with several values.
#[derive(Clone, Debug, Default)]
pub struct Form {
    properties: Map<String, Value>,
    encoding: Map<String, Value>,
}

impl Form {
    /// Flattens a body with this schema. `example` is an example of the body as JSON; the examples of the fields are
    /// taken from it.
    #[must_use]
    pub fn new(schema: &Value, schemas: &Schemas, example: Option<&Value>) -> Self {
        let mut form = Form::default();
        form.add(String::new(), schema, schemas, &mut Vec::new());
        for (name, property) in &mut form.properties {
            // The field `A[B][0]` is at `/A/B/0`.
            let pointer = format!("/{}", name.replace("][", "/").replace('[', "/").replace(']', ""));
            if let Some(value) = example.and_then(|example| example.pointer(&pointer)) {
                property["example"] = value.clone();
            }
        }
        form
    }

    /// Returns the OpenAPI media type object.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let schema = json!({ "type": "object", "properties": self.properties });
        json!({ "schema": schema, "encoding": self.encoding })
    }

    /// Adds the fields of a member. `ancestors` are the carriers that contain the member. A carrier inside itself is
    /// left out, as it would add fields without end.
    fn add(&mut self, name: String, schema: &Value, schemas: &Schemas, ancestors: &mut Vec<String>) {
        // A form omits a member that is null.
        let schema = schema.pointer("/anyOf/0").unwrap_or(schema);
        let Some(carrier) = schema["$ref"].as_str() else { return self.add_field(name, schema, schemas, ancestors) };
        let Some(resolved) = schemas.get(carrier) else { return };
        if resolved.get("additionalProperties").is_some() {
            self.add_dictionary(name, schema);
        } else if resolved.get("properties").is_none() {
            self.properties.insert(name, schema.clone());
        } else if !ancestors.iter().any(|known| known == carrier) {
            ancestors.push(carrier.to_owned());
            for (member, schema) in resolved["properties"].as_object().into_iter().flatten() {
                if schema.get("readOnly").is_none() {
                    let name = if name.is_empty() { member.clone() } else { format!("{name}[{member}]") };
                    self.add(name, schema, schemas, ancestors);
                }
            }
            ancestors.pop();
        }
    }

    fn add_field(&mut self, name: String, schema: &Value, schemas: &Schemas, ancestors: &mut Vec<String>) {
        if schema["items"].get("$ref").is_some() {
            return self.add(format!("{name}[0]"), &schema["items"], schemas, ancestors);
        }
        let mut field = schema.clone();
        if let Some(kind) = schema.pointer("/type/0") {
            field["type"] = kind.clone();
        }
        if field["type"] == "array" {
            // The name is repeated for each item.
            self.encoding.insert(name.clone(), json!({ "style": "form", "explode": true }));
        }
        self.properties.insert(name, field);
    }

    /// Adds a field `name[key]` for each key. `schema` is the reference to the dictionary, with its length limits.
    fn add_dictionary(&mut self, name: String, schema: &Value) {
        let mut field = json!({ "type": "object", "additionalProperties": { "type": "string" } });
        if let Some(limit) = schema.pointer("/additionalProperties/maxLength") {
            field["additionalProperties"]["maxLength"] = limit.clone();
        }
        if let Some(limit) = schema.get("propertyNames") {
            field["propertyNames"] = limit.clone();
        }
        self.encoding.insert(name.clone(), json!({ "style": "deepObject", "explode": true }));
        self.properties.insert(name, field);
    }
}
