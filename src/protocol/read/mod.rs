//! Request bodies: from bytes to a carrier, one module a format. No tree stands between the text and the carrier.

pub mod charset;
pub mod form;
pub mod json;
mod position;
pub mod xml;
