//! The OpenAPI document: the kept copy, the served copy, its suitability for client generators, and whether the server
//! behaves as documented.

use std::collections::BTreeSet;

use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};

use crate::support::client::TJE0;
use crate::support::program::run;
use crate::support::{Answer, SAVE, Server};

const METHODS: [&str; 7] = ["get", "head", "post", "put", "patch", "delete", "options"];

fn printed(arguments: &[&str]) -> String {
    let output = run(&[&["openapi"], arguments].concat());
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn document() -> Value {
    serde_json::from_str(&printed(&[])).unwrap()
}

/// Returns the operations of the document, each with its path and HTTP method.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
        })
        .collect()
}

/// Collects the value of every member `name`, at every depth.
fn all<'d>(value: &'d Value, name: &str, found: &mut Vec<&'d Value>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get(name));
            members.values().for_each(|value| all(value, name, found));
        }
        Value::Array(items) => items.iter().for_each(|value| all(value, name, found)),
        _ => {}
    }
}

#[test]
fn the_kept_documents_are_up_to_date() {
    for (name, kept, arguments) in [
        ("tests/openapi.json", include_str!("openapi.json"), &[][..]),
        ("tests/erpsync.postman_collection.json", include_str!("erpsync.postman_collection.json"), &["--postman"]),
    ] {
        let printed = printed(arguments);
        let different = kept.lines().zip(printed.lines()).position(|(kept, printed)| kept != printed);
        assert!(
            kept == printed,
            "{name} differs from the program's output, from line {} on. If the change is intended: \
             cargo run -- openapi {} > {name}",
            different.unwrap_or_default() + 1,
            arguments.join(" "),
        );
    }
}

#[test]
fn every_reference_resolves_and_every_name_is_used_once() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut references = Vec::new();
    all(&document, "$ref", &mut references);
    assert!(references.len() > 300);
    let references: BTreeSet<&str> = references.into_iter().filter_map(Value::as_str).collect();
    for reference in &references {
        assert!(document.pointer(reference.strip_prefix('#').unwrap()).is_some(), "{reference}");
    }
    for (kind, named) in document["components"].as_object().unwrap() {
        for name in named.as_object().unwrap().keys().filter(|_| kind != "securitySchemes") {
            assert!(references.contains(&*format!("#/components/{kind}/{name}")), "{kind}/{name} is used nowhere");
        }
    }
    let ids = operations(&document).into_iter().map(|(_, _, operation)| operation["operationId"].as_str().unwrap());
    let ids: Vec<_> = ids.collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    let mut requirements = Vec::new();
    all(&document, "security", &mut requirements);
    for scheme in
        requirements.iter().flat_map(|all| all.as_array().unwrap()).flat_map(|one| one.as_object().unwrap().keys())
    {
        assert!(schemes.contains_key(scheme), "{scheme}");
    }
}

#[test]
fn the_document_has_the_49_methods_of_the_agent() {
    let document = document();
    let methods: Vec<_> =
        operations(&document).into_iter().filter(|(_, _, method)| method["tags"][0] == "ErpSync").collect();
    assert_eq!(methods.len(), 49);
    for (path, method, operation) in &methods {
        let name = path.strip_prefix("/api/v1/Agents/ErpSync/").unwrap();
        assert_eq!((*method, &operation["operationId"]), ("post", &format!("v1ErpSyncAgent_{name}").into()));
        assert!(operation["responses"].get("200").or(operation["responses"].get("204")).is_some(), "{name}");
    }
    let is_refused = |operation: &Value| operation["responses"].get("501").is_some();
    assert_eq!(methods.iter().filter(|(_, _, operation)| is_refused(operation)).count(), 15);
}

/// The server responds with 501 before it reads the body.
#[test]
fn a_method_that_is_not_implemented_documents_no_error_of_the_body() {
    let document = document();
    for (path, _, operation) in operations(&document) {
        let has = |status: &str| operation["responses"].get(status).is_some();
        let of_body: Vec<_> = ["408", "413", "415"].into_iter().filter(|status| has(status)).collect();
        assert!(!has("501") || of_body.is_empty(), "{path}: {of_body:?}");
    }
}

#[test]
fn every_operation_has_one_of_the_four_tags() {
    let document = document();
    let tags: Vec<_> = document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    assert_eq!(tags, ["ErpSync", "User", "Session", "Health"]);
    let used: Vec<_> = operations(&document).into_iter().map(|(_, _, operation)| &operation["tags"]).collect();
    assert!(used.iter().all(|used| used.as_array().unwrap().len() == 1), "{used:?}");
    let used: BTreeSet<_> = used.iter().map(|used| used[0].as_str().unwrap()).collect();
    assert_eq!(used, BTreeSet::from_iter(tags));
}

