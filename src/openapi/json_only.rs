//! The reduction of the document to JSON, for client generators: a generator turns a request body in several formats
//! into a union of one type per format, although all of them are equal.

use std::collections::HashSet;

use serde_json::Value;

const JSON: &str = "application/json";

/// Removes all media types but `application/json` from every body that has it, and the examples that are no longer
/// referenced.
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
