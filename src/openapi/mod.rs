//! The OpenAPI document, generated from the routes and the carriers, so that it always agrees with the program.
//!
//! The document consists of plain JSON values: the carriers generate their schemas themselves, and the rest is too
//! small for a library.

pub mod agent;
pub mod endpoint;
pub mod example;
pub mod form;
pub mod json_only;
pub mod parameters;
pub mod postman;
pub mod responses;
pub mod security;

use serde_json::{Map, Value, json};

use crate::protocol::value::Schemas;
use endpoint::Endpoint;

const DESCRIPTION: &str = "A self-hosted clone of SuperOffice CRM's ErpSync agent, with the vendor's paths and wire formats.\n\n\
    Every method reads JSON, XML and forms, chosen by `Content-Type`, and writes JSON or XML, chosen by `Accept` (JSON if no \
    format matches). In a request, names are matched case-insensitively, members may be omitted or null, and unknown \
    members are ignored; in a response, every member is present. In XML, dictionaries are lists of \
    `<StringKeyValuePair><Key>..</Key><Value>..</Value></StringKeyValuePair>`; in a form, `Connection[ConfigFields][key]` \
    addresses a nested member, and `[0]`, `[1]` the items of a list. Paths are matched case-insensitively; any other path is \
    404, any other method 405.\n\n\
    Client generators should be given `/openapi.json?json-only`: the same document with JSON as the only format, so that \
    each request body has one type.";

/// Returns the OpenAPI document of a server whose paths begin with `prefix`. `tags` are the groups of the endpoints
/// with their descriptions, in order.
#[must_use]
pub fn document(prefix: &str, tags: &[(&str, &str)], endpoints: &[Endpoint], schemas: Schemas) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for endpoint in endpoints {
        let path = paths.entry(endpoint.path.clone()).or_insert_with(|| json!({}));
        path[endpoint.method] = endpoint.to_json(&schemas);
    }
    let tags = tags.iter().map(|(name, description)| json!({ "name": name, "description": description }));
    let mut schemas = schemas.sorted();
    schemas.insert(responses::ERROR_SCHEMA.to_owned(), responses::error_schema());
    json!({
        "openapi": "3.1.0",
        "info": { "title": "erpsync", "version": env!("CARGO_PKG_VERSION"), "description": DESCRIPTION },
        "servers": [{ "url": if prefix.is_empty() { "/" } else { prefix } }],
        "security": security::requirements(),
        "tags": tags.collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "examples": endpoints.iter().flat_map(Endpoint::examples).collect::<Map<_, _>>(),
            "parameters": parameters::components(),
            "headers": responses::headers(),
            "responses": responses::components(),
            "securitySchemes": security::schemes(),
        },
    })
}

/// Formats the document as indented text that ends with a line break.
#[must_use]
pub fn text(document: &Value) -> String {
    format!("{document:#}\n")
}
