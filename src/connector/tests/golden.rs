//! Messages against recordings of a WCF client that called a WCF service, byte for byte.

#![expect(clippy::unnecessary_wraps, reason = "most members are optional")]

use super::super::carriers::{ErpActor, FieldAccess, FieldType, SearchRestriction};
use super::super::config_values::{ConfigValues, MASK};
use super::super::dictionary::Dictionary;
use super::super::envelope::{
    Fault, Reply, read_request, read_response, requested_operation, soap_action, write_fault, write_request,
    write_response,
};
use super::super::operations::{
    CreateActor, DeleteConnection, GetActors, GetActorsByTimestamp, GetConfigData, GetList, GetListItems,
    GetSearchableFields, GetSupportedActorTypeFields, GetSupportedActorTypes, NO_CONNECTION, Operation, SaveActors,
    SaveConnection, SearchActorByParent, SearchActors, SearchActorsAdvanced, TestConfigData, TestConnection,
};
use super::super::responses::{ErrorCode, Response};
use super::super::writer::Writer;

const CONNECTION: &str = "48b08f6c-63dc-4d52-b675-12da393463cf";

fn recorded(number: u8, operation: &str, kind: &str) -> String {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/connector/recorded");
    let file = format!("{directory}/{number:02}-{operation}.{kind}.xml");
    std::fs::read_to_string(&file).unwrap_or_else(|problem| panic!("{file}: {problem}"))
}

