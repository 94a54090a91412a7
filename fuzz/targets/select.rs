//! Fuzzes `$select`: selection is case-insensitive, and a response can be written with any selection.
#![no_main]

use erpsync::erp_sync::connections::ErpConnection;
use erpsync::protocol::localization::Localization;
use erpsync::protocol::select::Selection;
use erpsync::protocol::value::WriteContext;
use erpsync::protocol::write;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|query: &str| {
    let selection = Selection::of_query(query);
    assert_eq!(selection.member("DisplayName"), selection.member("DISPLAYNAME"));
    let fields = [(query.to_owned(), None)].into();
    let connection = ErpConnection { config_fields: Some(fields), ..ErpConnection::default() };
    let written = write::json::write(&connection, WriteContext::new(&selection, &Localization::NONE));
    assert!(written.starts_with(b"{\"ErpConnectionId\":") && written.ends_with(b"}"));
});
