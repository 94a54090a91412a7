//! The methods that return what a connector has: values of fields, and items of lists.

use erpsync::connector::carriers::FieldMetadata;
use serde_json::{Value, json};

use crate::support::admin::{ADMIN, admin_get, samples};
use crate::support::client::{TJE0, TJE1};
use crate::support::connector::{Behavior, Connector, REFUSED, State, customer, register_url, save_connection, texts};
use crate::support::wait::wait_until;
use crate::support::{AGENT, Answer, Server};

/// A connection with a mapping of customers.
struct Fixture {
    server: Server,
    connector: Connector,
    connection: Value,
    /// The primary keys of the fields, in the order of the mapping.
    fields: Vec<Value>,
}

/// The connector's customer, items of lists, and nothing else.
fn fill(state: &mut State) {
    let values = [
        ("NAME", "US:\"Lamps\";NO:\"Lamper\""),
        ("GROUP", "A"),
        ("TERMS", "30"),
        ("SINCE", "[D:01/31/2024]"),
        ("CREDIT", "[F:1234.5]"),
        ("UNMAPPED", "x"),
    ];
    state.customers = vec![customer("10000", &[]), customer("10001", &values)];
    let groups = texts(&[("B", "Retail"), ("A", "US:\"Wholesale\";NO:\"Engros\"")]);
    state.lists = [("Groups".to_owned(), groups), ("Terms".to_owned(), texts(&[("14", "14 days")]))].into();
}

impl Fixture {
    async fn start(all_access: bool) -> Self {
        Self::start_with(&[], all_access).await
    }

    async fn start_with(arguments: &[&str], all_access: bool) -> Self {
        // Deliveries would send the connector what is saved.
        let server = Server::start_with(&[&["--connector-deliveries", "false"], arguments].concat()).await;
        let connector = Connector::start().await;
        connector.set(fill);
        let id = connector.register(&server).await;
        let connection = save_connection(&server, &id, all_access).await;
        let field = |key: &str, kind: &str, crm: &str| json!({ "ErpFieldKey": key, "FieldType": kind, "CrmFieldKey": crm, "SyncToCrm": crm == "NAME" });
        let mapping = json!({
            "ErpConnectionId": connection, "IsActive": true, "ActorTypeErp": "Customer", "ActorTypeCrm": "Contact",
            "FieldMappings": [
                field("NAME", "Text", "NAME"), field("GROUP", "List", "x_group"), field("TERMS", "List", "x_terms"),
                field("SINCE", "Date", "x_since"), field("CREDIT", "Double", "x_credit"), field("FAX", "Text", "FAX"),
                field("UNMAPPED", "List", ""),
            ]
        });
        let saved = server.called("SaveActorTypeMapping", &json!({ "Mapping": mapping })).await;
        let fields = saved["FieldMappings"].as_array().unwrap().iter();
        let fields = fields.map(|field| field["ErpFieldId"].clone()).collect();
        // The names of lists come from the connector.
        server
            .database
            .execute(
                "UPDATE erp_field SET list_name = CASE erp_field_key WHEN 'TERMS' THEN 'Terms' ELSE 'Groups' END
                 WHERE field_type = 5",
            )
            .await;
        Fixture { server, connector, connection, fields }
    }

    fn values_request(&self, key: &str) -> Value {
        json!({ "ErpConnectionId": self.connection, "ActorTypeErp": "Customer", "ErpKey": key })
    }

    /// Calls a method with further headers.
    async fn call_with(&self, method: &str, body: &Value, headers: &[(&str, &str)]) -> Answer {
        let headers = [&[("Accept", "application/json")], headers].concat();
        let path = format!("{AGENT}/{method}");
        let mut answer = self.server.program.send_to(&path, "application/json", body.to_string(), &headers).await;
        answer.text = answer.text.replace(['\u{a0}', '\u{202f}'], " ");
        answer
    }
}

/// Returns a member of each item of a list.
fn each(list: &Value, member: &str) -> Vec<Value> {
    list.as_array().unwrap().iter().map(|item| item[member].clone()).collect()
}

