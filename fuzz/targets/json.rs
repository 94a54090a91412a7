//! Any text as a JSON body: what is read is written, and reads back the same.
#![no_main]

use erpsync::erp_sync::connections::SaveConnectionRequest;
use erpsync::protocol::json;
use erpsync::protocol::write::View;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &str| {
    let Ok(Some(request)) = json::read::<SaveConnectionRequest>(body) else { return };
    let written = String::from_utf8(json::write(&request, View::WHOLE)).expect("UTF-8");
    let again = json::read::<SaveConnectionRequest>(&written).expect("read").expect("not null");
    assert_eq!(json::write(&again, View::WHOLE), written.into_bytes());
});
