//! Fuzzes the localization headers: one line each for language, culture and time zone. The text to localize contains
//! every kind of encoded value.
#![no_main]

use erpsync::protocol::localization::{Localization, SO_CULTURE, SO_LANGUAGE, SO_TIME_ZONE};
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut headers = HeaderMap::new();
    let lines = bytes.split(|byte| *byte == b'\n').map(HeaderValue::from_bytes);
    for (name, value) in [SO_LANGUAGE, SO_CULTURE, SO_TIME_ZONE].into_iter().zip(lines) {
        if let Ok(value) = value {
            headers.insert(name, value);
        }
    }
    let localization = Localization::of_headers(&headers);
    let text = "US:\"A\";NO:\"B\" [I:1] [F:-1.5] [M:2] [A:1,2] [D:04/28/2024] [T:20:28:37] \
                [DT:04/28/2024 20:28:37.0000000] [TS:90]";
    assert!(localization.localize(text).len() < 10 * text.len());
    localization.add_headers(&mut headers);
});
