//! Demo data and its logins, whose passwords are published: which databases get it, and which servers refuse it.

use reqwest::Method;
use rustix::process::Signal;

use crate::support::program::run;
use crate::support::{Answer, Program, SAVE, TestDatabase, seed_request};

const EVERY_ADDRESS: &str = "0.0.0.0:0";

/// Starts a server and checks that it refuses to listen because of the demo logins.
#[track_caller]
fn assert_refused(listen: Option<&str>, environment: &[(&str, &str)], arguments: &[&str]) {
    let Err(log) = Program::launch(listen, environment, arguments) else { panic!("{listen:?}: it listens") };
    let last = log.lines().last().unwrap();
    assert!(last.starts_with("erpsync: demo logins with published passwords are live (tje0, tje1)"), "{log}");
    assert!(last.contains(listen.unwrap_or(EVERY_ADDRESS)) && last.contains("--demo"), "{log}");
}

fn add_administrator(database: [&str; 2]) {
    let directory = tempfile::tempdir().unwrap();
    let password = directory.path().join("password");
    std::fs::write(&password, "Sommer 2026!").unwrap();
    let add = ["associate", "add", "kari", "--administrator", "--password-file", password.to_str().unwrap()];
    let output = run(&[&add[..], &database].concat());
    assert!(output.status.success(), "{output:?}");
}

async fn save_as_kari(program: &Program) -> Answer {
    let request = program.request(Method::POST, SAVE).header("Content-Type", "application/json").body(seed_request());
    Answer::of(request.basic_auth("kari", Some("Sommer 2026!")).send().await.unwrap()).await
}

async fn stop(mut program: Program) {
    program.signal(Signal::TERM);
    assert!(program.wait_for_exit().await.success());
}

#[tokio::test]
async fn live_demo_logins_keep_a_server_from_a_public_address() {
    let database = TestDatabase::with_demo_data().await;
    let url = database.url();
    for listen in [EVERY_ADDRESS, "[::]:0", "192.0.2.1:8080", "10.1.2.3:80"] {
        assert_refused(Some(listen), &[], &["--database-url", &url]);
    }
    assert_refused(Some(EVERY_ADDRESS), &[], &["--demo=false", "--database-url", &url]);
    let environment = [("ERPSYNC_LISTEN", EVERY_ADDRESS), ("DATABASE_URL", &url), ("ERPSYNC_DEMO", "false")];
    assert_refused(None, &environment, &[]);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("erpsync.toml");
    std::fs::write(&file, format!("listen = \"{EVERY_ADDRESS}\"\ndatabase-url = \"{url}\"\n")).unwrap();
    assert_refused(None, &[], &["--config", file.to_str().unwrap()]);

    let output = run(&["--listen", "192.0.2.1:8080", "--database-url", &url]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{output:?}");
}

#[tokio::test]
async fn the_demo_flag_allows_live_demo_logins_on_a_public_address() {
    let database = TestDatabase::with_demo_data().await;
    let program = Program::start_on(EVERY_ADDRESS, &["--demo", "--database-url", &database.url()]);
    program.wait_for_log("published passwords").await;
    assert_eq!(program.save_sample().await.status, 200);
}

#[tokio::test]
async fn disabled_demo_logins_and_changed_demo_passwords_allow_a_public_address() {
    let database = TestDatabase::with_demo_data().await;
    let url = database.url();
    let arguments = ["--database-url", url.as_str()];
    assert!(run(&["associate", "disable", "tje1", arguments[0], arguments[1]]).status.success());
    let log = Program::launch(Some(EVERY_ADDRESS), &[], &arguments).err().expect("tje0 is live");
    assert!(log.contains("are live (tje0)"), "{log}");

    let directory = tempfile::tempdir().unwrap();
    let password = directory.path().join("password");
    std::fs::write(&password, "Herbst").unwrap();
    let change = ["associate", "password", "tje0", "--password-file", password.to_str().unwrap()];
    assert!(run(&[&change[..], &arguments].concat()).status.success());
    let program = Program::start_on(EVERY_ADDRESS, &arguments);
    assert_eq!(program.save_sample().await.status, 401);
}

#[tokio::test]
async fn a_new_embedded_database_on_a_public_address_has_no_associate_until_one_is_added() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["--data-dir", directory.path().to_str().unwrap()];
    let program = Program::start_on(EVERY_ADDRESS, &arguments);
    program.wait_for_log("erpsync associate add NAME --administrator").await;
    assert_eq!(program.save_sample().await.status, 401);
    add_administrator(arguments);
    assert_eq!(save_as_kari(&program).await.status, 400, "kari is authenticated; connector 403 is demo data");
    stop(program).await;

    let program = Program::start_on(EVERY_ADDRESS, &arguments);
    assert_eq!(save_as_kari(&program).await.status, 400);
    assert!(!program.log().contains("erpsync associate add"), "{}", program.log());
    assert!(run(&[&["demo"][..], &arguments].concat()).status.success(), "demo data can be added by hand");
    assert_eq!(program.save_sample().await.status, 200);
    stop(program).await;
    assert_refused(Some(EVERY_ADDRESS), &[], &arguments);
}

