//! Requests that are refused: nothing is stored.

use serde_json::json;

use super::fixture::{full, sent_members, with};
use crate::support::client::TJE1;
use crate::support::{Answer, SAVE, Server, seed_request};

#[tokio::test]
async fn decision_03_a_body_without_a_connection_is_refused() {
    let server = Server::start().await;
    let before = server.database.contents().await;
    for body in ["", "null", "  null  "] {
        let answer = server.program.post(SAVE, body).await;
        answer.assert_service_error(400, "ArgumentException", &["body", "missing"]);
    }
    for body in ["{}", r#"{"Connection": null}"#, r#"{"ErpConnectionId": 816, "DisplayName": "naked"}"#] {
        let answer = server.program.post(SAVE, body).await;
        answer.assert_service_error(400, "ArgumentException", &["Connection", "missing"]);
    }
    assert_eq!(server.database.contents().await, before);
}

#[tokio::test]
async fn decision_04_values_of_a_wrong_type_are_refused_with_their_path() {
    let server = Server::start().await;
    let taken = server.program.post(
        SAVE,
        r#"{"Connection": {"ErpConnectionId": " 816 ", "ErpConnectorId": "411",
        "Active": "True", "Deleted": null, "UserGroupAccessIds": ["185"], "AssociateAccessIds": null}}"#,
    );
    let taken = taken.await.json();
    assert_eq!((&taken["ErpConnectionId"], &taken["ErpConnectorId"]), (&json!(816), &json!(411)));
    assert_eq!((&taken["Active"], &taken["Deleted"]), (&json!(true), &json!(false)));
    assert_eq!(taken["UserGroupAccessIds"], json!([185]));

    let before = server.database.contents().await;
    for (member, path) in [
        (r#""ErpConnectionId": 1.5"#, "Connection.ErpConnectionId"),
        (r#""ErpConnectionId": 816.0"#, "Connection.ErpConnectionId"),
        (r#""erpConnectorId": 2147483648"#, "Connection.ErpConnectorId"),
        (r#""ErpConnectorId": 99999999999999999999"#, "Connection.ErpConnectorId"),
        (r#""ErpConnectorId": "x""#, "Connection.ErpConnectorId"),
        (r#""ErpConnectorId": true"#, "Connection.ErpConnectorId"),
        (r#""DisplayName": 5"#, "Connection.DisplayName"),
        (r#""DisplayName": ["x"]"#, "Connection.DisplayName"),
        (r#""DisplayDescription": {"US": "x"}"#, "Connection.DisplayDescription"),
        (r#""Active": 2"#, "Connection.Active"),
        (r#""Active": "yes""#, "Connection.Active"),
        (r#""ConfigFields": {"k": 1}"#, "Connection.ConfigFields[k]"),
        (r#""ConfigFields": ["k"]"#, "Connection.ConfigFields"),
        (r#""ConfigFields": "k""#, "Connection.ConfigFields"),
        (r#""UserGroupAccessIds": 185"#, "Connection.UserGroupAccessIds"),
        (r#""UserGroupAccessIds": [185, "x"]"#, "Connection.UserGroupAccessIds[1]"),
        (r#""AssociateAccessIds": [463, 920, {}]"#, "Connection.AssociateAccessIds[2]"),
    ] {
        let body = format!("{{\"Connection\":\n {{\"ErpConnectionId\": 816, {member}}}}}");
        let answer = server.program.post(SAVE, &body).await;
        answer.assert_service_error(400, "ArgumentException", &[path, "expected", "line 2"]);
    }
    for (body, path) in [(r#"{"Connection": 5}"#, "Connection"), ("[]", "The request body"), ("7", "The request body")]
    {
        let answer = server.program.post(SAVE, body).await;
        answer.assert_service_error(400, "ArgumentException", &[path, "expected an object"]);
    }
    assert_eq!(server.database.contents().await, before);
}

#[tokio::test]
async fn decision_11_dangling_references_are_refused_with_the_property() {
    let server = Server::start().await;
    server.database.execute("UPDATE erp_connector SET deleted = true WHERE erp_connector_id = 411").await;
    let before = server.database.contents().await;
    let base = full();
    for (change, parts) in [
        (json!({ "ErpConnectorId": 5 }), vec!["Connection.ErpConnectorId", "connector 5"]),
        (json!({ "ErpConnectorId": -5 }), vec!["Connection.ErpConnectorId", "connector -5"]),
        (json!({ "ErpConnectorId": 411 }), vec!["Connection.ErpConnectorId", "connector 411"]),
        (json!({ "ErpConnectionId": 0, "ErpConnectorId": 0 }), vec!["Connection.ErpConnectorId", "needs a connector"]),
        (json!({ "UserGroupAccessIds": [185, 7, 8] }), vec!["Connection.UserGroupAccessIds", "user group 7, 8."]),
        (json!({ "AssociateAccessIds": [9, 463] }), vec!["Connection.AssociateAccessIds", "associate 9."]),
        (
            json!({ "ErpConnectorId": 5, "UserGroupAccessIds": [7], "AssociateAccessIds": [9] }),
            vec!["Connection.ErpConnectorId", "Connection.UserGroupAccessIds", "Connection.AssociateAccessIds"],
        ),
    ] {
        let answer = server.save(&with(&base, &change)).await;
        answer.assert_service_error(400, "SoValidationException", &parts);
    }
    let many: Vec<i32> = (1000..101_000).collect();
    let answer = server.save(&with(&base, &json!({ "UserGroupAccessIds": many }))).await;
    answer.assert_service_error(400, "SoValidationException", &["1000, 1001", "(and 99980 more)"]);
    assert_eq!(server.database.contents().await, before);
}

#[tokio::test]
async fn decision_12_the_lengths_of_texts_are_limited_in_characters() {
    let server = Server::start().await;
    // The character has four bytes in UTF-8 and two code units in UTF-16.
    let text = |length: usize| "𝄞".repeat(length);
    let longest = with(
        &full(),
        &json!({ "DisplayName": text(254), "DisplayDescription": text(254), "ConnectionId": text(127),
            "MostRecentTimestamp": text(254), "ConfigFields": { text(254): text(1023) } }),
    );
    assert_eq!(sent_members(&server.saved(&longest).await), longest);

    let before = server.database.contents().await;
    for (change, path, limit) in [
        (json!({ "DisplayName": text(255) }), "Connection.DisplayName", "254"),
        (json!({ "DisplayDescription": text(255) }), "Connection.DisplayDescription", "254"),
        (json!({ "ConnectionId": text(128) }), "Connection.ConnectionId", "127"),
        (json!({ "MostRecentTimestamp": text(255) }), "Connection.MostRecentTimestamp", "254"),
        (json!({ "ConfigFields": { text(255): "" } }), "Connection.ConfigFields[𝄞", "254"),
        (json!({ "ConfigFields": { "k": text(1024) } }), "Connection.ConfigFields[k]", "1023"),
        (json!({ "DisplayName": "a\0b" }), "Connection.DisplayName", "NUL"),
        (json!({ "ConfigFields": { "a\0b": "" } }), "Connection.ConfigFields[a", "NUL"),
        (json!({ "ConfigFields": { "k": "\0" } }), "Connection.ConfigFields[k]", "NUL"),
    ] {
        let answer = server.save(&with(&full(), &change)).await;
        answer.assert_service_error(400, "SoValidationException", &[path, limit]);
        assert!(answer.text.len() < 1000, "the response does not contain the text");
    }
    assert_eq!(server.database.contents().await, before);
}

#[tokio::test]
async fn decision_15_only_administrators_save() {
    let server = Server::start().await;
    let before = server.database.contents().await;
    let request = server
        .program
        .request(reqwest::Method::POST, SAVE)
        .header("Authorization", TJE1)
        .header("Content-Type", "application/json")
        .body(seed_request());
    let answer = Answer::of(request.send().await.unwrap()).await;
    answer.assert_service_error(403, "SoSentryException", &["administrators"]);
    assert_eq!(server.database.contents().await, before);
}
