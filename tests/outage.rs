//! The database goes away and comes back; the server stays.

use std::time::{Duration, Instant};

use futures::future::join_all;

use crate::support::proxy::Proxy;
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
    let began = Instant::now();
    let answers = join_all((0..20).map(|_| program.save_sample())).await;
    assert!(answers.iter().all(|answer| [503, 504].contains(&answer.status)));
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    proxy.reopen();
    let began = Instant::now();
    while program.save_sample().await.status != 200 {
        assert!(began.elapsed() < Duration::from_secs(10), "no recovery");
    }
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

#[tokio::test]
async fn a_save_that_loses_its_database_midway_is_503_and_whole_or_not_there() {
    let server = Server::start().await;
    let before = server.database.contents().await;
    let mut lock = server.database.connect().await;
    sqlx::raw_sql("BEGIN; LOCK TABLE connection_config_field").execute(&mut lock).await.unwrap();
    let (answer, ()) = tokio::join!(server.program.save_sample(), async {
        // The save waits for the table; then its connection is ended under it.
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted";
        let began = Instant::now();
        while server.database.value::<i64>(waiting).await == 0 {
            assert!(began.elapsed() < Duration::from_secs(10));
        }
        let ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'erpsync' AND wait_event_type = 'Lock'";
        assert!(server.database.value::<bool>(ended).await);
    });
    answer.assert_service_error(503, "SoDbAccessException", &[]);
    sqlx::raw_sql("ROLLBACK").execute(&mut lock).await.unwrap();
    assert_eq!(server.database.contents().await, before);
    assert_eq!(server.program.save_sample().await.status, 200);
}
