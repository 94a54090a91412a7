//! Fuzzes the XML reader: a carrier that was read is written, and reads back as the same carrier.
#![no_main]

use erpsync::erp_sync::list_mappings::SaveConnectionListMappingsRequest;
use erpsync::erp_sync::mapping::SaveActorTypeMappingRequest;
use erpsync::erp_sync::save_connection::SaveConnectionRequest;
use erpsync::protocol::value::Carrier;
use erpsync::protocol::value::{WriteContext, WriteValue};
use erpsync::protocol::{read, write};
use libfuzzer_sys::fuzz_target;

fn round_trip<C: Carrier + WriteValue>(body: &str) {
    let Ok(Some(request)) = read::xml::read::<C>(body) else { return };
    let written = String::from_utf8(write::xml::write(&request, WriteContext::WHOLE)).expect("UTF-8");
    match read::xml::read::<C>(&written) {
        Ok(again) => {
            assert_eq!(write::xml::write(&again.expect("not null"), WriteContext::WHOLE), written.into_bytes())
        }
        // The writer adds the members of the innermost carrier, which nest one level deeper.
        Err(problem) => assert!(problem.to_string().contains("nested deeper"), "{problem}"),
    }
}

fuzz_target!(|body: &str| {
    round_trip::<SaveConnectionRequest>(body);
    round_trip::<SaveActorTypeMappingRequest>(body);
    round_trip::<SaveConnectionListMappingsRequest>(body);
});
