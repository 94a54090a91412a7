//! The OpenAPI document: as it is kept, as it is served, and whether the server does what it says.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use serde_json::Value;

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

/// Each call of the document: path, method, what it says.
fn calls(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().iter().map(move |(method, call)| (path.as_str(), method.as_str(), call))
        })
        .collect()
}

/// The value of every `name`, wherever it stands.
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
fn the_kept_documents_are_those_of_the_program() {
    for (name, kept, arguments) in [
        ("tests/openapi.json", include_str!("openapi.json"), &[][..]),
        ("tests/erpsync.postman_collection.json", include_str!("erpsync.postman_collection.json"), &["--postman"]),
    ] {
        let printed = printed(arguments);
        let different = kept.lines().zip(printed.lines()).position(|(kept, printed)| kept != printed);
        assert!(
            kept == printed,
            "{name} is not what the program prints, from line {} on. If the change is meant: \
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
    let ids: Vec<_> = calls(&document).into_iter().map(|(_, _, call)| call["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    let mut asked = Vec::new();
    all(&document, "security", &mut asked);
    for scheme in
        asked.iter().flat_map(|asked| asked.as_array().unwrap()).flat_map(|one| one.as_object().unwrap().keys())
    {
        assert!(schemes.contains_key(scheme), "{scheme}");
    }
}

#[test]
fn the_fortynine_methods_are_there_with_what_is_not_here_yet() {
    let document = document();
    let methods: BTreeMap<&str, bool> = calls(&document)
        .into_iter()
        .filter(|(path, method, _)| path.starts_with("/api/v1/Agents/ErpSync/") && *method == "post")
        .map(|(path, _, call)| (path, call["responses"].get("501").is_some()))
        .collect();
    assert_eq!(methods.len(), 49);
    assert_eq!(methods.values().filter(|not_yet| **not_yet).count(), 23);
}

#[tokio::test]
async fn every_path_takes_the_methods_that_the_document_has_and_no_others() {
    let server = Server::start().await;
    let document = document();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in METHODS {
            let name = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            // Without a login, so that nothing happens.
            let answer = Answer::of(server.program.request(name, path).send().await.unwrap()).await;
            let documented = methods.get(method).is_some();
            let is_taken = answer.status != 405 && answer.status != 404;
            // The agent's paths ask for the login first.
            let is_hidden = answer.status == 401 && !documented;
            assert!(is_taken == documented || is_hidden, "{method} {path}: {}", answer.status);
        }
    }
}

#[tokio::test]
async fn the_server_serves_what_the_program_prints() {
    let server = Server::start().await;
    let answer = server.program.get("/openapi.json").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json; charset=utf-8"));
    assert_eq!(answer.text, printed(&[]));

    let server = Server::start_with(&["--path-prefix", "/Cust12345"]).await;
    assert_eq!(server.program.get("/openapi.json").await.status, 404);
    let answer = server.program.get("/Cust12345/openapi.json").await;
    assert_eq!(answer.text, printed(&["--path-prefix", "/Cust12345"]));
    assert_eq!(answer.json()["servers"][0]["url"], "/cust12345");
}

/// The samples do what they should, in every format, and one after the other as the collection has them.
#[tokio::test]
async fn every_sample_works_on_the_demo_data() {
    let document = document();
    let mut calls: Vec<_> = calls(&document).into_iter().filter(|(_, method, _)| *method == "post").collect();
    calls.sort_by_key(|(_, _, call)| call["operationId"].as_str().unwrap().starts_with("Delete"));
    for media_type in ["application/json", "application/xml"] {
        let server = Server::start().await;
        for (path, _, call) in &calls {
            let mut request = server.program.request(Method::POST, path).header(AUTHORIZATION, TJE0);
            for parameter in call["parameters"].as_array().unwrap().iter().filter(|one| one["in"] == "query") {
                request = request.query(&[(parameter["name"].as_str().unwrap(), &parameter["example"])]);
            }
            if let Some(body) = call.get("requestBody") {
                let sample = &body["content"][media_type]["example"];
                let text = sample.as_str().map_or_else(|| sample.to_string(), ToOwned::to_owned);
                request = request.header(CONTENT_TYPE, media_type).body(text);
            }
            let answer = Answer::of(request.header(ACCEPT, "application/json").send().await.unwrap()).await;
            let statuses = call["responses"].as_object().unwrap();
            let expected = ["200", "204", "501"].into_iter().find(|status| statuses.contains_key(*status)).unwrap();
            assert_eq!(answer.status.to_string(), expected, "{media_type} {path}: {}", answer.text);
            if *path == SAVE {
                let documented = &call["responses"]["200"]["content"]["application/json"]["example"];
                assert_eq!(answer.json(), *documented);
                assert_eq!(answer.text, documented.to_string(), "in this order");
            }
        }
    }
}
