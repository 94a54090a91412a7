//! Reading, listing and deleting connections, and who sees which.

use serde_json::{Value, json};

use crate::formats::xml_text;
use crate::support::client::{TJE0, TJE1};
use crate::support::{Answer, Server, seed_connection};

const GET: &str = "/api/v1/Agents/ErpSync/GetConnection";
const GET_ALL: &str = "/api/v1/Agents/ErpSync/GetAllConnections";
const DELETE: &str = "/api/v1/Agents/ErpSync/DeleteConnection";

async fn call(server: &Server, authorization: &str, path: &str, body: &Value) -> Answer {
    let mut request = server.program.post_request(path, &body.to_string()).build().unwrap();
    request.headers_mut().insert("Authorization", authorization.parse().unwrap());
    Answer::of(server.program.http.execute(request).await.unwrap()).await
}

async fn get(server: &Server, authorization: &str, id: i32) -> Value {
    let answer = call(server, authorization, GET, &json!({ "ErpConnectionId": id })).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// The ids that a caller is shown, in order.
async fn listed(server: &Server, authorization: &str, include_deleted: bool) -> Vec<i64> {
    let answer = call(server, authorization, GET_ALL, &json!({ "IncludeDeleted": include_deleted })).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json().as_array().unwrap().iter().map(|row| row["ErpConnectionId"].as_i64().unwrap()).collect()
}

async fn create(server: &Server, changes: &Value) -> i32 {
    let mut connection = json!({ "ErpConnectorId": 403, "DisplayName": "c", "Active": true });
    for (name, value) in changes.as_object().unwrap() {
        connection[name] = value.clone();
    }
    i32::try_from(server.saved(&connection).await["ErpConnectionId"].as_i64().unwrap()).unwrap()
}

#[tokio::test]
async fn a_connection_is_read_as_it_was_saved() {
    let server = Server::start().await;
    let saved = server.saved(&seed_connection()).await;
    assert_eq!(get(&server, TJE0, 816).await, saved);
    for id in [0, -1, 999] {
        assert_eq!(get(&server, TJE0, id).await, Value::Null, "{id}");
    }
    let xml = [("Accept", "text/xml"), ("SO-Language", "nb")];
    let body = "<r><ErpConnectionId>816</ErpConnectionId></r>";
    let answer = server.program.send_to(&format!("{GET}?$select=DisplayName"), "text/xml", body, &xml).await;
    assert_eq!(xml_text(&answer.text, &["DisplayName"]).as_deref(), Some("Emard Group"));
    assert!(answer.text.contains("<ConfigFields i:nil=\"true\"/>"), "{}", answer.text);
    let answer = server.program.send_to(GET, "text/xml", "<r/>", &xml).await;
    assert_eq!(answer.text, "<ErpConnection xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" i:nil=\"true\"/>");
}

#[tokio::test]
async fn all_connections_come_in_their_order_without_config_fields() {
    let server = Server::start().await;
    let fields = json!({ "ConfigFields": { "a": "b" }, "UserGroupAccessIds": [350, 1] });
    let (first, second) = (create(&server, &fields).await, create(&server, &fields).await);
    assert_eq!(listed(&server, TJE0, false).await, [816, i64::from(first), i64::from(second)]);
    server
        .database
        .execute(&format!("UPDATE erp_connection SET sync_rank = 0 WHERE erp_connection_id = {second}"))
        .await;
    assert_eq!(listed(&server, TJE0, true).await, [i64::from(second), 816, i64::from(first)]);

    let rows = call(&server, TJE0, GET_ALL, &json!({})).await.json();
    assert_eq!((&rows[0]["ConfigFields"], &rows[0]["UserGroupAccessIds"]), (&Value::Null, &json!([1, 350])));
    assert_eq!(rows[0]["TableRight"]["Mask"], "Select, Update, Insert, Delete");
    let selected = call(&server, TJE0, &format!("{GET_ALL}?$select=ErpConnectionId"), &json!({})).await.json();
    assert_eq!((&selected[1]["ErpConnectionId"], &selected[1]["DisplayName"]), (&json!(816), &Value::Null));

    let answer = server.program.send_to(GET_ALL, "text/xml", "<r/>", &[]).await;
    assert!(answer.text.starts_with("<ArrayOfErpConnection xmlns:i="), "{}", answer.text);
    assert_eq!(answer.text.matches("<ErpConnection>").count(), 3);
    server
        .database
        .execute("DELETE FROM connection_config_field; DELETE FROM erp_connection_access; DELETE FROM erp_connection")
        .await;
    assert_eq!(call(&server, TJE0, GET_ALL, &json!({})).await.text, "[]");
}

#[tokio::test]
async fn decision_15_an_ordinary_associate_sees_what_the_access_rows_let_him_see() {
    let server = Server::start().await;
    let tje1: i32 = server.database.value("SELECT associate_id FROM associate WHERE name = 'tje1'").await;
    let everybody = create(&server, &json!({ "AllAccess": true, "ConfigFields": { "a": "b" } })).await;
    let own = create(&server, &json!({ "AssociateAccessIds": [tje1] })).await;
    let group = create(&server, &json!({ "UserGroupAccessIds": [1] })).await;
    let further = create(&server, &json!({ "UserGroupAccessIds": [185] })).await;
    let others = create(&server, &json!({ "UserGroupAccessIds": [350], "AssociateAccessIds": [463] })).await;
    let nobody = create(&server, &json!({})).await;
    let deleted = create(&server, &json!({ "AllAccess": true, "Deleted": true })).await;
    let ids = |ids: &[i32]| ids.iter().map(|id| i64::from(*id)).collect::<Vec<_>>();

    // 816, of the demo data, is for everybody.
    assert_eq!(listed(&server, TJE1, true).await, ids(&[816, everybody, own, group]));
    server.database.execute(&format!("INSERT INTO associate_user_group VALUES ({tje1}, 185)")).await;
    assert_eq!(listed(&server, TJE1, false).await, ids(&[816, everybody, own, group, further]));
    for hidden in [others, nobody, deleted] {
        assert_eq!(get(&server, TJE1, hidden).await, Value::Null, "as one that is not there");
    }
    assert_eq!(listed(&server, TJE0, false).await.len(), 7);
    assert_eq!(listed(&server, TJE0, true).await.len(), 8);
    assert_eq!(get(&server, TJE0, deleted).await["Deleted"], true);

    let seen = get(&server, TJE1, everybody).await;
    assert_eq!(seen["ConfigFields"], json!({ "a": "b" }));
    assert_eq!(seen["TableRight"], json!({ "Mask": "Select", "Reason": "Connections are changed by administrators." }));
    assert_eq!(seen["FieldProperties"]["DisplayName"]["FieldRight"]["Mask"], "Read");
    // The lists count only while not everybody has access.
    server.database.execute("UPDATE erp_connection_access SET can_connect = false").await;
    assert_eq!(listed(&server, TJE1, false).await, ids(&[816, everybody]));
}

#[tokio::test]
async fn a_connection_is_deleted_by_a_flag() {
    let server = Server::start().await;
    server.saved(&seed_connection()).await;
    let id = create(&server, &json!({ "ConfigFields": { "a": "b" } })).await;
    let body = json!({ "ErpConnectionId": id });
    let refused = call(&server, TJE1, DELETE, &body).await;
    refused.assert_service_error(403, "SoSentryException", &["administrators"]);
    assert_eq!(get(&server, TJE0, id).await["Deleted"], false);

    for _ in 0..2 {
        let answer = call(&server, TJE0, DELETE, &body).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    }
    let row: String = server
        .database
        .value(&format!("SELECT deleted || ' ' || updated_count FROM erp_connection WHERE erp_connection_id = {id}"))
        .await;
    assert_eq!(row, "true 1", "flagged once");
    let kept = get(&server, TJE0, id).await;
    assert_eq!((&kept["Deleted"], &kept["ConfigFields"]), (&json!(true), &json!({ "a": "b" })));
    assert_eq!(server.saved(&kept).await["Deleted"], true);
    let revived = server.saved(&json!({ "ErpConnectionId": id, "Deleted": false })).await;
    assert_eq!(revived["Deleted"], false);

    let missing = call(&server, TJE0, DELETE, &json!({ "ErpConnectionId": 999 })).await;
    missing.assert_service_error(404, "SoNotFoundException", &["ErpConnectionId: there is no connection 999."]);
}

#[tokio::test]
async fn a_list_is_one_statement_beside_the_login() {
    let server = Server::start_logging_statements().await;
    for _ in 0..20 {
        create(&server, &json!({ "UserGroupAccessIds": [1, 185] })).await;
    }
    // The first use of a statement has its preparation logged as well.
    assert_eq!(listed(&server, TJE0, true).await.len(), 21);
    let before = server.database.logged_statements().len();
    assert_eq!(listed(&server, TJE0, true).await.len(), 21);
    let statements = server.database.logged_statements();
    assert_eq!(statements.len() - before, 2, "{:?}", &statements[before..]);
}
