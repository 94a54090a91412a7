//! The commands about connectors: `erpsync connector check` and `erpsync connector journal`.

use std::io::{Write, pipe};
use std::process::Stdio;

use erpsync::connector::carriers::{FieldAccess, FieldMetadata, FieldType};
use erpsync::connector::envelope::NAMESPACE;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::Server;
use crate::support::admin::{ADMIN, admin_address};
use crate::support::connector::{Behavior, Connector, Rewrite, customer, texts};
use crate::support::postgres::TestDatabase;
use crate::support::program::{Program, command, run};
use crate::support::wait::wait_until;

/// Returns the description of a field.
fn field(key: &str, rank: i32, field_type: FieldType, list: &str) -> FieldMetadata {
    FieldMetadata {
        field_key: key.to_owned(),
        rank,
        field_type,
        display_name: Some(key.to_owned()),
        list_name: Some(list.to_owned()),
        ..FieldMetadata::default()
    }
}

/// Starts a connector that keeps the contract.
async fn start() -> Connector {
    let connector = Connector::start().await;
    connector.set(|state| {
        let name = field("NAME", 1, FieldType::Text, "");
        state.fields = vec![
            FieldMetadata { access: FieldAccess::Mandatory, ..name },
            field("GROUP", 2, FieldType::List, "Groups"),
        ];
        state.searchable = vec!["NAME".to_owned()];
        state.customers =
            vec![customer("1", &[("NAME", "Lamps"), ("GROUP", "A")]), customer("2", &[("NAME", "Nails")])];
        let lists = [("Groups", texts(&[("A", "Wholesale")])), ("warehouses", texts(&[("1", "Main")]))];
        state.lists = lists.map(|(name, items)| (name.to_owned(), items)).into();
    });
    connector
}

