//! The document as a Postman collection (format 2.1): a folder for each tag, with a request for each call, its sample,
//! and a test of its status.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The collection. What deletes comes last in its folder, so that all of it runs on the demo data from top to bottom.
#[must_use]
pub fn collection(document: &Value) -> Value {
    let mut folders: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    let mut calls: Vec<(&str, &str, &Value)> = Vec::new();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        calls.extend(methods.as_object().into_iter().flatten().map(|(method, call)| (path.as_str(), &**method, call)));
    }
    calls.sort_by_key(|(_, _, call)| call["operationId"].as_str().is_some_and(|id| id.starts_with("Delete")));
    for (path, method, call) in calls {
        let tag = call["tags"][0].as_str().unwrap_or_default();
        folders.entry(tag).or_default().push(item(path, method, call));
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

fn item(path: &str, method: &str, call: &Value) -> Value {
    let parameters = call["parameters"].as_array().into_iter().flatten();
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
    let answers = call["responses"].as_object().into_iter().flatten();
    let mut statuses = answers.filter_map(|(status, answer)| Some((status.parse::<u16>().ok()?, answer)));
    let (status, media_types) = match statuses.clone().find(|(status, _)| *status < 300) {
        Some((status, answer)) => (status, answer["content"].as_object()),
        None => (statuses.find(|(status, _)| *status == 501).map_or(200, |(status, _)| status), None),
    };
    let accept = media_types.and_then(|types| types.keys().next()).map_or("application/json", String::as_str);
    let mut header = vec![json!({ "key": "Accept", "value": accept })];
    let mut request = json!({ "method": method.to_uppercase(), "header": null, "url": url });
    if let Some(media) = call.pointer("/requestBody/content/application~1json") {
        header.push(json!({ "key": "Content-Type", "value": "application/json" }));
        let example = media.get("example").cloned().unwrap_or_else(|| json!({}));
        let options = json!({ "raw": { "language": "json" } });
        request["body"] = json!({ "mode": "raw", "raw": format!("{example:#}"), "options": options });
    }
    request["header"] = header.into();
    request["description"] = call["summary"].clone();
    if call["security"].as_array().is_some_and(Vec::is_empty) {
        request["auth"] = json!({ "type": "noauth" });
    }
    let check = format!("pm.test(\"answers {status}\", () => pm.response.to.have.status({status}));");
    json!({
        "name": call["operationId"],
        "event": [{ "listen": "test", "script": { "type": "text/javascript", "exec": [check] } }],
        "request": request,
    })
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}
