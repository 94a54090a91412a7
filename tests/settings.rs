//! Settings by flag, environment and file; `config`, `doctor`, `healthcheck`, completions and man pages.

use std::io::{Seek, Write};
use std::process::Output;

use crate::support::program::{command, run};
use crate::support::{Program, Server, TestDatabase};

const EXAMPLE: &str = include_str!("../docs/erpsync.toml");

fn out(done: &Output) -> String {
    String::from_utf8(done.stdout.clone()).unwrap()
}

fn err(done: &Output) -> String {
    String::from_utf8(done.stderr.clone()).unwrap()
}

/// Creates a settings file with this text.
fn file(text: &str) -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("erpsync.toml");
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (directory, path)
}

#[test]
fn the_file_in_the_documentation_has_every_setting_with_its_default() {
    let printed = out(&run(&["config", "example"]));
    assert_eq!(printed, EXAMPLE, "renew the file: erpsync config example > docs/erpsync.toml");
    // A file that sets every default has the same values as no file.
    let set = EXAMPLE.lines().filter(|line| line.starts_with('#') && !line.contains("\"<"));
    let set = set.filter_map(|line| line.strip_prefix('#')).filter(|line| !line.starts_with([' ', '#']));
    let set: Vec<_> = set.collect();
    assert!(set.len() > 20, "{set:?}");
    let (_directory, path) = file(&set.join("\n"));
    let values = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.split("  # ").next().unwrap().to_owned()).collect()
    };
    let with = run(&["config", "check", "--config", &path]);
    assert!(with.status.success(), "{}", err(&with));
    assert_eq!(values(&out(&with)), values(&out(&run(&["config", "check"]))));
}

#[test]
fn the_operations_chapter_has_every_setting() {
    let chapter = include_str!("../docs/operations.md");
    let keys = EXAMPLE.lines().filter_map(|line| line.strip_prefix("# --"));
    for line in keys {
        let mut words = line.split([',', ':']).map(str::trim);
        let (flag, env) = (words.next().unwrap(), words.next().unwrap());
        assert!(chapter.contains(&format!("| `--{flag}` | `{env}` |")), "--{flag}, {env}");
    }
}

#[test]
fn flags_override_the_environment_the_file_and_the_defaults() {
    let (_directory, path) = file(
        "listen = \"127.0.0.1:1\"\nmax-requests = 11\nheader-timeout = 1.5\nauthorize-with-ticket = false\n\
         database-url = \"postgres://user:secret@host/db\"\n",
    );
    let check = command()
        .args(["config", "check", "--max-requests", "33"])
        .env("ERPSYNC_CONFIG", &path)
        .env("ERPSYNC_LISTEN", "127.0.0.1:2")
        .env("ERPSYNC_MAX_REQUESTS", "22")
        .output()
        .unwrap();
    let told = out(&check);
    for line in [
        "max-requests = 33  # --max-requests".to_owned(),
        "listen = \"127.0.0.1:2\"  # ERPSYNC_LISTEN".to_owned(),
        format!("header-timeout = \"1.5\"  # {path}, line 3"),
        format!("authorize-with-ticket = false  # {path}, line 4"),
        format!("database-url = \"***\"  # {path}, line 5"),
        "max-connections = 8192  # default".to_owned(),
    ] {
        assert!(told.lines().any(|told| told == line), "{line} is not in\n{told}");
    }
    for help in [vec!["--help", "--config", &path], vec!["serve", "--help"], vec!["config", "check", "--help"]] {
        let help = command().args(help).env("ERPSYNC_CONFIG", &path).output().unwrap();
        assert!(help.status.success() && !out(&help).contains("secret"));
    }
}

