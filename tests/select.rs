//! The query parameter `$select`.

use serde_json::{Value, json};

use crate::formats::xml_text;
use crate::support::{SAVE, Server, seed_request};

async fn selected(server: &Server, query: &str) -> Value {
    let answer = server.program.post(&format!("{SAVE}?{query}"), &seed_request()).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    answer.json()
}

/// Returns the names of the members that are not null.
fn present(answer: &Value) -> Vec<&str> {
    let members = answer.as_object().unwrap().iter().filter(|(_, value)| !value.is_null());
    members.map(|(name, _)| name.as_str()).collect()
}

#[tokio::test]
async fn decision_17_members_that_are_not_selected_are_null() {
    let server = Server::start().await;
    let all = selected(&server, "").await;
    for query in ["$select=", "$select=,", "x=1"] {
        assert_eq!(selected(&server, query).await, all, "{query}");
    }
    for query in [
        "$select=DisplayName,active",
        "%24select=DISPLAYNAME%2C+Active+",
        "$select=active&$select=displayName",
        "$select=active,DisplayName/x,nothing",
    ] {
        let answer = selected(&server, query).await;
        assert_eq!(present(&answer), ["DisplayName", "Active"], "{query}");
        assert_eq!(answer.as_object().unwrap().len(), all.as_object().unwrap().len(), "every member is present");
        assert_eq!(answer["DisplayName"], "Emard Group");
    }
    assert!(present(&selected(&server, "$select=name,department,category/id").await).is_empty());
    // `$select` limits the response, not the save.
    let stored: String =
        server.database.value("SELECT display_name FROM erp_connection WHERE erp_connection_id = 816").await;
    assert_eq!(stored, "Emard Group");
}

#[tokio::test]
async fn paths_select_below_a_member() {
    let server = Server::start().await;
    let answer = selected(&server, "$select=FieldProperties/displayname/FieldRight,ConfigFields/configfields2").await;
    assert_eq!(present(&answer), ["ConfigFields", "FieldProperties"]);
    assert_eq!(answer["ConfigFields"], json!({ "ConfigFields2": "ducimus" }));
    let right = json!({ "FieldRight": { "Mask": "Update", "Reason": "" }, "FieldType": null, "FieldLength": null });
    assert_eq!(answer["FieldProperties"], json!({ "DisplayName": right }));

    let answer = selected(&server, "$select=TableRight/Mask,UserGroupAccessIds/x").await;
    assert_eq!(answer["TableRight"], json!({ "Mask": "Select, Update, Insert, Delete", "Reason": null }));
    assert_eq!(answer["UserGroupAccessIds"], json!([185, 350]));

    let whole = selected(&server, "$select=ConfigFields/ConfigFields1,ConfigFields,FieldProperties").await;
    let all = selected(&server, "").await;
    assert_eq!(whole["ConfigFields"], all["ConfigFields"]);
    assert_eq!(whole["FieldProperties"], all["FieldProperties"]);
}

#[tokio::test]
async fn select_applies_to_xml() {
    let server = Server::start().await;
    let path = format!("{SAVE}?$select=ConfigFields/ConfigFields1,ErpConnectionId,FieldProperties/Active/FieldLength");
    let answer = server.program.send_to(&path, "application/json", seed_request(), &[("Accept", "text/xml")]).await;
    let expected = concat!(
        r#"<ErpConnection xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><TableRight i:nil="true"/>"#,
        "<FieldProperties><FieldPropertyDictionaryKeyValuePair><Key>Active</Key>",
        r#"<Value><FieldRight i:nil="true"/><FieldType i:nil="true"/><FieldLength>2</FieldLength></Value>"#,
        "</FieldPropertyDictionaryKeyValuePair></FieldProperties>",
        r#"<ErpConnectionId>816</ErpConnectionId><ErpConnectorId i:nil="true"/><DisplayName i:nil="true"/>"#,
        r#"<DisplayDescription i:nil="true"/><Active i:nil="true"/><ConnectionId i:nil="true"/>"#,
        r#"<MostRecentTimestamp i:nil="true"/><ConfigFields><StringKeyValuePair><Key>ConfigFields1</Key>"#,
        r#"<Value>est</Value></StringKeyValuePair></ConfigFields><Deleted i:nil="true"/><AllAccess i:nil="true"/>"#,
        r#"<UserGroupAccessIds i:nil="true"/><AssociateAccessIds i:nil="true"/></ErpConnection>"#,
    );
    assert_eq!(answer.text, expected);
    assert_eq!(xml_text(&answer.text, &["ErpConnectionId"]).as_deref(), Some("816"));
}

#[tokio::test]
async fn select_does_not_apply_to_errors() {
    let server = Server::start().await;
    let answer = server.program.post(&format!("{SAVE}?$select=x"), "{").await;
    answer.assert_service_error(400, "ArgumentException", &["not valid JSON"]);
}
