//! What every agent call shares: bodies in, answers and errors out. Knows HTTP, knows nothing of ERP.

pub mod agent;
mod at;
pub mod body;
pub mod carrier;
pub mod error;
pub mod json;
mod read;
pub mod rights;

pub use at::At;
pub use read::{Limit, Read, StringDictionary};