#[test]
fn every_method_has_the_headers_of_the_vendors_page() {
    let document = document();
    let (_, _, save) = *operations(&document).iter().find(|(path, _, _)| *path == SAVE).unwrap();
    let parameters = save["parameters"].as_array().unwrap().iter();
    let names: Vec<_> = parameters.map(|parameter| resolve(&document, parameter)["name"].as_str().unwrap()).collect();
    let expected =
        ["$select", "Accept-Language", "SO-Language", "SO-Culture", "SO-TimeZone", "SO-AppToken", "X-XSRF-TOKEN"];
    assert_eq!(names, [&expected[..], &["X-Request-Id"]].concat());
}

#[test]
fn json_is_the_first_of_the_media_types() {
    let document = document();
    let mut contents = Vec::new();
    all(&document, "content", &mut contents);
    assert!(contents.len() > 100);
    for content in contents {
        let media_types: Vec<_> = content.as_object().unwrap().keys().collect();
        assert!(media_types == ["text/html"] || media_types[0] == "application/json", "{media_types:?}");
    }
}

/// Generators create a readable type for no other union.
#[test]
fn every_union_is_of_a_named_schema_and_null() {
    let document = document();
    for keyword in ["oneOf", "allOf"] {
        let mut found = Vec::new();
        all(&document, keyword, &mut found);
        assert!(found.is_empty(), "{keyword}: {found:?}");
    }
    let mut unions = Vec::new();
    all(&document, "anyOf", &mut unions);
    assert!(!unions.is_empty());
    for union in unions {
        let union = union.as_array().unwrap();
        assert!(
            union.len() == 2 && union[0].get("$ref").is_some() && union[1] == json!({ "type": "null" }),
            "{union:?}"
        );
    }
    // Generators invent a name for an inline schema of an object or null.
    let mut types = Vec::new();
    all(&document["components"]["schemas"], "type", &mut types);
    assert!(!types.contains(&&json!(["object", "null"])));
}

#[test]
fn the_document_for_generators_has_json_as_the_only_format() {
    let document: Value = serde_json::from_str(&printed(&["--json-only"])).unwrap();
    let mut contents = Vec::new();
    all(&document, "content", &mut contents);
    let media_types: BTreeSet<_> = contents.iter().flat_map(|content| content.as_object().unwrap().keys()).collect();
    assert_eq!(media_types, BTreeSet::from_iter(&["application/json".to_owned(), "text/html".to_owned()]));
    let examples = document["components"]["examples"].as_object().unwrap();
    assert!(!examples.is_empty() && !examples.keys().any(|name| name.contains("xml")), "{examples:?}");
}

#[tokio::test]
async fn every_path_takes_the_documented_methods_and_no_others() {
    let server = Server::start().await;
    let document = document();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in METHODS {
            let name = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            // A request without credentials changes nothing.
            let answer = Answer::of(server.program.request(name, path).send().await.unwrap()).await;
            // The HEAD twins of the health checks are left out of the document.
            let is_expected = methods.get(method).is_some() || (method == "head" && path.starts_with("/health/"));
            let is_taken = answer.status != 405 && answer.status != 404;
            // The agent's paths require authentication first.
            let is_hidden = answer.status == 401 && !is_expected;
            assert!(is_taken == is_expected || is_hidden, "{method} {path}: {}", answer.status);
        }
    }
}

#[tokio::test]
async fn a_repeated_header_has_a_documented_response() {
    let server = Server::start().await;
    for (path, method, operation) in operations(&document()) {
        let name = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let request = server.program.request(name, path).header(AUTHORIZATION, TJE0).header(AUTHORIZATION, TJE0);
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_eq!(
            answer.status == 400,
            operation["responses"].get("400").is_some(),
            "{method} {path}: {}",
            answer.text
        );
    }
}

