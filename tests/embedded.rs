//! The server's own database: first start, crashes, left-overs, refusals.

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
use tempfile::TempDir;

use crate::support::client::TJE0;
use crate::support::program::run;
use crate::support::wait::{is_met, wait_until};
use crate::support::{Program, SAVE};

struct DataDir(TempDir);

impl DataDir {
    fn new() -> Self {
        DataDir(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn start(&self) -> Program {
        Program::start(&["--data-dir", self.path().to_str().unwrap()])
    }

    fn refused(&self, arguments: &[&str]) -> String {
        let data_dir = self.path();
        let done = run(&[&["--listen", "127.0.0.1:0", "--data-dir", data_dir.to_str().unwrap()], arguments].concat());
        assert_eq!(done.status.code(), Some(1), "{done:?}");
        let said = String::from_utf8(done.stderr).unwrap();
        said.lines().last().unwrap().strip_prefix("erpsync: ").unwrap().to_owned()
    }

    /// The running postmaster.
    fn postmaster(&self) -> Pid {
        let file = fs::read_to_string(self.path().join("postgres/postmaster.pid")).unwrap();
        Pid::from_raw(file.lines().next().unwrap().parse().unwrap()).unwrap()
    }

    /// How many PostgreSQL processes work in it.
    fn processes(&self) -> usize {
        let cluster = self.path().join("postgres").canonicalize().unwrap();
        let processes = fs::read_dir("/proc").unwrap().flatten();
        processes.filter(|process| fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == cluster)).count()
    }
}

impl Drop for DataDir {
    /// A killed server leaves its database running; a short run of another ends both.
    fn drop(&mut self) {
        if self.path().join("postgres/postmaster.pid").exists() {
            run(&["migrate", "--data-dir", self.path().to_str().unwrap()]);
        }
    }
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
async fn the_first_start_has_demo_data_and_what_is_saved_survives_kill_9() {
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
    assert!(!data_dir.path().join("postgres/postmaster.pid").exists());
}

#[tokio::test]
async fn the_database_is_durable_and_private() {
    let data_dir = DataDir::new();
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
    // The map holds no more than root, this user, and the one who runs the database.
    let map = fs::read_to_string(data_dir.path().join("postgres/pg_ident.conf")).unwrap();
    assert!((2..=6).contains(&map.lines().count()), "{map}");
}

#[tokio::test]
async fn a_second_server_on_the_same_data_directory_says_so() {
    let data_dir = DataDir::new();
    let program = data_dir.start();
    let said = data_dir.refused(&[]);
    assert!(said.contains("in use by the server with process id"), "{said}");
    assert!(said.contains(&program.pid().to_string()) && said.contains("--data-dir"), "{said}");
    assert_eq!(program.save_sample().await.status, 200, "the first is not disturbed");
}

#[tokio::test]
async fn a_database_that_dies_is_started_again() {
    let data_dir = DataDir::new();
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
async fn whatever_a_crash_leaves_the_next_start_gets_over() {
    let data_dir = DataDir::new();
    let mut program = data_dir.start();
    assert_eq!(program.save_sample().await.status, 200);
    let socket = socket(&program);

    // The server is gone, its database is not, and somebody is connected.
    program.kill();
    let connection = connect(&socket).await;
    let mut program = data_dir.start();
    assert_eq!(program.save_sample().await.status, 200);
    drop(connection);

    // Server and database are gone, back ends may not be.
    let postmaster = data_dir.postmaster();
    program.kill();
    kill_process(postmaster, Signal::KILL).unwrap();
    let mut program = data_dir.start();
    assert_eq!(program.save_sample().await.status, 200);

    // The database's file names a process that is somebody else's by now: this test.
    program.kill();
    let pid_file = data_dir.path().join("postgres/postmaster.pid");
    kill_process(data_dir.postmaster(), Signal::KILL).unwrap();
    wait_until("the end of the back ends without their postmaster", async || data_dir.processes() == 0).await;
    let file = fs::read_to_string(&pid_file).unwrap();
    let (_, rest) = file.split_once('\n').unwrap();
    fs::write(&pid_file, format!("{}\n{rest}", std::process::id())).unwrap();
    // And a first start was cut off.
    fs::create_dir(data_dir.path().join("postgres.new")).unwrap();
    let program = data_dir.start();
    assert_eq!(program.save_sample().await.status, 200);
}

#[tokio::test]
async fn kill_9_in_the_middle_of_a_thousand_saves_loses_no_answered_one() {
    let data_dir = DataDir::new();
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
    let mut answered = Vec::new();
    let mut next = 0;
    let mut in_flight = FuturesUnordered::new();
    while answered.len() < 1000 {
        while in_flight.len() < 16 {
            in_flight.push(save(next));
            next += 1;
        }
        answered.push(in_flight.next().await.unwrap().expect("saved"));
    }
    let pid = Pid::from_raw(i32::try_from(program.pid()).unwrap()).unwrap();
    // Both at once, with saves on their way.
    kill_process(pid, Signal::KILL).unwrap();
    kill_process(data_dir.postmaster(), Signal::KILL).unwrap();
    answered.extend(in_flight.filter_map(async |number| number).collect::<Vec<_>>().await);
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
    for number in &answered {
        assert!(whole.contains(&format!("save-{number}")), "save {number} was answered and is not there");
    }
    let all: i64 = sqlx::query_scalar("SELECT count(*) FROM erp_connection WHERE connection_id LIKE 'save-%'")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(usize::try_from(all).unwrap(), whole.len(), "nothing is half there");
}

#[tokio::test]
async fn data_of_another_release_is_refused_with_both_numbers() {
    let data_dir = DataDir::new();
    let cluster = data_dir.path().join("postgres");
    fs::create_dir_all(&cluster).unwrap();
    fs::write(cluster.join("PG_VERSION"), "9\n").unwrap();
    let bin = installed_bin();
    let said = data_dir.refused(&["--pg-bin", bin.to_str().unwrap()]);
    assert!(said.contains("is of PostgreSQL 9,") && said.contains("install PostgreSQL 9,"), "{said}");
    assert_eq!(fs::read_to_string(cluster.join("PG_VERSION")).unwrap(), "9\n");
}

/// The folder that the shared server's programs were taken from.
fn installed_bin() -> PathBuf {
    let data_dir = DataDir::new();
    let program = data_dir.start();
    let postmaster = data_dir.postmaster().as_raw_nonzero();
    let postgres = fs::read_link(format!("/proc/{postmaster}/exe")).unwrap();
    drop(program);
    postgres.parent().unwrap().to_owned()
}

#[test]
fn a_folder_without_postgres_is_refused_with_the_cure() {
    let data_dir = DataDir::new();
    let said = data_dir.refused(&["--pg-bin", "/"]);
    assert!(said.contains("postgres is missing") && said.contains("14 or later"), "{said}");
}

#[tokio::test]
async fn a_data_directory_that_only_root_can_reach_works() {
    let data_dir = DataDir::new();
    // As root's home: the database's user cannot go through it.
    fs::set_permissions(data_dir.0.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let mut program = data_dir.start();
    assert_eq!(program.save_sample().await.status, 200);
    program.kill();
    let program = data_dir.start();
    assert_eq!(program.save_sample().await.status, 200);
    let mode = fs::metadata(data_dir.0.path()).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700, "nobody's rights were changed");
}

#[test]
fn migrate_and_demo_work_on_the_servers_own_database() {
    let data_dir = DataDir::new();
    let path = data_dir.path();
    for command in ["migrate", "demo", "demo"] {
        let done = run(&[command, "--data-dir", path.to_str().unwrap()]);
        assert!(done.status.success(), "{done:?}");
    }
    assert_eq!(data_dir.processes(), 0);
}

#[tokio::test]
async fn a_hang_up_stops_the_database_too() {
    let data_dir = DataDir::new();
    let mut program = data_dir.start();
    program.signal(Signal::HUP);
    assert!(program.wait_for_exit().await.success());
    assert_eq!(data_dir.processes(), 0);
}

#[tokio::test]
async fn a_folder_that_is_no_database_is_left_alone() {
    let data_dir = DataDir::new();
    let folder = data_dir.path().join("postgres");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("mine"), "keep").unwrap();
    let said = data_dir.refused(&[]);
    assert!(said.contains("postgres") && said.contains("move it away"), "{said}");
    assert_eq!(fs::read_to_string(folder.join("mine")).unwrap(), "keep");
}

#[tokio::test]
async fn programs_of_the_working_directory_are_never_run() {
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
    let data_dir = DataDir::new();
    // The password never comes: the command waits with its database running.
    let mut child = crate::support::program::command()
        .args(["associate", "add", "x", "--password-file", "-", "--data-dir", data_dir.path().to_str().unwrap()])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let pid_file = data_dir.path().join("postgres/postmaster.pid");
    wait_until("a running PostgreSQL", async || pid_file.exists()).await;
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    drop(child.stdin.take());
    child.wait().unwrap();
    wait_until("the end of PostgreSQL", async || data_dir.processes() == 0).await;
}
