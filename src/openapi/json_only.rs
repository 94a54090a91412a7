//! The document with JSON as the only format, for client generators.
//!
//! Of a request body in several formats a generator makes a union of as many types, although they are one.

use std::collections::HashSet;

use serde_json::Value;

const JSON: &str = "application/json";

/// Removes every media type but `application/json` where that is one of several, and the examples that nothing refers
/// to any more.
pub fn reduce(document: &mut Value) {
    remove_other_media_types(document);
    let mut references = HashSet::new();
    collect_references(document, &mut references);
    if let Some(examples) = document.pointer_mut("/components/examples").and_then(Value::as_object_mut) {
        examples.retain(|name, _| references.contains(&format!("#/components/examples/{name}")));
    }
}

fn remove_other_media_types(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::Object(content)) = members.get_mut("content")
                && content.contains_key(JSON)
            {
                content.retain(|media_type, _| media_type == JSON);
            }
            members.values_mut().for_each(remove_other_media_types);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_other_media_types),
        _ => {}
    }
}

fn collect_references(value: &Value, references: &mut HashSet<String>) {
    match value {
        Value::Object(members) => {
            references.extend(members.get("$ref").and_then(Value::as_str).map(ToOwned::to_owned));
            members.values().for_each(|value| collect_references(value, references));
        }
        Value::Array(items) => items.iter().for_each(|value| collect_references(value, references)),
        _ => {}
    }
}