#[tokio::test]
async fn the_demo_flag_adds_demo_data_on_every_address() {
    let directory = tempfile::tempdir().unwrap();
    let embedded = ["--demo", "--data-dir", directory.path().to_str().unwrap()];
    let program = Program::start_on(EVERY_ADDRESS, &embedded);
    assert_eq!(program.save_sample().await.status, 200);
    stop(program).await;
    for listen in [EVERY_ADDRESS, "127.0.0.1:0"] {
        let database = TestDatabase::empty().await;
        let program = Program::start_on(listen, &["--demo", "--database-url", &database.url()]);
        assert_eq!(program.save_sample().await.status, 200, "{listen}");
    }
}

#[tokio::test]
async fn the_first_administrator_can_be_added_before_the_first_start() {
    let database = TestDatabase::empty().await;
    let url = database.url();
    add_administrator(["--database-url", &url]);
    assert_eq!(database.value::<i64>("SELECT count(*) FROM associate").await, 1);

    let directory = tempfile::tempdir().unwrap();
    let arguments = ["--data-dir", directory.path().to_str().unwrap()];
    add_administrator(arguments);
    let list = run(&[&["associate", "list", "--json"][..], &arguments].concat());
    let list: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!((list.as_array().unwrap().len(), list[0]["name"].as_str()), (1, Some("kari")));
}

#[tokio::test]
async fn the_doctor_fails_where_the_server_would_refuse_to_start() {
    let database = TestDatabase::with_demo_data().await;
    let doctor = |database: &TestDatabase, arguments: &[&str]| {
        let output = run(&[&["doctor", "--database-url", &database.url()], arguments].concat());
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (status, report) = doctor(&database, &["--listen", EVERY_ADDRESS]);
    assert!(
        status == Some(1) && report.contains("FAIL  demo logins: live, with published passwords: tje0, tje1"),
        "{report}"
    );
    let (status, report) = doctor(&database, &["--listen", EVERY_ADDRESS, "--demo"]);
    assert!(
        status == Some(0) && report.contains("warn  demo logins: live, with published passwords: tje0, tje1"),
        "{report}"
    );

    let directory = tempfile::tempdir().unwrap();
    let embedded = ["--data-dir", directory.path().to_str().unwrap()];
    let report = run(&[&["doctor", "--listen", EVERY_ADDRESS], &embedded[..]].concat());
    let report = String::from_utf8(report.stdout).unwrap();
    assert!(report.contains("warn  demo logins: not checked, the embedded database is not running"), "{report}");

    let empty = TestDatabase::empty().await;
    assert!(run(&["migrate", "--database-url", &empty.url()]).status.success());
    let (status, report) = doctor(&empty, &["--listen", EVERY_ADDRESS]);
    assert!(status == Some(0) && report.contains("warn  associates: none"), "{report}");
}