/// Runs a command about connectors. Returns the exit status, standard output and standard error.
fn erpsync(arguments: &[&str]) -> (i32, String, String) {
    let output = run(&[&["connector"], arguments].concat());
    let [out, problem] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (output.status.code().unwrap(), out, problem)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_that_keeps_the_contract_passes_every_step() {
    let connector = start().await;
    let mut secrets = tempfile::NamedTempFile::new().unwrap();
    secrets.write_all(b"password=s3cret\n\nwarehouse=1\n").unwrap();
    let file = secrets.path().to_str().unwrap();
    let check = ["check", &connector.url(), "--config-field", "server=good", "--config-fields-file", file];
    let (status, out, problem) = erpsync(&check);
    assert_eq!((status, problem.as_str()), (0, ""), "{out}");
    let steps: Vec<_> = out.lines().map(|line| line.split(" (").next().unwrap()).collect();
    let expected = [
        "ok    WSGetConfigData: 8 fields",
        "ok    WSGetList warehouses: 1 item",
        "ok    WSTestConfigData: accepted",
        "ok    WSSaveConnection: saved",
        "ok    WSTestConnection: accepted",
        "ok    WSTestConnection: a connection that was not saved",
        "ok    WSGetSupportedActorTypes: Customer",
        "ok    WSGetSupportedActorTypeFields Customer: 2 fields",
        "ok    WSGetSearchableFields Customer: 1 field",
        "ok    WSGetList Groups: 1 item",
        "ok    WSGetListItems Groups: 1 item",
        "ok    WSSearchActors Customer: 2 actors",
        "ok    WSGetActors Customer: 2 actors",
        "ok    WSDeleteConnection: deleted",
    ];
    assert_eq!(steps, expected);
    assert_eq!(connector.state.lock().unwrap().saved, [""; 0], "the connection is deleted");

    let (status, out, _) = erpsync(&[&check[..], &["--json"]].concat());
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((status, &report["failed"], report["steps"].as_array().unwrap().len()), (0, &json!(0), expected.len()));
    assert_eq!(report["steps"][0]["step"], "WSGetConfigData");
    assert!(!out.contains("s3cret"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_that_break_the_contract_are_named() {
    let connector = start().await;
    connector.set(|state| {
        state.fields[1].rank = 1;
        state.searchable.push("CITY".to_owned());
        state.customers = vec![customer("", &[("NAME", "Lamps")]), customer("2", &[("GROUP", "B")])];
        state.lists.insert("warehouses".to_owned(), texts(&[("1", "Main"), ("1", "Side")]));
    });
    let check = ["check", &connector.url(), "--config-field", "server=good"];
    let (status, out, problem) = erpsync(&check);
    assert_eq!(status, 1, "{out}");
    for expected in [
        "FAIL  WSGetList warehouses",
        "the key 1 occurs 2 times",
        "FAIL  WSGetSupportedActorTypeFields Customer",
        "the Rank 1 is that of NAME, GROUP",
        "FAIL  WSGetSearchableFields Customer",
        "CITY is no field of the type",
        "FAIL  WSSearchActors Customer",
        "the ErpKey of an actor is empty",
        "2: the value of NAME: is empty, and the field is mandatory",
        "2: the value of GROUP: \"B\" is no item of the list Groups",
        "ok    WSDeleteConnection",
    ] {
        assert!(out.contains(expected), "no {expected:?} in {out}");
    }
    assert_eq!(problem, "erpsync: 5 steps have failed\n", "{out}");

    connector.set(|state| state.behavior = Behavior::RefusesData);
    let (status, out, _) = erpsync(&check);
    assert_eq!(status, 1);
    assert!(out.contains("the ErrorCode is not UNKNOWN_CONNECTION_ID"), "{out}");
    assert!(out.contains("Refused by the ERP system") && !out.contains("WSGetActors"), "{out}");
    connector.set(|state| state.behavior = Behavior::IsBroken);
    let (status, out, _) = erpsync(&check);
    assert_eq!(
        (status, out.lines().next().unwrap().split(" (").next()),
        (1, Some("FAIL  WSGetConfigData: The connector responded with HTTP status 500."))
    );
    assert_eq!(out.lines().filter(|line| line.starts_with("FAIL")).count(), 1, "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_that_a_wcf_client_cannot_read_are_named() {
    let connector = start().await;
    let check = || erpsync(&["check", &connector.url(), "--config-field", "server=good"]);
    let rewrites: [(Rewrite, _); 4] = [
        (|body| body.replace(NAMESPACE, "urn:x"), "Response is in the namespace \"urn:x\"; a WCF client expects it in"),
        (|body| body.replace("<IsOk>true", "<IsOk>True"), "IsOk is \"True\", for which a WCF client refuses"),
        (|body| body.replace("<State>Ok", "<State>OK"), "State is \"OK\", for which a WCF client refuses"),
        (
            |body| body.replace("<IsOk>true</IsOk><State>Ok</State>", "<State>Ok</State><IsOk>true</IsOk>"),
            "IsOk in WSTestConnectionResult comes after State, where a WCF client does not read it",
        ),
    ];
    for (rewrite, expected) in rewrites {
        connector.set(|state| state.rewrite = Some(rewrite));
        let (status, out, _) = check();
        assert!(status == 1 && out.contains(expected), "no {expected:?} in {out}");
        // A refused call is the response to a connection that was not saved.
        let failed = out.lines().filter(|line| line.starts_with("FAIL")).count();
        let steps = out.lines().filter(|line| !line.starts_with(' ')).count();
        assert!(steps == 14 && failed >= 13, "{failed} of {steps} in {out}");
    }
    connector.set(|state| {
        state.rewrite = None;
        state.content_type = Some("application/soap+xml");
    });
    let (status, out, _) = check();
    assert!(status == 1 && out.contains("FAIL: the Content-Type is \"application/soap+xml\"; a WCF client"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_connector_passes_every_step() {
    let database = TestDatabase::empty().await;
    let arguments = ["demo-connector", "--listen", "127.0.0.1:0", "--database-url", &database.url()];
    let program = Program::launch(None, &[], &arguments).unwrap();
    let (status, out, problem) =
        erpsync(&["check", &format!("http://{}", program.address), "--config-field", "COMPANY=1"]);
    assert_eq!((status, problem.as_str()), (0, ""), "{out}");
    let unexpected: Vec<_> = out.lines().filter(|line| !line.starts_with("ok ")).collect();
    assert_eq!(unexpected, [""; 0], "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_prints_no_password() {
    let connector = start().await;
    connector.set(|state| {
        "the password s3cret".clone_into(&mut state.repeated);
        state.behavior = Behavior::Refuses("WSGetSupportedActorTypes");
    });
    let fields =
        ["--config-field", "server=good", "--config-field", "password=s3cret", "--config-field", "warehouse=1"];
    let (status, out, problem) = erpsync(&[&["check", &connector.url()], &fields[..]].concat());
    assert!(status == 1 && out.contains("and knows the password ***"), "{out}");
    assert!(!out.contains("s3cret") && !problem.contains("s3cret"), "{out}\n{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn config_fields_that_are_missing_or_refused_end_the_check() {
    let connector = start().await;
    let check = |arguments: &[&str]| erpsync(&[&["check", &connector.url()], arguments].concat());
    let (status, out, _) = check(&["--config-field", "OTHER=1"]);
    assert_eq!(status, 1);
    for expected in ["server: the field is mandatory", "OTHER: the connector has no config field with this key"] {
        assert!(out.contains(expected), "no {expected:?} in {out}");
    }
    assert_eq!(connector.called(), ["WSGetConfigData", "WSGetList"]);
    let (status, out, _) = check(&["--config-field", "server=bad"]);
    assert!(status == 1 && out.contains("FAIL  WSTestConfigData"), "{out}");
    assert_eq!(connector.called(), ["WSGetConfigData", "WSGetList", "WSTestConfigData"]);

    assert_eq!(check(&["--config-field", "server"]).0, 2);
    let (status, _, problem) = check(&["--config-fields-file", "/nowhere"]);
    assert!(status == 1 && problem.contains("--config-fields-file /nowhere"), "{problem}");
    let (status, out, _) = check(&["--connector-allow", "erp.example"]);
    assert!(status == 1 && out.contains("is not allowed by --connector-allow"), "{out}");
    assert_eq!(connector.called(), [""; 0]);
    for (url, expected) in [("app://a", "app://a"), ("plugin://Excel", "plugin://"), ("erp", "not a URL")] {
        let (status, _, problem) = erpsync(&["check", url]);
        assert!(status == 1 && problem.contains(expected), "{problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_whose_output_is_closed_is_completed() {
    let connector = start().await;
    let url = connector.url();
    // Standard output and standard error are closed from the start.
    let check = |arguments: &[&str]| {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let (out, problem) = (writer.try_clone().unwrap(), writer);
        let mut command = command();
        command.args(["connector", "check", &url, "--config-field", "server=good"]).args(arguments);
        command.stdin(Stdio::null()).stdout(out).stderr(problem).status().unwrap().code()
    };
    for arguments in [&[][..], &["--json"]] {
        assert_eq!(check(arguments), Some(0));
        let called = connector.called();
        assert_eq!(called.last().map(String::as_str), Some("WSDeleteConnection"), "{called:?}");
        assert_eq!(connector.state.lock().unwrap().saved, [""; 0]);
    }
    connector.set(|state| state.fields[1].rank = 1);
    assert_eq!(check(&[]), Some(1));
    assert_eq!(connector.state.lock().unwrap().saved, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_check_deletes_its_connection() {
    let connector = start().await;
    connector.set(|state| state.behavior = Behavior::HangsIn("WSTestConnection"));
    let mut command = command();
    command.args(["connector", "check", &connector.url(), "--config-field", "server=good"]);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("a saved connection", async || !connector.state.lock().unwrap().saved.is_empty()).await;
    kill_process(Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap(), Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    let [out, problem] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert_eq!((output.status.code(), problem.as_str()), (Some(1), "erpsync: interrupted\n"), "{out}");
    assert!(out.contains("ok    WSDeleteConnection: deleted"), "{out}");
    assert_eq!(connector.state.lock().unwrap().saved, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_of_a_server_is_printed() {
    let server = Server::start_with(&[&ADMIN[..], &["--connector-journal", "bodies"]].concat()).await;
    let connector = Connector::start().await;
    let test = async |url: &str| server.called("TestConnectorUrl", &json!({ "Url": url })).await;
    assert_eq!(test(&connector.url()).await, "NoError");
    connector.set(|state| state.behavior = Behavior::IsBroken);
    assert_eq!(test(&connector.url()).await, "ErrorNotFound");

    let admin = format!("http://{}", admin_address(&server.program).await);
    let (status, out, problem) = erpsync(&["journal", "--admin", &admin]);
    assert_eq!((status, problem.as_str()), (0, ""));
    let lines: Vec<Vec<&str>> = out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["time", "operation", "connection", "seconds", "outcome", "detail"]);
    let shown = |line: usize| [lines[line][1], lines[line][2], lines[line][4]];
    assert_eq!(shown(1), ["WSGetConfigData", "-", "status"]);
    assert_eq!(shown(2), ["WSGetConfigData", "-", "ok"]);
    assert_eq!(lines.len(), 3);

    let (status, out, _) = erpsync(&["journal", "--admin", &admin, "--json"]);
    let journal: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((status, journal.as_array().unwrap().len()), (0, 2));
    assert!(journal[0]["response"].as_str().unwrap().contains("<html>"), "{out}");

    for (admin, expected) in [
        (format!("http://{}", server.program.address).as_str(), "HTTP status 404"),
        ("http://127.0.0.1:1", "Connection refused"),
        ("127.0.0.1:9080", "is not an http URL"),
        ("https://127.0.0.1:9080", "is not an http URL"),
    ] {
        let (status, out, problem) = erpsync(&["journal", "--admin", admin]);
        assert!((status, out.as_str()) == (1, "") && problem.contains(expected), "{problem}");
    }
}
