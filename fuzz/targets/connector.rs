//! Fuzzes the reader of SOAP messages: a message that was read is written, and reads back as the same message.
#![no_main]

use std::fmt::Debug;

use erpsync::connector::envelope::{
    Reply, read_request, read_response, requested_operation, write_request, write_response,
};
use erpsync::connector::operations::{
    CreateActor, GetActors, GetConfigData, GetList, GetSupportedActorTypes, Operation, SaveConnection,
    SearchActorsAdvanced, TestConfigData,
};
use erpsync::connector::writer::Writer;
use libfuzzer_sys::fuzz_target;

fn round_trip<O: Operation<Response: PartialEq + Debug> + PartialEq + Debug>(document: &str) {
    if let Ok(Reply::Result(result)) = read_response::<O>(document) {
        let written = String::from_utf8(write_response::<O>(&result)).expect("UTF-8");
        assert_eq!(read_response::<O>(&written), Ok(Reply::Result(result)));
    }
    if let Ok(request) = read_request::<O>(document) {
        assert_eq!(requested_operation(document).as_deref(), Ok(O::NAME));
        let written = String::from_utf8(write_request(&request, Writer::default())).expect("UTF-8");
        assert_eq!(read_request::<O>(&written), Ok(request));
    }
}

fuzz_target!(|document: &str| {
    // One operation of each result, and one of each kind of request members.
    round_trip::<GetConfigData>(document);
    round_trip::<TestConfigData>(document);
    round_trip::<GetSupportedActorTypes>(document);
    round_trip::<GetActors>(document);
    round_trip::<CreateActor>(document);
    round_trip::<GetList>(document);
    round_trip::<SaveConnection>(document);
    round_trip::<SearchActorsAdvanced>(document);
});
