//! Start of the server: schema, settings, and refusals.

use crate::support::postgres::IS_BLOCKED;
use crate::support::program::run;
use crate::support::wait::within_limit;
use crate::support::{Answer, DataDir, Program, Server, TestDatabase};

#[tokio::test]
async fn ten_servers_start_at_once_on_one_empty_database() {
    let database = TestDatabase::empty().await;
    let url = database.url();
    let starts = (0..10).map(|_| {
        let url = url.clone();
        tokio::task::spawn_blocking(move || Program::start(&["--database-url", &url, "--database-connections", "2"]))
    });
    let mut programs = Vec::new();
    for start in starts.collect::<Vec<_>>() {
        programs.push(start.await.unwrap());
    }
    let steps: i64 = database.value("SELECT count(*) FROM _sqlx_migrations WHERE success").await;
    assert_eq!(usize::try_from(steps).unwrap(), erpsync::store::MIGRATIONS.iter().count());
    assert!(run(&["demo", "--database-url", &url]).status.success());
    for program in &programs {
        assert_eq!(program.save_sample().await.status, 200);
    }
    let count: i32 = database.value("SELECT updated_count FROM erp_connection").await;
    assert_eq!(count, 10);
}

#[tokio::test]
async fn migrate_creates_the_schema_without_data() {
    let database = TestDatabase::empty().await;
    for _ in 0..2 {
        let done = run(&["migrate", "--database-url", &database.url()]);
        assert!(done.status.success(), "{done:?}");
        assert_eq!(String::from_utf8(done.stdout).unwrap(), "The schema is up to date.\n");
    }
    assert_eq!(database.value::<i64>("SELECT count(*) FROM associate").await, 0);
}

#[tokio::test]
async fn a_given_database_gets_demo_data_only_when_asked_and_keeps_what_it_has() {
    let database = TestDatabase::empty().await;
    let mut program = Program::start(&["--database-url", &database.url()]);
    assert_eq!(program.save_sample().await.status, 401);
    assert!(!program.log().contains("published passwords"));
    program.kill();

    for _ in 0..2 {
        assert!(run(&["demo", "--database-url", &database.url()]).status.success());
    }
    let program = Program::start(&["--database-url", &database.url()]);
    program.wait_for_log("published passwords").await;
    assert_eq!(program.save_sample().await.status, 200);
    assert!(run(&["demo", "--database-url", &database.url()]).status.success());
    let name: String = database.value("SELECT display_name FROM erp_connection").await;
    assert_eq!(name, "Emard Group", "demo data overwrites nothing");
}

#[tokio::test]
async fn columns_have_the_lengths_of_the_vendors_tables() {
    let database = TestDatabase::with_demo_data().await;
    let lengths: String = database
        .value(
            "SELECT string_agg(concat(column_name, ' ', character_maximum_length), ', ' ORDER BY table_name, ordinal_position)
             FROM information_schema.columns
             WHERE table_name LIKE ANY ('{erp\\_%,connection\\_%}') AND character_maximum_length IS NOT NULL",
        )
        .await;
    assert_eq!(
        lengths,
        "field_key 254, field_value 1023, display_name 254, display_description 254, connection_id 127, \
         most_recent_timestamp 254, url 1023, display_name 254, erp_field_key 254, display_name 254, \
         display_description 254, list_name 254, default_value 254, first_sync_default_value 254, \
         crm_field_key 254, list_reference 254, erp_item_key 254"
    );
    let unaudited: i64 = database
        .value(
            "SELECT count(*) FROM unnest('{erp_connector,erp_connection,erp_connection_access,connection_config_field,
                erp_connection_actor_type,erp_field,erp_list_item_mapping}'::text[]) t
             WHERE (SELECT count(*) FROM information_schema.columns WHERE table_name = t AND column_name = ANY (
                '{registered,registered_associate_id,updated,updated_associate_id,updated_count}')) <> 5",
        )
        .await;
    assert_eq!(unaudited, 0);
}

#[tokio::test]
async fn an_access_row_is_for_one_associate_or_one_group() {
    let database = TestDatabase::with_demo_data().await;
    let insert = |columns: &'static str, values: &'static str| {
        let sql = format!(
            "INSERT INTO erp_connection_access
                (erp_connection_id, registered_associate_id, updated_associate_id, {columns}) VALUES (816, 1, 1, {values})"
        );
        async {
            let mut connection = database.connect().await;
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.map_err(|error| error.to_string())
        }
    };
    assert!(insert("associate_id", "463").await.is_ok());
    assert!(insert("associate_id", "463").await.unwrap_err().contains("erp_connection_access_associate_key"));
    assert!(insert("user_group_id, associate_id", "185, 920").await.unwrap_err().contains("access_subject"));
    assert!(insert("user_group_id", "NULL").await.unwrap_err().contains("access_subject"));
}

#[tokio::test]
async fn impossible_settings_are_status_1_with_one_line() {
    let missing = TestDatabase::empty().await.url();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    let database = TestDatabase::with_demo_data().await;
    // Never the default port, where a server of the machine may listen.
    let free = "127.0.0.1:0";
    for (url, listen, text) in [
        ("nonsense", free, "does not begin with postgres://"),
        ("mysql://root@127.0.0.1/x", free, "does not begin with postgres://"),
        ("postgres://127.0.0.1:x/x", free, "the database URL is invalid"),
        (&missing, free, "cannot be opened"),
        (&database.url(), &taken, "cannot listen on"),
        ("postgres://u:s3cret@127.0.0.1:1/x", free, "refused"),
    ] {
        let arguments = ["--database-url", url, "--listen", listen];
        let done = tokio::task::spawn_blocking({
            let arguments = arguments.map(ToOwned::to_owned);
            move || run(&arguments.each_ref().map(String::as_str))
        });
        let done = within_limit("an exit", done).await.unwrap();
        let problem = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(1), "{arguments:?}: {problem}");
        let last = problem.lines().last().unwrap();
        assert!(last.starts_with("erpsync: ") && last.contains(text), "{arguments:?}: {problem}");
        assert!(!problem.contains("s3cret"), "{problem}");
    }
}

