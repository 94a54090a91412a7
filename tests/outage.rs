//! The database goes away and comes back; the server stays.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::proxy::Proxy;
use crate::support::wait::{wait_until, within_limit};
use crate::support::{Program, Server, TestDatabase};

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_the_server_answers_503_and_recovers() {
    let database = TestDatabase::with_demo_data().await;
    let proxy = Proxy::open().await;
    let mut program = Program::start(&["--database-url", &proxy.url(&database)]);
    for _ in 0..2 {
        assert_eq!(program.save_sample().await.status, 200);
        proxy.shut();
        let away = program.save_sample().await;
        away.assert_service_error(503, "SoDbAccessException", &["database"]);
        assert_eq!(away.header("retry-after"), "2");
        assert_eq!(program.get("/health/ready").await.status, 503);
        assert_eq!(program.get("/health/live").await.status, 200);

        proxy.reopen();
        // No request in between: the very next one works.
        assert_eq!(program.save_sample().await.status, 200);
        assert_eq!(program.get("/health/ready").await.status, 200);
    }
    assert!(program.is_running());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_says_nothing_costs_a_request_its_time_and_no_more() {
    let database = TestDatabase::with_demo_data().await;
    let proxy = Proxy::open().await;
    let program = Program::start(&["--database-url", &proxy.url(&database), "--request-timeout", "2"]);
    assert_eq!(program.save_sample().await.status, 200);
    proxy.stall();
    let answers = within_limit("20 refusals", join_all((0..20).map(|_| program.save_sample()))).await;
    assert!(answers.iter().all(|answer| [503, 504].contains(&answer.status)));
    proxy.reopen();
    wait_until("a recovery", async || program.save_sample().await.status == 200).await;
}

#[tokio::test]
async fn connections_ended_by_the_database_are_replaced_unseen() {
    let server = Server::start().await;
    for _ in 0..3 {
        let answers = join_all((0..16).map(|_| server.program.save_sample())).await;
        assert!(answers.iter().all(|answer| answer.status == 200));
        server.database.terminate_connections().await;
    }
    assert_eq!(server.program.save_sample().await.status, 200);
}

/// Waits until a save waits for a table that is locked.
async fn wait_for_lock(server: &Server) {
    let waiting = "SELECT count(*) FROM pg_locks JOIN pg_database ON oid = database
        WHERE NOT granted AND datname = current_database()";
    wait_until("a save that waits", async || server.database.value::<i64>(waiting).await > 0).await;
}

const END_SAVE: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'erpsync' AND wait_event_type = 'Lock'";
const LOST: &str = "SELECT count(*) FROM erp_connection WHERE display_name = 'lost'";
const LOCK_TABLE: &str = "BEGIN; LOCK TABLE connection_config_field";

#[tokio::test]
async fn a_save_whose_connection_is_ended_midway_is_sent_again() {
    let server = Server::start().await;
    assert_eq!(server.program.save_sample().await.status, 200);
    let updates = "SELECT updated_count FROM erp_connection WHERE erp_connection_id = 816";
    let before: i32 = server.database.value(updates).await;
    let mut lock = server.database.connect().await;
    sqlx::raw_sql(LOCK_TABLE).execute(&mut lock).await.unwrap();
    let (answer, ()) = tokio::join!(server.program.save_sample(), async {
        wait_for_lock(&server).await;
        assert!(server.database.value::<bool>(END_SAVE).await);
        sqlx::raw_sql("ROLLBACK").execute(&mut lock).await.unwrap();
    });
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(server.database.value::<i32>(updates).await, before + 1, "the first try has left nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_that_loses_its_database_midway_is_503_and_whole_or_not_there() {
    let proxy = Proxy::open().await;
    let database = TestDatabase::with_demo_data().await;
    let program = Program::start(&["--database-url", &proxy.url(&database)]);
    let server = Server { program, database };
    let before = server.database.contents().await;
    let mut lock = server.database.connect().await;
    sqlx::raw_sql(LOCK_TABLE).execute(&mut lock).await.unwrap();
    let (answer, ()) = tokio::join!(server.program.save_sample(), async {
        wait_for_lock(&server).await;
        proxy.shut();
    });
    answer.assert_service_error(503, "SoDbAccessException", &[]);
    // What nobody waits for any more ends by itself.
    assert!(server.database.value::<bool>(END_SAVE).await);
    sqlx::raw_sql("ROLLBACK").execute(&mut lock).await.unwrap();
    assert_eq!(server.database.contents().await, before);
    proxy.reopen();
    assert_eq!(server.program.save_sample().await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_created_is_not_created_twice_when_its_answer_is_lost() {
    let proxy = Proxy::open().await;
    let database = TestDatabase::with_demo_data().await;
    let program = Program::start(&["--database-url", &proxy.url(&database)]);
    let server = Server { program, database };
    let named = |name: &str| json!({ "ErpConnectorId": 403, "DisplayName": name, "ConfigFields": { "a": "1" } });
    // So that the statement is prepared: else its preparation would be what is lost.
    server.saved(&named("before")).await;

    proxy.mute();
    let lost = named("lost");
    let (answer, ()) = tokio::join!(server.save(&lost), async {
        wait_until("the row", async || server.database.value::<i64>(LOST).await > 0).await;
        proxy.cut();
    });
    assert_eq!(answer.status, 200, "{}", answer.text);
    let stored: Value = server
        .database
        .value("SELECT jsonb_agg(erp_connection_id) FROM erp_connection WHERE display_name = 'lost'")
        .await;
    assert_eq!(stored, json!([answer.json()["ErpConnectionId"]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_can_tell_who_created_an_id_that_was_chosen_when_its_answer_is_lost() {
    let proxy = Proxy::open().await;
    let database = TestDatabase::with_demo_data().await;
    let program = Program::start(&["--database-url", &proxy.url(&database)]);
    let server = Server { program, database };
    let chosen = |id: &str| json!({ "ErpConnectorId": 403, "DisplayName": id, "ConnectionId": id });
    server.saved(&chosen("before")).await;

    proxy.mute();
    let lost = chosen("lost");
    let (answer, ()) = tokio::join!(server.save(&lost), async {
        wait_until("the row", async || server.database.value::<i64>(LOST).await > 0).await;
        proxy.cut();
    });
    answer.assert_service_error(503, "SoDbAccessException", &[]);
    assert_eq!(server.save(&lost).await.status, 409);
}
