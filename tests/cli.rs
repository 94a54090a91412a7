//! The administration commands, with and without a running server.

use std::io::Write;
use std::process::Stdio;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::program::{command, run};
use crate::support::{Answer, DataDir, Program, SAVE, Server, TestDatabase, seed_request};

/// Runs the program on a database, with `input` on its standard input. Returns the exit status, standard output and
/// standard error.
fn erpsync_with_input(arguments: &[&str], url: &str, input: &str) -> (i32, String, String) {
    let mut child = command()
        .args(arguments)
        .args(["--database-url", url])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The program may end without reading its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let done = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
}

/// Runs the program on a database. Returns its output; it must succeed.
#[track_caller]
fn erpsync(arguments: &[&str], url: &str) -> String {
    let (status, out, said) = erpsync_with_input(arguments, url, "");
    assert_eq!(status, 0, "{arguments:?}: {said}");
    out.strip_suffix('\n').unwrap().to_owned()
}

#[track_caller]
fn refused(arguments: &[&str], url: &str) -> String {
    let (status, out, said) = erpsync_with_input(arguments, url, "");
    assert_eq!((status, out.as_str()), (1, ""), "{arguments:?}: {said}");
    said.lines().last().unwrap().strip_prefix("erpsync: ").unwrap().to_owned()
}

fn json_of(arguments: &[&str], url: &str) -> Value {
    serde_json::from_str(&erpsync(&[arguments, &["--json"]].concat(), url)).unwrap()
}

async fn save_as(program: &Program, authorization: &str) -> Answer {
    let request = program.request(Method::POST, SAVE).header("Content-Type", "application/json").body(seed_request());
    Answer::of(request.header("Authorization", authorization).send().await.unwrap()).await
}

fn basic(name: &str, password: &str) -> String {
    use base64::Engine;
    format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(format!("{name}:{password}")))
}

#[tokio::test]
async fn an_associate_is_added_disabled_and_given_a_new_password() {
    let server = Server::start().await;
    let url = server.database.url();
    let add = ["associate", "add", "kari", "--administrator", "--group", "185", "--password-file", "-"];
    let (status, id, said) = erpsync_with_input(&add, &url, "Sommer 2026!\n");
    assert_eq!(status, 0, "{said}");
    let stored: String = server
        .database
        .value("SELECT associate_id || ' ' || user_group_id || ' ' || administrator FROM associate WHERE name = 'kari'")
        .await;
    assert_eq!(stored, format!("{} 185 true", id.trim()));

    let (first, second) = (basic("kari", "Sommer 2026!"), basic("kari", "Herbst"));
    assert_eq!(save_as(&server.program, &first).await.status, 200);
    let ticket = format!("SOTicket {}", erpsync(&["ticket", "issue", "KARI"], &url));
    assert_eq!(save_as(&server.program, &ticket).await.status, 200);

    let password = ["associate", "password", "kari", "--password-file", "-"];
    assert_eq!(erpsync_with_input(&password, &url, "Herbst").0, 0);
    assert_eq!(save_as(&server.program, &first).await.status, 401, "the old password, although cached");
    assert_eq!(save_as(&server.program, &ticket).await.status, 401, "the ticket of the old password");
    assert_eq!(save_as(&server.program, &second).await.status, 200);

    erpsync(&["associate", "administrator", "kari", "off"], &url);
    assert_eq!(save_as(&server.program, &second).await.status, 403);
    erpsync(&["associate", "administrator", "kari", "on"], &url);
    let ticket = format!("SOTicket {}", erpsync(&["ticket", "issue", "kari"], &url));
    erpsync(&["associate", "disable", "kari"], &url);
    assert_eq!(save_as(&server.program, &second).await.status, 401);
    assert_eq!(save_as(&server.program, &ticket).await.status, 401);
    erpsync(&["associate", "enable", "kari"], &url);
    assert_eq!(save_as(&server.program, &second).await.status, 200);
    assert_eq!(save_as(&server.program, &ticket).await.status, 401, "an ended ticket stays ended");

    let listed = json_of(&["associate", "list"], &url);
    let kari = listed.as_array().unwrap().iter().find(|row| row["name"] == "kari").unwrap();
    assert_eq!((&kari["group"], &kari["administrator"], &kari["password"]), (&json!(185), &json!(true), &json!(true)));
    let text = erpsync(&["associate", "list"], &url);
    assert!(text.lines().any(|line| line.contains("kari") && line.contains("yes")), "{text}");
    assert!(!text.contains("argon2"));
}

