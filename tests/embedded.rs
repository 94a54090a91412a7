//! The embedded database: first start, crashes, orphaned processes, refusals.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

use crate::support::client::TJE0;
use crate::support::program::run;
use crate::support::wait::{is_met, wait_until};
use crate::support::{DataDir, Program, SAVE};

fn refused(data_dir: &DataDir, arguments: &[&str]) -> String {
    let done = run(&[&["--listen", "127.0.0.1:0", "--data-dir", &data_dir.argument()], arguments].concat());
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    let problem = String::from_utf8(done.stderr).unwrap();
    problem.lines().last().unwrap().strip_prefix("erpsync: ").unwrap().to_owned()
}

fn socket(program: &Program) -> PathBuf {
    let log = program.log();
    let started = log.lines().find(|line| line.contains("PostgreSQL started")).unwrap();
    let started: Value = serde_json::from_str(started).unwrap();
    PathBuf::from(started["fields"]["socket"].as_str().unwrap())
}

async fn connect(socket: &Path) -> PgConnection {
    let options = PgConnectOptions::new_without_pgpass().socket(socket).username("erpsync").database("erpsync");
    PgConnection::connect_with(&options).await.unwrap()
}

#[tokio::test]
async fn the_first_start_adds_demo_data_and_saves_survive_sigkill() {
    let data_dir = DataDir::new();
    let mut program = data_dir.start();
    assert_eq!(program.save_sample().await.status, 200);
    program.kill();
    let mut program = data_dir.start();
    let mut connection = connect(&socket(&program)).await;
    let stored: String = sqlx::query_scalar(
        "SELECT concat_ws('|', erp_connection_id, display_name,
            (SELECT count(*) FROM connection_config_field), (SELECT count(*) FROM erp_connection_access))
         FROM erp_connection",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(stored, "816|Emard Group|2|4");
    drop(connection);
    assert_eq!(program.save_sample().await.status, 200);

    program.signal(Signal::TERM);
    assert_eq!(program.wait_for_exit().await.code(), Some(0));
    assert_eq!(data_dir.processes(), 0, "the database stops with the server");
    assert!(!data_dir.pid_file().exists());
}

#[tokio::test]
async fn the_database_is_durable_and_private() {
    let data_dir = DataDir::prepared();
    let program = data_dir.start();
    let socket = socket(&program);
    let mut connection = connect(&socket).await;
    for (setting, expected) in [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("data_checksums", "on"),
        ("listen_addresses", ""),
    ] {
        let value: String =
            sqlx::query_scalar("SELECT current_setting($1)").bind(setting).fetch_one(&mut connection).await.unwrap();
        assert_eq!(value, expected, "{setting}");
    }
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&socket), 0o700);
    assert_eq!(mode(&data_dir.path().join("postgres")), 0o700);
    let rules = fs::read_to_string(data_dir.path().join("postgres/pg_hba.conf")).unwrap();
    assert_eq!(rules, "local all erpsync,postgres peer map=erpsync\n");
    // The map has root, this process's user and the database's user.
    let map = fs::read_to_string(data_dir.path().join("postgres/pg_ident.conf")).unwrap();
    assert!((2..=6).contains(&map.lines().count()), "{map}");
}

#[tokio::test]
async fn a_second_server_on_the_same_data_directory_is_refused_with_a_reason() {
    let data_dir = DataDir::prepared();
    let program = data_dir.start();
    let problem = refused(&data_dir, &[]);
    assert!(problem.contains("in use by the server with process id"), "{problem}");
    assert!(problem.contains(&program.pid().to_string()) && problem.contains("--data-dir"), "{problem}");
    assert_eq!(program.save_sample().await.status, 200, "the first server still works");
}

#[tokio::test]
async fn a_killed_postmaster_is_restarted() {
    let data_dir = DataDir::prepared();
    let mut program = data_dir.start();
    assert_eq!(program.save_sample().await.status, 200);
    kill_process(data_dir.postmaster(), Signal::KILL).unwrap();
    program.wait_for_log("PostgreSQL exited unexpectedly").await;
    let recovers = is_met(async || {
        let answer = program.save_sample().await;
        assert!([200, 503].contains(&answer.status), "{}", answer.text);
        answer.status == 200
    });
    assert!(recovers.await, "no recovery: {}", program.log());
    assert!(program.is_running());
}

