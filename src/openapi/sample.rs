//! Samples in each format, from one value.

use serde_json::Value;

use crate::protocol::value::Rights;
use crate::protocol::value::{WriteContext, WriteValue};
use crate::protocol::write::{json, xml};

/// A sample of what a method takes.
#[derive(Clone, Debug)]
pub struct Sample {
    /// As JSON, without what is not looked at in a request.
    pub json: Value,
    /// As XML.
    pub xml: String,
}

impl Sample {
    /// A sample that is `value`.
    #[must_use]
    pub fn of<T: WriteValue>(value: &T) -> Self {
        let rights = Rights::properties();
        let mut json = answer(value);
        remove(&mut json, &|name| rights.contains_key(name));
        let xml = String::from_utf8(xml::write(value, WriteContext::WHOLE)).unwrap_or_default();
        Sample { json, xml }
    }
}

/// An answer as JSON.
pub fn answer<T: WriteValue>(value: &T) -> Value {
    serde_json::from_slice(&json::write(value, WriteContext::WHOLE)).unwrap_or_default()
}

/// Removes members, wherever they stand, and those that are null: they may be left out.
fn remove(value: &mut Value, is_named: &impl Fn(&str) -> bool) {
    match value {
        Value::Object(members) => {
            members.retain(|name, value| !is_named(name) && !value.is_null());
            members.values_mut().for_each(|value| remove(value, is_named));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| remove(value, is_named)),
        _ => {}
    }
}
