//! Loss and return of the database while the server runs.

use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::postgres::IS_BLOCKED;
use crate::support::proxy::Proxy;
use crate::support::wait::{wait_until, within_limit};
use crate::support::{Answer, Program, Server, TestDatabase};

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_the_server_responds_503_and_recovers() {
    let database = TestDatabase::with_demo_data().await;
    let proxy = Proxy::start().await;
    let mut program = Program::start(&["--database-url", &proxy.url(&database)]);
    for _ in 0..2 {
        assert_eq!(program.save_sample().await.status, 200);
        proxy.refuse();
        let away = program.save_sample().await;
        away.assert_service_error(503, "SoDbAccessException", &["database"]);
        assert_eq!(away.header("retry-after"), "2");
        assert_eq!(program.get("/health/ready").await.status, 503);
        assert_eq!(program.get("/health/live").await.status, 200);

        proxy.restore();
        // The first request after the return succeeds.
        assert_eq!(program.save_sample().await.status, 200);
        assert_eq!(program.get("/health/ready").await.status, 200);
    }
    assert!(program.is_running());
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_time_out_while_the_database_does_not_respond() {
    let database = TestDatabase::with_demo_data().await;
    let proxy = Proxy::start().await;
    let program = Program::start(&["--database-url", &proxy.url(&database), "--request-timeout", "2"]);
    // A busy machine may exceed the time limit.
    wait_until("a save within the time limit", async || program.save_sample().await.status == 200).await;
    proxy.stall();
    let answers = within_limit("20 refusals", join_all((0..20).map(|_| program.save_sample()))).await;
    assert!(answers.iter().all(|answer| [503, 504].contains(&answer.status)));
    proxy.restore();
    wait_until("a recovery", async || program.save_sample().await.status == 200).await;
}

#[tokio::test]
async fn connections_closed_by_the_database_are_replaced() {
    let server = Server::start().await;
    for _ in 0..3 {
        let answers = join_all((0..16).map(|_| server.program.save_sample())).await;
        assert!(answers.iter().all(|answer| answer.status == 200));
        server.database.terminate_connections().await;
    }
    assert_eq!(server.program.save_sample().await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_closed_while_it_is_opened_is_opened_again() {
    let database = TestDatabase::with_demo_data().await;
    let proxy = Proxy::start().await;
    // The connection is closed before the database has said whether it speaks TLS.
    let url = proxy.url(&database).replace("sslmode=disable", "sslmode=prefer");
    let program = Program::start(&["--database-url", &url]);
    assert_eq!(program.save_sample().await.status, 200);
    database.terminate_connections().await;
    proxy.cut_next(1);
    assert_eq!(program.save_sample().await.status, 200);
    assert_eq!(proxy.still_to_cut(), 0);
}

#[tokio::test]
async fn connections_are_replaced_after_the_database_took_no_writes() {
    let server = Server::start().await;
    let set = async |value| {
        let name = server.database.name();
        let alter = format!("ALTER ROLE erpsync IN DATABASE {name} SET default_transaction_read_only = {value}");
        server.database.execute(&alter).await;
    };
    set("on").await;
    server.database.terminate_connections().await;
    server.program.save_sample().await.assert_service_error(503, "SoDbAccessException", &[]);
    // The setting counts for new connections.
    set("off").await;
    assert_eq!(server.program.save_sample().await.status, 200);
}

/// Returns the URL of a database behind two proxies, as if they were two hosts.
fn url_of_both(database: &TestDatabase, [one, other]: [&Proxy; 2]) -> String {
    let (name, one, other) = (database.name(), one.port, other.port);
    format!("postgres://erpsync@127.0.0.1:{one},127.0.0.1:{other}/{name}?sslmode=disable&connect_timeout=1")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_does_not_respond_is_passed_over() {
    let database = TestDatabase::with_demo_data().await;
    let (one, other) = (Proxy::start().await, Proxy::start().await);
    one.stall();
    let program =
        Program::start(&["--database-url", &url_of_both(&database, [&one, &other]), "--request-timeout", "2"]);
    program.wait_for_log(&format!("this host\",\"host\":\"127.0.0.1:{}\"", other.port)).await;
    for (stalled, running) in [(&other, &one), (&one, &other)] {
        wait_until("a save", async || program.save_sample().await.status == 200).await;
        running.restore();
        stalled.stall();
        // Saves on connections to the host that has stopped responding are answered with 504.
        let answers = within_limit("20 answers", join_all((0..20).map(|_| program.save_sample()))).await;
        assert!(answers.iter().all(|answer| [200, 503, 504].contains(&answer.status)), "{answers:?}");
        wait_until("a save on the other host", async || program.save_sample().await.status == 200).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_start_waits_for_one_of_several_hosts() {
    let database = TestDatabase::with_demo_data().await;
    let (one, other) = (Proxy::start().await, Proxy::start().await);
    one.refuse();
    other.cut_next(2);
    let program = Program::start(&["--database-url", &url_of_both(&database, [&one, &other])]);
    assert_eq!(other.still_to_cut(), 0);
    assert!(program.log().contains("no host can be used: 127.0.0.1:"), "{}", program.log());
    assert_eq!(program.save_sample().await.status, 200);
}

const LOST: &str = "SELECT count(*) FROM erp_connection WHERE display_name = 'lost'";
const LOCK_TABLE: &str = "BEGIN; LOCK TABLE connection_config_field";

/// Terminates the session of a save that waits for a lock.
async fn terminate_save(database: &TestDatabase) {
    let terminate = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'erpsync' AND {IS_BLOCKED}"
    );
    assert!(database.value::<bool>(&terminate).await);
}

#[tokio::test]
async fn a_save_whose_connection_is_terminated_is_retried() {
    let server = Server::start().await;
    assert_eq!(server.program.save_sample().await.status, 200);
    let updates = "SELECT updated_count FROM erp_connection WHERE erp_connection_id = 816";
    let before: i32 = server.database.value(updates).await;
    let mut lock = server.database.connect().await;
    sqlx::raw_sql(LOCK_TABLE).execute(&mut lock).await.unwrap();
    let (answer, ()) = tokio::join!(server.program.save_sample(), async {
        server.database.wait_for_blocked_sessions(1).await;
        terminate_save(&server.database).await;
        sqlx::raw_sql("ROLLBACK").execute(&mut lock).await.unwrap();
    });
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(server.database.value::<i32>(updates).await, before + 1, "the first attempt stored nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_that_loses_its_database_is_503_and_stored_whole_or_not_at_all() {
    let proxy = Proxy::start().await;
    let database = TestDatabase::with_demo_data().await;
    let program = Program::start(&["--database-url", &proxy.url(&database)]);
    let server = Server { program, database };
    let before = server.database.contents().await;
    let mut lock = server.database.connect().await;
    sqlx::raw_sql(LOCK_TABLE).execute(&mut lock).await.unwrap();
    let (answer, ()) = tokio::join!(server.program.save_sample(), async {
        server.database.wait_for_blocked_sessions(1).await;
        proxy.refuse();
    });
    answer.assert_service_error(503, "SoDbAccessException", &[]);
    // The abandoned statement still waits for the lock.
    terminate_save(&server.database).await;
    sqlx::raw_sql("ROLLBACK").execute(&mut lock).await.unwrap();
    assert_eq!(server.database.contents().await, before);
    proxy.restore();
    assert_eq!(server.program.save_sample().await.status, 200);
}

/// Creates a connection and loses the response of the database. Returns the response of the server.
async fn create_and_lose_the_response(server: &Server, proxy: &Proxy, created: &Value) -> Answer {
    loop {
        // Prepares the statement, as otherwise the response to its preparation would be lost.
        server.saved(&json!({ "ErpConnectionId": 816 })).await;
        proxy.drop_responses();
        let is_answered = AtomicBool::new(false);
        let save = async {
            let answer = server.save(created).await;
            is_answered.store(true, Ordering::Relaxed);
            answer
        };
        let close = async {
            let is_created = async || server.database.value::<i64>(LOST).await > 0;
            wait_until("the row", async || is_answered.load(Ordering::Relaxed) || is_created().await).await;
            proxy.close_once();
        };
        let (answer, ()) = tokio::join!(save, close);
        if server.database.value::<i64>(LOST).await > 0 {
            return answer;
        }
        // A connection that was idle for a second is tested first, and the response to the test was lost.
        assert_eq!(answer.status, 503, "{}", answer.text);
        proxy.restore();
    }
}

/// Starts a server with one connection to its database.
async fn start_behind(proxy: &Proxy) -> Server {
    let database = TestDatabase::with_demo_data().await;
    let program = Program::start(&["--database-url", &proxy.url(&database), "--database-connections", "1"]);
    Server { program, database }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_whose_response_is_lost_is_not_repeated() {
    let proxy = Proxy::start().await;
    let server = start_behind(&proxy).await;
    let lost = json!({ "ErpConnectorId": 403, "DisplayName": "lost", "ConfigFields": { "a": "1" } });
    let answer = create_and_lose_the_response(&server, &proxy, &lost).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let stored: Value = server
        .database
        .value("SELECT jsonb_agg(erp_connection_id) FROM erp_connection WHERE display_name = 'lost'")
        .await;
    assert_eq!(stored, json!([answer.json()["ErpConnectionId"]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_with_a_given_id_is_503_when_its_response_is_lost() {
    let proxy = Proxy::start().await;
    let server = start_behind(&proxy).await;
    let lost = json!({ "ErpConnectorId": 403, "DisplayName": "lost", "ConnectionId": "lost" });
    let answer = create_and_lose_the_response(&server, &proxy, &lost).await;
    answer.assert_service_error(503, "SoDbAccessException", &[]);
    assert_eq!(server.save(&lost).await.status, 409);
}
