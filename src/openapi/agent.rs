//! The endpoints of an agent: the POST of each method.

use serde_json::Value;

use super::endpoint::Endpoint;
use super::example::Example;
use super::parameters::{AUTHENTICATED, LOCALIZED, from_member, references};
use super::responses::{with_value, without_body};
use crate::protocol::agent::{Operation, RequestShape};
use crate::protocol::value::Schemas;

/// The examples of an agent's methods, by name.
#[derive(Clone, Copy, Debug)]
pub struct Examples {
    /// The example of a method's request.
    pub request: fn(&str) -> Option<Example>,
    /// The example of a method's response, as JSON.
    pub response: fn(&str) -> Option<Value>,
}

/// The statuses of the errors that every authenticated endpoint can respond with.
pub const COMMON_ERRORS: [u16; 7] = [400, 401, 403, 429, 500, 503, 504];

const NOT_IMPLEMENTED: &str = "Not implemented yet: responds with 501 to every request and changes nothing.";

/// Describes a method as an endpoint, under the vendor's `operationId`.
pub fn endpoint(agent: &'static str, operation: &Operation, examples: Examples, schemas: &mut Schemas) -> Endpoint {
    let Operation { name, summary, request, response, errors: rule_errors, is_implemented } = *operation;
    let example = (examples.request)(name);
    let example_json = example.as_ref().map(|example| example.json.clone()).unwrap_or_default();
    let mut parameters = Vec::new();
    let mut body = None;
    let mut errors = COMMON_ERRORS.to_vec();
    errors.extend(if is_implemented { &[408, 413][..] } else { &[501] });
    errors.extend(rule_errors);
    match request {
        RequestShape::Nothing => {}
        RequestShape::Body(schema) => {
            body = Some(schema(schemas));
            if is_implemented {
                errors.push(415);
            }
        }
        RequestShape::Parameters(members) => {
            parameters.extend(members.iter().map(|member| from_member(member, schemas, &example_json)));
        }
    }
    let success = match response {
        Some(schema) => {
            parameters.extend(references(&LOCALIZED));
            (200, with_value("Done.", &schema(schemas), (examples.response)(name).as_ref()))
        }
        None => (204, without_body("Done.")),
    };
    parameters.extend(references(&AUTHENTICATED));
    Endpoint {
        path: format!("/api/v1/Agents/{agent}/{name}"),
        method: "post",
        id: format!("v1{agent}Agent_{name}"),
        tag: agent,
        summary: summary.to_owned(),
        description: if is_implemented { "" } else { NOT_IMPLEMENTED },
        needs_authentication: true,
        parameters,
        body,
        body_is_optional: false,
        example,
        responses: vec![success],
        errors,
    }
}
