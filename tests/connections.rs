//! Reading, listing, activating, ordering and deleting connections, and the access rows.

use serde_json::{Value, json};

use crate::formats::xml_text;
use crate::support::client::{TJE0, TJE1};
use crate::support::{Server, seed_connection};

const GET: &str = "/api/v1/Agents/ErpSync/GetConnection";
const GET_ALL: &str = "/api/v1/Agents/ErpSync/GetAllConnections";

async fn get(server: &Server, authorization: &str, id: i32) -> Value {
    let answer = server.call(authorization, "GetConnection", &json!({ "ErpConnectionId": id })).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// Returns the ids that `GetAllConnections` lists for the caller, in order.
async fn listed(server: &Server, authorization: &str, include_deleted: bool) -> Vec<i64> {
    let answer = server.call(authorization, "GetAllConnections", &json!({ "IncludeDeleted": include_deleted })).await;
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
async fn all_connections_are_listed_in_sync_order_without_config_fields() {
    let server = Server::start().await;
    let fields = json!({ "ConfigFields": { "a": "b" }, "UserGroupAccessIds": [350, 1] });
    let (first, second) = (create(&server, &fields).await, create(&server, &fields).await);
    assert_eq!(listed(&server, TJE0, false).await, [816, i64::from(first), i64::from(second)]);
    server
        .database
        .execute(&format!("UPDATE erp_connection SET sync_rank = 0 WHERE erp_connection_id = {second}"))
        .await;
    assert_eq!(listed(&server, TJE0, true).await, [i64::from(second), 816, i64::from(first)]);

    let rows = server.call(TJE0, "GetAllConnections", &json!({})).await.json();
    assert_eq!((&rows[0]["ConfigFields"], &rows[0]["UserGroupAccessIds"]), (&Value::Null, &json!([1, 350])));
    assert_eq!(rows[0]["TableRight"]["Mask"], "Select, Update, Insert, Delete");
    let selected = server.call(TJE0, "GetAllConnections?$select=ErpConnectionId", &json!({})).await.json();
    assert_eq!((&selected[1]["ErpConnectionId"], &selected[1]["DisplayName"]), (&json!(816), &Value::Null));

    let answer = server.program.send_to(GET_ALL, "text/xml", "<r/>", &[]).await;
    assert!(answer.text.starts_with("<ArrayOfErpConnection xmlns:i="), "{}", answer.text);
    assert_eq!(answer.text.matches("<ErpConnection>").count(), 3);
    server
        .database
        .execute("DELETE FROM connection_config_field; DELETE FROM erp_connection_access; DELETE FROM erp_connection")
        .await;
    assert_eq!(server.call(TJE0, "GetAllConnections", &json!({})).await.text, "[]");
}

#[tokio::test]
async fn decision_15_access_rows_limit_the_connections_that_an_ordinary_associate_reads() {
    let server = Server::start().await;
    let tje1: i32 = server.database.value("SELECT associate_id FROM associate WHERE name = 'tje1'").await;
    let everybody = create(&server, &json!({ "AllAccess": true, "ConfigFields": { "a": "b" } })).await;
    let own = create(&server, &json!({ "AssociateAccessIds": [tje1] })).await;
    let group = create(&server, &json!({ "UserGroupAccessIds": [1] })).await;
    let further = create(&server, &json!({ "UserGroupAccessIds": [185] })).await;
    let others = create(&server, &json!({ "UserGroupAccessIds": [350], "AssociateAccessIds": [463] })).await;
    let none = create(&server, &json!({})).await;
    let deleted = create(&server, &json!({ "AllAccess": true, "Deleted": true })).await;
    let ids = |ids: &[i32]| ids.iter().map(|id| i64::from(*id)).collect::<Vec<_>>();

    // Every associate may read connection 816 of the demo data.
    assert_eq!(listed(&server, TJE1, true).await, ids(&[816, everybody, own, group]));
    server.database.execute(&format!("INSERT INTO associate_user_group VALUES ({tje1}, 185)")).await;
    assert_eq!(listed(&server, TJE1, false).await, ids(&[816, everybody, own, group, further]));
    for hidden in [others, none, deleted] {
        assert_eq!(get(&server, TJE1, hidden).await, Value::Null, "as if it were missing");
    }
    assert_eq!(listed(&server, TJE0, false).await.len(), 7);
    assert_eq!(listed(&server, TJE0, true).await.len(), 8);
    assert_eq!(get(&server, TJE0, deleted).await["Deleted"], true);

    let seen = get(&server, TJE1, everybody).await;
    assert_eq!(seen["ConfigFields"], json!({ "a": "b" }));
    assert_eq!(seen["TableRight"], json!({ "Mask": "Select", "Reason": "Connections are changed by administrators." }));
    assert_eq!(seen["FieldProperties"]["DisplayName"]["FieldRight"]["Mask"], "Read");
    // The lists of ids apply only without `AllAccess`.
    server.database.execute("UPDATE erp_connection_access SET can_connect = false").await;
    assert_eq!(listed(&server, TJE1, false).await, ids(&[816, everybody]));
}

#[tokio::test]
async fn deletion_of_a_connection_sets_a_flag() {
    let server = Server::start().await;
    server.saved(&seed_connection()).await;
    let id = create(&server, &json!({ "ConfigFields": { "a": "b" } })).await;
    let body = json!({ "ErpConnectionId": id });
    let refused = server.call(TJE1, "DeleteConnection", &body).await;
    refused.assert_service_error(403, "SoSentryException", &["administrators"]);
    assert_eq!(get(&server, TJE0, id).await["Deleted"], false);

    for _ in 0..2 {
        let answer = server.call(TJE0, "DeleteConnection", &body).await;
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

    let missing = server.call(TJE0, "DeleteConnection", &json!({ "ErpConnectionId": 999 })).await;
    missing.assert_service_error(404, "SoNotFoundException", &["ErpConnectionId: there is no connection 999."]);
}

#[tokio::test]
async fn a_list_takes_one_statement_besides_the_login() {
    let server = Server::start_logging_statements().await;
    for number in 0..100 {
        if number % 10 == 0 {
            server.called("SaveErpSyncConnectorEntity", &json!({ "DisplayName": "c" })).await;
        }
        create(&server, &json!({ "ErpConnectorId": 412 + number / 10, "UserGroupAccessIds": [1, 185] })).await;
    }
    // At the first use of a statement its preparation is logged as well.
    assert_eq!(listed(&server, TJE0, true).await.len(), 101);
    let before = server.database.logged_statements().len();
    assert_eq!(listed(&server, TJE0, true).await.len(), 101);
    let statements = server.database.logged_statements();
    assert_eq!(statements.len() - before, 2, "{:?}", &statements[before..]);
}

#[tokio::test]
async fn config_fields_have_a_method_of_their_own() {
    let server = Server::start().await;
    let id =
        create(&server, &json!({ "ConfigFields": { "User": "sa", "Empty": null }, "AssociateAccessIds": [] })).await;
    let request = json!({ "ErpConnectionId": id });
    let fields = server.called("GetErpConnectionConfigFields", &request).await;
    assert_eq!(fields, json!({ "User": "sa", "Empty": null }));
    let selected = server.called("GetErpConnectionConfigFields?$select=User", &request).await;
    assert_eq!(selected, json!({ "User": "sa" }));
    let none = create(&server, &json!({})).await;
    assert_eq!(server.called("GetErpConnectionConfigFields", &json!({ "ErpConnectionId": none })).await, json!({}));

    // The response is that for a missing connection.
    let hidden = server.call(TJE1, "GetErpConnectionConfigFields", &request).await;
    let missing = server.call(TJE1, "GetErpConnectionConfigFields", &json!({ "ErpConnectionId": 999 })).await;
    assert_eq!((hidden.status, hidden.text.as_str()), (200, "null"));
    assert_eq!((missing.status, missing.text.as_str()), (200, "null"));
}

#[tokio::test]
async fn a_connection_is_activated_unless_a_check_fails() {
    let server = Server::start().await;
    let id = create(&server, &json!({ "Active": false })).await;
    let request = json!({ "ErpConnectionId": id });
    for expected in [true, false, true] {
        assert_eq!(server.called("ToggleErpConnectionActive", &request).await, json!([]));
        assert_eq!(get(&server, TJE0, id).await["Active"], expected);
    }
    let row: String = server
        .database
        .value(&format!("SELECT updated_count::text FROM erp_connection WHERE erp_connection_id = {id}"))
        .await;
    assert_eq!(row, "3", "each call changes the row");

    let mapping = |sync_to_erp: bool, active: bool| {
        json!({ "Mapping": {
            "ErpConnectionId": id, "ActorTypeErp": "Customer", "ActorTypeCrm": "Contact", "IsActive": active,
            "FieldMappings": [
                { "ErpFieldKey": "VAT", "Access": "Mandatory", "CrmFieldKey": "VATNO", "SyncToErp": sync_to_erp },
                { "ErpFieldKey": "Fax" }
            ]
        } })
    };
    server.called("ToggleErpConnectionActive", &request).await;
    server.called("SaveActorTypeMapping", &mapping(false, true)).await;
    let reasons = server.called("ToggleErpConnectionActive", &request).await;
    assert_eq!(reasons, json!(["The field 'VAT' of Customer is mandatory, but is synced in no direction."]));
    assert_eq!(get(&server, TJE0, id).await["Active"], false);
    for valid in [mapping(false, false), mapping(true, true)] {
        server.called("SaveActorTypeMapping", &valid).await;
        assert_eq!(server.called("ToggleErpConnectionActive", &request).await, json!([]));
        assert_eq!(server.called("ToggleErpConnectionActive", &request).await, json!([]), "deactivated again");
    }

    server.call(TJE0, "DeleteConnection", &request).await;
    server.database.execute("UPDATE erp_connector SET deleted = true").await;
    let answer = server.program.send_to(
        "/api/v1/Agents/ErpSync/ToggleErpConnectionActive",
        "text/xml",
        format!("<r><ErpConnectionId>{id}</ErpConnectionId></r>"),
        &[],
    );
    let answer = answer.await.text;
    assert!(answer.starts_with("<ArrayOfstring "), "{answer}");
    assert!(answer.contains("<a:string>The connection is deleted.</a:string>"), "{answer}");
    assert!(answer.contains("<a:string>The connector of the connection is deleted.</a:string>"), "{answer}");

    let refused = server.call(TJE1, "ToggleErpConnectionActive", &request).await;
    refused.assert_service_error(403, "SoSentryException", &["administrators"]);
    let missing = server.call(TJE0, "ToggleErpConnectionActive", &json!({ "ErpConnectionId": 999 })).await;
    missing.assert_service_error(404, "SoNotFoundException", &["ErpConnectionId: there is no connection 999."]);
}

#[tokio::test]
async fn sync_priorities_set_the_order_of_the_connections() {
    let server = Server::start().await;
    let [a, b, c] =
        [create(&server, &json!({})).await, create(&server, &json!({})).await, create(&server, &json!({})).await];
    let ids = |ids: &[i32]| ids.iter().map(|id| i64::from(*id)).collect::<Vec<_>>();
    let save = |order: serde_json::Value| {
        let server = &server;
        async move { server.call(TJE0, "SaveErpConnectionSyncPriorities", &json!({ "ErpConnectionIds": order })).await }
    };
    let crm_comes_after = |id: i32| {
        format!(
            "SELECT count(*)::int FROM erp_configuration, erp_connection
             WHERE erp_connection_id = {id} AND crm_sync_rank > sync_rank"
        )
    };
    assert_eq!(save(json!([c, 0, 816])).await.text, "true");
    assert_eq!(listed(&server, TJE0, false).await, ids(&[c, 816, a, b]), "connections that are not named come last");
    assert_eq!(server.database.value::<i32>(&crm_comes_after(c)).await, 1);
    assert_eq!(server.database.value::<i32>(&crm_comes_after(816)).await, 0);
    assert_eq!(save(json!([b])).await.text, "true");
    assert_eq!(listed(&server, TJE0, false).await, ids(&[b, c, 816, a]));
    let last = create(&server, &json!({})).await;
    assert_eq!(listed(&server, TJE0, false).await, ids(&[b, c, 816, a, last]), "a new connection comes last");
    assert_eq!(save(json!([])).await.text, "true");
    assert_eq!(listed(&server, TJE0, false).await, ids(&[b, c, 816, a, last]));

    save(json!([a, 999, -1])).await.assert_service_error(400, "SoValidationException", &["no connection 999, -1."]);
    save(json!([a, b, a])).await.assert_service_error(400, "SoValidationException", &["more than once"]);
    save(json!(null)).await.assert_service_error(400, "ArgumentException", &["ErpConnectionIds"]);
    let refused = server.call(TJE1, "SaveErpConnectionSyncPriorities", &json!({ "ErpConnectionIds": [a] })).await;
    refused.assert_service_error(403, "SoSentryException", &["administrators"]);
    assert_eq!(listed(&server, TJE0, false).await, ids(&[b, c, 816, a, last]), "nothing was stored");
}
