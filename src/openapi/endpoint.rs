//! An endpoint: an HTTP method on a path. OpenAPI calls it an operation.

use serde_json::{Map, Value, json};

use super::example::Example;
use super::form::Form;
use super::responses::reference;
use crate::protocol::negotiate::{self, Syntax};
use crate::protocol::value::Schemas;

/// An endpoint of the document.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The path, without the server's prefix.
    pub path: String,
    /// The HTTP method, in lower case.
    pub method: &'static str,
    /// The `operationId`, unique in the document.
    pub id: String,
    /// The group that the endpoint belongs to.
    pub tag: &'static str,
    /// The purpose in one sentence.
    pub summary: String,
    /// Further sentences, or an empty text.
    pub description: &'static str,
    /// Whether the caller must be authenticated.
    pub needs_authentication: bool,
    /// The parameters, or references to them.
    pub parameters: Vec<Value>,
    /// The schema of the request body, if there is one.
    pub body: Option<Value>,
    /// Whether the request body may be omitted.
    pub body_is_optional: bool,
    /// An example of the request body, or of the parameters.
    pub example: Option<Example>,
    /// The successful responses by status.
    pub responses: Vec<(u16, Value)>,
    /// The statuses of the error responses.
    pub errors: Vec<u16>,
}

impl Endpoint {
    /// Returns the OpenAPI operation object.
    #[must_use]
    pub fn to_json(&self, schemas: &Schemas) -> Value {
        let mut operation = json!({ "tags": [self.tag], "summary": self.summary, "operationId": self.id });
        if !self.description.is_empty() {
            operation["description"] = self.description.into();
        }
        // The document's own security requirements apply to all others.
        if !self.needs_authentication {
            operation["security"] = json!([]);
        }
        if !self.parameters.is_empty() {
            operation["parameters"] = self.parameters.clone().into();
        }
        if let Some(schema) = &self.body {
            let content = self.request_content(schema, schemas);
            operation["requestBody"] = json!({ "required": !self.body_is_optional, "content": content });
        }
        let mut responses: Vec<(u16, Value)> = self.responses.clone();
        responses.extend(self.errors.iter().map(|status| (*status, reference(&status.to_string()))));
        responses.sort_by_key(|(status, _)| *status);
        let responses = responses.into_iter().map(|(status, response)| (status.to_string(), response));
        operation["responses"] = responses.collect::<Map<_, _>>().into();
        operation
    }

    /// Returns the examples of the request body, by their names in the document.
    pub fn examples(&self) -> impl Iterator<Item = (String, Value)> {
        let examples = self.example.as_ref().filter(|_| self.body.is_some()).into_iter();
        examples.flat_map(|example| {
            let json = (self.example_name(Syntax::Json), json!({ "value": example.json }));
            [json, (self.example_name(Syntax::Xml), json!({ "value": example.xml }))]
        })
    }

    fn example_name(&self, syntax: Syntax) -> String {
        format!("{}.{}", self.id, if syntax == Syntax::Xml { "xml" } else { "json" })
    }

    /// Describes the body in every format that a request can have.
    fn request_content(&self, schema: &Value, schemas: &Schemas) -> Value {
        let formats = negotiate::request_types().map(|(name, syntax)| {
            let mut media = json!({ "schema": schema });
            if syntax == Syntax::Form {
                media = Form::new(schema, schemas, self.example.as_ref().map(|example| &example.json)).to_json();
            } else if self.example.is_some() {
                let reference = format!("#/components/examples/{}", self.example_name(syntax));
                media["examples"] = json!({ "sample": { "$ref": reference } });
            }
            (name.to_owned(), media)
        });
        Value::Object(formats.collect())
    }
}
