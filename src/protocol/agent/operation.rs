//! The description of an agent's method, for the OpenAPI document.

use super::request::Arguments;
use super::response::IntoAgentResponse;
use super::shape::RequestShape;
use crate::protocol::rule_error::RuleError;
use crate::protocol::value::Schema;

/// A method of an agent.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// The name, the last segment of the path.
    pub name: &'static str,
    /// One sentence about the method.
    pub summary: &'static str,
    /// The shape of the request.
    pub request: RequestShape,
    /// The schema of the response; `None` for a response without a body.
    pub response: Option<Schema>,
    /// The statuses of the rule's errors, besides those that every method has.
    pub errors: &'static [u16],
    /// False if the method refuses every request.
    pub is_implemented: bool,
}

impl Operation {
    /// Describes a method that takes an `I` and returns a `T`, or an `E`.
    #[must_use]
    pub const fn of<I: Arguments, T: IntoAgentResponse, E: RuleError>(
        name: &'static str,
        summary: &'static str,
    ) -> Self {
        let (request, response) = (I::SHAPE, T::SCHEMA);
        Operation { name, summary, request, response, errors: E::STATUSES, is_implemented: true }
    }

    /// Describes a method of the vendor's that takes an `I` and returns a `T`, but refuses every request here.
    #[must_use]
    pub const fn not_implemented<I: Arguments, T: IntoAgentResponse>(
        name: &'static str,
        summary: &'static str,
    ) -> Self {
        Operation { name, summary, request: I::SHAPE, response: T::SCHEMA, errors: &[], is_implemented: false }
    }
}
