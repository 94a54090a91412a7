//! Examples in each format, from one value.

use serde_json::Value;

use crate::protocol::value::{Rights, WriteContext, WriteValue};
use crate::protocol::write::{json, xml};

/// An example of a request.
#[derive(Clone, Debug)]
pub struct Example {
    /// As JSON, without the members that a request need not have.
    pub json: Value,
    /// As XML.
    pub xml: String,
}

impl Example {
    /// Writes `value` in both formats.
    #[must_use]
    pub fn new<T: WriteValue>(value: &T) -> Self {
        let mut json = to_json(value);
        remove_members(&mut json, &Rights::MEMBERS);
        let xml = String::from_utf8(xml::write(value, WriteContext::WHOLE)).unwrap_or_default();
        Example { json, xml }
    }
}

/// Writes `value` as a response has it.
pub fn to_json<T: WriteValue>(value: &T) -> Value {
    serde_json::from_slice(&json::write(value, WriteContext::WHOLE)).unwrap_or_default()
}

/// Removes the named members at every depth, and those that are null, which a request may omit.
fn remove_members(value: &mut Value, names: &[&str]) {
    match value {
        Value::Object(members) => {
            members.retain(|name, value| !names.contains(&name.as_str()) && !value.is_null());
            members.values_mut().for_each(|value| remove_members(value, names));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| remove_members(value, names)),
        _ => {}
    }
}
