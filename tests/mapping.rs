//! Field mappings, default values and list mappings in the database.

use serde_json::{Value, json};

use crate::support::client::{TJE0, TJE1};
use crate::support::{AGENT, Server};

/// Returns a carrier without `TableRight` and `FieldProperties`, at every level.
fn members(value: &Value) -> Value {
    match value {
        Value::Object(members_of) => members_of
            .iter()
            .filter(|(name, _)| *name != "TableRight" && *name != "FieldProperties")
            .map(|(name, value)| (name.clone(), members(value)))
            .collect(),
        Value::Array(items) => items.iter().map(members).collect(),
        scalar => scalar.clone(),
    }
}

fn mapping(fields: &Value) -> Value {
    json!({ "Mapping": {
        "ErpConnectionId": 816, "IsActive": true, "ActorTypeErp": "Customer", "ActorTypeCrm": "Contact",
        "FieldMappings": fields
    } })
}

async fn read(server: &Server, connection: i32) -> Value {
    let request = json!({ "ErpConnectionId": connection, "ActorType": "Customer" });
    server.called("GetActorTypeMapping", &request).await
}

/// Returns the keys of the fields in their order.
async fn keys(server: &Server) -> Vec<String> {
    let mapping = read(server, 816).await;
    let fields = mapping["FieldMappings"].as_array().unwrap().iter();
    fields.map(|field| field["ErpFieldKey"].as_str().unwrap().to_owned()).collect()
}