#[tokio::test]
async fn the_server_serves_what_the_program_prints() {
    let server = Server::start().await;
    let answer = server.program.get("/openapi.json").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json; charset=utf-8"));
    assert_eq!(answer.text, printed(&[]));
    let json_only = printed(&["--json-only"]);
    for query in ["json-only", "json-only=", "json-only=true", "x=1&json-only", "json-only&x=1"] {
        assert_eq!(server.program.get(&format!("/openapi.json?{query}")).await.text, json_only, "{query}");
    }
    for query in ["", "x=json-only", "json-only-x", "x-json-only=1"] {
        assert_eq!(server.program.get(&format!("/openapi.json?{query}")).await.text, answer.text, "{query}");
    }

    let server = Server::start_with(&["--path-prefix", "/Cust12345"]).await;
    assert_eq!(server.program.get("/openapi.json").await.status, 404);
    let answer = server.program.get("/Cust12345/openapi.json").await;
    assert_eq!(answer.text, printed(&["--path-prefix", "/Cust12345"]));
    assert_eq!(answer.json()["servers"][0]["url"], "/Cust12345");
}

/// Returns the value itself, or the one that it refers to.
fn resolve<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    value["$ref"].as_str().map_or(value, |reference| document.pointer(&reference[1..]).unwrap())
}

/// Returns the example of a request body in a format.
fn example(document: &Value, body: &Value, media_type: &str) -> String {
    let media = &body["content"][media_type];
    if media_type == "application/x-www-form-urlencoded" {
        return form(&media["schema"]);
    }
    let example = &resolve(document, &media["examples"]["sample"])["value"];
    example.as_str().map_or_else(|| example.to_string(), ToOwned::to_owned)
}

/// Returns a form with the fields that have examples.
fn form(schema: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    let mut pairs = Vec::new();
    for (name, field) in schema["properties"].as_object().unwrap() {
        match &field["example"] {
            Value::Null => {}
            Value::Object(entries) => {
                pairs.extend(entries.iter().map(|(key, value)| (format!("{name}[{key}]"), text(value))));
            }
            Value::Array(items) => pairs.extend(items.iter().map(|item| (name.clone(), text(item)))),
            value => pairs.push((name.clone(), text(value))),
        }
    }
    let encode =
        |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect::<Vec<_>>().join("&")
}

/// Sends the examples in each format, in the order of the Postman collection.
#[tokio::test]
async fn every_example_works_on_the_demo_data() {
    let document = document();
    let mut posts: Vec<_> = operations(&document).into_iter().filter(|(_, method, _)| *method == "post").collect();
    posts.sort_by_key(|(path, _, _)| path.contains("/Delete"));
    let formats = posts.iter().find_map(|(_, _, post)| post["requestBody"]["content"].as_object()).unwrap();
    assert_eq!(formats.len(), 7);
    for media_type in formats.keys() {
        let server = Server::start().await;
        for (path, _, post) in &posts {
            let parameters = post["parameters"].as_array().unwrap().iter().filter(|one| one["in"] == "query");
            let pairs = parameters.map(|one| format!("{}={}", one["name"].as_str().unwrap(), one["example"]));
            let url = format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"));
            let mut request = server.program.request(Method::POST, &url).header(AUTHORIZATION, TJE0);
            if let Some(body) = post.get("requestBody") {
                request = request.header(CONTENT_TYPE, media_type).body(example(&document, body, media_type));
            }
            let answer = Answer::of(request.header(ACCEPT, "application/json").send().await.unwrap()).await;
            let statuses = post["responses"].as_object().unwrap();
            let expected = ["501", "200", "204"];
            let expected = expected.into_iter().find(|status| statuses.contains_key(*status)).unwrap();
            assert_eq!(answer.status.to_string(), expected, "{media_type} {path}: {}", answer.text);
            match path.rsplit('/').next().unwrap() {
                "TestConnectorUrl" => assert_eq!(answer.text, "\"NoError\""),
                "TestConnectionByConfig"
                | "TestConnectionById"
                | "UpdateConnectionFields"
                | "SupportsAdvancedSearch" => {
                    assert_eq!(answer.text, "true", "{media_type} {path}");
                }
                "GetConfigurationFields" => assert_eq!(answer.json()[0]["FieldKey"], "COMPANY", "{media_type}"),
                "GetFieldValuesFromErp" => {
                    assert_eq!(answer.json()[0]["DisplayValue"], "Bergen Boatyard 1", "{media_type}");
                }
                "GetConnectionListMappings" => {
                    let list = &answer.json()["ErpListItemMappings"][0];
                    assert_eq!(list["ErpListName"], "Countries", "{media_type}");
                }
                _ => {}
            }
            if *path == SAVE {
                let documented = &post["responses"]["200"]["content"]["application/json"]["example"];
                assert_eq!(answer.text, documented.to_string(), "with the members in this order");
            }
        }
    }
}
