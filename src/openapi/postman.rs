//! The document as a Postman collection (format 2.1): a folder for each tag, with the example request of each endpoint
//! and a test of the response's status.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Converts the document. Methods that delete come last in their folder, so that the collection runs on the demo data
/// from top to bottom.
#[must_use]
pub fn collection(document: &Value) -> Value {
    let mut folders: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    let mut operations: Vec<(&str, &str, &Value)> = Vec::new();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        let methods = methods.as_object().into_iter().flatten();
        operations.extend(methods.map(|(method, operation)| (path.as_str(), method.as_str(), operation)));
    }
    operations.sort_by_key(|(path, _, _)| path.rsplit('/').next().is_some_and(|name| name.starts_with("Delete")));
    for (path, method, operation) in operations {
        let tag = operation["tags"][0].as_str().unwrap_or_default();
        let example = format!("{}.json", text(&operation["operationId"]));
        let example = &document["components"]["examples"][example]["value"];
        folders.entry(tag).or_default().push(item(path, method, operation, example));
    }
    let tags = document["tags"].as_array().into_iter().flatten().filter_map(|tag| tag["name"].as_str());
    let folders = tags.map(|tag| json!({ "name": tag, "item": folders.remove(tag) })).collect::<Vec<_>>();
    let prefix = document["servers"][0]["url"].as_str().unwrap_or_default().trim_end_matches('/');
    let variable = |key: &str, value: String| json!({ "key": key, "value": value, "type": "string" });
    json!({
        "info": {
            "name": document["info"]["title"],
            "description": "Runs from top to bottom against a server with fresh demo data.",
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "auth": { "type": "basic", "basic": [
            { "key": "username", "value": "{{userName}}", "type": "string" },
            { "key": "password", "value": "{{password}}", "type": "string" },
        ] },
        "variable": [
            variable("baseUrl", format!("http://127.0.0.1:8080{prefix}")),
            variable("userName", "tje0".to_owned()),
            variable("password", "Tje0".to_owned()),
        ],
        "item": folders,
    })
}

fn item(path: &str, method: &str, operation: &Value, example: &Value) -> Value {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let query: Vec<(String, String)> = parameters
        .filter(|parameter| parameter["in"] == "query")
        .map(|parameter| (text(&parameter["name"]), text(&parameter["example"])))
        .collect();
    let pairs = query.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
    let raw = format!("{{{{baseUrl}}}}{path}{}{pairs}", if pairs.is_empty() { "" } else { "?" });
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let query: Vec<Value> = query.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
    let mut url = json!({ "raw": raw, "host": ["{{baseUrl}}"], "path": segments });
    if !query.is_empty() {
        url["query"] = query.into();
    }
    let responses = &operation["responses"];
    // A method that is not implemented yet documents its success, too.
    let status = ["501", "200", "204"].into_iter().find(|status| responses.get(status).is_some()).unwrap_or("200");
    let media_types = responses[status]["content"].as_object();
    let accept = media_types.and_then(|types| types.keys().next()).map_or("application/json", String::as_str);
    let mut header = vec![json!({ "key": "Accept", "value": accept })];
    let mut request = json!({ "method": method.to_uppercase(), "header": null, "url": url });
    if operation.get("requestBody").is_some() {
        header.push(json!({ "key": "Content-Type", "value": "application/json" }));
        let options = json!({ "raw": { "language": "json" } });
        request["body"] = json!({ "mode": "raw", "raw": format!("{example:#}"), "options": options });
    }
    request["header"] = header.into();
    request["description"] = operation["summary"].clone();
    if operation["security"].as_array().is_some_and(Vec::is_empty) {
        request["auth"] = json!({ "type": "noauth" });
    }
    let check = format!("pm.test(\"status {status}\", () => pm.response.to.have.status({status}));");
    json!({
        "name": operation["operationId"],
        "event": [{ "listen": "test", "script": { "type": "text/javascript", "exec": [check] } }],
        "request": request,
    })
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}
