//! Creating, reading, updating, listing and deleting connectors.

use serde_json::{Value, json};

use crate::formats::xml_text;
use crate::support::client::{TJE0, TJE1};
use crate::support::{AGENT, Answer, Server};

/// Calls a method with the id as query parameter.
async fn at(server: &Server, authorization: &str, call: &str, body: Option<&str>) -> Answer {
    let request = server.program.request(reqwest::Method::POST, &format!("{AGENT}/{call}"));
    let request = request.header("Authorization", authorization);
    let request = match body {
        Some(body) => request.header("Content-Type", "application/json").body(body.to_owned()),
        None => request,
    };
    Answer::of(request.send().await.unwrap()).await
}

fn members(connector: &Value) -> Value {
    let mut members = connector.clone();
    members.as_object_mut().unwrap().retain(|name, _| name != "TableRight" && name != "FieldProperties");
    members
}

#[tokio::test]
async fn a_connector_is_created_read_updated_and_deleted() {
    let server = Server::start().await;
    for body in [None, Some(""), Some("null"), Some("{}")] {
        let blank = at(&server, TJE0, "CreateDefaultErpSyncConnectorEntity", body).await;
        let expected = json!({ "ErpConnectorId": 0, "DisplayName": "", "URL": "", "Deleted": false });
        assert_eq!(members(&blank.json()), expected, "{body:?}");
    }
    let names = "ErpConnectorId DisplayName URL Deleted TableRight FieldProperties";
    let blank = at(&server, TJE0, "CreateDefaultErpSyncConnectorEntity", None).await.text;
    let places: Vec<_> = names.split(' ').map(|name| blank.find(&format!("\"{name}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "{blank}");

    let sent = json!({ "DisplayName": "US:\"Main\";NO:\"Hoved\"", "url": "https://erp.example/a?b=c&d=e" });
    let saved = server.called("SaveErpSyncConnectorEntity", &sent).await;
    let id = saved["ErpConnectorId"].as_i64().unwrap();
    assert!(id > 411, "{saved}");
    let (name, url) = (&sent["DisplayName"], &sent["url"]);
    assert_eq!(members(&saved), json!({ "ErpConnectorId": id, "DisplayName": name, "URL": url, "Deleted": false }));
    assert_eq!(saved["TableRight"]["Mask"], "Select, Update, Insert, Delete");
    assert_eq!(saved["FieldProperties"]["URL"]["FieldLength"], 1023);
    for call in [
        format!("GetErpSyncConnectorEntity?erpSyncConnectorEntityId={id}"),
        format!("geterpsyncconnectorentity/?$select=*&ERPSYNCCONNECTORENTITYID={id}"),
    ] {
        for body in [None, Some("null")] {
            assert_eq!(at(&server, TJE0, &call, body).await.json(), saved, "{call}");
        }
    }

    let changed = json!({ "ErpConnectorId": id, "DisplayName": "Other" });
    let changed = server.called("SaveErpSyncConnectorEntity", &changed).await;
    assert_eq!(members(&changed), json!({ "ErpConnectorId": id, "DisplayName": "Other", "URL": "", "Deleted": false }));
    let row: String = server
        .database
        .value(&format!(
            "SELECT concat_ws(' ', display_name, updated_count, updated > registered) FROM erp_connector
             WHERE erp_connector_id = {id}"
        ))
        .await;
    assert_eq!(row, "Other 1 t");

    let delete = format!("DeleteErpSyncConnectorEntity?ErpSyncConnectorEntityId={id}");
    for _ in 0..2 {
        let deleted = at(&server, TJE0, &delete, None).await;
        assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    }
    let read = at(&server, TJE0, &format!("GetErpSyncConnectorEntity?erpsyncconnectorentityid={id}"), None).await;
    assert_eq!(read.json()["Deleted"], true);
    let revived = server.called("SaveErpSyncConnectorEntity", &json!({ "ErpConnectorId": id })).await;
    assert_eq!(revived["Deleted"], false);

    let other = server.called("SaveErpSyncConnectorEntity", &json!({ "ErpConnectorId": 9999 })).await;
    assert_eq!(other["ErpConnectorId"], id + 1, "an unknown id creates a connector under a new one");
}

#[tokio::test]
async fn connectors_are_listed_by_id() {
    let server = Server::start().await;
    let sent = json!({ "DisplayName": "US:\"Main\";NO:\"Hoved\"", "URL": "https://erp.example" });
    let id = server.called("SaveErpSyncConnectorEntity", &sent).await["ErpConnectorId"].clone();
    server.called("SaveErpSyncConnectorEntity", &json!({ "DisplayName": "gone", "Deleted": true })).await;
    for caller in [TJE0, TJE1] {
        let list = at(&server, caller, "GetAllConnectors", None).await.json();
        assert_eq!(list.as_array().unwrap().len(), 3);
        assert_eq!(list[2], json!({ "Id": id, "Name": sent["DisplayName"], "ToolTip": "https://erp.example" }));
    }
    let headers = [("Accept", "text/xml"), ("SO-Language", "nb")];
    let answer = server.program.send_to(&format!("{AGENT}/GetAllConnectors"), "", "", &headers).await;
    assert!(answer.text.starts_with("<ArrayOfListItem "), "{}", answer.text);
    assert!(answer.text.contains("<Name>Hoved</Name><ToolTip>https://erp.example</ToolTip>"), "{}", answer.text);
}

#[tokio::test]
async fn a_connector_with_connections_cannot_be_deleted() {
    let server = Server::start().await;
    let can_delete =
        async |id: i64| server.called("CanDeleteErpSyncConnectorEntity", &json!({ "ErpSyncConnectorId": id })).await;
    assert_eq!(can_delete(403).await, "ErrorConnectorHasConnections");
    assert_eq!(can_delete(411).await, "NoError");
    assert_eq!(can_delete(0).await, "ErrorNotFound");
    let called = ["connector 403 has connections", "delete them first"];
    let refused = at(&server, TJE0, "DeleteErpSyncConnectorEntity?erpSyncConnectorEntityId=403", None).await;
    refused.assert_service_error(400, "SoValidationException", &called);
    let refused =
        server.call(TJE0, "SaveErpSyncConnectorEntity", &json!({ "ErpConnectorId": 403, "Deleted": true })).await;
    refused.assert_service_error(400, "SoValidationException", &called);

    server.call(TJE0, "DeleteConnection", &json!({ "ErpConnectionId": 816 })).await;
    assert_eq!(can_delete(403).await, "NoError");
    let deleted = at(&server, TJE0, "DeleteErpSyncConnectorEntity?erpSyncConnectorEntityId=403", None).await;
    assert_eq!(deleted.status, 204);
    let refused = server.save(&json!({ "ErpConnectorId": 403 })).await;
    refused.assert_service_error(400, "SoValidationException", &["there is no connector 403"]);
}

/// In either order, no connection refers to a deleted connector.
#[tokio::test]
async fn a_connector_is_not_deleted_while_a_connection_to_it_is_created() {
    let server = Server::start().await;
    for _ in 0..30 {
        let id = server.called("SaveErpSyncConnectorEntity", &json!({})).await["ErpConnectorId"].as_i64().unwrap();
        let delete = format!("DeleteErpSyncConnectorEntity?erpSyncConnectorEntityId={id}");
        let connection = json!({ "ErpConnectorId": id });
        let (deleted, saved) = tokio::join!(at(&server, TJE0, &delete, None), server.save(&connection));
        assert!(matches!((deleted.status, saved.status), (204, 400) | (400, 200)), "{deleted:?} {saved:?}");
    }
    let wrong: i64 = server
        .database
        .value(
            "SELECT count(*) FROM erp_connection AS c JOIN erp_connector AS r USING (erp_connector_id)
             WHERE r.deleted AND NOT c.deleted",
        )
        .await;
    assert_eq!(wrong, 0);
}

#[tokio::test]
async fn connectors_are_written_by_administrators_and_read_by_every_associate() {
    let server = Server::start().await;
    let refused = server.call(TJE1, "SaveErpSyncConnectorEntity", &json!({ "ErpConnectorId": 411 })).await;
    refused.assert_service_error(403, "SoSentryException", &["Saving a connector", "administrators"]);
    let refused = at(&server, TJE1, "DeleteErpSyncConnectorEntity?erpSyncConnectorEntityId=411", None).await;
    refused.assert_service_error(403, "SoSentryException", &["Deleting a connector"]);
    let get = "GetErpSyncConnectorEntity?erpSyncConnectorEntityId=411";
    let seen = at(&server, TJE1, get, None).await.json();
    assert_eq!((&seen["DisplayName"], &seen["TableRight"]["Mask"]), (&json!("Demo connector 411"), &json!("Select")));
    at(&server, TJE0, "DeleteErpSyncConnectorEntity?erpSyncConnectorEntityId=411", None).await;
    assert_eq!(at(&server, TJE1, get, None).await.text, "null", "a deleted connector is not found");
    let answer = server.call(TJE1, "CanDeleteErpSyncConnectorEntity", &json!({ "ErpSyncConnectorId": 411 })).await;
    assert_eq!(answer.text, "\"ErrorNotFound\"");
}

#[tokio::test]
async fn invalid_connectors_are_refused_with_the_property() {
    let server = Server::start().await;
    for (call, expected) in [
        ("GetErpSyncConnectorEntity", "ErpSyncConnectorEntityId: the parameter is missing from the URL"),
        ("DeleteErpSyncConnectorEntity?id=5", "ErpSyncConnectorEntityId: the parameter is missing from the URL"),
        (
            "GetErpSyncConnectorEntity?erpSyncConnectorEntityId=x",
            "ErpSyncConnectorEntityId: expected a 32-bit integer, found 'x'",
        ),
    ] {
        at(&server, TJE0, call, None).await.assert_service_error(400, "ArgumentException", &[expected]);
    }
    let missing = at(&server, TJE0, "DeleteErpSyncConnectorEntity?erpSyncConnectorEntityId=9", None).await;
    missing.assert_service_error(404, "SoNotFoundException", &["there is no connector 9."]);
    assert_eq!(at(&server, TJE0, "GetErpSyncConnectorEntity?erpSyncConnectorEntityId=9", None).await.text, "null");
    let negative = server.call(TJE0, "SaveErpSyncConnectorEntity", &json!({ "ErpConnectorId": -1 })).await;
    negative.assert_service_error(400, "SoValidationException", &["ErpConnectorId: -1 is negative"]);
    let long = server.call(TJE0, "SaveErpSyncConnectorEntity", &json!({ "URL": "ø".repeat(1024) })).await;
    long.assert_service_error(400, "SoValidationException", &["URL: has 1024 characters, the limit is 1023."]);
    let longest = "ø".repeat(1023);
    assert_eq!(server.called("SaveErpSyncConnectorEntity", &json!({ "URL": longest })).await["URL"], longest);
    let body = server.program.post(&format!("{AGENT}/SaveErpSyncConnectorEntity"), "").await;
    body.assert_service_error(400, "ArgumentException", &["The request body is missing or null."]);
}

#[tokio::test]
async fn a_connector_is_accepted_as_xml_and_as_a_form() {
    let server = Server::start().await;
    let path = format!("{AGENT}/SaveErpSyncConnectorEntity");
    let xml = "<ErpSyncConnectorEntity><DisplayName>A &amp; B</DisplayName><URL>u</URL></ErpSyncConnectorEntity>";
    let answer = server.program.send_to(&path, "application/xml", xml, &[]).await;
    assert_eq!(xml_text(&answer.text, &["DisplayName"]).as_deref(), Some("A & B"), "{}", answer.text);
    let answer = server.program.send_to(&path, "application/xml", answer.text.clone(), &[]).await;
    assert_eq!((answer.status, xml_text(&answer.text, &["URL"]).as_deref()), (200, Some("u")));
    let form = server.program.send_to(&path, "application/x-www-form-urlencoded", "displayname=A+%26+B&URL=u", &[]);
    assert_eq!(form.await.json()["DisplayName"], "A & B");
}
