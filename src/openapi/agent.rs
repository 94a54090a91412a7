//! The calls of an agent: POST runs a method, GET describes it.

use serde_json::Value;

use super::answers;
use super::call::{Call, Login};
use super::parameters::{of_member, references};
use super::sample::Sample;
use crate::protocol::agent::{Operation, RequestShape, ResponseShape};
use crate::protocol::value::Schemas;

/// What may be said of an agent's methods besides what they say of themselves.
#[derive(Clone, Copy, Debug)]
pub struct Further {
    /// A call that works.
    pub sample: fn(&str) -> Option<Sample>,
    /// What that is answered.
    pub answered: fn(&str) -> Option<Value>,
    /// How a row can be refused.
    pub refusals: fn(&str) -> &'static [u16],
}

/// What every call with a login can be refused with.
pub const REFUSED: [u16; 6] = [401, 403, 429, 500, 503, 504];

/// The calls of an agent's method.
pub fn calls(agent: &'static str, operation: &Operation, further: Further, schemas: &mut Schemas) -> [Call; 2] {
    let Operation { name, summary, request, response } = *operation;
    let path = format!("/api/v1/Agents/{agent}/{name}");
    let describe = Call {
        path: path.clone(),
        method: "get",
        id: format!("Describe{name}"),
        tag: "Descriptions of the methods",
        summary: format!("Describes {name}; runs nothing."),
        about: "",
        login: Login::Needed,
        parameters: references(&["requestId"]),
        body: None,
        body_is_optional: false,
        sample: None,
        answers: vec![(200, answers::reference("description"))],
        refusals: REFUSED.into(),
    };
    let sample = (further.sample)(name);
    let sample_json = sample.as_ref().map(|sample| sample.json.clone()).unwrap_or_default();
    let mut parameters = Vec::new();
    let mut body = None;
    let mut refusals = REFUSED.to_vec();
    match request {
        RequestShape::Nothing => {}
        RequestShape::Body(schema) => {
            body = Some(schema(schemas));
            refusals.push(415);
        }
        RequestShape::Parameters(members) => {
            parameters.extend(members.iter().map(|member| of_member(member, schemas, &sample_json)));
        }
    }
    let (answers, tag, about) = match response {
        ResponseShape::NotImplemented => {
            refusals.push(501);
            (vec![], "Not here yet", "Not here yet: answers 501 and does nothing, whatever it is sent.")
        }
        ResponseShape::Value(given) => {
            refusals.extend([400, 408, 413]);
            refusals.extend((further.refusals)(name));
            let answer = given.map_or_else(
                || (204, answers::nothing("Done.")),
                |schema| (200, answers::value("Done.", &schema(schemas), (further.answered)(name).as_ref())),
            );
            (vec![answer], "The methods", "")
        }
    };
    if let ResponseShape::Value(Some(_)) = response {
        parameters.extend(references(&["select", "acceptLanguage", "language", "culture", "timeZone"]));
    }
    parameters.extend(references(&["requestId"]));
    let summary = summary.to_owned();
    let id = name.to_owned();
    let run = Call {
        path,
        method: "post",
        id,
        tag,
        summary,
        about,
        parameters,
        body,
        sample,
        answers,
        refusals,
        ..describe.clone()
    };
    [run, describe]
}
