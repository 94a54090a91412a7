//! The client that tests call connectors with.

use std::time::Duration;

use super::super::client::{Client, ClientOptions};
use super::super::error::CallError;

/// A response of `WSGetConfigData`.
pub const FIELDS: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/connector/recorded/01-WSGetConfigData.response.xml"));
/// The media type of responses.
pub const XML: &str = "text/xml; charset=utf-8";

/// A time that no test reaches.
pub const NEVER: Duration = Duration::from_hours(1);

/// Options without a time limit.
pub fn options() -> ClientOptions {
    ClientOptions { connect_timeout: NEVER, timeout: NEVER, ..ClientOptions::default() }
}

/// A client with these options.
pub fn client(options: ClientOptions) -> Client {
    Client::new(options).expect("a client")
}

/// The GUID of a connection.
pub fn guid() -> String {
    "48b08f6c-63dc-4d52-b675-12da393463cf".to_owned()
}

/// Checks the text for the log, and the summary for other callers.
#[track_caller]
pub fn assert_failure(failure: &CallError, expected: &str, summary: &str) {
    let text = failure.to_string();
    assert!(text.starts_with("WSGetConfigData: ") && text.contains(expected), "{text}");
    assert_eq!(failure.summary(), summary);
}
