//! The parameters that many calls share, and those of one.

use serde_json::{Value, json};

use crate::protocol::value::Member;
use crate::protocol::value::Schemas;

/// Each shared parameter by its name in the document.
#[must_use]
pub fn shared() -> Value {
    let header = |name: &str, about: &str| json!({ "name": name, "in": "header", "description": about, "schema": { "type": "string" } });
    let mut accept_language = header("Accept-Language", "The language of texts in several languages, by `q`.");
    accept_language["example"] = "en".into();
    json!({
        "select": {
            "name": "$select",
            "in": "query",
            "description": "A list of members, parted by commas, in any letter case; the others are null in the answer. \
                `a/b` goes into a member or a dictionary.",
            "schema": { "type": "string" },
        },
        "acceptLanguage": accept_language,
        "language": header("SO-Language", "The same, over Accept-Language: an ISO code with or without a region, or the \
            vendor's code."),
        "culture": header("SO-Culture", "How numbers and dates are written; not looked at without a language."),
        "timeZone": header("SO-TimeZone", "The zone of dates with a time: the vendor's code, its number, or an IANA name."),
        "requestId": header("X-Request-Id", "An id for the log: at most 64 letters, digits, `-`, `_`, `.` or `:`."),
    })
}

/// References to the parameters with these names in the document.
#[must_use]
pub fn references(names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| json!({ "$ref": format!("#/components/parameters/{name}") })).collect()
}

/// A member of a carrier as a parameter of the URL, with the example that `sample` has for it.
#[must_use]
pub fn of_member(member: &Member, schemas: &mut Schemas, sample: &Value) -> Value {
    let mut name = member.name.to_owned();
    // As the vendor writes it; it is matched in any letter case.
    name[..1].make_ascii_lowercase();
    let mut schema = (member.schema)(schemas);
    // A parameter that is there has a value.
    if let Some(first) = schema.pointer("/type/0").cloned() {
        schema["type"] = first;
    }
    let about = member.about.trim();
    let mut parameter =
        json!({ "name": name, "in": "query", "required": true, "description": about, "schema": schema });
    if let Some(example) = sample.get(member.name) {
        parameter["example"] = example.clone();
    }
    parameter
}
