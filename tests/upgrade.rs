//! An old server beside a new one, as during a rolling restart.

use std::sync::atomic::{AtomicI32, Ordering};

use futures::future::join_all;
use serde_json::json;
use sqlx::{Connection, PgConnection, Row};

use crate::support::Server;

const SAVE: &str = include_str!("upgrade/save_connection_0006.sql");
const LOCK: &str = "SELECT FROM erp_connection WHERE erp_connection_id = 816 FOR NO KEY UPDATE";
const SAVES_OF_EACH: i32 = 50;

/// Saves connection 816 as a server before migration 0007 does. Returns whether another save came between.
async fn execute(connection: &mut PgConnection, stamp: i64, number: i32) -> bool {
    let values = vec![format!("old {number}"); 2];
    let row = sqlx::query(SAVE)
        .bind(816)
        .bind(403)
        .bind(&values[0])
        .bind("")
        .bind(true)
        .bind(None::<String>)
        .bind(None::<String>)
        .bind(false)
        .bind(false)
        .bind(vec!["a", "b"])
        .bind(&values)
        .bind(vec![1, 185])
        .bind(Vec::<i32>::new())
        .bind(1)
        .bind("new")
        .bind(stamp)
        .fetch_one(connection)
        .await
        .unwrap();
    row.get::<Option<i32>, _>("erp_connection_id").is_none()
}

/// Saves as the old server: a save that another one has overtaken is sent again under the lock of its row.
async fn save(connection: &mut PgConnection, stamp: i64, number: i32) {
    if execute(connection, stamp, number).await {
        let mut transaction = connection.begin().await.unwrap();
        sqlx::query(LOCK).execute(&mut *transaction).await.unwrap();
        assert!(!execute(&mut transaction, stamp, number).await);
        transaction.commit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn saves_of_an_old_and_a_new_server_take_effect_one_after_another() {
    let server = Server::start().await;
    let stamp: i64 = server.database.value("SELECT stamp FROM security_stamp").await;
    let number = AtomicI32::new(0);
    let old = async |_| {
        let mut connection = server.database.connect().await;
        for _ in 0..SAVES_OF_EACH {
            save(&mut connection, stamp, number.fetch_add(1, Ordering::Relaxed)).await;
        }
    };
    let new = async |_| {
        for _ in 0..SAVES_OF_EACH {
            let name = format!("new {}", number.fetch_add(1, Ordering::Relaxed));
            let connection = json!({
                "ErpConnectionId": 816, "ErpConnectorId": 403, "DisplayName": name, "ConfigFields": { "a": name, "c": name },
                "UserGroupAccessIds": [185, 350], "AssociateAccessIds": [463]
            });
            server.saved(&connection).await;
        }
    };
    let (old_ones, new_ones) = (join_all((0..2).map(old)), join_all((0..2).map(new)));
    tokio::join!(old_ones, new_ones);

    let count: i32 =
        server.database.value("SELECT updated_count FROM erp_connection WHERE erp_connection_id = 816").await;
    assert_eq!(count, 4 * SAVES_OF_EACH, "each save counts once");
    let stored: String = server
        .database
        .value(
            "SELECT concat_ws('|', display_name,
                (SELECT string_agg(field_key || '=' || field_value, ',' ORDER BY field_key) FROM connection_config_field),
                (SELECT string_agg(user_group_id::text, ',' ORDER BY user_group_id) FROM erp_connection_access),
                (SELECT string_agg(associate_id::text, ',' ORDER BY associate_id) FROM erp_connection_access))
             FROM erp_connection WHERE erp_connection_id = 816",
        )
        .await;
    let name = stored.split('|').next().unwrap();
    let expected = if name.starts_with("old") {
        format!("{name}|a={name},b={name}|1,185")
    } else {
        format!("{name}|a={name},c={name}|185,350|463")
    };
    assert_eq!(stored, expected, "the last save is stored as a whole");
}