async fn save(server: &Server, keys: &[&str]) -> Vec<i64> {
    let fields: Value = keys.iter().map(|key| json!({ "ErpFieldKey": key })).collect();
    let saved = server.called("SaveActorTypeMapping", &mapping(&fields)).await;
    let fields = saved["FieldMappings"].as_array().unwrap().iter();
    fields.map(|field| field["ErpFieldId"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn a_mapping_is_stored_and_read_back() {
    let server = Server::start().await;
    assert_eq!(read(&server, 816).await, Value::Null, "no mapping yet");
    let sent = mapping(&json!([
        { "ErpFieldKey": "CustName", "CrmFieldKey": "name", "FieldType": "Text", "SyncToCrm": true, "SyncToErp": true,
          "ShowInSearch": true, "Access": "Mandatory", "ErpDisplayName": "ignored", "AlreadyMapped": true },
        { "erpFieldKey": "Credit", "fieldType": 4, "showInGui": true, "access": "readonly", "MissingInERP": true }
    ]));
    let saved = server.called("SaveActorTypeMapping", &sent).await;
    let ids: Vec<_> = (0..2).map(|place| saved["FieldMappings"][place]["ErpFieldId"].clone()).collect();
    let field = |place: usize, key: &str, crm: &str, crm_name: &str, kind: &str, access: &str| {
        json!({
            "ErpFieldId": ids[place], "CrmFieldKey": crm, "CrmDisplayName": crm_name, "CrmDisplayTooltip": "",
            "ErpFieldKey": key, "FieldType": kind, "ErpDisplayName": key, "ErpDisplayTooltip": "",
            "SyncToCrm": place == 0, "SyncToErp": place == 0, "ShowInGui": place == 1, "ShowInSearch": place == 0,
            "AlreadyMapped": false, "MissingInERP": false, "MissingInCRM": false, "Access": access,
            "ListReference": ""
        })
    };
    let expected = json!({
        "ErpConnectionId": 816, "IsActive": true,
        "FieldMappings": [
            field(0, "CustName", "name", "Name", "Text", "Mandatory"),
            field(1, "Credit", "", "", "Double", "ReadOnly"),
        ],
        "ActorTypeErp": "Customer", "ActorTypeCrm": "Contact"
    });
    assert_eq!(members(&saved), expected);
    assert_eq!(read(&server, 816).await, saved);
    assert_eq!(saved["FieldMappings"][0]["FieldProperties"]["CrmFieldKey"]["FieldLength"], 254);

    // A response can be sent back; fields that are omitted stay, and an id may replace a key.
    assert_eq!(server.called("SaveActorTypeMapping", &json!({ "Mapping": saved })).await, saved);
    let change = json!([{ "ErpFieldId": ids[1], "CrmFieldKey": "NUMBER2", "FieldType": "Double", "SyncToErp": true }]);
    let changed = server.called("SaveActorTypeMapping", &mapping(&change)).await;
    assert_eq!(changed["FieldMappings"][0], saved["FieldMappings"][0]);
    let field = &changed["FieldMappings"][1];
    assert_eq!((&field["ErpFieldKey"], &field["CrmDisplayName"]), (&json!("Credit"), &json!("Number")));
    let counts: String =
        server.database.value("SELECT string_agg(updated_count::text, ' ' ORDER BY rank) FROM erp_field").await;
    assert_eq!(counts, "0 1", "unchanged rows are not written");

    let crm = json!({ "ErpConnectionId": 816, "ErpActorType": "Customer" });
    assert_eq!(server.called("GetCrmActorType", &crm).await, "Contact");
    let none = json!({ "ErpConnectionId": 816, "ErpActorType": "Supplier" });
    assert_eq!(server.called("GetCrmActorType", &none).await, "Unknown");
}

#[tokio::test]
async fn a_mapping_is_accepted_as_xml_and_as_a_form() {
    let server = Server::start().await;
    let fields = json!([
        { "ErpFieldKey": "a", "CrmFieldKey": "PHONE", "FieldType": "List", "SyncToCrm": true },
        { "ErpFieldKey": "b", "Access": "ReadOnly" }
    ]);
    let as_json = server.called("SaveActorTypeMapping", &mapping(&fields)).await;
    let path = format!("{AGENT}/SaveActorTypeMapping");
    let xml = "<r><Mapping><ErpConnectionId>816</ErpConnectionId><IsActive>true</IsActive><FieldMappings>\
        <ErpSyncFieldMapping><ErpFieldKey>a</ErpFieldKey><CrmFieldKey>PHONE</CrmFieldKey><FieldType>List</FieldType>\
        <SyncToCrm>true</SyncToCrm></ErpSyncFieldMapping>\
        <ErpSyncFieldMapping><ErpFieldKey>b</ErpFieldKey><Access>ReadOnly</Access></ErpSyncFieldMapping>\
        </FieldMappings><ActorTypeErp>Customer</ActorTypeErp><ActorTypeCrm>Contact</ActorTypeCrm></Mapping></r>";
    let answer = server.program.send_to(&path, "text/xml", xml, &[("Accept", "application/json")]).await;
    assert_eq!(answer.json(), as_json, "{}", answer.text);
    let form = "Mapping.ErpConnectionId=816&Mapping.IsActive=true&Mapping.ActorTypeErp=customer&Mapping.ActorTypeCrm=1\
        &Mapping.FieldMappings[0].ErpFieldKey=a&Mapping.FieldMappings[0].CrmFieldKey=PHONE\
        &Mapping.FieldMappings[0].FieldType=List&Mapping.FieldMappings[0].SyncToCrm=true\
        &Mapping.FieldMappings[1].ErpFieldKey=b&Mapping[FieldMappings][1][Access]=ReadOnly";
    let answer = server.program.send_to(&path, "application/x-www-form-urlencoded", form, &[]).await;
    assert_eq!(answer.json(), as_json, "{}", answer.text);

    let body = json!({ "ErpConnectionId": 816, "ActorType": "Customer" }).to_string();
    let path = format!("{AGENT}/GetActorTypeMapping");
    let in_xml = server.program.send_to(&path, "application/json", body, &[("Accept", "text/xml")]).await.text;
    let document = roxmltree::Document::parse(&in_xml).unwrap();
    let items: Vec<_> = document.descendants().filter(|node| node.has_tag_name("ErpSyncFieldMapping")).collect();
    assert_eq!(items.len(), 2, "{in_xml}");
    let of = |name: &str| items[0].children().find(|node| node.has_tag_name(name)).and_then(|node| node.text());
    assert_eq!((of("FieldType"), of("CrmDisplayName")), (Some("List"), Some("Telephone")));
    let content = in_xml.split_once('>').unwrap().1.strip_suffix("</ErpSyncActorTypeMapping>").unwrap();
    let xmlns = "xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\"";
    let sent = format!("<r {xmlns}><Mapping>{content}</Mapping></r>");
    let path = format!("{AGENT}/SaveActorTypeMapping");
    let answer = server.program.send_to(&path, "text/xml", sent, &[("Accept", "application/json")]).await;
    assert_eq!(answer.json(), as_json, "a response can be sent back");
}

#[tokio::test]
async fn invalid_mappings_are_refused_and_store_nothing() {
    let server = Server::start().await;
    for (fields, expected) in [
        (json!([{ "ErpFieldKey": "a" }, {}]), "Mapping.FieldMappings[1].ErpFieldKey: the key is blank"),
        (
            json!([{ "ErpFieldKey": "a" }, { "ErpFieldKey": "a" }]),
            "Mapping.FieldMappings[1].ErpFieldKey: the field is listed more than once",
        ),
        (json!([{ "ErpFieldKey": "a".repeat(255) }]), "Mapping.FieldMappings[0].ErpFieldKey: has 255 characters"),
        (json!([{ "ErpFieldKey": "a\u{0}" }]), "Mapping.FieldMappings[0].ErpFieldKey: holds a NUL"),
    ] {
        let answer = server.call(TJE0, "SaveActorTypeMapping", &mapping(&fields)).await;
        answer.assert_service_error(400, "SoValidationException", &[expected]);
    }
    for (body, expected) in [
        (mapping(&json!([null])), "Mapping.FieldMappings[0]: expected an object, found null"),
        (mapping(&json!({})), "Mapping.FieldMappings: expected a list of objects, found an object"),
        (
            mapping(&json!([{ "Access": "Never" }])),
            "Mapping.FieldMappings[0].Access: expected one of Normal, Mandatory, ReadOnly, found 'Never'",
        ),
        (mapping(&json!([{ "Access": 3 }])), "Access: expected one of Normal, Mandatory, ReadOnly, found an integer"),
        (json!({}), "Mapping: the mapping to save is missing or null"),
    ] {
        let answer = server.call(TJE0, "SaveActorTypeMapping", &body).await;
        answer.assert_service_error(400, "ArgumentException", &[expected]);
    }
    for (body, expected) in [
        (
            json!({ "Mapping": { "ErpConnectionId": 999, "ActorTypeErp": 1 } }),
            "Mapping.ErpConnectionId: there is no connection 999.",
        ),
        (json!({ "Mapping": { "ErpConnectionId": 816 } }), "Mapping.ActorTypeErp: expected one of Unknown, Customer"),
    ] {
        let answer = server.call(TJE0, "SaveActorTypeMapping", &body).await;
        answer.assert_service_error(400, "SoValidationException", &[expected]);
    }
    let rows: i64 = server
        .database
        .value("SELECT (SELECT count(*) FROM erp_field) + (SELECT count(*) FROM erp_connection_actor_type)")
        .await;
    assert_eq!(rows, 0);
}

#[tokio::test]
async fn a_crm_field_mapped_by_another_connection_is_reported() {
    let server = Server::start().await;
    let fields = json!([{ "ErpFieldKey": "a", "CrmFieldKey": "NAME" }]);
    server.called("SaveActorTypeMapping", &mapping(&fields)).await;
    let other = server.saved(&json!({ "ErpConnectorId": 403 })).await["ErpConnectionId"].clone();
    let mut theirs = mapping(&fields);
    theirs["Mapping"]["ErpConnectionId"] = other.clone();
    assert_eq!(server.called("SaveActorTypeMapping", &theirs).await["FieldMappings"][0]["AlreadyMapped"], true);
    assert_eq!(read(&server, 816).await["FieldMappings"][0]["AlreadyMapped"], true);
    server.call(TJE0, "DeleteConnection", &json!({ "ErpConnectionId": other })).await;
    assert_eq!(read(&server, 816).await["FieldMappings"][0]["AlreadyMapped"], false);
}

#[tokio::test]
async fn fields_move_within_the_bounds_of_the_list() {
    let server = Server::start().await;
    let ids = save(&server, &["a", "b", "c", "d"]).await;
    let direction = |id: i64, direction: i64| json!({ "ErpFieldId": id, "Direction": direction, "ErpConnectionId": 816, "ErpActorType": "Customer" });
    for (place, by, expected) in [
        (0, 1, "b a c d"),
        (0, 1, "b c a d"),
        (3, -1, "b c d a"),
        (3, 0, "b c d a"),
        (0, -100, "a b c d"),
        (1, i64::from(i32::MAX), "a c d b"),
        (1, i64::from(i32::MIN), "b a c d"),
    ] {
        let answer = server.call(TJE0, "MoveErpFieldItem", &direction(ids[place], by)).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""));
        assert_eq!(keys(&server).await.join(" "), expected, "{place} by {by}");
    }
    save(&server, &["e"]).await;
    assert_eq!(keys(&server).await.join(" "), "b a c d e", "a new field comes last");

    let mut wrong = direction(ids[0], 1);
    wrong["ErpActorType"] = json!("Supplier");
    for (caller, body, status) in
        [(TJE0, direction(99_999, 1), 404), (TJE0, wrong, 404), (TJE1, direction(ids[0], 1), 403)]
    {
        assert_eq!(server.call(caller, "MoveErpFieldItem", &body).await.status, status, "{body}");
    }
    assert_eq!(keys(&server).await.join(" "), "b a c d e");
}

#[tokio::test]
async fn default_values_are_stored_and_fields_to_fill_in_are_listed() {
    let server = Server::start().await;
    let ids = save(&server, &["a", "b", "c", "d"]).await;
    let fields = json!([{ "ErpFieldKey": "d", "Access": "Mandatory", "FieldType": "Integer", "ShowInSearch": true }]);
    server.called("SaveActorTypeMapping", &mapping(&fields)).await;
    let rule = |id: i64, rule: Value| {
        let mut sent = rule;
        sent["ErpFieldId"] = json!(id);
        json!({ "ErpSyncDefaultValue": sent })
    };
    let set = json!({
        "HasFirstSyncDefaultValue": true, "FirstSyncDefaultValue": "[I:7]", "PromptUser": true, "DefaultValue": "ignored",
        "ErpFieldKey": "ignored", "FieldType": "List", "Access": "ReadOnly", "ListName": "ignored"
    });
    let saved = server.called("SaveDefaultValueInfo", &rule(ids[1], set)).await;
    let expected = json!({
        "ErpFieldId": ids[1], "DefaultValue": "", "HasFirstSyncDefaultValue": true, "FirstSyncDefaultValue": "[I:7]",
        "PromptUser": true, "Mandatory": false, "ErpFieldKey": "b", "FieldType": "Checkbox", "ListName": "",
        "Access": "Normal"
    });
    assert_eq!(members(&saved), expected);
    assert_eq!(server.called("GetDefaultValueInfo", &json!({ "ErpFieldId": ids[1] })).await, saved);
    server.called("SaveDefaultValueInfo", &rule(ids[0], json!({ "Mandatory": true }))).await;
    server.called("SaveDefaultValueInfo", &rule(ids[2], json!({ "HasFirstSyncDefaultValue": true }))).await;

    let request = json!({ "ErpConnectionId": 816, "ErpActorType": "Customer" });
    let asked = members(&server.called("GetFieldsForNewErpActor", &request).await);
    let field = |key: &str, rank: i32, kind: &str, default: &str, access: &str, in_search: bool| {
        json!({
            "FieldKey": key, "Rank": rank, "DisplayName": key, "DisplayDescription": "", "FieldType": kind,
            "ListName": "", "DefaultValue": default, "MaxLength": 0, "Access": access, "ShowInSearch": in_search
        })
    };
    let expected = json!([
        field("a", 1, "Checkbox", "", "Mandatory", false),
        field("b", 2, "Checkbox", "[I:7]", "Normal", false),
        field("d", 4, "Integer", "", "Mandatory", true),
    ]);
    assert_eq!(asked, expected, "c has a value, and no prompt");

    let missing = server.call(TJE0, "SaveDefaultValueInfo", &rule(99_999, json!({}))).await;
    missing.assert_service_error(404, "SoNotFoundException", &["there is no field 99999."]);
    let long = rule(ids[0], json!({ "FirstSyncDefaultValue": "x".repeat(255) }));
    let long = server.call(TJE0, "SaveDefaultValueInfo", &long).await;
    long.assert_service_error(400, "SoValidationException", &["ErpSyncDefaultValue.FirstSyncDefaultValue: has 255"]);
    let missing = server.call(TJE0, "SaveDefaultValueInfo", &json!({})).await;
    missing.assert_service_error(
        400,
        "ArgumentException",
        &["ErpSyncDefaultValue: the default value to save is missing"],
    );
    assert_eq!(server.called("GetDefaultValueInfo", &json!({ "ErpFieldId": 99_999 })).await, Value::Null);
}

#[tokio::test]
async fn the_summary_has_a_line_for_each_actor_type() {
    // A delivery adds the fields of the demo connector.
    let server = Server::start_with(&["--connector-deliveries", "false"]).await;
    server.saved(&json!({ "ErpConnectionId": 816, "DisplayName": "US:\"Main\";NO:\"Hoved\"", "Active": true })).await;
    let fields = json!([
        { "ErpFieldKey": "n", "CrmFieldKey": "NAME", "SyncToCrm": true, "SyncToErp": true },
        { "ErpFieldKey": "p", "CrmFieldKey": "PHONE", "SyncToCrm": true },
        { "ErpFieldKey": "x", "CrmFieldKey": "x_udef", "SyncToErp": true },
        { "ErpFieldKey": "y", "CrmFieldKey": "FAX" },
        { "ErpFieldKey": "z" }
    ]);
    let saved = server.called("SaveActorTypeMapping", &mapping(&fields)).await;
    let id = |place: usize| saved["FieldMappings"][place]["ErpFieldId"].clone();
    for rule in [
        json!({ "ErpFieldId": id(0), "HasFirstSyncDefaultValue": true, "FirstSyncDefaultValue": "v", "PromptUser": true }),
        json!({ "ErpFieldId": id(4), "Mandatory": true, "PromptUser": true }),
    ] {
        server.called("SaveDefaultValueInfo", &json!({ "ErpSyncDefaultValue": rule })).await;
    }
    let mut person = mapping(&json!([]));
    person["Mapping"]["ActorTypeErp"] = json!("Person");
    server.called("SaveActorTypeMapping", &person).await;
    let request = json!({ "ErpSyncConnectionId": 816 });
    let expected = json!({
        "DisplayName": "US:\"Main\";NO:\"Hoved\"", "DisplayDescription": "", "Active": true, "Deleted": false,
        "LastSync": "0001-01-01T00:00:00",
        "Actors": [
            { "ActorType": "Customer", "HasMappings": true, "Defaults": "n = 'v' (asked), z (asked, mandatory)",
              "Mappings": "n <> Name, p > Telephone, x < x_udef, y - Fax" },
            { "ActorType": "Person", "HasMappings": false, "Defaults": "", "Mappings": "" }
        ]
    });
    assert_eq!(members(&server.called("GetErpSyncConnectionSummary", &request).await), expected);
    let body = "<r><ErpSyncConnectionId>816</ErpSyncConnectionId></r>";
    let headers = [("SO-Language", "no"), ("Accept", "text/xml")];
    let path = format!("{AGENT}/GetErpSyncConnectionSummary?$select=DisplayName,LastSync,Actors/ActorType");
    let answer = server.program.send_to(&path, "text/xml", body, &headers).await.text;
    assert!(answer.contains("<DisplayName>Hoved</DisplayName>"), "{answer}");
    assert!(answer.contains("<LastSync>0001-01-01T00:00:00</LastSync>"), "{answer}");
}

#[tokio::test]
async fn list_mappings_replace_the_lists_of_the_named_fields() {
    let server = Server::start().await;
    let ids = save(&server, &["country", "category"]).await;
    let list = |id: i64, items: Value| json!({ "ErpFieldId": id, "ErpCrmListItemMappings": items });
    let container = |lists: Value| json!({ "ListMapping": { "ErpConnectionId": 816, "ErpListItemMappings": lists, "ErpConnectionName": "ignored" } });
    let item = |key: &str, crm: i32| json!({ "ErpListItemId": key, "ErpListItemName": format!("the {key}"), "CrmListItem": { "Id": crm, "Name": "x" } });
    let stored = async || -> String {
        let rows = "SELECT coalesce(string_agg(erp_field_key || ':' || erp_item_key || '=' || crm_item_key, ' '
            ORDER BY erp_field_key, erp_item_key), '')
            FROM erp_list_item_mapping JOIN erp_field USING (erp_field_id)";
        server.database.value(rows).await
    };
    let lists = json!([list(ids[0], json!([item("no", 1), item("se", 2)])), list(ids[1], json!([item("a", 3)]))]);
    let saved = server.called("SaveConnectionListMappings", &container(lists)).await;
    assert_eq!(stored().await, "category:a=3 country:no=1 country:se=2");
    assert_eq!(saved["ErpConnectionName"], "Demo connection");
    let first = &saved["ErpListItemMappings"][0];
    assert_eq!((&first["ErpActorTypeName"], &first["ErpListName"]), (&json!("Customer"), &json!("")));
    let first = &first["ErpCrmListItemMappings"][1];
    assert_eq!((&first["ErpListItemName"], &first["CrmListItem"]["Id"]), (&json!("the se"), &json!(2)));
    // A response can be sent back.
    assert_eq!(server.called("SaveConnectionListMappings", &json!({ "ListMapping": saved })).await, saved);

    let unmapped = json!({ "ErpListItemId": "se", "CrmListItem": null });
    let lists = json!([list(ids[0], json!([item("no", 9), unmapped, item("dk", 0)])), list(ids[1], json!(null))]);
    server.called("SaveConnectionListMappings", &container(lists)).await;
    assert_eq!(stored().await, "category:a=3 country:no=9");

    for (lists, expected) in [
        (
            json!([list(ids[0], json!([])), list(99_999, json!([]))]),
            "ErpListItemMappings[1].ErpFieldId: connection 816 has no field 99999.",
        ),
        (
            json!([list(ids[0], json!([])), list(ids[0], json!([]))]),
            "ErpListItemMappings[1].ErpFieldId: the field is listed more than once.",
        ),
        (
            json!([list(ids[0], json!([item("a", 1), item("a", 2)]))]),
            "[0].ErpCrmListItemMappings[1].ErpListItemId: the item is listed more than once.",
        ),
        (
            json!([list(ids[0], json!([item("", 1)]))]),
            "[0].ErpCrmListItemMappings[0].ErpListItemId: the item's key is missing",
        ),
    ] {
        let answer = server.call(TJE0, "SaveConnectionListMappings", &container(lists)).await;
        answer.assert_service_error(400, "SoValidationException", &[expected]);
    }
    let mut elsewhere = container(json!([]));
    elsewhere["ListMapping"]["ErpConnectionId"] = json!(999);
    let answer = server.call(TJE0, "SaveConnectionListMappings", &elsewhere).await;
    answer.assert_service_error(
        400,
        "SoValidationException",
        &["ListMapping.ErpConnectionId: there is no connection 999."],
    );
    assert_eq!(stored().await, "category:a=3 country:no=9");
}

