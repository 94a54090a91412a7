//! Any text as a form: what is read is written as XML, and reads back the same.
#![no_main]

use erpsync::erp_sync::list_mappings::SaveConnectionListMappingsRequest;
use erpsync::erp_sync::mapping::SaveActorTypeMappingRequest;
use erpsync::erp_sync::save_connection::SaveConnectionRequest;
use erpsync::protocol::carrier::Carrier;
use erpsync::protocol::write::{View, Write};
use erpsync::protocol::{form, xml};
use libfuzzer_sys::fuzz_target;

fn round_trip<C: Carrier + Write>(body: &str) {
    let Ok(Some(request)) = form::read::<C>(body) else { return };
    let written = String::from_utf8(xml::write(&request, View::WHOLE)).expect("UTF-8");
    let again = xml::read::<C>(&written).expect("read").expect("not null");
    assert_eq!(xml::write(&again, View::WHOLE), written.into_bytes());
}

fuzz_target!(|body: &str| {
    round_trip::<SaveConnectionRequest>(body);
    round_trip::<SaveActorTypeMappingRequest>(body);
    round_trip::<SaveConnectionListMappingsRequest>(body);
});
