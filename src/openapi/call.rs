//! One call of the document: what a path does with a method.

use serde_json::{Map, Value, json};

use super::answers::reference;
use super::form::Form;
use super::sample::Sample;
use crate::protocol::negotiate::{self, Syntax};
use crate::protocol::value::Schemas;

/// A call.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its path.
    pub path: String,
    /// Its HTTP method, in lower case.
    pub method: &'static str,
    /// Its name among all calls.
    pub id: String,
    /// The group that it stands in.
    pub tag: &'static str,
    /// In a sentence.
    pub summary: String,
    /// In more sentences.
    pub about: &'static str,
    /// Who may call.
    pub login: Login,
    /// The parameters, or references to them.
    pub parameters: Vec<Value>,
    /// The body's schema, where there is one.
    pub body: Option<Value>,
    /// Whether it may be missing.
    pub body_is_optional: bool,
    /// A body, or the parameters.
    pub sample: Option<Sample>,
    /// The successful answers.
    pub answers: Vec<(u16, Value)>,
    /// The statuses of the others.
    pub refusals: Vec<u16>,
}

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// Everybody.
    None,
    /// Everybody whom the server knows.
    Needed,
}

impl Call {
    /// The call as the document has it.
    #[must_use]
    pub fn to_json(&self, schemas: &Schemas) -> Value {
        let mut call = json!({ "tags": [self.tag], "summary": self.summary, "operationId": self.id });
        if !self.about.is_empty() {
            call["description"] = self.about.into();
        }
        // The document's own holds for the others.
        if self.login == Login::None {
            call["security"] = json!([]);
        }
        if !self.parameters.is_empty() {
            call["parameters"] = self.parameters.clone().into();
        }
        if let Some(schema) = &self.body {
            call["requestBody"] = json!({ "required": !self.body_is_optional, "content": self.taken(schema, schemas) });
        }
        let mut answers: Vec<(u16, Value)> = self.answers.clone();
        answers.extend(self.refusals.iter().map(|status| (*status, reference(&status.to_string()))));
        answers.sort_by_key(|(status, _)| *status);
        call["responses"] =
            answers.into_iter().map(|(status, answer)| (status.to_string(), answer)).collect::<Map<_, _>>().into();
        call
    }

    /// The samples of its body by their names in the document.
    pub fn examples(&self) -> impl Iterator<Item = (String, Value)> {
        let samples = self.sample.as_ref().filter(|_| self.body.is_some()).into_iter();
        samples.flat_map(|sample| {
            let json = (self.example(Syntax::Json), json!({ "value": sample.json }));
            [json, (self.example(Syntax::Xml), json!({ "value": sample.xml }))]
        })
    }

    fn example(&self, syntax: Syntax) -> String {
        format!("{}.{}", self.id, if syntax == Syntax::Xml { "xml" } else { "json" })
    }

    /// The body in every format that comes in.
    fn taken(&self, schema: &Value, schemas: &Schemas) -> Value {
        let formats = negotiate::request_types().map(|(name, syntax)| {
            let mut media = json!({ "schema": schema });
            if syntax == Syntax::Form {
                media = Form::of(schema, schemas, self.sample.as_ref().map(|sample| &sample.json)).to_json();
            } else if self.sample.is_some() {
                let reference = format!("#/components/examples/{}", self.example(syntax));
                media["examples"] = json!({ "sample": { "$ref": reference } });
            }
            (name.to_owned(), media)
        });
        Value::Object(formats.collect())
    }
}
