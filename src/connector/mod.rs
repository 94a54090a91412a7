//! ERP connectors: the SOAP service that stands between the CRM system and an ERP system.
//!
//! A connector implements the 17 operations of the vendor's interface `IErpConnectorWS`. This module has their messages,
//! each described once and able to be written and read, for the calling and for the called side, and the client that
//! calls connectors over HTTP.
//!
//! The modules depend on each other in one direction, from the bottom of this list to its top:
//!
//! - [`writer`], [`reader`]: elements and texts; [`description`]: the content of a WSDL document.
//! - [`value`], [`dictionary`], [`config_values`]: the types of members.
//! - [`message`]: the macro that describes a message.
//! - [`carriers`], [`responses`], [`operations`]: the messages.
//! - [`envelope`]: SOAP requests, responses and faults.
//! - [`url`]: the URLs that connectors have; [`outbound`], [`resolver`]: the addresses that they may have.
//! - `redaction`: keeps secrets out of errors; [`error`]: the failure of a call.
//! - [`journal`]: the last exchanges; `call_record`: the record of one call; [`deadline`]: the end of a task's calls.
//! - `http_clients`: the HTTP clients; [`client`]: the calls; `received`: reads their responses.

mod call_record;
pub mod carriers;
pub mod client;
pub mod config_values;
pub mod deadline;
pub mod description;
pub mod dictionary;
pub mod envelope;
pub mod error;
mod http_clients;
pub mod journal;
pub mod message;
pub mod operations;
pub mod outbound;
pub mod reader;
mod received;
mod redaction;
pub mod resolver;
pub mod responses;
pub mod url;
pub mod value;
pub mod writer;

#[cfg(test)]
mod tests;