#[tokio::test]
async fn the_values_of_an_actor_are_raw_and_shown_in_the_callers_language_and_culture() {
    let fixture = Fixture::start(true).await;
    let request = fixture.values_request("10001");
    let values = fixture.server.called("GetFieldValuesFromErp", &request).await;
    // The connector lists neither its key nor an item of it.
    let expected = ["WSGetActors", "WSSaveConnection", "WSGetActors", "WSGetListItems", "WSGetListItems"];
    assert_eq!(fixture.connector.called(), expected);
    assert_eq!(each(&values, "CrmFieldKey"), ["NAME", "x_group", "x_terms", "x_since", "x_credit", "FAX"]);
    assert_eq!(each(&values, "DisplayName"), ["Name", "x_group", "x_terms", "x_since", "x_credit", "Fax"]);
    assert_eq!(each(&values, "SyncToCrm"), [true, false, false, false, false, false]);
    let raw = json!(["US:\"Lamps\";NO:\"Lamper\"", "A", "30", "[D:01/31/2024]", "[F:1234.5]", null]);
    assert_eq!(json!(each(&values, "Value")), raw);
    assert_eq!(values[1]["DisplayValue"], "US:\"Wholesale\";NO:\"Engros\"", "without a language: as stored");
    let (english, norwegian) = (("SO-Language", "en"), ("SO-Language", "nb"));
    for (headers, shown) in [
        (&[english][..], json!(["Lamps", "Wholesale", "30", "1/31/2024", "1234.5", null])),
        (&[norwegian], json!(["Lamper", "Engros", "30", "31.01.2024", "1234,5", null])),
        (&[english, ("SO-Culture", "nb")], json!(["Lamps", "Wholesale", "30", "31.01.2024", "1234,5", null])),
    ] {
        let values = fixture.call_with("GetFieldValuesFromErp", &request, headers).await.json();
        assert_eq!(json!(each(&values, "DisplayValue")), shown, "{headers:?}");
        assert_eq!(json!(each(&values, "Value")), raw, "{headers:?}");
    }
    let answer = fixture.server.call(TJE1, "GetFieldValuesFromErp", &request).await;
    assert_eq!((answer.status, &answer.json()[1]["Value"]), (200, &json!("A")));
    assert_eq!(answer.json()[0]["FieldProperties"]["Value"]["FieldRight"]["Mask"], "Read");
}

#[tokio::test]
async fn the_connector_is_asked_for_the_mapped_fields_only() {
    let fixture = Fixture::start(true).await;
    fixture.connector.set(|state| state.lists.clear());
    fixture.server.database.execute("UPDATE erp_field SET missing_in_erp = true WHERE erp_field_key = 'FAX'").await;
    fixture.server.database.execute("UPDATE erp_field SET list_name = '' WHERE field_type = 5").await;
    let values = fixture.server.called("GetFieldValuesFromErp", &fixture.values_request("10001")).await;
    assert_eq!(each(&values, "CrmFieldKey"), ["NAME", "x_group", "x_terms", "x_since", "x_credit"]);
    let body = fixture.connector.state.lock().unwrap().body.clone();
    for (key, is_asked) in [("NAME", true), ("CREDIT", true), ("FAX", false), ("UNMAPPED", false)] {
        assert_eq!(body.contains(&format!(">{key}<")), is_asked, "{key}: {body}");
    }
    fixture.connector.called();
    let supplier = json!({ "ErpConnectionId": fixture.connection, "ActorTypeErp": "Supplier", "ErpKey": "10001" });
    assert_eq!(fixture.server.called("GetFieldValuesFromErp", &supplier).await, json!([]), "no field is mapped");
    assert_eq!(fixture.connector.called(), [""; 0]);
}

#[tokio::test]
async fn values_of_an_unknown_actor_or_connection_are_refused() {
    let fixture = Fixture::start(false).await;
    let call = async |credentials: &str, request: &Value| {
        fixture.server.call(credentials, "GetFieldValuesFromErp", request).await
    };
    let hidden = call(TJE1, &fixture.values_request("10001")).await;
    hidden.assert_service_error(404, "SoNotFoundException", &["ErpConnectionId", "there is no connection"]);
    assert_eq!(fixture.connector.called(), [""; 0]);
    let unknown = json!({ "ErpConnectionId": 4711, "ActorTypeErp": "Customer", "ErpKey": "10001" });
    call(TJE0, &unknown).await.assert_service_error(404, "SoNotFoundException", &["ErpConnectionId", "4711"]);
    let unknown = call(TJE0, &fixture.values_request("4712")).await;
    unknown.assert_service_error(404, "SoNotFoundException", &["ErpKey", "Customer 4712"]);
    let blank = call(TJE0, &fixture.values_request(" ")).await;
    blank.assert_service_error(400, "SoValidationException", &["ErpKey", "missing or blank"]);
    let no_type = json!({ "ErpConnectionId": fixture.connection, "ErpKey": "10001" });
    call(TJE0, &no_type).await.assert_service_error(400, "SoValidationException", &["ActorTypeErp", "Customer"]);
}

