//! The description of one member of a carrier.

use super::read::Limit;
use super::schema::LimitedSchema;

/// A member of a carrier, as `FieldProperties` and the OpenAPI document describe it.
#[derive(Debug)]
pub struct Member {
    /// The name on the wire.
    pub name: &'static str,
    /// The .NET name of the member's type.
    pub field_type: &'static str,
    /// Bytes of a number, characters of a text, 0 for lists and dictionaries.
    pub field_length: i32,
    /// The length limits of the column.
    pub limit: Limit,
    /// The doc comment of the member.
    pub about: &'static str,
    /// The JSON Schema of the member's values.
    pub schema: LimitedSchema,
}
