//! Saves that succeed: the response, and the stored rows.

use std::sync::Arc;

use erpsync::store::Pool;
use erpsync::store::pool::Hosts;
use erpsync::store::save_connection::{self, Outcome, Save};
use erpsync::store::sharing::Queue;
use serde_json::{Value, json};

use super::fixture::{full, sent_members, with};
use crate::support::{SAVE, Server, TestDatabase, seed_connection};

async fn count(database: &TestDatabase) -> i64 {
    database.value("SELECT count(*) FROM erp_connection").await
}

#[tokio::test]
async fn the_published_sample_request_gets_the_published_response() {
    let server = Server::start().await;
    let response = server
        .program
        .request(reqwest::Method::POST, SAVE)
        .header("Authorization", "Basic dGplMDpUamUw")
        .header("Accept", "application/json; charset=utf-8")
        .header("Accept-Language", "en")
        .header("Content-Type", "application/json; charset=utf-8")
        .body(serde_json::to_string_pretty(&json!({ "Connection": seed_connection() })).unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json; charset=utf-8");
    let text = response.text().await.unwrap();
    let start = concat!(
        r#"{"ErpConnectionId":816,"ErpConnectorId":411,"DisplayName":"Emard Group","#,
        r#""DisplayDescription":"Fundamental eco-centric application","Active":true,"ConnectionId":"a","#,
        r#""MostRecentTimestamp":"rerum","ConfigFields":{"ConfigFields1":"est","ConfigFields2":"ducimus"},"#,
        r#""Deleted":true,"AllAccess":false,"UserGroupAccessIds":[185,350],"AssociateAccessIds":[463,920],"#,
        r#""TableRight":{"Mask":"Select, Update, Insert, Delete","Reason":""},"#,
        r#""FieldProperties":{"ErpConnectionId":{"FieldRight":{"Mask":"Update","Reason":""},"#,
        r#""FieldType":"System.Int32","FieldLength":4},"#,
    );
    assert!(text.starts_with(start), "{text}");

    let database = &server.database;
    let row: String = database
        .value(
            "SELECT concat_ws('|', erp_connector_id, display_name, display_description, active, connection_id,
                most_recent_timestamp, all_access, deleted) FROM erp_connection WHERE erp_connection_id = 816",
        )
        .await;
    assert_eq!(row, "411|Emard Group|Fundamental eco-centric application|t|a|rerum|f|t");
    let fields: String = database
        .value(
            "SELECT string_agg(field_key || '=' || field_value, ',' ORDER BY field_key)
                FROM connection_config_field WHERE erp_connection_id = 816",
        )
        .await;
    assert_eq!(fields, "ConfigFields1=est,ConfigFields2=ducimus");
    let access: String = database
        .value(
            "SELECT string_agg(concat('g', user_group_id, 'a', associate_id), ',' ORDER BY user_group_id, associate_id)
                FROM erp_connection_access WHERE erp_connection_id = 816 AND can_connect AND can_create_erp",
        )
        .await;
    assert_eq!(access, "g185a,g350a,ga463,ga920");
    assert_eq!(count(database).await, 1);
}

#[tokio::test]
async fn decision_01_names_match_case_insensitively_unknown_ones_are_ignored_and_the_last_wins() {
    let server = Server::start().await;
    let body = r#"{"CONNECTION": null, "Other": [1, {"x": "y"}], "connection": {
        "erpConnectionId": 816, "ERPCONNECTORID": 411, "displayName": "first", "DisplayName": "last",
        "Nickname": {"deep": [[[]]]}, "configFields": {"Key": "1", "key": "2", "Key": "3"}, "allaccess": true,
        "tableRight": {"mask": 15, "reason": ""}, "fieldProperties": [1, 2]}}"#;
    let answer = server.program.post(SAVE, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let connection = answer.json();
    assert_eq!(connection["ErpConnectorId"], 411);
    assert_eq!(connection["DisplayName"], "last");
    assert_eq!(connection["AllAccess"], true);
    assert_eq!(connection["ConfigFields"], json!({ "Key": "3", "key": "2" }), "dictionary keys are data");
}

