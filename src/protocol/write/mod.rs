//! Response bodies: from a value to bytes, one module a format.

pub mod json;
pub mod xml;
