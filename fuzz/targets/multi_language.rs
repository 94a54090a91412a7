//! Fuzzes the localization of a text: the result has a bounded size, and a text without a language block or encoded
//! value is unchanged.
#![no_main]

use erpsync::protocol::localization::{Localization, SO_LANGUAGE, SO_TIME_ZONE, resolve};
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let resolved = resolve(text, "NO");
    assert!(resolved.len() <= text.len());
    assert!(text.contains('"') || resolved == text);
    let headers = [(SO_LANGUAGE, HeaderValue::from_static("nb")), (SO_TIME_ZONE, HeaderValue::from_static("NO"))];
    let localization = Localization::of_headers(&HeaderMap::from_iter(headers));
    let localized = localization.localize(text);
    assert!(localized.len() <= 8 * text.len());
    assert!(text.contains(['"', '[']) || localized == text);
    assert_eq!(Localization::NONE.localize(text), text);
});
