//! The description of an agent's method, for the OpenAPI document.

use super::request::Arguments;
use super::response::IntoAgentResponse;
use super::shape::{RequestShape, ResponseShape};

/// A method of an agent.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// The name, the last segment of the path.
    pub name: &'static str,
    /// One sentence about the method.
    pub summary: &'static str,
    /// The shape of the request.
    pub request: RequestShape,
    /// The shape of the response.
    pub response: ResponseShape,
}

impl Operation {
    /// Describes a method that takes an `I` and returns a `T`.
    #[must_use]
    pub const fn of<I: Arguments, T: IntoAgentResponse>(name: &'static str, summary: &'static str) -> Self {
        Operation { name, summary, request: I::SHAPE, response: ResponseShape::Value(T::SCHEMA) }
    }

    /// Describes a method that refuses every request.
    #[must_use]
    pub const fn not_yet(name: &'static str, summary: &'static str) -> Self {
        Operation { name, summary, request: RequestShape::Nothing, response: ResponseShape::NotImplemented }
    }
}