#[test]
fn an_address_in_use_is_reported_before_a_database_is_created() {
    for loopback in ["127.0.0.1:0", "[::1]:0"] {
        let listener = std::net::TcpListener::bind(loopback).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let parent = tempfile::tempdir().unwrap();
        let data_dir = parent.path().join("data");
        let done = run(&["--listen", &address, "--data-dir", data_dir.to_str().unwrap()]);
        let problem = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(1), "{problem}");
        assert!(problem.contains(&format!("erpsync: cannot listen on {address}: ")), "{problem}");
        assert!(!data_dir.exists(), "{problem}");
    }
}

#[test]
fn wrong_usage_is_status_2() {
    let log = vec!["--log", "=="];
    for arguments in [vec!["--nonsense"], vec!["--listen", "here"], vec!["nonsense"], vec!["--max-requests", "0"], log]
    {
        assert_eq!(run(&arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn help_and_version_are_printed_without_secrets() {
    let help = crate::support::program::command()
        .arg("--help")
        .env("DATABASE_URL", "postgres://u:s3cret@host/db")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for part in ["--listen", "--database-url", "--data-dir", "migrate", "demo", "healthcheck", "ERPSYNC_LISTEN"] {
        assert!(help.contains(part), "no {part} in {help}");
    }
    assert!(!help.contains("s3cret"));
    let version = run(&["--version"]);
    assert_eq!(String::from_utf8(version.stdout).unwrap(), format!("erpsync {}\n", env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn statements_have_a_time_limit_after_migrations_without_one() {
    let database = TestDatabase::with_demo_data().await;
    // The only connection runs the migrations, which have no time limit, and then the saves.
    let program = Program::start(&["--database-url", &database.url(), "--database-connections", "1"]);
    let record = "
        CREATE TABLE time_limit (value text);
        CREATE FUNCTION record_time_limit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
            $$BEGIN INSERT INTO time_limit VALUES (current_setting('statement_timeout')); RETURN NEW; END$$;
        CREATE TRIGGER record_time_limit BEFORE UPDATE ON erp_connection
            FOR EACH ROW EXECUTE FUNCTION record_time_limit()";
    database.execute(record).await;
    assert_eq!(program.save_sample().await.status, 200);
    assert_eq!(database.value::<String>("SELECT DISTINCT value FROM time_limit").await, "20s");
}

#[tokio::test]
async fn a_statement_past_the_time_limit_of_the_database_is_503_and_stores_nothing() {
    let server = Server::start().await;
    assert_eq!(server.program.save_sample().await.status, 200);
    let before = server.database.contents().await;
    let mut lock = server.database.connect().await;
    sqlx::raw_sql("BEGIN; LOCK TABLE erp_connection IN EXCLUSIVE MODE").execute(&mut lock).await.unwrap();
    // The database reports the same error, 57014, for a statement past its time limit.
    let cancel = format!(
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'erpsync' AND {IS_BLOCKED}"
    );
    let (answer, ()) = tokio::join!(server.program.save_sample(), async {
        server.database.wait_for_blocked_sessions(1).await;
        assert!(server.database.value::<bool>(&cancel).await);
    });
    assert_statement_timeout(&answer, &server);

    // New connections have a time limit for the wait for a lock, whose error is 55P03.
    let limit = format!("ALTER DATABASE {} SET lock_timeout = '100ms'", server.database.name());
    server.database.execute(&limit).await;
    let terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'erpsync'";
    server.database.execute(terminate).await;
    assert_statement_timeout(&server.program.save_sample().await, &server);
    assert_eq!(server.database.contents().await, before);
}

#[track_caller]
fn assert_statement_timeout(answer: &Answer, server: &Server) {
    answer.assert_service_error(503, "SoServerException", &["longer than its time limit"]);
    assert_eq!(answer.header("retry-after"), "2");
    assert!(server.program.log().contains("statement cancelled by the database"), "{}", server.program.log());
}

#[tokio::test]
async fn a_blank_database_url_is_none() {
    let data_dir = DataDir::prepared();
    let mut program = Program::start(&["--database-url", "", "--data-dir", &data_dir.argument()]);
    assert_eq!(program.save_sample().await.status, 200);
    program.signal(rustix::process::Signal::TERM);
    assert!(program.wait_for_exit().await.success());
}

#[tokio::test]
async fn no_event_of_a_start_is_missing_in_the_log() {
    let data_dir = DataDir::prepared();
    for events in [&["PostgreSQL started", "demo data added", "listening"][..], &["PostgreSQL started", "listening"]] {
        let mut program = data_dir.start();
        // The last event of a start.
        program.wait_for_log("published passwords").await;
        for event in events {
            assert!(program.log().contains(event), "no {event:?} in the log: {}", program.log());
        }
        program.signal(rustix::process::Signal::TERM);
        program.wait_for_exit().await;
    }
}
