//! Concurrent saves: each takes effect whole, one after another.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::Server;

/// Returns a connection whose members all show the number of its request.
fn numbered(number: usize) -> Value {
    let groups = [1, 185, 350];
    let chosen = |bits: usize| -> Vec<i32> {
        groups.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1).map(|(_, id)| *id).collect()
    };
    json!({
        "ErpConnectionId": 816, "ErpConnectorId": if number.is_multiple_of(2) { 403 } else { 411 },
        "DisplayName": format!("save {number}"), "DisplayDescription": format!("save {number}"),
        "Active": number.is_multiple_of(3), "ConnectionId": format!("id {number}"),
        "MostRecentTimestamp": format!("save {number}"),
        "ConfigFields": { "number": number.to_string(), format!("own{number}"): "x", format!("shared{}", number % 7): number.to_string() },
        "Deleted": false, "AllAccess": number.is_multiple_of(5),
        "UserGroupAccessIds": chosen(number % 8),
        "AssociateAccessIds": if number.is_multiple_of(4) { vec![463, 920] } else { vec![463] }
    })
}

fn without_rights(mut connection: Value) -> Value {
    let members = connection.as_object_mut().unwrap();
    members.remove("TableRight");
    members.remove("FieldProperties");
    connection
}

#[tokio::test]
async fn two_hundred_concurrent_saves_of_one_connection_leave_one_of_them_whole() {
    let server = Server::start().await;
    for round in 0..3_u16 {
        let numbers = round * 200..(round + 1) * 200;
        let requests: Vec<_> = numbers.map(usize::from).map(numbered).collect();
        let answers = join_all(requests.iter().map(|request| server.save(request))).await;
        for (request, answer) in requests.iter().zip(answers) {
            assert_eq!(answer.status, 200, "{}", answer.text);
            assert_eq!(without_rights(answer.json()), *request, "each response is that of its request");
        }
        // Read from the database, as every update changes the row.
        let stored: Value = server
            .database
            .value(
                "SELECT jsonb_build_object('ErpConnectionId', erp_connection_id, 'ErpConnectorId', erp_connector_id,
                    'DisplayName', display_name, 'DisplayDescription', display_description, 'Active', active,
                    'ConnectionId', connection_id, 'MostRecentTimestamp', most_recent_timestamp,
                    'Deleted', deleted, 'AllAccess', all_access,
                    'ConfigFields', (SELECT jsonb_object_agg(field_key, field_value) FROM connection_config_field f
                        WHERE f.erp_connection_id = c.erp_connection_id),
                    'UserGroupAccessIds', (SELECT coalesce(jsonb_agg(user_group_id ORDER BY user_group_id), '[]')
                        FROM erp_connection_access a
                        WHERE a.erp_connection_id = c.erp_connection_id AND user_group_id IS NOT NULL),
                    'AssociateAccessIds', (SELECT jsonb_agg(associate_id ORDER BY associate_id)
                        FROM erp_connection_access a
                        WHERE a.erp_connection_id = c.erp_connection_id AND associate_id IS NOT NULL))
                 FROM erp_connection c WHERE erp_connection_id = 816",
            )
            .await;
        assert!(requests.contains(&stored), "a mix of several saves: {stored}");
        let count: i32 = server.database.value("SELECT updated_count FROM erp_connection").await;
        assert_eq!(count, (i32::from(round) + 1) * 200, "every save took effect once");
    }
}

#[tokio::test]
async fn concurrent_creates_get_distinct_ids() {
    let server = Server::start().await;
    let create = json!({ "ErpConnectorId": 403, "ConfigFields": { "a": "b" }, "UserGroupAccessIds": [1] });
    let created = join_all((0..100).map(|_| server.saved(&create))).await;
    let ids: BTreeSet<_> = created.iter().map(|connection| connection["ErpConnectionId"].as_i64().unwrap()).collect();
    let guids: BTreeSet<_> = created.iter().map(|connection| connection["ConnectionId"].as_str().unwrap()).collect();
    assert_eq!((ids.len(), guids.len()), (100, 100));
}

#[tokio::test]
async fn concurrent_creates_with_the_same_connection_id_succeed_once() {
    let server = Server::start().await;
    let create = json!({ "ErpConnectorId": 403, "ConnectionId": "wanted", "ConfigFields": { "a": "b" } });
    let answers = join_all((0..50).map(|_| server.save(&create))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200);
    assert!(statuses[1..].iter().all(|status| *status == 409), "{statuses:?}");
    let rows = "SELECT count(*) FROM connection_config_field WHERE erp_connection_id <> 816";
    assert_eq!(server.database.value::<i64>(rows).await, 1);
}

#[tokio::test]
async fn concurrent_swaps_of_connection_ids_get_200_or_409() {
    let server = Server::start().await;
    let mut ids = Vec::new();
    for name in ["x", "y"] {
        let created = server.saved(&json!({ "ErpConnectorId": 403, "ConnectionId": name })).await;
        ids.push(created["ErpConnectionId"].as_i64().unwrap());
    }
    for _ in 0..20 {
        let swap = |id: usize, name: &'static str| {
            let (server, id) = (&server, ids[id]);
            async move { server.save(&json!({ "ErpConnectionId": id, "ConnectionId": name })).await.status }
        };
        let (first, second) = tokio::join!(swap(0, "y"), swap(1, "x"));
        assert!([200, 409].contains(&first) && [200, 409].contains(&second), "{first} {second}");
        let distinct: i64 = server.database.value("SELECT count(DISTINCT connection_id) FROM erp_connection").await;
        assert_eq!(distinct, 3);
    }
}