#[tokio::test]
async fn output_ends_quietly_when_its_reader_closes_the_pipe() {
    let database = TestDatabase::with_demo_data().await;
    let mut list = command();
    list.args(["associate", "list", "--json", "--database-url", &database.url()]);
    let mut child = list.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let done = child.wait_with_output().unwrap();
    let errors = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.success() && !errors.contains("panic") && !errors.contains("pipe"), "{errors}");
}

#[tokio::test]
async fn groups_have_members() {
    let database = TestDatabase::with_demo_data().await;
    let url = database.url();
    let id = erpsync(&["group", "add", "Support"], &url);
    erpsync(&["group", "join", "tje1", &id], &url);
    erpsync(&["group", "join", "tje1", &id], &url);
    let groups = json_of(&["group", "list"], &url);
    assert!(groups.as_array().unwrap().iter().any(|group| group["name"] == "Support"));
    let further = "SELECT count(*) FROM associate_user_group";
    assert_eq!(database.value::<i64>(further).await, 1);
    erpsync(&["group", "leave", "tje1", &id], &url);
    assert_eq!(database.value::<i64>(further).await, 0);
    assert_eq!(refused(&["group", "join", "tje1", "999"], &url), "the user group 999 does not exist");
    assert_eq!(refused(&["group", "join", "unknown", "1"], &url), "the associate 'unknown' does not exist");
    assert!(refused(&["group", "leave", "tje1", "1"], &url).contains("tje1"));
}

#[tokio::test]
async fn an_application_gets_its_secret_and_its_grant() {
    let server = Server::start_with(&["--installation", "online"]).await;
    let url = server.database.url();
    let secret = erpsync(&["app", "add", "Visma Bridge"], &url);
    assert!(secret.len() == 32 && secret.bytes().all(|digit| digit.is_ascii_hexdigit()), "{secret}");
    let stored: bool =
        server.database.value(&format!("SELECT secret_hash = sha256('{secret}') FROM application")).await;
    assert!(stored);
    let token = format!("Bearer {}", erpsync(&["token", "issue", "tje0", "--app", "visma bridge"], &url));
    assert!(token.starts_with("Bearer 8A:Cust00001."));
    save_as(&server.program, &token).await.assert_service_error(403, "SoLicenseException", &[]);
    erpsync(&["app", "grant", "Visma Bridge"], &url);
    assert_eq!(save_as(&server.program, &token).await.status, 200);
    let rows = json_of(&["app", "list"], &url);
    assert_eq!(rows[0]["erp_sync"], true);
    erpsync(&["app", "revoke", "Visma Bridge"], &url);
    assert_eq!(save_as(&server.program, &token).await.status, 403);
    erpsync(&["app", "grant", "Visma Bridge"], &url);
    erpsync(&["app", "disable", "Visma Bridge"], &url);
    assert_eq!(save_as(&server.program, &token).await.status, 401);
    erpsync(&["app", "enable", "Visma Bridge"], &url);
    assert_eq!(save_as(&server.program, &token).await.status, 200);

    let ticket = erpsync(&["ticket", "issue", "tje0", "--tenant", "Cust26759"], &url);
    let request = server.program.post_request(SAVE, &seed_request());
    let request = request.header("SO-AppToken", &secret).build().unwrap();
    let mut request = request;
    request.headers_mut().insert("Authorization", format!("SOTicket {ticket}").parse().unwrap());
    assert_eq!(server.program.http.execute(request).await.unwrap().status(), 200);
    assert_eq!(refused(&["app", "add", "visma bridge"], &url), "the application 'visma bridge' already exists");
}

