//! What a body looks like as a form: a field for each member, however deep it stands.

use serde_json::{Map, Value, json};

use crate::protocol::value::Schemas;

/// A form with its fields, and how those are written that have several values.
#[derive(Clone, Debug, Default)]
pub struct Form {
    properties: Map<String, Value>,
    encoding: Map<String, Value>,
}

impl Form {
    /// The form of a body with this schema; `sample` has values for some of its fields.
    #[must_use]
    pub fn of(schema: &Value, schemas: &Schemas, sample: Option<&Value>) -> Self {
        let mut form = Form::default();
        form.add(String::new(), schema, schemas, &mut Vec::new());
        for (name, property) in &mut form.properties {
            // `A[B][0]` stands at `/A/B/0`.
            let place = format!("/{}", name.replace("][", "/").replace('[', "/").replace(']', ""));
            if let Some(value) = sample.and_then(|sample| sample.pointer(&place)) {
                property["example"] = value.clone();
            }
        }
        form
    }

    /// As a media type of the document.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let schema = json!({ "type": "object", "properties": self.properties });
        json!({ "schema": schema, "encoding": self.encoding })
    }

    /// `above` are the carriers that it stands in: one in itself is left out.
    fn add(&mut self, name: String, schema: &Value, schemas: &Schemas, above: &mut Vec<String>) {
        // A member that is null is left out.
        let schema = schema.pointer("/anyOf/0").unwrap_or(schema);
        let Some(carrier) = schema["$ref"].as_str() else { return self.add_field(name, schema, schemas, above) };
        let Some(resolved) = schemas.get(carrier) else { return };
        if resolved.get("properties").is_none() {
            self.properties.insert(name, schema.clone());
        } else if !above.iter().any(|known| known == carrier) {
            above.push(carrier.to_owned());
            for (member, schema) in resolved["properties"].as_object().into_iter().flatten() {
                if schema.get("readOnly").is_none() {
                    let name = if name.is_empty() { member.clone() } else { format!("{name}[{member}]") };
                    self.add(name, schema, schemas, above);
                }
            }
            above.pop();
        }
    }

    fn add_field(&mut self, name: String, schema: &Value, schemas: &Schemas, above: &mut Vec<String>) {
        if schema["items"].get("$ref").is_some() {
            return self.add(format!("{name}[0]"), &schema["items"], schemas, above);
        }
        let mut field = schema.clone();
        if let Some(kind) = schema.pointer("/type/0") {
            field["type"] = kind.clone();
        }
        if let Some(values) = field.get_mut("additionalProperties") {
            values["type"] = "string".into();
            self.encoding.insert(name.clone(), json!({ "style": "deepObject", "explode": true }));
        } else if field["type"] == "array" {
            // The name once for each item.
            self.encoding.insert(name.clone(), json!({ "style": "form", "explode": true }));
        }
        self.properties.insert(name, field);
    }
}
