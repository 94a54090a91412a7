//! The demo connector: a small ERP system behind the interface `IErpConnectorWS`, for trying out the calling side.
//!
//! It has customers, suppliers, persons and projects, which the database keeps, and config fields of every type, one of
//! which makes it misbehave on purpose. It needs no login, as no connector has one.
//!
//! The modules depend on each other in one direction, from the bottom of this list to its top:
//!
//! - [`values`]: the encoded values of fields; [`fields`]: the descriptions of fields; [`problem`]: failures.
//! - [`config`]: the config fields of connections; [`actor_types`]: the types of actors; [`lists`]: the lists.
//! - [`data`]: the actors of a new ERP system; [`search`]: the conditions of searches.
//! - [`erp`]: the rules for actors and lists; [`operations`]: the 17 operations.
//! - [`service`]: from a SOAP request to its response; [`wsdl`]: the description of the service.
//! - [`http`]: the HTTP endpoint; [`state`]: whether a server has it.

pub mod actor_types;
pub mod config;
pub mod data;
pub mod erp;
pub mod fields;
pub mod http;
pub mod lists;
pub mod operations;
pub mod problem;
pub mod search;
pub mod service;
pub mod state;
pub mod values;
pub mod wsdl;
