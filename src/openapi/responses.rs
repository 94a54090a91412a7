//! The responses of endpoints: successes in every format, and errors, which are generated from examples.

use serde_json::{Value, json};

use crate::protocol::agent::ErrorExample;
use crate::protocol::error::Error;
use crate::protocol::negotiate::{self, SUPPORTED};
use crate::protocol::rule_error::{ErrorOr, RuleError};

/// The name of the schema of all error bodies. With several schemas, every function of a generated client would return
/// a union.
pub const ERROR_SCHEMA: &str = "ErrorResponse";

/// Returns an error of each status that several endpoints share. Their texts are the document's examples.
fn errors() -> [ErrorExample; 13] {
    [
        Error::argument("Connection.ErpConnectorId: expected a 32-bit integer, found 'x' at line 1 column 40.").into(),
        Error::unauthorized("The login name or the password is wrong.").into(),
        Error::forbidden("Saving a connection is for administrators, and for applications with the grant.").into(),
        ErrorOr::not_found("ErpConnectionId: there is no connection 1.").into_error().into(),
        Error::body_timeout().into(),
        ErrorOr::duplicate("Connection.ConnectionId: another connection already has 'a'.").into_error().into(),
        Error::body_too_large(1_048_576).into(),
        Error::unsupported_media_type("text/plain", SUPPORTED).into(),
        Error::too_many_failed_logins(60).into(),
        ErrorExample::internal(),
        Error::not_implemented("SyncAll").into(),
        Error::database_unavailable().into(),
        Error::timed_out().into(),
    ]
}

fn error_description(status: u16) -> &'static str {
    match status {
        400 => {
            "The request cannot be read or repeats a header (ArgumentException), or breaks a rule (SoValidationException)."
        }
        401 => "The credentials are missing or wrong.",
        403 => {
            "The caller lacks the right (SoSentryException), or their application was not granted the agent \
            (SoLicenseException)."
        }
        404 => "The row to change does not exist.",
        408 => "The request body did not arrive in time.",
        409 => "Another row already has a value that must be unique.",
        413 => "The request body is too large.",
        415 => "The request body's format, charset or content encoding is not supported.",
        429 => "Too many wrong passwords, tickets or tokens.",
        501 => "The vendor has this method, this server does not implement it yet. Nothing was changed.",
        503 => {
            "The database cannot be reached (SoDbAccessException), or it took too long or the server is busy \
            (SoServerException). Try again."
        }
        504 => "The request took too long; whether it took effect is unknown.",
        _ => "An error of the server. Its log has the cause, under the reference in the response.",
    }
}

/// Returns the error responses by their names in the document, which are their statuses.
#[must_use]
pub fn components() -> Value {
    let responses = errors().into_iter().map(|error| {
        let status = error.status.as_u16();
        let mut headers = request_id();
        if status == 401 {
            headers["WWW-Authenticate"] = header("The challenge, where passwords are accepted.");
        }
        if [429, 503].contains(&status) {
            headers["Retry-After"] = header("Seconds to wait before the next try.");
        }
        let schema = json!({ "$ref": format!("#/components/schemas/{ERROR_SCHEMA}") });
        let content = in_every_format(&schema, Some(&error.json()));
        let response = json!({ "description": error_description(status), "headers": headers, "content": content });
        (status.to_string(), response)
    });
    Value::Object(responses.collect())
}

/// Returns a reference to the error response of a status.
#[must_use]
pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/responses/{name}") })
}

/// Describes a success with a value. `example` is one in JSON.
#[must_use]
pub fn with_value(description: &str, schema: &Value, example: Option<&Value>) -> Value {
    let mut headers = request_id();
    headers["SO-TimeZone"] = header("The code of the time zone that dates were converted to, if they were.");
    json!({ "description": description, "headers": headers, "content": in_every_format(schema, example) })
}

/// Describes a success with a value in one format only.
#[must_use]
pub fn with_format(media_type: &str, description: &str, schema: &Value) -> Value {
    json!({ "description": description, "headers": request_id(), "content": { media_type: { "schema": schema } } })
}

/// Describes a success without a body.
#[must_use]
pub fn without_body(description: &str) -> Value {
    json!({ "description": description, "headers": request_id() })
}

/// Returns the schema of all error bodies. It has the members of every error; the members that all errors have are
/// required.
#[must_use]
pub fn error_schema() -> Value {
    let mut errors = errors().into_iter().map(|error| error.schema());
    let mut merged = errors.next().unwrap_or_default();
    for error in errors {
        let is_required = |name: &Value| error["required"].as_array().is_some_and(|names| names.contains(name));
        if let Some(required) = merged["required"].as_array_mut() {
            required.retain(is_required);
        }
        for (name, schema) in error["properties"].as_object().into_iter().flatten() {
            merged["properties"][name] = schema.clone();
        }
    }
    merged["description"] =
        "An error. Those of the service have ErrorType and ErrorSource, those of the web framework \
        can have MessageDetail."
            .into();
    merged
}

fn header(description: &str) -> Value {
    json!({ "description": description, "schema": { "type": "string" } })
}

fn request_id() -> Value {
    json!({ "X-Request-Id": { "$ref": "#/components/headers/X-Request-Id" } })
}

/// Returns the headers that every response has, by their names in the document.
#[must_use]
pub fn headers() -> Value {
    json!({ "X-Request-Id": header("The request's id in the server's log: the caller's own, or a new one.") })
}

fn in_every_format(schema: &Value, example: Option<&Value>) -> Value {
    let mut example = example.cloned();
    let formats = negotiate::response_types().map(|(name, _)| {
        let mut media = json!({ "schema": schema });
        // The first format is JSON. The others share the schema and need no example.
        if let Some(example) = example.take() {
            media["example"] = example;
        }
        (name.to_owned(), media)
    });
    Value::Object(formats.collect())
}