#[tokio::test]
async fn the_list_mappings_have_the_items_of_the_connector_and_the_stored_ones() {
    let fixture = Fixture::start(true).await;
    let item = |key: &str, crm: i32| json!({ "ErpListItemId": key, "CrmListItem": { "Id": crm } });
    let list =
        |field: usize, items: &[Value]| json!({ "ErpFieldId": fixture.fields[field], "ErpCrmListItemMappings": items });
    let lists = [list(0, &[item("x", 7)]), list(1, &[item("A", 8), item("gone", 9)])];
    let mappings = json!({ "ErpConnectionId": fixture.connection, "ErpListItemMappings": lists });
    fixture.server.called("SaveConnectionListMappings", &json!({ "ListMapping": mappings })).await;

    let request = json!({ "ErpConnectionId": fixture.connection });
    let shown = fixture.call_with("GetConnectionListMappings", &request, &[("SO-Language", "nb")]).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    let shown = shown.json();
    assert_eq!(shown["ErpConnectionId"], fixture.connection);
    let lists = &shown["ErpListItemMappings"];
    // The field NAME has no list, but a stored mapping. The last field has the list of the second one.
    let expected: Vec<_> = [0, 1, 2, 6].iter().map(|index| fixture.fields[*index].clone()).collect();
    assert_eq!(each(lists, "ErpFieldId"), expected);
    assert_eq!(each(lists, "ErpListName"), ["", "Groups", "Terms", "Groups"]);
    assert_eq!(each(lists, "ErpActorTypeName"), ["Customer"; 4]);
    let items = |index: usize| {
        let items = &lists[index]["ErpCrmListItemMappings"];
        let crm = each(items, "CrmListItem").into_iter().map(|item| item["Id"].clone());
        json!([each(items, "ErpListItemId"), each(items, "ErpListItemName"), crm.collect::<Vec<_>>()])
    };
    assert_eq!(items(0), json!([["x"], [null], [7]]));
    assert_eq!(items(1), json!([["B", "A", "gone"], ["Retail", "Engros", null], [null, 8, 9]]));
    assert_eq!(items(2), json!([["14"], ["14 days"], [null]]));
    assert_eq!(items(3), json!([["B", "A"], ["Retail", "Engros"], [null, null]]));
    assert_eq!(fixture.connector.called(), ["WSGetList", "WSSaveConnection", "WSGetList", "WSGetList"]);

    let refused = fixture.server.call(TJE0, "GetConnectionListMappings", &json!({ "ErpConnectionId": 4711 })).await;
    refused.assert_service_error(404, "SoNotFoundException", &["ErpConnectionId", "4711"]);
    let seen = fixture.server.call(TJE1, "GetConnectionListMappings", &request).await;
    assert_eq!((seen.status, each(&seen.json()["ErpListItemMappings"], "ErpFieldId")), (200, expected));
}

#[tokio::test]
async fn a_connection_without_lists_has_no_list_mappings() {
    let server = Server::start().await;
    let connection = save_connection(&server, &register_url(&server, "plugin://Excel").await, true).await;
    let mappings = server.called("GetConnectionListMappings", &json!({ "ErpConnectionId": connection })).await;
    assert_eq!(mappings["ErpListItemMappings"], json!([]));
}

#[tokio::test]
async fn advanced_search_needs_a_searchable_field() {
    let fixture = Fixture::start(false).await;
    let supports = async |credentials: &str, connection: &Value, actor_type: &str| {
        let request = json!({ "ErpConnectionId": connection, "ErpActorType": actor_type });
        fixture.server.call(credentials, "SupportsAdvancedSearch", &request).await.text
    };
    let connection = &fixture.connection;
    assert_eq!(supports(TJE0, connection, "Customer").await, "false", "the fields were not read");
    for (searchable, expected) in [(vec!["CITY".to_owned()], "true"), (Vec::new(), "false")] {
        fixture.connector.set(|state| {
            let field = |key: &str| FieldMetadata { field_key: key.to_owned(), ..FieldMetadata::default() };
            state.fields = vec![field("NAME"), field("CITY")];
            state.searchable = searchable;
        });
        let request = json!({ "ErpConnectionId": connection });
        assert_eq!(fixture.server.called("UpdateConnectionFields", &request).await, true);
        fixture.connector.called();
        assert_eq!(supports(TJE0, connection, "Customer").await, expected);
        assert_eq!(supports(TJE0, connection, "Supplier").await, "false");
        assert_eq!(supports(TJE0, &json!(4711), "Customer").await, "false");
        assert_eq!(supports(TJE1, connection, "Customer").await, "false", "the connection is hidden");
        assert_eq!(fixture.connector.called(), [""; 0]);
    }
}