#[tokio::test]
async fn the_next_start_cleans_up_after_a_crash() {
    let data_dir = DataDir::prepared();
    let mut program = data_dir.start();
    assert_eq!(program.save_sample().await.status, 200);
    let socket = socket(&program);

    // The server was killed; its database runs and has a connection.
    program.kill();
    let connection = connect(&socket).await;
    let mut program = data_dir.start();
    assert_eq!(program.save_sample().await.status, 200);
    drop(connection);

    // Server and postmaster were killed; backends may still run.
    let postmaster = data_dir.postmaster();
    program.kill();
    kill_process(postmaster, Signal::KILL).unwrap();
    let mut program = data_dir.start();
    assert_eq!(program.save_sample().await.status, 200);

    // The PID file has the id of another process: this test.
    program.kill();
    let pid_file = data_dir.pid_file();
    kill_process(data_dir.postmaster(), Signal::KILL).unwrap();
    wait_until("the end of the orphaned backends", async || data_dir.processes() == 0).await;
    let file = fs::read_to_string(&pid_file).unwrap();
    let (_, rest) = file.split_once('\n').unwrap();
    fs::write(&pid_file, format!("{}\n{rest}", std::process::id())).unwrap();
    // An initialization was interrupted.
    fs::create_dir(data_dir.path().join("postgres.new")).unwrap();
    let program = data_dir.start();
    assert_eq!(program.save_sample().await.status, 200);
}

#[tokio::test]
async fn sigkill_under_load_loses_no_acknowledged_save() {
    let data_dir = DataDir::prepared();
    let mut program = data_dir.start();
    let save = |number: usize| {
        let connection = json!({ "ErpConnectorId": 403, "ConnectionId": format!("save-{number}"),
            "ConfigFields": { "a": number.to_string(), "b": "x" }, "UserGroupAccessIds": [185, 350] });
        let request = program
            .http
            .post(format!("http://{}{SAVE}", program.address))
            .header(AUTHORIZATION, TJE0)
            .header(CONTENT_TYPE, "application/json")
            .body(json!({ "Connection": connection }).to_string());
        async move { request.send().await.is_ok_and(|answer| answer.status() == 200).then_some(number) }
    };
    let mut acknowledged = Vec::new();
    let mut next = 0;
    let mut in_flight = FuturesUnordered::new();
    while acknowledged.len() < 1000 {
        while in_flight.len() < 16 {
            in_flight.push(save(next));
            next += 1;
        }
        acknowledged.push(in_flight.next().await.unwrap().expect("saved"));
    }
    let pid = Pid::from_raw(i32::try_from(program.pid()).unwrap()).unwrap();
    // Both at once, with saves in flight.
    kill_process(pid, Signal::KILL).unwrap();
    kill_process(data_dir.postmaster(), Signal::KILL).unwrap();
    acknowledged.extend(in_flight.filter_map(async |number| number).collect::<Vec<_>>().await);
    program.kill();

    let program = data_dir.start();
    let mut connection = connect(&socket(&program)).await;
    let whole: Vec<String> = sqlx::query_scalar(
        "SELECT connection_id FROM erp_connection c WHERE connection_id LIKE 'save-%'
            AND (SELECT count(*) FROM connection_config_field f WHERE f.erp_connection_id = c.erp_connection_id) = 2
            AND (SELECT count(*) FROM erp_connection_access a WHERE a.erp_connection_id = c.erp_connection_id) = 2",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    for number in &acknowledged {
        assert!(whole.contains(&format!("save-{number}")), "save {number} was acknowledged and is missing");
    }
    let all: i64 = sqlx::query_scalar("SELECT count(*) FROM erp_connection WHERE connection_id LIKE 'save-%'")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(usize::try_from(all).unwrap(), whole.len(), "every stored save is whole");
}

