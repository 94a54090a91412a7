//! Any text as a form: what is read is written as XML, and reads back the same.
#![no_main]

use erpsync::erp_sync::connections::SaveConnectionRequest;
use erpsync::protocol::write::View;
use erpsync::protocol::{form, xml};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &str| {
    let Ok(Some(request)) = form::read::<SaveConnectionRequest>(body) else { return };
    let written = String::from_utf8(xml::write(&request, View::WHOLE)).expect("UTF-8");
    let again = xml::read::<SaveConnectionRequest>(&written).expect("read").expect("not null");
    assert_eq!(xml::write(&again, View::WHOLE), written.into_bytes());
});
