//! Messages against recordings of a WCF client that called a WCF service, byte for byte. `tests/wcf/record` makes them.

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

const CONNECTION: &str = "0d9f4c1e-5b7a-4e36-8a52-6f1c2b3d4e5f";

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
    let entries = [("server", Some("host 1 & \"2\" <3>")), ("password", None), ("warehouse", Some(""))];
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
        field_values: Some([("name", Some("customer 4"))].into_iter().collect()),
        last_modified: last_modified.map(ToOwned::to_owned),
        ..ErpActor::default()
    }
}

#[test]
fn the_life_of_a_connection() {
    let fields = check(1, &GetConfigData::default()).fields.expect("fields");
    let types: Vec<_> = fields.iter().map(|field| field.field_type).collect();
    let expected = [
        FieldType::Label,
        FieldType::Text,
        FieldType::Password,
        FieldType::Checkbox,
        FieldType::Integer,
        FieldType::Double,
        FieldType::List,
        FieldType::Datetime,
    ];
    assert_eq!(types, expected);
    let access = [0, 1, 2].map(|index: usize| fields[index].access);
    assert_eq!(access, [FieldAccess::ReadOnly, FieldAccess::Mandatory, FieldAccess::Normal]);
    assert_eq!((fields[1].list_name.as_deref(), fields[1].max_length, fields[1].rank), (None, 80, 1));
    assert_eq!((fields[6].list_name.as_deref(), fields[6].max_length, fields[6].rank), (Some("warehouses"), 0, 6));
    assert_eq!(fields[2].display_name.as_deref(), Some("US:\"Password\";NO:\"Passord\""));
    assert_eq!((fields[2].default_value.as_deref(), fields[5].default_value.as_deref()), (Some(""), Some("[F:1.25]")));

    let outcome = check(2, &TestConnection { connection_guid: connection_guid() });
    let refusal = outcome.refusal().expect("a refusal");
    assert_eq!(refusal.code, Some(ErrorCode::UnknownConnectionId));
    assert_eq!((refusal.user_explanation, refusal.tech_explanation.as_deref()), (None, Some("known connections: ")));

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
    assert_eq!(check(7, &request).items, texts(&["name", "terms"]));
}

#[test]
fn actors_are_found() {
    let actors = check(
        8,
        &GetActors {
            connection_guid: connection_guid(),
            actor_type: customer(),
            erp_keys: texts(&["10001", "10003"]),
            field_keys: texts(&[]),
        },
    );
    let actors = actors.actors.expect("actors");
    let values: Vec<_> = actors.iter().map(|actor| actor.field_values.as_ref().expect("values")).collect();
    assert_eq!((values[0].get("name"), values[0].get("balance")), (Some("customer 1 & <sons>"), Some("[F:1.25]")));
    let null = ("terms".to_owned(), None);
    assert!(values[1].0.contains(&null) && !values[0].0.contains(&null), "{values:?}");
    let by_timestamp = GetActorsByTimestamp {
        connection_guid: connection_guid(),
        actor_type: customer(),
        field_keys: None,
        updated_on_or_after: text("rev-0002"),
    };
    let actors = check(9, &by_timestamp);
    assert!(actors.outcome().is_success());
    assert_eq!(actors.actors.expect("actors").len(), 2);
    let search = SearchActors {
        connection_guid: connection_guid(),
        actor_type: customer(),
        field_keys: texts(&["name"]),
        search_text: "customer".to_owned(),
    };
    assert_eq!(check(10, &search).actors.expect("actors").len(), 3);
    let by_parent = SearchActorByParent {
        connection_guid: connection_guid(),
        actor_type: "Person".to_owned(),
        field_keys: None,
        search_text: String::new(),
        parent_actor_erp_key: "10001".to_owned(),
        parent_actor_type: customer(),
    };
    let person = check(11, &by_parent).actors.expect("actors").remove(0);
    assert_eq!((person.parent_actor_type, person.parent_erp_key), (text("Customer"), text("10001")));
    assert_eq!(person.field_values.expect("values").get("name"), Some("person 1 (æøå €)"));
    let restriction = |field_key: &str, operator: &str, values: &[&str]| SearchRestriction {
        field_key: field_key.to_owned(),
        operator: operator.to_owned(),
        values: texts(values),
    };
    let advanced = SearchActorsAdvanced {
        connection_guid: connection_guid(),
        actor_type: customer(),
        field_keys: texts(&["name"]),
        restrictions: Some(vec![
            restriction("name", "begins", &["customer"]),
            restriction("terms", "in", &["14", "30"]),
        ]),
    };
    assert_eq!(check(12, &advanced).actors.expect("actors").len(), 2);
}

#[test]
fn actors_are_saved() {
    let create = CreateActor { connection_guid: connection_guid(), actor: Some(new_actor(None, None)) };
    assert_eq!(check(13, &create).actor, Some(new_actor(Some("10004"), Some("rev-0005"))));
    let actors = Some(vec![new_actor(Some("10004"), Some("rev-0005"))]);
    let saved = check(14, &SaveActors { connection_guid: connection_guid(), actors });
    assert_eq!(saved.actors, Some(vec![new_actor(Some("10004"), Some("rev-0006"))]));
}

#[test]
fn lists_are_read() {
    let warehouses = || "warehouses".to_owned();
    let items = check(15, &GetList { connection_guid: NO_CONNECTION.to_owned(), list_name: warehouses() });
    let expected: Dictionary =
        [("n", Some("US:\"North\";NO:\"Nord\"")), ("s", Some("South & east")), ("w", None)].into_iter().collect();
    assert_eq!(items.list_items, Some(expected));
    let some = GetListItems {
        connection_guid: connection_guid(),
        list_item_keys: texts(&["n", "w"]),
        list_name: warehouses(),
    };
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
    let entries = [("server", Some("host 1 & <2>")), ("password", Some("s3cret")), ("warehouse", Some(""))];
    let config = ConfigValues::new(entries.into_iter().collect()).with_passwords(["password".to_owned()]);
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
