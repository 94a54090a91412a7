//! The extractor, the responder and the routes that every agent method uses.

pub mod error_response;
pub mod operation;
pub mod paged_list;
pub mod request;
pub mod response;
pub mod routes;
pub mod shape;

pub use error_response::{ErrorExample, REQUEST_ID, write_errors};
pub use operation::Operation;
pub use paged_list::PagedList;
pub use request::{AgentRequest, Arguments, BodyLimits, Query};
pub use response::{IntoAgentResponse, ResponseFormat, Streamed};
pub use routes::{Agent, Routes, only, path_not_found};
pub use shape::RequestShape;
