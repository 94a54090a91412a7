//! Any text, shown in Norwegian: it never grows out of proportion, and nothing is changed without a block or a value.
#![no_main]

use erpsync::protocol::localization::{Localization, SO_LANGUAGE, SO_TIME_ZONE, resolve};
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let picked = resolve(text, "NO");
    assert!(picked.len() <= text.len());
    assert!(text.contains('"') || picked == text);
    let headers = [(SO_LANGUAGE, HeaderValue::from_static("nb")), (SO_TIME_ZONE, HeaderValue::from_static("NO"))];
    let localization = Localization::of_headers(&HeaderMap::from_iter(headers));
    let shown = localization.localize(text);
    assert!(shown.len() <= 8 * text.len());
    assert!(text.contains(['"', '[']) || shown == text);
    assert_eq!(Localization::NONE.localize(text), text);
});