/// Checks that the request is written as recorded and read again, and that the recorded response is written as it was
/// read. Returns the response.
fn check<O: Operation<Response: PartialEq> + PartialEq + std::fmt::Debug>(number: u8, request: &O) -> O::Response {
    let expected = recorded(number, O::NAME, "request");
    let written = String::from_utf8(write_request(request, Writer::default())).expect("UTF-8");
    assert_eq!(written, expected);
    assert_eq!(read_request::<O>(&expected).as_ref(), Ok(request));
    assert_eq!(requested_operation(&expected).as_deref(), Ok(O::NAME));

    let expected = recorded(number, O::NAME, "response");
    let Ok(Reply::Result(response)) = read_response::<O>(&expected) else { panic!("no result: {expected}") };
    assert_eq!(String::from_utf8(write_response::<O>(&response)).expect("UTF-8"), expected);
    response
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn texts(texts: &[&str]) -> Option<Vec<String>> {
    Some(texts.iter().map(ToString::to_string).collect())
}

fn config() -> Option<ConfigValues> {
    let entries = [("COMPANY", Some("A & B <1>")), ("PASSWORD", None), ("LEDGER", Some(""))];
    Some(ConfigValues::new(entries.into_iter().collect()))
}

fn connection_guid() -> String {
    CONNECTION.to_owned()
}

fn customer() -> String {
    "Customer".to_owned()
}

fn new_actor(erp_key: Option<&str>, last_modified: Option<&str>) -> ErpActor {
    ErpActor {
        actor_type: customer(),
        erp_key: erp_key.map(ToOwned::to_owned),
        field_values: Some([("NAME", Some("New"))].into_iter().collect()),
        last_modified: last_modified.map(ToOwned::to_owned),
        ..ErpActor::default()
    }
}

#[test]
fn the_life_of_a_connection() {
    let fields = check(1, &GetConfigData::default()).fields.expect("fields");
    let types: Vec<_> = fields.iter().map(|field| field.field_type).collect();
    assert_eq!(types, [FieldType::Text, FieldType::Password, FieldType::List, FieldType::Datetime, FieldType::Label]);
    assert_eq!((fields[0].access, fields[4].access), (FieldAccess::Mandatory, FieldAccess::ReadOnly));
    assert_eq!((fields[2].list_name.as_deref(), fields[2].max_length, fields[2].rank), (Some("Ledgers"), 100, 3));
    assert_eq!(fields[1].display_name.as_deref(), Some("US:\"PASSWORD\";NO:\"Felt PASSWORD\""));

    let outcome = check(2, &TestConnection { connection_guid: connection_guid() });
    let refusal = outcome.refusal().expect("a refusal");
    assert_eq!(refusal.code, Some(ErrorCode::UnknownConnectionId));
    assert_eq!((refusal.user_explanation, refusal.tech_explanation.as_deref()), (None, Some("tech: ")));

    assert!(check(3, &TestConfigData { connection_info: config() }).is_success());
    let save = SaveConnection { connection_guid: connection_guid(), connection_info: config() };
    assert!(check(4, &save).is_success());
    assert!(check(17, &DeleteConnection { connection_guid: connection_guid() }).is_success());
}

#[test]
fn types_and_fields() {
    let types = check(5, &GetSupportedActorTypes { connection_guid: connection_guid() });
    assert_eq!(types.items, texts(&["Customer", "Person"]));
    let request = GetSupportedActorTypeFields { connection_guid: connection_guid(), actor_type: customer() };
    assert_eq!(check(6, &request).fields.expect("fields").len(), 4);
    let request = GetSearchableFields { connection_guid: connection_guid(), actor_type: customer() };
    assert_eq!(check(7, &request).items, texts(&["NAME"]));
}

#[test]
fn actors_are_found() {
    let actors = check(
        8,
        &GetActors {
            connection_guid: connection_guid(),
            actor_type: customer(),
            erp_keys: texts(&["C1", "C2"]),
            field_keys: texts(&[]),
        },
    );
    let actors = actors.actors.expect("actors");
    let values = actors[0].field_values.as_ref().expect("values");
    assert_eq!((values.get("NAME"), values.get("CREDIT")), (Some("Customer & <1>"), Some("[F:10.5]")));
    let by_timestamp = GetActorsByTimestamp {
        connection_guid: connection_guid(),
        actor_type: customer(),
        field_keys: None,
        updated_on_or_after: text("000002"),
    };
    assert!(check(9, &by_timestamp).outcome().is_success());
    let search = SearchActors {
        connection_guid: connection_guid(),
        actor_type: customer(),
        field_keys: texts(&["NAME"]),
        search_text: "1".to_owned(),
    };
    assert_eq!(check(10, &search).actors.expect("actors").len(), 3);
    let by_parent = SearchActorByParent {
        connection_guid: connection_guid(),
        actor_type: "Person".to_owned(),
        field_keys: None,
        search_text: String::new(),
        parent_actor_erp_key: "C1".to_owned(),
        parent_actor_type: customer(),
    };
    let person = check(11, &by_parent).actors.expect("actors").remove(0);
    assert_eq!((person.parent_actor_type, person.parent_erp_key), (text("Customer"), text("C1")));
    let restriction =
        SearchRestriction { field_key: "NAME".to_owned(), operator: "begins".to_owned(), values: texts(&["C"]) };
    let advanced = SearchActorsAdvanced {
        connection_guid: connection_guid(),
        actor_type: customer(),
        field_keys: texts(&["NAME"]),
        restrictions: Some(vec![restriction]),
    };
    assert_eq!(check(12, &advanced).actors.expect("actors").len(), 3);
}

#[test]
fn actors_are_saved() {
    let create = CreateActor { connection_guid: connection_guid(), actor: Some(new_actor(None, None)) };
    assert_eq!(check(13, &create).actor, Some(new_actor(Some("N4"), Some("000004"))));
    let actors = Some(vec![new_actor(Some("N4"), Some("000004"))]);
    let saved = check(14, &SaveActors { connection_guid: connection_guid(), actors });
    assert_eq!(saved.actors, Some(vec![new_actor(Some("N4"), Some("000005"))]));
}

#[test]
fn lists_are_read() {
    let ledgers = || "Ledgers".to_owned();
    let items = check(15, &GetList { connection_guid: NO_CONNECTION.to_owned(), list_name: ledgers() });
    let expected: Dictionary =
        [("1", Some("US:\"Gold\";NO:\"Gull\"")), ("2", Some("Silver")), ("3", None)].into_iter().collect();
    assert_eq!(items.list_items, Some(expected));
    let some =
        GetListItems { connection_guid: connection_guid(), list_item_keys: texts(&["1", "3"]), list_name: ledgers() };
    assert_eq!(check(16, &some).list_items.expect("items").0.len(), 2);
}

#[test]
fn a_fault_is_read() {
    let Ok(Reply::Fault(fault)) = read_response::<TestConfigData>(&recorded(18, "WSTestConfigData", "response")) else {
        panic!("no fault")
    };
    assert_eq!(fault.code, "a:InternalServiceFault");
    assert!(fault.reason.starts_with("The server was unable to process the request"), "{}", fault.reason);

    let fault = Fault { code: "s:Client".to_owned(), reason: "a < b".to_owned() };
    let written = String::from_utf8(write_fault(&fault)).expect("UTF-8");
    assert_eq!(
        written,
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\">\
         <s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>a &lt; b</faultstring></s:Fault></s:Body>\
         </s:Envelope>"
    );
    assert_eq!(read_response::<GetList>(&written), Ok(Reply::Fault(fault)));
}

#[test]
fn a_fault_of_soap_1_2_is_read() {
    let document = "<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"><e:Body><e:Fault><e:Code><e:Value>\
                    e:Sender</e:Value></e:Code><e:Reason><e:Text xml:lang=\"en\">no</e:Text></e:Reason></e:Fault></e:Body>\
                    </e:Envelope>";
    let fault = Fault { code: "e:Sender".to_owned(), reason: "no".to_owned() };
    assert_eq!(read_response::<GetList>(document), Ok(Reply::Fault(fault)));
}

#[test]
fn the_action_is_quoted() {
    let expected = "\"http://www.superoffice.net/EIS/Connector/1.0/IErpConnectorWS/WSGetActors\"";
    assert_eq!(soap_action::<GetActors>(), expected);
}

#[test]
fn secrets_are_masked_in_a_masked_request_alone() {
    let entries = [("COMPANY", Some("A & B <1>")), ("PASSWORD", Some("s3cret")), ("LEDGER", Some(""))];
    let config = ConfigValues::new(entries.into_iter().collect()).with_passwords(["PASSWORD".to_owned()]);
    let save = SaveConnection { connection_guid: connection_guid(), connection_info: Some(config) };
    let plain = String::from_utf8(write_request(&save, Writer::default())).expect("UTF-8");
    let masked = String::from_utf8(write_request(&save, Writer::masked())).expect("UTF-8");
    assert!(plain.contains("<d5p1:Value>s3cret</d5p1:Value>"), "{plain}");
    assert_eq!(masked, plain.replace("s3cret", MASK));
}

#[test]
fn characters_that_xml_cannot_hold_are_replaced() {
    let request = TestConnection { connection_guid: "a\u{1}\r\n\u{ffff}b_x0001_".to_owned() };
    let written = String::from_utf8(write_request(&request, Writer::default())).expect("UTF-8");
    assert!(written.contains("<ConnectionGuid>a\u{fffd}&#xD;\n\u{fffd}b_x0001_</ConnectionGuid>"), "{written}");
}
