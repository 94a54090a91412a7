//! The OpenAPI document: made from what the routes and carriers say of themselves, so that it cannot say anything else.
//!
//! Plain JSON values: the schemas come from the carriers, which no derive macro knows, and what is left is small.

pub mod agent;
pub mod answers;
pub mod call;
pub mod form;
pub mod parameters;
pub mod postman;
pub mod sample;
pub mod security;

use serde_json::{Map, Value, json};

use crate::protocol::value::Schemas;
use call::Call;

const ABOUT: &str = "A self-hosted clone of SuperOffice CRM's ErpSync agent: the vendor's paths, and its bytes on the wire.\n\n\
    Every method takes JSON, XML and forms, named by `Content-Type`, and answers in JSON or XML, chosen by `Accept` \
    (JSON, where nothing fits). In a request, names are matched in any letter case, members may be left out or be null, \
    and members that are not known are ignored; in an answer, each member is there. XML has dictionaries as lists of \
    `<StringKeyValuePair><Key>..</Key><Value>..</Value></StringKeyValuePair>`; in a form, `Connection[ConfigFields][key]` \
    goes down into a member, and `[0]`, `[1]` into a list. Paths match in any letter case; any other path is 404, any other method 405.";

/// The document of a server whose paths begin with `prefix`.
#[must_use]
pub fn document(prefix: &str, calls: &[Call], schemas: Schemas) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for call in calls {
        let path = paths.entry(call.path.clone()).or_insert_with(|| json!({}));
        path[call.method] = call.to_json(&schemas);
    }
    let mut tags: Vec<&str> = calls.iter().map(|call| call.tag).collect();
    let mut seen = std::collections::HashSet::new();
    tags.retain(|tag| seen.insert(*tag));
    let mut named = schemas.sorted();
    named.extend(answers::schemas());
    json!({
        "openapi": "3.1.0",
        "info": { "title": "erpsync", "version": env!("CARGO_PKG_VERSION"), "description": ABOUT },
        "servers": [{ "url": if prefix.is_empty() { "/" } else { prefix } }],
        "security": security::needed(),
        "tags": tags.into_iter().map(|name| json!({ "name": name })).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": named,
            "examples": calls.iter().flat_map(Call::examples).collect::<Map<_, _>>(),
            "parameters": parameters::shared(),
            "headers": answers::headers(),
            "responses": answers::shared(),
            "securitySchemes": security::schemes(),
        },
    })
}

/// The document as text.
#[must_use]
pub fn text(document: &Value) -> String {
    format!("{document:#}\n")
}
