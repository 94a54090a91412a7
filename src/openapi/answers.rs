//! The answers: successes in every format that goes out, and the refusals, each from the error that it is.

use serde_json::{Map, Value, json};

use crate::protocol::agent::ErrorExample;
use crate::protocol::error::Error;
use crate::protocol::negotiate::{self, SUPPORTED};
use crate::protocol::value::schema::{Describe, Schemas, dictionary};

/// An error of each status that many calls share; the texts are samples.
fn errors() -> [ErrorExample; 13] {
    [
        Error::argument("Connection.ErpConnectorId: expected a 32-bit integer, found 'x' at line 1 column 40.").into(),
        Error::unauthorized("The login name or the password is wrong.").into(),
        Error::forbidden("Saving a connection is for administrators, and for applications with the grant.").into(),
        Error::not_found("ErpConnectionId: there is no connection 1.").into(),
        Error::body_timeout().into(),
        Error::duplicate("Connection.ConnectionId: another connection already has 'a'.").into(),
        Error::body_too_large(1_048_576).into(),
        Error::unsupported_media_type("text/plain", SUPPORTED).into(),
        Error::too_many_failed_logins(60).into(),
        ErrorExample::internal(),
        Error::not_implemented("SyncAll").into(),
        Error::database_unavailable().into(),
        Error::timed_out().into(),
    ]
}

fn about(status: u16) -> &'static str {
    match status {
        400 => "The request cannot be read (ArgumentException), or breaks a rule (SoValidationException).",
        401 => "Nothing is shown of the caller, or nothing that is good.",
        403 => {
            "The caller may not do this (SoSentryException), or his application was not granted the agent \
            (SoLicenseException)."
        }
        404 => "The row that is to be changed is not there.",
        408 => "The body did not arrive in time.",
        409 => "Another row has what must be unique.",
        413 => "The body is too large.",
        415 => "The body's format, charset or packing is not one that is read.",
        429 => "Too many wrong passwords, tickets or tokens.",
        501 => "The vendor has this method; it is not here yet. Nothing was done.",
        503 => "The database is away (SoDbAccessException), or the server is busy (SoServerException). Try again.",
        504 => "The request took too long; whether it took effect is not known.",
        _ => "The server's fault: its log has more under the reference.",
    }
}

/// The answers that many calls share: the description of a method, and each refusal by its status.
#[must_use]
pub fn shared() -> Value {
    let description = value("The path, with its method and summary.", &urls(), None);
    let mut shared = Map::from_iter([("description".to_owned(), description)]);
    shared.extend(refusals());
    shared.into()
}

/// What describes URLs: of each, its methods with their summaries.
#[must_use]
pub fn urls() -> Value {
    let mut urls = dictionary(&dictionary(&String::schema(&mut Schemas::default())));
    urls["examples"] = json!([{ "/api": { "GET": "..." } }]);
    urls
}

fn refusals() -> impl Iterator<Item = (String, Value)> {
    errors().into_iter().map(|error| {
        let status = error.status.as_u16();
        let mut headers = request_id();
        if status == 401 {
            headers["WWW-Authenticate"] = header("Where names and passwords are taken.");
        }
        if [429, 503].contains(&status) {
            headers["Retry-After"] = header("Seconds until the next try is of use.");
        }
        let schema = json!({ "$ref": format!("#/components/schemas/{}", error.schema_name()) });
        let content = in_every_format(&schema, Some(&error.json()));
        let refusal = json!({ "description": about(status), "headers": headers, "content": content });
        (status.to_string(), refusal)
    })
}

/// A reference to one of them.
#[must_use]
pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/responses/{name}") })
}

/// A success with a value; `sample` is one in JSON.
#[must_use]
pub fn value(about: &str, schema: &Value, sample: Option<&Value>) -> Value {
    let mut headers = request_id();
    headers["SO-TimeZone"] = header("The code of the zone that dates were moved to, if one was.");
    json!({ "description": about, "headers": headers, "content": in_every_format(schema, sample) })
}

/// A success with a value in one format only.
#[must_use]
pub fn only(media_type: &str, about: &str, schema: &Value) -> Value {
    json!({ "description": about, "headers": request_id(), "content": { media_type: { "schema": schema } } })
}

/// A success without a value.
#[must_use]
pub fn nothing(about: &str) -> Value {
    json!({ "description": about, "headers": request_id() })
}

/// The schemas of the errors.
#[must_use]
pub fn schemas() -> Map<String, Value> {
    let mut schemas = Map::new();
    for error in errors() {
        let schema = error.schema();
        // The longest has every member.
        let known = schemas.entry(error.schema_name()).or_insert(Value::Null);
        if schema["properties"].as_object().map(Map::len) > known["properties"].as_object().map(Map::len) {
            *known = schema;
        }
    }
    schemas
}

fn header(about: &str) -> Value {
    json!({ "description": about, "schema": { "type": "string" } })
}

fn request_id() -> Value {
    json!({ "X-Request-Id": { "$ref": "#/components/headers/X-Request-Id" } })
}

/// The headers that every answer has.
#[must_use]
pub fn headers() -> Value {
    json!({ "X-Request-Id": header("The request's id in the server's log: the caller's own, or a new one.") })
}

fn in_every_format(schema: &Value, sample: Option<&Value>) -> Value {
    let mut sample = sample.cloned();
    let formats = negotiate::response_types().map(|(name, _)| {
        let mut media = json!({ "schema": schema });
        // Once is enough, and JSON comes first.
        if let Some(sample) = sample.take() {
            media["example"] = sample;
        }
        (name.to_owned(), media)
    });
    Value::Object(formats.collect())
}
