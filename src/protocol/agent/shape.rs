//! The shape of a request, for the OpenAPI document.

use crate::protocol::value::{Member, Schema};

/// Where a method's arguments are in the request.
#[derive(Clone, Copy, Debug)]
pub enum RequestShape {
    /// The method has no arguments and ignores the body.
    Nothing,
    /// A carrier in the body.
    Body(Schema),
    /// The members of a carrier as query parameters.
    Parameters(&'static [Member]),
}
