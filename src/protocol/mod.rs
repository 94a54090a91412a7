//! The wire protocol that every agent method shares: requests in, responses and errors out. Knows HTTP, knows nothing of
//! ERP.
//!
//! The modules depend on each other in one direction, from the bottom of this list to its top:
//!
//! - [`message`]: the message of an error, for the caller and for the log.
//! - [`error`]: the error type, without any format; [`rule_error`]: the statuses that a rule declares; [`path`]: the
//!   property path that an error names.
//! - [`select`], [`localization`]: which members a response has, and in which language.
//! - [`value`]: carriers and the types of their members, each able to be read, written and described.
//! - [`negotiate`]: the media types, and which of them a response gets.
//! - [`read`], [`write`](mod@write): one module a format.
//! - [`agent`]: the extractor, the responder and the routes that every agent method uses.

pub mod agent;
pub mod error;
pub mod localization;
pub mod message;
pub mod negotiate;
pub mod path;
mod quality;
pub mod read;
pub mod rule_error;
pub mod select;
pub mod value;
pub mod write;
mod xml_escape;
