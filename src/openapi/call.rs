//! One call of the document: what a path does with a method.

use serde_json::{Map, Value, json};

use super::answers::reference;
use super::sample::Sample;
use crate::protocol::media_type::{self, Syntax};

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
    pub fn to_json(&self) -> Value {
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
            call["requestBody"] = json!({ "required": true, "content": self.taken(schema) });
        }
        let mut answers: Vec<(u16, Value)> = self.answers.clone();
        answers.extend(self.refusals.iter().map(|status| (*status, reference(&status.to_string()))));
        answers.sort_by_key(|(status, _)| *status);
        call["responses"] =
            answers.into_iter().map(|(status, answer)| (status.to_string(), answer)).collect::<Map<_, _>>().into();
        call
    }

    /// The body in every format that comes in.
    fn taken(&self, schema: &Value) -> Value {
        let mut seen = Vec::new();
        let formats = media_type::taken().map(|(name, syntax)| {
            let mut media = json!({ "schema": schema });
            // Once for each way of writing.
            let sample = self.sample.as_ref().filter(|_| !seen.contains(&syntax));
            seen.push(syntax);
            if let Some(sample) = sample {
                media["example"] = if syntax == Syntax::Xml { sample.xml.clone().into() } else { sample.json.clone() };
            }
            if syntax == Syntax::Form {
                media["encoding"] = nested(self.sample.as_ref());
            }
            (name.to_owned(), media)
        });
        Value::Object(formats.collect())
    }
}

/// How a form writes members that have members: `Connection[DisplayName]=..`.
fn nested(sample: Option<&Sample>) -> Value {
    let members = sample.into_iter().filter_map(|sample| sample.json.as_object()).flatten();
    let members = members.filter(|(_, value)| value.is_object());
    let how = json!({ "style": "deepObject", "explode": true });
    Value::Object(members.map(|(name, _)| (name.clone(), how.clone())).collect())
}