#[tokio::test]
async fn a_ticket_is_good_on_every_server_until_it_is_revoked() {
    let server = Server::start().await;
    let other = Program::start(&["--database-url", &server.database.url()]);
    let url = server.database.url();
    let ticket = json_of(&["ticket", "issue", "tje0"], &url)["ticket"].as_str().unwrap().to_owned();
    let token = erpsync(&["token", "issue", "tje0", "--tenant", "Cust12345"], &url);
    assert!(token.starts_with("8A:Cust12345."), "{token}");
    let shown = [format!("SOTicket {ticket}"), format!("Bearer {token}")];
    for program in [&server.program, &other] {
        for authorization in &shown {
            assert_eq!(save_as(program, authorization).await.status, 200);
        }
    }
    let listed = json_of(&["ticket", "list"], &url);
    assert_eq!((listed[0]["associate"].as_str(), listed[0]["application"].is_null()), (Some("tje0"), true));
    assert!(!listed.to_string().contains(&ticket));

    erpsync(&["ticket", "revoke", &ticket], &url);
    let (status, _, said) = erpsync_with_input(&["token", "revoke", "-"], &url, &format!("{token}\n"));
    assert_eq!(status, 0, "{said}");
    for program in [&server.program, &other] {
        for authorization in &shown {
            assert_eq!(save_as(program, authorization).await.status, 401);
        }
    }
    let again = refused(&["ticket", "revoke", &ticket], &url);
    assert_eq!(again, "the ticket does not exist");
    assert_eq!(json_of(&["ticket", "list"], &url), json!([]));
}

#[tokio::test]
async fn invalid_administration_commands_fail_with_one_line() {
    let database = TestDatabase::with_demo_data().await;
    let url = database.url();
    let before = database.contents().await;
    let long = "x".repeat(255);
    for (arguments, problem) in [
        (&["associate", "add", "TJE0"][..], "the associate 'TJE0' already exists"),
        (&["associate", "add", "a:b"], "a name must not contain a colon, which ends the name in Basic credentials"),
        (&["associate", "add", " "], "the name is blank"),
        (&["associate", "add", &long], "a name has at most 254 characters"),
        (&["associate", "add", "x", "--group", "999"], "the user group does not exist"),
        (&["associate", "add", "x", "--password-file", "-"], "the password is blank"),
        (&["associate", "disable", "unknown"], "the associate 'unknown' does not exist"),
        (
            &["associate", "password", "tje0"],
            "no password was given: use --password-file with a file, or with - for standard input",
        ),
        (&["app", "grant", "nothing"], "the application 'nothing' does not exist"),
        (&["ticket", "issue", "unknown"], "the associate 'unknown' does not exist or is disabled"),
        (&["ticket", "issue", "tje0", "--app", "nothing"], "the application 'nothing' does not exist or is disabled"),
        (&["ticket", "revoke", "7T:s3cret"], "the ticket does not exist"),
    ] {
        assert_eq!(refused(arguments, &url), problem);
    }
    let file = refused(&["associate", "password", "tje0", "--password-file", "/nowhere"], &url);
    assert!(file.starts_with("the password file /nowhere cannot be read"), "{file}");
    let (status, _, said) =
        erpsync_with_input(&["associate", "password", "tje0", "--password-file", "-"], &url, &"x".repeat(513));
    assert!(status == 1 && said.contains("at most 512 bytes") && !said.contains("xxx"), "{said}");
    for wrong_usage in [&["associate"][..], &["ticket", "issue"], &["associate", "administrator", "tje0", "maybe"]] {
        assert_eq!(run(wrong_usage).status.code(), Some(2));
    }
    assert_eq!(database.contents().await, before);
}

#[tokio::test]
async fn administration_works_on_an_embedded_database_with_and_without_a_running_server() {
    let data_dir = DataDir::prepared();
    let arguments = ["--data-dir", &data_dir.argument()];
    let issue = || {
        let done = run(&[&["ticket", "issue", "tje0"][..], &arguments].concat());
        assert!(done.status.success(), "{done:?}");
        format!("SOTicket {}", String::from_utf8(done.stdout).unwrap().trim())
    };
    assert!(run(&[&["demo"][..], &arguments].concat()).status.success());
    let before = issue();
    let mut program = Program::start(&arguments);
    let beside = issue();
    for ticket in [&before, &beside] {
        assert_eq!(save_as(&program, ticket).await.status, 200);
    }
    let list = run(&[&["associate", "list", "--json"][..], &arguments].concat());
    assert!(String::from_utf8(list.stdout).unwrap().contains("\"tje1\""));
    program.signal(rustix::process::Signal::TERM);
    assert!(program.wait_for_exit().await.success());
}