/// Only callers who may change connections get a part of a connector's response.
#[tokio::test]
async fn the_connectors_explanation_is_for_callers_who_may_change_connections() {
    let fixture = Fixture::start(true).await;
    fixture.connector.set(|state| state.behavior = Behavior::RefusesData);
    let lists = json!({ "ErpConnectionId": fixture.connection });
    for (method, request) in
        [("GetFieldValuesFromErp", fixture.values_request("10001")), ("GetConnectionListMappings", lists)]
    {
        let refused = fixture.server.call(TJE0, method, &request).await;
        refused.assert_service_error(502, "SoConnectorException", &[REFUSED]);
        for (language, explanation) in [("en", "Refused by the ERP system"), ("nb", "Avvist av ERP-systemet")] {
            let refused = fixture.call_with(method, &request, &[("SO-Language", language)]).await;
            assert_eq!((refused.status, &refused.json()["Message"]), (502, &json!(explanation)));
        }
        let refused = fixture.server.call(TJE1, method, &request).await;
        refused.assert_service_error(502, "SoConnectorException", &["The connector reported an error."]);
    }
    fixture.server.database.execute("UPDATE erp_connector SET url = 'https://user:s3cret@erp.example/'").await;
    let request = fixture.values_request("10001");
    let refused = fixture.server.call(TJE0, "GetFieldValuesFromErp", &request).await;
    refused.assert_service_error(502, "SoConnectorException", &["holds a user name or a password"]);
    let refused = fixture.server.call(TJE1, "GetFieldValuesFromErp", &request).await;
    refused.assert_service_error(502, "SoConnectorException", &["The connector's URL cannot be called."]);
}

#[tokio::test]
async fn a_slow_connector_is_a_timeout() {
    let fixture = Fixture::start_with(&["--connector-timeout", "0.5"], true).await;
    fixture.connector.set(|state| state.behavior = Behavior::IsSilent);
    let refused = fixture.server.call(TJE0, "GetFieldValuesFromErp", &fixture.values_request("10001")).await;
    refused.assert_service_error(504, "SoConnectorException", &["did not respond in time"]);
}

/// A request that ends before a call may take as long as it likes still gets the failure of the call.
#[tokio::test]
async fn the_time_limit_of_the_request_ends_its_calls_with_a_record() {
    let arguments = [&ADMIN[..], &["--request-timeout", "1", "--connector-timeout", "60"]].concat();
    let fixture = Fixture::start_with(&arguments, true).await;
    fixture.connector.set(|state| state.behavior = Behavior::IsSilent);
    let refused = fixture.server.call(TJE0, "GetFieldValuesFromErp", &fixture.values_request("10001")).await;
    refused.assert_service_error(504, "SoConnectorException", &["did not respond in time"]);
    let request = json!({ "ErpConnectionId": fixture.connection });
    assert_eq!(fixture.server.called("TestConnectionById", &request).await, false);
    let journal = admin_get(&fixture.server.program, "/connectors/journal").await.json();
    assert_eq!(each(&journal, "operation"), ["WSTestConnection", "WSGetActors"]);
    assert_eq!(each(&journal, "outcome"), ["timeout"; 2]);
    let samples = samples(&fixture.server.program).await;
    let sample = "erpsync_connector_calls_total{operation=\"WSGetActors\",outcome=\"failed\"}";
    assert_eq!(samples[sample], "1");
}

#[tokio::test]
async fn a_call_whose_client_disconnects_is_recorded() {
    let fixture = Fixture::start_with(&ADMIN, true).await;
    fixture.connector.set(|state| state.behavior = Behavior::IsSilent);
    let path = format!("{AGENT}/GetFieldValuesFromErp");
    let body = fixture.values_request("10001").to_string();
    let request = tokio::spawn(fixture.server.program.post_request(&path, &body).send());
    wait_until("the connector is called", async || fixture.connector.called() == ["WSGetActors"]).await;
    request.abort();
    let journal = async || admin_get(&fixture.server.program, "/connectors/journal").await.json();
    wait_until("the call is recorded", async || each(&journal().await, "outcome") == ["aborted"]).await;
    assert_eq!(journal().await[0]["operation"], "WSGetActors");
}