#[tokio::test]
async fn decision_02_every_member_is_present_in_the_vendors_order() {
    let server = Server::start().await;
    let answer = server.save(&json!({ "ErpConnectorId": 403 })).await;
    let order = [
        "ErpConnectionId",
        "ErpConnectorId",
        "DisplayName",
        "DisplayDescription",
        "Active",
        "ConnectionId",
        "MostRecentTimestamp",
        "ConfigFields",
        "Deleted",
        "AllAccess",
        "UserGroupAccessIds",
        "AssociateAccessIds",
        "TableRight",
        "FieldProperties",
    ];
    let places: Vec<_> = order.iter().map(|name| answer.text.find(&format!("\"{name}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "{}", answer.text);
    assert_eq!(answer.json().as_object().unwrap().len(), order.len());
}

#[tokio::test]
async fn decision_05_without_an_id_a_connection_is_created() {
    let server = Server::start().await;
    let mut ids = Vec::new();
    for id in [json!(0), Value::Null] {
        let created = server.saved(&json!({ "ErpConnectionId": id, "ErpConnectorId": 403 })).await;
        ids.push(created["ErpConnectionId"].as_i64().unwrap());
    }
    let created = server.saved(&json!({ "ErpConnectorId": 403 })).await;
    ids.push(created["ErpConnectionId"].as_i64().unwrap());
    assert!(ids.iter().all(|id| *id > 816) && ids.is_sorted() && ids[0] < ids[1] && ids[1] < ids[2], "{ids:?}");
    assert_eq!(count(&server.database).await, 4);

    let answer = server.save(&json!({ "ErpConnectionId": -1, "ErpConnectorId": 403 })).await;
    answer.assert_service_error(400, "SoValidationException", &["Connection.ErpConnectionId", "-1"]);
    assert_eq!(count(&server.database).await, 4);
}

#[tokio::test]
async fn decision_06_an_unknown_id_creates_under_a_new_id_and_is_logged() {
    let server = Server::start().await;
    let created = server.saved(&with(&full(), &json!({ "ErpConnectionId": 77_777 }))).await;
    assert_ne!(created["ErpConnectionId"], 77_777);
    assert_eq!(sent_members(&created), with(&full(), &json!({ "ErpConnectionId": created["ErpConnectionId"] })));
    assert_eq!(count(&server.database).await, 2);
    server.program.wait_for_log("created under a new id").await;
    server.program.wait_for_log("77777").await;
}

#[tokio::test]
async fn decision_07_an_id_of_a_row_updates_it_deleted_or_not() {
    let server = Server::start().await;
    let deleted = with(&full(), &json!({ "Deleted": true }));
    assert_eq!(sent_members(&server.saved(&deleted).await), deleted);
    let revived = with(&full(), &json!({ "DisplayName": "again" }));
    assert_eq!(sent_members(&server.saved(&revived).await), revived);
    assert_eq!(count(&server.database).await, 1);
}

#[tokio::test]
async fn decision_08_members_omitted_by_an_update_are_cleared_or_kept() {
    let server = Server::start().await;
    server.saved(&full()).await;
    let kept = json!({
        "ErpConnectionId": 816, "ErpConnectorId": 403, "DisplayName": "", "DisplayDescription": "", "Active": false,
        "ConnectionId": "c-1", "MostRecentTimestamp": "t-1", "ConfigFields": { "a": "1", "b": "2", "c": null },
        "Deleted": false, "AllAccess": false, "UserGroupAccessIds": [1, 185], "AssociateAccessIds": [463]
    });
    assert_eq!(sent_members(&server.saved(&json!({ "ErpConnectionId": 816 })).await), kept);

    let nulls: Value = full().as_object().unwrap().keys().map(|name| (name.clone(), Value::Null)).collect();
    let nulls = with(&nulls, &json!({ "ErpConnectionId": 816 }));
    assert_eq!(sent_members(&server.saved(&nulls).await), kept);

    let replaced = json!({ "ErpConnectionId": 816, "MostRecentTimestamp": "", "ConfigFields": { "b": "9", "d": "" },
        "UserGroupAccessIds": [350], "AssociateAccessIds": [920, 463] });
    let replaced = sent_members(&server.saved(&replaced).await);
    assert_eq!(replaced["MostRecentTimestamp"], "", "an empty text is a value");
    assert_eq!(replaced["ConfigFields"], json!({ "b": "9", "d": "" }));
    assert_eq!(replaced["UserGroupAccessIds"], json!([350]));
    assert_eq!(replaced["AssociateAccessIds"], json!([463, 920]));
    assert_eq!(
        sent_members(&server.saved(&json!({ "ErpConnectionId": 816 })).await),
        replaced,
        "the second update keeps them"
    );

    let cleared =
        json!({ "ErpConnectionId": 816, "ConfigFields": {}, "UserGroupAccessIds": [], "AssociateAccessIds": [] });
    let cleared = server.saved(&cleared).await;
    assert_eq!(cleared["ConfigFields"], json!({}));
    assert_eq!((&cleared["UserGroupAccessIds"], &cleared["AssociateAccessIds"]), (&json!([]), &json!([])));
    let rows: i64 = server
        .database
        .value("SELECT (SELECT count(*) FROM connection_config_field) + (SELECT count(*) FROM erp_connection_access)")
        .await;
    assert_eq!(rows, 0);
}

#[tokio::test]
async fn decision_09_connection_id_is_generated_stored_changed_or_refused() {
    let server = Server::start().await;
    for blank in [Value::Null, json!(""), json!("  ")] {
        let created = server.saved(&json!({ "ErpConnectorId": 403, "ConnectionId": blank })).await;
        let made = created["ConnectionId"].as_str().unwrap().to_owned();
        let guid = uuid::Uuid::parse_str(&made).unwrap();
        assert_eq!(made, guid.hyphenated().to_string(), "lower case, 8-4-4-4-12");

        let id = &created["ErpConnectionId"];
        let updated = server.saved(&json!({ "ErpConnectionId": id, "ConnectionId": blank })).await;
        assert_eq!(updated["ConnectionId"], *made, "a blank ConnectionId keeps the stored one");
    }
    let given = server.saved(&json!({ "ErpConnectorId": 403, "ConnectionId": "No GUID: ÆØÅ" })).await;
    assert_eq!(given["ConnectionId"], "No GUID: ÆØÅ");
    let changed = json!({ "ErpConnectionId": given["ErpConnectionId"], "ConnectionId": "other" });
    assert_eq!(server.saved(&changed).await["ConnectionId"], "other");

    let before = server.database.contents().await;
    for id in [json!(0), json!(816)] {
        let taken = with(&full(), &json!({ "ErpConnectionId": id, "ConnectionId": "other" }));
        let answer = server.save(&taken).await;
        answer.assert_service_error(409, "SoDuplicateException", &["Connection.ConnectionId", "'other'"]);
    }
    assert_eq!(server.database.contents().await, before, "a refused save stores nothing");
}

#[tokio::test]
async fn decision_10_id_lists_are_sorted_deduplicated_and_kept_under_all_access() {
    let server = Server::start().await;
    let lists =
        json!({ "AllAccess": true, "UserGroupAccessIds": [350, 1, 350, 185], "AssociateAccessIds": [920, 463, 920] });
    let saved = server.saved(&with(&full(), &lists)).await;
    assert_eq!(saved["UserGroupAccessIds"], json!([1, 185, 350]));
    assert_eq!(saved["AssociateAccessIds"], json!([463, 920]));
    let narrowed = server.saved(&json!({ "ErpConnectionId": 816, "AllAccess": false })).await;
    assert_eq!(narrowed["UserGroupAccessIds"], json!([1, 185, 350]));
}

#[tokio::test]
async fn decision_13_unchanged_rows_are_not_written() {
    let server = Server::start().await;
    server.saved(&full()).await;
    let versions = "SELECT concat_ws('|',
        (SELECT string_agg(concat(user_group_id, '/', associate_id, '@', xmin), ',' ORDER BY user_group_id, associate_id)
         FROM erp_connection_access),
        (SELECT string_agg(concat(field_key, '@', xmin), ',' ORDER BY field_key) FROM connection_config_field))";
    let before: String = server.database.value(versions).await;
    server.saved(&full()).await;
    assert_eq!(server.database.value::<String>(versions).await, before);

    let change = json!({ "ConfigFields": { "a": "1", "b": "changed", "d": "4" }, "UserGroupAccessIds": [185, 350] });
    server.saved(&with(&full(), &change)).await;
    let after: String = server.database.value(versions).await;
    let kept: Vec<_> = before.split([',', '|']).filter(|row| after.contains(row)).collect();
    let names: Vec<_> = kept.iter().map(|row| row.split('@').next().unwrap()).collect();
    assert_eq!(names, ["185/", "/463", "a"], "before {before}, after {after}");
}

#[tokio::test]
async fn decision_13_a_save_is_one_statement() {
    let server = Server::start_logging_statements().await;
    for connection in [full(), with(&full(), &json!({ "DisplayName": "x", "ConfigFields": { "z": "1" } }))] {
        server.saved(&connection).await;
        let before = server.database.logged_statements().len();
        server.saved(&connection).await;
        let logged = server.database.logged_statements().split_off(before);
        assert_eq!(logged.len(), 1, "{logged:?}");
        assert!(logged[0].contains("Saves a connection"), "{logged:?}");
    }
}

#[tokio::test]
async fn decision_13_a_new_connection_comes_last_in_the_sync_order() {
    let server = Server::start().await;
    let mut created = vec![json!(816)];
    for _ in 0..3 {
        created.push(server.saved(&json!({ "ErpConnectorId": 403 })).await["ErpConnectionId"].clone());
    }
    server.saved(&json!({ "ErpConnectionId": 816 })).await;
    let order: Value =
        server.database.value("SELECT jsonb_agg(erp_connection_id ORDER BY sync_rank) FROM erp_connection").await;
    assert_eq!(order, json!(created));
}

#[tokio::test]
async fn decision_14_audit_columns_are_kept() {
    let server = Server::start().await;
    let created = server.saved(&with(&full(), &json!({ "ErpConnectionId": 0 }))).await;
    let id = created["ErpConnectionId"].as_i64().unwrap();
    let audit = "SELECT jsonb_build_object(
            'by', registered_associate_id = 1 AND updated_associate_id = 1,
            'fresh', registered > now() - interval '1 minute',
            'updated', CASE WHEN updated > registered THEN 'later' WHEN updated = registered THEN 'same' END,
            'count', updated_count)
        FROM erp_connection ORDER BY erp_connection_id DESC LIMIT 1";
    let new = json!({ "by": true, "fresh": true, "updated": "same", "count": 0 });
    assert_eq!(server.database.value::<Value>(audit).await, new);

    server.saved(&with(&full(), &json!({ "ErpConnectionId": id, "ConfigFields": { "a": "1", "b": "other" } }))).await;
    let updated = json!({ "by": true, "fresh": true, "updated": "later", "count": 1 });
    assert_eq!(server.database.value::<Value>(audit).await, updated);
    let fields: String = server
        .database
        .value(
            "SELECT string_agg(concat(field_key, updated_count, updated > registered), ',' ORDER BY field_key)
                FROM connection_config_field WHERE erp_connection_id <> 816",
        )
        .await;
    assert_eq!(fields, "a0f,b1t", "only the changed field is updated");
}

#[tokio::test]
async fn decision_16_rights_describe_every_member() {
    let server = Server::start().await;
    let saved = server.saved(&full()).await;
    assert_eq!(saved["TableRight"], json!({ "Mask": "Select, Update, Insert, Delete", "Reason": "" }));
    let expected: Value = [
        ("ErpConnectionId", "System.Int32", 4),
        ("ErpConnectorId", "System.Int32", 4),
        ("DisplayName", "System.String", 254),
        ("DisplayDescription", "System.String", 254),
        ("Active", "System.Boolean", 2),
        ("ConnectionId", "System.String", 127),
        ("MostRecentTimestamp", "System.String", 254),
        ("ConfigFields", "SuperOffice.CRM.Services.StringDictionary", 0),
        ("Deleted", "System.Boolean", 2),
        ("AllAccess", "System.Boolean", 2),
        ("UserGroupAccessIds", "System.Int32[]", 0),
        ("AssociateAccessIds", "System.Int32[]", 0),
    ]
    .into_iter()
    .map(|(name, field_type, length)| {
        let right = json!({ "Mask": "Update", "Reason": "" });
        (name.to_owned(), json!({ "FieldRight": right, "FieldType": field_type, "FieldLength": length }))
    })
    .collect();
    assert_eq!(saved["FieldProperties"], expected);
}

#[tokio::test]
async fn the_response_of_a_save_can_be_sent_back() {
    let server = Server::start().await;
    let saved = server.saved(&with(&full(), &json!({ "DisplayName": "US:\"Main\";NO:\"Hoved\"" }))).await;
    assert_eq!(server.saved(&saved).await, saved);
}

#[tokio::test]
async fn a_thousand_config_fields_are_replaced_in_one_save() {
    let server = Server::start().await;
    let fields = |from: usize| -> Value {
        (from..from + 1000).map(|n| (format!("key{n:05}"), json!(format!("v{n}")))).collect()
    };
    let saved = server.saved(&with(&full(), &json!({ "ConfigFields": fields(0) }))).await;
    assert_eq!(saved["ConfigFields"], fields(0));
    let saved = server.saved(&with(&full(), &json!({ "ConfigFields": fields(500) }))).await;
    assert_eq!(saved["ConfigFields"], fields(500));
    let kept = server.saved(&json!({ "ErpConnectionId": 816 })).await;
    assert_eq!(kept["ConfigFields"], fields(500));
}

#[tokio::test]
async fn decision_11_a_connection_keeps_a_connector_that_was_deleted_since() {
    let server = Server::start().await;
    server.database.execute("UPDATE erp_connector SET deleted = true WHERE erp_connector_id = 403").await;
    let kept = server.saved(&json!({ "ErpConnectionId": 816, "ErpConnectorId": 403, "DisplayName": "x" })).await;
    assert_eq!(kept["ErpConnectorId"], 403);
    let created = server.save(&json!({ "ErpConnectorId": 403 })).await;
    created.assert_service_error(400, "SoValidationException", &["there is no connector 403"]);
    let changed = server.saved(&json!({ "ErpConnectionId": 816, "ErpConnectorId": 411 })).await;
    assert_eq!(changed["ErpConnectorId"], 411);
    assert_eq!(server.save(&json!({ "ErpConnectionId": 816, "ErpConnectorId": 403 })).await.status, 400);
}

/// A save whose response was lost is sent again, with the same generated `ConnectionId`.
#[tokio::test]
async fn decision_13_a_creation_that_is_sent_twice_creates_one_connection() {
    let database = TestDatabase::with_demo_data().await;
    let pool = Pool::new(database.url().parse::<Hosts>().unwrap(), 1, false);
    let save = Arc::new(Save {
        erp_connection_id: 0,
        erp_connector_id: 403,
        display_name: "x".to_owned(),
        display_description: String::new(),
        active: true,
        connection_id: None,
        most_recent_timestamp: None,
        config_fields: None,
        deleted: false,
        all_access: false,
        user_group_ids: Some(vec![1]),
        associate_ids: None,
        caller: 1,
        stamp: database.value("SELECT stamp FROM security_stamp").await,
        new_connection_id: "generated".to_owned(),
    });
    let before = count(&database).await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let outcome = save_connection::save(&pool, &Queue::default(), &save).await.unwrap();
        let Outcome::Saved(saved) = outcome else { panic!("{outcome:?}") };
        assert_eq!((saved.updated, saved.connection_id.as_str()), (false, "generated"));
        ids.push(saved.erp_connection_id);
    }
    assert_eq!(ids[0], ids[1]);
    assert_eq!(count(&database).await, before + 1);
}