#[tokio::test]
async fn stored_columns_are_looked_up_by_list_and_connection() {
    let server = Server::start().await;
    let call = async |body: Value| server.call(TJE1, "ValidateArchiveColumnConfig", &body).await;
    let done = call(json!({ "ListOwner": "ErpSearch", "ErpConnectionId": 816 })).await;
    assert_eq!((done.status, done.text.as_str()), (204, ""));
    let blank = call(json!({ "ListOwner": " ", "ErpConnectionId": 816 })).await;
    blank.assert_service_error(400, "ArgumentException", &["ListOwner"]);
    let missing = call(json!({ "ListOwner": "ErpSearch", "ErpConnectionId": 999 })).await;
    missing.assert_service_error(404, "SoNotFoundException", &["there is no connection 999."]);
}

#[tokio::test]
async fn an_ordinary_associate_reads_the_mappings_of_readable_connections() {
    let server = Server::start().await;
    let ids = save(&server, &["a"]).await;
    let rule = json!({ "ErpFieldId": ids[0], "Mandatory": true });
    server.called("SaveDefaultValueInfo", &json!({ "ErpSyncDefaultValue": rule })).await;
    let reads = [
        ("GetActorTypeMapping", json!({ "ErpConnectionId": 816, "ActorType": "Customer" }), "null"),
        ("GetCrmActorType", json!({ "ErpConnectionId": 816, "ErpActorType": "Customer" }), "\"Unknown\""),
        ("GetDefaultValueInfo", json!({ "ErpFieldId": ids[0] }), "null"),
        ("GetFieldsForNewErpActor", json!({ "ErpConnectionId": 816, "ErpActorType": "Customer" }), "[]"),
        ("GetErpSyncConnectionSummary", json!({ "ErpSyncConnectionId": 816 }), "null"),
    ];
    for (method, body, _) in &reads {
        let (ordinary, administrators) =
            (server.call(TJE1, method, body).await.json(), server.called(method, body).await);
        assert_eq!(members(&ordinary), members(&administrators), "{method}");
        assert!(!ordinary.to_string().contains("Insert"), "{method}: {ordinary}");
    }
    for (method, body) in [
        ("SaveActorTypeMapping", mapping(&json!([]))),
        ("SaveDefaultValueInfo", json!({ "ErpSyncDefaultValue": rule })),
        ("SaveConnectionListMappings", json!({ "ListMapping": { "ErpConnectionId": 816 } })),
    ] {
        let refused = server.call(TJE1, method, &body).await;
        refused.assert_service_error(403, "SoSentryException", &["administrators"]);
    }
    server.saved(&json!({ "ErpConnectionId": 816, "AllAccess": false, "AssociateAccessIds": [] })).await;
    for (method, body, hidden) in &reads {
        assert_eq!(server.call(TJE1, method, body).await.text, *hidden, "{method}");
    }
}
