//! The wire protocol that every agent method shares: requests in, responses and errors out. Knows HTTP, knows nothing of
//! ERP.
//!
//! The modules depend on each other in one direction, from the bottom of this list to its top:
//!
//! - [`error`]: the error type, without any format; [`path`]: the property path that an error names.
//! - [`select`], [`localization`]: which members a response has, and in which language.
//! - [`value`]: carriers and the types of their members, each able to be read, written and described.
//! - [`negotiate`]: the media types, and which of them a response gets.
//! - [`read`], [`write`]: one module a format.
//! - [`agent`]: the extractor, the responder and the routes that every agent method uses.

pub mod agent;
pub mod error;
pub mod localization;
pub mod negotiate;
pub mod path;
mod quality;
pub mod read;
pub mod select;
pub mod value;
pub mod write;
mod xml_escape;
