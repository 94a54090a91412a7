//! The parameters of endpoints: shared ones, and the query parameters of a single endpoint.

use serde_json::{Value, json};

use crate::protocol::value::{Member, Schemas};

/// The names of the shared parameters of every endpoint that needs authentication.
pub const AUTHENTICATED: [&str; 3] = ["appToken", "xsrfToken", "requestId"];
/// The names of the shared parameters of every endpoint that responds with a carrier.
pub const LOCALIZED: [&str; 5] = ["select", "acceptLanguage", "language", "culture", "timeZone"];

/// Returns the shared parameters by their names in the document.
#[must_use]
pub fn components() -> Value {
    let header = |name: &str, description: &str| json!({ "name": name, "in": "header", "description": description, "schema": { "type": "string" } });
    let mut accept_language =
        header("Accept-Language", "The languages of multi-language texts, by preference: ISO codes with `q`.");
    accept_language["example"] = "en".into();
    json!({
        "select": {
            "name": "$select",
            "in": "query",
            "description": "The members to return, separated by commas, case-insensitive; all others are null. `a/b` \
                selects inside a member or a dictionary. All members if omitted.",
            "schema": { "type": "string" },
        },
        "acceptLanguage": accept_language,
        "language": header("SO-Language", "The language of multi-language texts, in place of Accept-Language: an ISO code \
            with or without a region, or the vendor's code."),
        "culture": header("SO-Culture", "The culture in which numbers and dates inside texts are written. Ignored unless a \
            language is set."),
        "timeZone": header("SO-TimeZone", "The time zone of dates with a time inside texts: the vendor's code or number, or \
            an IANA name."),
        "appToken": header("SO-AppToken", "The application token. An online installation requires it beside a ticket, and \
            beside an access token of the issuer."),
        "xsrfToken": header("X-XSRF-TOKEN", "The session's XSRF token. Required without an Authorization header."),
        "requestId": header("X-Request-Id", "An id for the server's log: at most 64 letters, digits, `-`, `_`, `.` or `:`."),
    })
}

/// Returns references to the shared parameters with these names.
#[must_use]
pub fn references(names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| json!({ "$ref": format!("#/components/parameters/{name}") })).collect()
}

/// Describes a carrier's member as a query parameter. `example` is the carrier's example as JSON.
#[must_use]
pub fn from_member(member: &Member, schemas: &mut Schemas, example: &Value) -> Value {
    let mut name = member.name.to_owned();
    // The vendor's spelling; the server matches it case-insensitively.
    name[..1].make_ascii_lowercase();
    let mut schema = (member.schema)(schemas, member.limit);
    // A query parameter cannot be null.
    if let Some(first) = schema.pointer("/type/0").cloned() {
        schema["type"] = first;
    }
    let description = member.about.trim();
    let mut parameter =
        json!({ "name": name, "in": "query", "required": true, "description": description, "schema": schema });
    if let Some(example) = example.get(member.name) {
        parameter["example"] = example.clone();
    }
    parameter
}