#[tokio::test]
async fn data_of_another_postgresql_release_is_refused_with_both_versions() {
    let data_dir = DataDir::new();
    let cluster = data_dir.path().join("postgres");
    fs::create_dir_all(&cluster).unwrap();
    fs::write(cluster.join("PG_VERSION"), "9\n").unwrap();
    let bin = installed_bin();
    let problem = refused(&data_dir, &["--pg-bin", bin.to_str().unwrap()]);
    assert!(problem.contains("is of PostgreSQL 9,") && problem.contains("install PostgreSQL 9,"), "{problem}");
    assert_eq!(fs::read_to_string(cluster.join("PG_VERSION")).unwrap(), "9\n");
}

/// Returns the directory of the PostgreSQL programs that a server uses.
fn installed_bin() -> PathBuf {
    let data_dir = DataDir::prepared();
    let program = data_dir.start();
    let postmaster = data_dir.postmaster().as_raw_nonzero();
    let postgres = fs::read_link(format!("/proc/{postmaster}/exe")).unwrap();
    drop(program);
    postgres.parent().unwrap().to_owned()
}

#[test]
fn a_pg_bin_directory_without_postgres_is_refused_with_advice() {
    let data_dir = DataDir::new();
    let problem = refused(&data_dir, &["--pg-bin", "/"]);
    assert!(problem.contains("postgres is missing") && problem.contains("14 or later"), "{problem}");
}

#[tokio::test]
async fn a_data_directory_below_a_directory_of_root_works() {
    let data_dir = DataDir::new();
    // The database's user cannot search this directory, as with root's home.
    fs::set_permissions(data_dir.folder(), fs::Permissions::from_mode(0o700)).unwrap();
    let mut program = data_dir.start();
    assert_eq!(program.save_sample().await.status, 200);
    program.kill();
    let program = data_dir.start();
    assert_eq!(program.save_sample().await.status, 200);
    let mode = fs::metadata(data_dir.folder()).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700, "permissions are unchanged");
}

#[test]
fn migrate_and_demo_work_on_an_embedded_database() {
    let data_dir = DataDir::new();
    let path = data_dir.path();
    for command in ["migrate", "demo", "demo"] {
        let done = run(&[command, "--data-dir", path.to_str().unwrap()]);
        assert!(done.status.success(), "{done:?}");
    }
    assert_eq!(data_dir.processes(), 0);
}

#[tokio::test]
async fn sighup_stops_the_server_and_its_database() {
    let data_dir = DataDir::prepared();
    let mut program = data_dir.start();
    program.signal(Signal::HUP);
    assert!(program.wait_for_exit().await.success());
    assert_eq!(data_dir.processes(), 0);
}

#[tokio::test]
async fn a_directory_that_is_not_a_cluster_is_left_unchanged() {
    let data_dir = DataDir::new();
    let folder = data_dir.path().join("postgres");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("mine"), "keep").unwrap();
    let problem = refused(&data_dir, &[]);
    assert!(problem.contains("postgres") && problem.contains("move it away"), "{problem}");
    assert_eq!(fs::read_to_string(folder.join("mine")).unwrap(), "keep");
}

#[tokio::test]
async fn programs_in_the_working_directory_are_never_run() {
    let here = tempfile::tempdir().unwrap();
    for name in ["postgres", "initdb"] {
        let script = here.path().join(name);
        fs::write(&script, "#!/bin/sh\necho 'postgres (PostgreSQL) 99.1'\ntouch ran\n").unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!(":.:{}", std::env::var("PATH").unwrap());
    let data_dir = here.path().join("data");
    let done = crate::support::program::command()
        .current_dir(here.path())
        .env("PATH", path)
        .args(["migrate", "--data-dir", data_dir.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    assert!(!here.path().join("ran").exists());
}

#[tokio::test]
async fn a_command_that_is_terminated_leaves_no_database_behind() {
    let data_dir = DataDir::prepared();
    // Without a password on its standard input, the command waits with its database running.
    let mut child = crate::support::program::command()
        .args(["associate", "add", "x", "--password-file", "-", "--data-dir", &data_dir.argument()])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let pid_file = data_dir.pid_file();
    wait_until("a running PostgreSQL", async || pid_file.exists()).await;
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    drop(child.stdin.take());
    child.wait().unwrap();
    wait_until("the end of PostgreSQL", async || data_dir.processes() == 0).await;
}
