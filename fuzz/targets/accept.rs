//! Fuzzes content negotiation: the first line is `Content-Type`, further lines are `Accept`. A response format is always
//! selected.
#![no_main]

use erpsync::protocol::negotiate::{Syntax, negotiate};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut lines = bytes.split(|byte| *byte == b'\n').map(HeaderValue::from_bytes);
    let mut headers = HeaderMap::new();
    if let Some(Ok(content_type)) = lines.next() {
        headers.insert(CONTENT_TYPE, content_type);
    }
    for accept in lines.flatten() {
        headers.append(ACCEPT, accept);
    }
    assert!(negotiate(&headers).media_type.syntax != Syntax::Form);
});