#[test]
fn an_invalid_settings_file_is_status_2_with_the_line() {
    for (text, part) in [
        ("\nlisten-on = 1", "line 2: listen-on: unknown setting"),
        ("max-requests = 0", "line 1: max-requests: invalid value '0'"),
        ("# x\n\nlisten = \"here\"", "line 3: listen: invalid value 'here'"),
        ("listen = [1]", "line 1: listen: not a string, a number, true or false"),
        ("[network]\nlisten = 1", "line 1: network: not a string"),
        ("listen = ", "line 1: "),
        ("listen = \"127.0.0.1:1\"\nlisten = \"127.0.0.1:2\"", "line 2: duplicate key"),
        ("log = \"loud\"", "line 1: log: invalid value 'loud'"),
    ] {
        let (_directory, path) = file(text);
        for arguments in [vec!["--config", &path], vec!["migrate", "--config", &path]] {
            let done = run(&arguments);
            let told = err(&done);
            assert_eq!(done.status.code(), Some(2), "{text}: {told}");
            assert!(told.starts_with(&format!("erpsync: {path}, ")) && told.contains(part), "{text}: {told}");
            assert_eq!(told.lines().count(), 1, "{told}");
        }
    }
    let none = run(&["--config", "/nowhere/erpsync.toml"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(err(&none).starts_with("erpsync: /nowhere/erpsync.toml: "));
    assert_eq!(run(&["--log", "loud"]).status.code(), Some(2));
    let alone = file("tls-key = \"x\"");
    let done = run(&["config", "check", "--config", &alone.1]);
    assert_eq!((done.status.code(), err(&done).trim()), (Some(1), "erpsync: --tls-key needs --tls-certificate"));
}

#[tokio::test]
async fn settings_and_the_database_password_are_read_from_files() {
    let database = TestDatabase::with_demo_data().await;
    let (directory, path) = file(&format!("database-url = \"{}\"\npath-prefix = \"/Cust1\"\n", database.url()));
    let program = Program::start(&["--config", &path]);
    assert_eq!(program.get("/Cust1/api").await.status, 200);
    assert_eq!(program.get("/api").await.status, 404);

    // Peer authentication uses no password, but the file must exist.
    let password = directory.path().join("password");
    std::fs::write(&password, "secret\n").unwrap();
    let password = password.to_str().unwrap();
    let check = ["doctor", "--listen", "127.0.0.1:0", "--config", &path, "--database-password-file"];
    assert!(run(&[&check[..], &[password]].concat()).status.success());
    let missing = run(&[&check[..], &["/nowhere/password"]].concat());
    assert_eq!(missing.status.code(), Some(1));
    assert!(out(&missing).contains("FAIL  database: /nowhere/password: "), "{}", out(&missing));
}

#[tokio::test]
async fn the_doctor_reports_failed_checks() {
    let server = Server::start().await;
    let url = server.database.url();
    let doctor = |arguments: &[&str]| {
        let done = run(&[&["doctor", "--database-url", &url, "--listen", &server.program.address], arguments].concat());
        (done.status.code(), out(&done), err(&done))
    };
    let (status, told, _) = doctor(&[]);
    assert_eq!(status, Some(0), "{told}");
    for line in [
        "ok    settings: ",
        &format!("warn  listen: {} is in use", server.program.address),
        "ok    release: PostgreSQL ",
        "ok    clock: ",
        "ok    schema: up to date",
        "warn  demo logins: live, with published passwords: tje0, tje1",
    ] {
        assert!(told.lines().any(|told| told.starts_with(line)), "{line} is not in\n{told}");
    }
    server.database.execute("UPDATE associate SET password_hash = NULL").await;
    server
        .database
        .execute("DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)")
        .await;
    let (status, told, _) = doctor(&[]);
    assert!(status == Some(0) && told.contains("warn  schema: migrations ["), "{told}");
    server.database.execute("INSERT INTO _sqlx_migrations VALUES (9999, 'later', now(), true, '', 0)").await;
    let (status, told, problem) = doctor(&["--database-connections", "1000"]);
    assert_eq!(status, Some(1));
    assert!(told.contains("FAIL  schema: a later release has applied migrations [9999]"), "{told}");
    assert!(told.contains("FAIL  connections: --database-connections 1000, and the database accepts 400"), "{told}");
    assert_eq!(problem.lines().last(), Some("erpsync: 2 checks have failed"));

    let nowhere = run(&["doctor", "--database-url", "postgres://x:secret@127.0.0.1:1/none", "--listen", "192.0.2.1:1"]);
    let told = out(&nowhere);
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(told.contains("FAIL  listen: 192.0.2.1:1: "), "{told}");
    assert!(told.contains("FAIL  database: 127.0.0.1:1/none: ") && !told.contains("secret"), "{told}");
    let directory = tempfile::tempdir().unwrap();
    let own = run(&["doctor", "--listen", "127.0.0.1:0", "--data-dir", directory.path().join("a/b").to_str().unwrap()]);
    assert!(own.status.success() && out(&own).contains("ok    disk: "), "{}", out(&own));
    assert!(std::fs::read_dir(directory.path()).unwrap().next().is_none(), "doctor creates nothing");
}

#[tokio::test]
async fn the_health_check_uses_the_admin_listener() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut server = Server::start_with(&["--admin-listen", &port, "--stop-delay", "600"]).await;
    let check = || run(&["healthcheck", "--admin-listen", &port, "--listen", "127.0.0.1:1"]).status.code();
    assert_eq!(check(), Some(0));
    server.program.signal(rustix::process::Signal::TERM);
    server.program.wait_for_log("still serving").await;
    assert_eq!(check(), Some(1));
    // The second signal ends the delay.
    server.program.signal(rustix::process::Signal::TERM);
    assert_eq!(server.program.wait_for_exit().await.code(), Some(0));
    assert_eq!(check(), Some(1));
}

#[test]
fn the_health_check_of_a_server_with_tls_requires_the_admin_listener() {
    let refused = run(&["healthcheck", "--tls-certificate", "chain.pem"]);
    assert_eq!(refused.status.code(), Some(1));
    let message = String::from_utf8(refused.stderr).unwrap();
    assert!(message.contains("TLS: set --admin-listen") && message.lines().count() == 1, "{message}");
    let admin = run(&["healthcheck", "--tls-certificate", "chain.pem", "--admin-listen", "127.0.0.1:1"]);
    let message = String::from_utf8(admin.stderr).unwrap();
    assert!(message.starts_with("erpsync: no response from 127.0.0.1:1"), "{message}");
}

#[test]
fn shell_completions_and_man_pages_are_generated() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completions", shell]);
        assert!(script.status.success() && out(&script).contains("healthcheck"), "{shell}");
    }
    // bash parses its script.
    let mut script = tempfile::tempfile().unwrap();
    script.write_all(&run(&["completions", "bash"]).stdout).unwrap();
    script.rewind().unwrap();
    let bash = std::process::Command::new("bash").arg("-n").stdin(script).status();
    assert!(bash.is_ok_and(|status| status.success()));
    assert!(out(&run(&["man"])).contains(".TH erpsync 1"));
    let directory = tempfile::tempdir().unwrap();
    assert!(run(&["man", "--dir", directory.path().to_str().unwrap()]).status.success());
    for page in ["erpsync.1", "erpsync-serve.1", "erpsync-doctor.1", "erpsync-associate-add.1"] {
        let text = std::fs::read_to_string(directory.path().join(page)).unwrap();
        assert!(text.contains(".SH NAME"), "{page}");
    }
}
