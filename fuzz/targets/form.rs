//! Fuzzes the form reader: a carrier that was read is written as XML, and XML reads back as the same carrier.
#![no_main]

use erpsync::erp_sync::list_mappings::SaveConnectionListMappingsRequest;
use erpsync::erp_sync::mapping::SaveActorTypeMappingRequest;
use erpsync::erp_sync::save_connection::SaveConnectionRequest;
use erpsync::protocol::value::Carrier;
use erpsync::protocol::value::{WriteContext, WriteValue};
use erpsync::protocol::{read, write};
use libfuzzer_sys::fuzz_target;

fn round_trip<C: Carrier + WriteValue>(body: &str) {
    let Ok(Some(request)) = read::form::read::<C>(body) else { return };
    let written = String::from_utf8(write::xml::write(&request, WriteContext::WHOLE)).expect("UTF-8");
    let again = read::xml::read::<C>(&written).expect("read").expect("not null");
    assert_eq!(write::xml::write(&again, WriteContext::WHOLE), written.into_bytes());
}

fuzz_target!(|body: &str| {
    round_trip::<SaveConnectionRequest>(body);
    round_trip::<SaveActorTypeMappingRequest>(body);
    round_trip::<SaveConnectionListMappingsRequest>(body);
});
