//! The methods that call a connector while a connection is set up.

use erpsync::connector::carriers::FieldMetadata;
use serde_json::{Value, json};

use crate::support::admin::{ADMIN, admin_address, admin_get};
use crate::support::client::{TJE0, TJE1};
use crate::support::connector::{Behavior, Call, Connector, field, register_url, save_connection};
use crate::support::program::{Program, run};
use crate::support::proxy::Proxy;
use crate::support::wait::wait_until;
use crate::support::{AGENT, Server, TestDatabase};

#[tokio::test]
async fn a_url_is_tested_by_a_call() {
    let (server, connector) = (Server::start().await, Connector::start().await);
    let test = async |url: &str| server.called("TestConnectorUrl", &json!({ "Url": url })).await;
    assert_eq!(test(&connector.url()).await, "NoError");
    assert_eq!(test(&format!("{}?ConnectorName=a", connector.url())).await, "NoError");
    assert_eq!(connector.called(), ["WSGetConfigData", "WSGetConfigData"]);
    connector.state.lock().unwrap().behavior = Behavior::IsBroken;
    for url in [&connector.url(), "", "erp.example", "plugin://Excel", "app://unknown", "file:///etc/passwd"] {
        assert_eq!(test(url).await, "ErrorNotFound", "{url}");
    }
    assert_eq!(connector.called(), ["WSGetConfigData"]);
}

#[tokio::test]
async fn the_config_fields_of_a_connector_are_listed_in_the_callers_language() {
    let (server, connector) = (Server::start().await, Connector::start().await);
    let request = json!({ "ErpConnectorId": connector.register(&server).await });
    let fields = server.called("GetConfigurationFields", &request).await;
    let fields = fields.as_array().unwrap();
    let of = |member: &str| fields.iter().map(|field| field[member].clone()).collect::<Vec<_>>();
    assert_eq!(of("FieldKey"), ["server", "password", "archive", "limit", "rate", "warehouse", "opened", "about"]);
    let types = ["Text", "Password", "Checkbox", "Integer", "Double", "List", "Date", "Label"];
    assert_eq!(of("FieldType"), types);
    let access = ["Mandatory", "Normal", "Normal", "Normal", "Normal", "Normal", "Normal", "ReadOnly"];
    assert_eq!(of("Access"), access);
    assert_eq!(of("DefaultValue"), ["", "", "[I:0]", "[I:30]", "[F:1.25]", "", "[D:02/29/2024]", ""]);
    assert_eq!(of("Rank"), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(of("MaxLength"), [80, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(of("ListName"), ["", "", "", "", "", "warehouses", "", ""]);
    assert_eq!(fields[0]["DisplayName"], "US:\"Server\";NO:\"Tjener\"");
    let path = format!("{AGENT}/GetConfigurationFields");
    let norwegian = [("Accept", "application/json"), ("Accept-Language", "nb")];
    let answer = server.program.send_to(&path, "application/json", request.to_string(), &norwegian).await;
    assert_eq!(answer.json()[0]["DisplayName"], "Tjener");

    connector.state.lock().unwrap().behavior = Behavior::IsBroken;
    let refused = server.call(TJE0, "GetConfigurationFields", &request).await;
    refused.assert_service_error(502, "SoConnectorException", &["HTTP status 500"]);
    let refused = server.call(TJE0, "GetConfigurationFields", &json!({ "ErpConnectorId": 4711 })).await;
    refused.assert_service_error(404, "SoNotFoundException", &["ErpConnectorId", "4711"]);
    let plugin = register_url(&server, "plugin://Excel").await;
    let refused = server.call(TJE0, "GetConfigurationFields", &json!({ "ErpConnectorId": plugin })).await;
    refused.assert_service_error(502, "SoConnectorException", &["plugin://", "SOAP service"]);
}

#[tokio::test]
async fn config_fields_are_tested_before_they_are_saved() {
    let (server, connector) = (Server::start().await, Connector::start().await);
    let id = connector.register(&server).await;
    let before = server.database.contents().await;
    let test = async |id: &Value, host: &str| {
        let request = json!({ "ErpConnectionId": id, "ConfigFields": { "server": host, "password": null } });
        server.called("TestConnectionByConfig", &request).await
    };
    assert_eq!(test(&id, "good").await, true);
    assert_eq!(test(&id, "bad").await, false);
    assert_eq!(connector.called(), ["WSTestConfigData", "WSTestConfigData"]);
    assert_eq!(test(&json!(4711), "good").await, false);
    assert_eq!(server.database.contents().await, before);

    // An id that no connector has is that of a connection.
    let connection = save_connection(&server, &id, true).await;
    assert_eq!(test(&connection, "good").await, true);
}

#[tokio::test]
async fn a_connection_is_tested_and_its_config_fields_are_sent_to_a_connector_that_does_not_know_it() {
    // Deliveries would send the connector what is saved.
    let server = Server::start_with(&["--connector-deliveries", "false"]).await;
    let connector = Connector::start().await;
    let id = connector.register(&server).await;
    let connection = save_connection(&server, &id, false).await;
    let test = async |id: &Value| server.called("TestConnectionById", &json!({ "ErpConnectionId": id })).await;
    assert_eq!(test(&connection).await, true);
    assert_eq!(connector.called(), ["WSTestConnection", "WSSaveConnection", "WSTestConnection"]);
    assert_eq!(test(&connection).await, true);
    assert_eq!(connector.called(), ["WSTestConnection"]);
    assert_eq!(test(&json!(4711)).await, false);
    connector.state.lock().unwrap().behavior = Behavior::IsBroken;
    assert_eq!(test(&connection).await, false);
}

#[tokio::test]
async fn a_connector_that_does_not_know_a_connection_is_sent_its_settings_once() {
    // Deliveries would send the connector what is saved.
    let server = Server::start_with(&["--connector-deliveries", "false"]).await;
    let connector = Connector::start().await;
    let id = connector.register(&server).await;
    let connection = json!({ "ErpConnectionId": save_connection(&server, &id, false).await });
    for (behavior, expected) in [
        (Behavior::Forgets, &["WSTestConnection", "WSSaveConnection", "WSTestConnection"][..]),
        (Behavior::Refuses("WSSaveConnection"), &["WSTestConnection", "WSSaveConnection"]),
    ] {
        connector.set(|state| state.behavior = behavior);
        assert_eq!(server.called("TestConnectionById", &connection).await, false, "{behavior:?}");
        assert_eq!(connector.called(), expected, "{behavior:?}");
    }
}

/// The request that finds out that the connector has lost the connection may have begun before a save or a deletion.
#[tokio::test]
async fn a_connector_that_does_not_know_a_connection_gets_its_present_state() {
    // No delivery tells the connector of the saves of this test.
    let server = Server::start_with(&["--connector-deliveries", "false"]).await;
    let connector = Connector::start().await;
    let registered = connector.register(&server).await;
    let save = async |id: &Value, number: &str| {
        let config = json!({ "server": "good", "number": number });
        let connection = json!({ "ErpConnectionId": id, "ErpConnectorId": registered, "ConfigFields": config });
        server.called("SaveConnection", &json!({ "Connection": connection })).await["ErpConnectionId"].clone()
    };
    let (test, saved, deletion) = ("WSTestConnection", "WSSaveConnection", "WSDeleteConnection");
    // The operation during which the connection changes, the number of calls before it, whether the connection is deleted
    // (or else saved with the number 2), and the calls, each with the number that is sent.
    for (operation, before, is_deleted, expected) in [
        (test, 0, false, &[(test, ""), (saved, "2"), (test, "")][..]),
        (saved, 1, false, &[(test, ""), (saved, "1"), (saved, "2"), (test, "")]),
        (test, 0, true, &[(test, "")]),
        (saved, 1, true, &[(test, ""), (saved, "1"), (deletion, "")]),
    ] {
        let id = save(&json!(0), "1").await;
        let connection = json!({ "ErpConnectionId": id });
        connector.set(|state| state.behavior = Behavior::HangsIn(operation));
        let tested = server.called("TestConnectionById", &connection);
        let changed = async {
            connector.wait_for_a_running_call_after(before).await;
            if is_deleted {
                assert_eq!(server.call(TJE0, "DeleteConnection", &connection).await.status, 204);
            } else {
                save(&id, "2").await;
            }
            connector.set(|state| state.behavior = Behavior::Works);
        };
        assert_eq!(futures::join!(tested, changed).0, !is_deleted, "{expected:?}");
        let calls = connector.calls();
        let number = |call: &Call| call.config.get("number").unwrap_or_default().to_owned();
        let calls: Vec<_> = calls.iter().map(|call| (call.operation.clone(), number(call))).collect();
        let expected: Vec<_> = expected.iter().map(|(name, number)| (name.to_string(), number.to_string())).collect();
        assert_eq!(calls, expected);
        connector.called();
    }
}

#[tokio::test]
async fn a_deleted_connection_is_not_created_again_at_its_connector() {
    let (server, connector) = (Server::start().await, Connector::start().await);
    connector
        .set(|state| state.fields = vec![FieldMetadata { list_name: Some("Terms".to_owned()), ..field("TERMS", "") }]);
    let id = connector.register(&server).await;
    let connection = json!({ "ErpConnectionId": save_connection(&server, &id, true).await });
    connector.wait_for_calls(4).await;
    let list = "UPDATE erp_field SET field_type = 5, list_name = 'Terms', crm_field_key = 'x_terms'";
    let is_stored = async || server.database.value::<i64>("SELECT count(*) FROM erp_field").await > 0;
    wait_until("the fields", is_stored).await;
    server.database.execute(list).await;
    assert_eq!(server.call(TJE0, "DeleteConnection", &connection).await.status, 204);
    assert_eq!(connector.wait_for_calls(1).await, ["WSDeleteConnection"]);
    for method in ["TestConnectionById", "UpdateConnectionFields"] {
        assert_eq!(server.called(method, &connection).await, false, "{method}");
    }
    let mut values = json!({ "ActorTypeErp": "Customer", "ErpKey": "1" });
    values["ErpConnectionId"] = connection["ErpConnectionId"].clone();
    for (method, request) in [("GetFieldValuesFromErp", &values), ("GetConnectionListMappings", &connection)] {
        let refused = server.call(TJE0, method, request).await;
        refused.assert_service_error(404, "SoNotFoundException", &["ErpConnectionId", "is deleted"]);
    }
    assert_eq!(connector.called(), [""; 0]);
}

#[tokio::test]
async fn other_callers_test_what_they_may_see_and_nothing_else() {
    // Deliveries would send the connector what is saved.
    let server = Server::start_with(&["--connector-deliveries", "false"]).await;
    let connector = Connector::start().await;
    let id = connector.register(&server).await;
    for (method, request) in [
        ("TestConnectorUrl", json!({ "Url": connector.url() })),
        ("GetConfigurationFields", json!({ "ErpConnectorId": id })),
        ("TestConnectionByConfig", json!({ "ErpConnectionId": id, "ConfigFields": { "server": "good" } })),
    ] {
        let refused = server.call(TJE1, method, &request).await;
        refused.assert_service_error(403, "SoSentryException", &["administrators"]);
    }
    let [hidden, shown] = [save_connection(&server, &id, false).await, save_connection(&server, &id, true).await];
    let test = async |id: &Value| server.call(TJE1, "TestConnectionById", &json!({ "ErpConnectionId": id })).await.text;
    assert_eq!(test(&hidden).await, "false");
    assert_eq!(connector.called(), [""; 0]);
    assert_eq!(test(&shown).await, "true");
    connector.state.lock().unwrap().behavior = Behavior::IsBroken;
    assert_eq!(test(&shown).await, "false");
}

#[tokio::test]
async fn the_log_and_the_journal_have_the_reason_without_a_secret() {
    let server = Server::start_with(&[&ADMIN[..], &["--connector-journal", "bodies"]].concat()).await;
    let connector = Connector::start().await;
    let id = connector.register(&server).await;
    // A short value is masked as a whole, and leaves other texts as they are.
    let config = |host: &str| json!({ "server": host, "password": "s3cret", "archive": "e" });
    for host in ["good", "wr0ng"] {
        let request = json!({ "ErpConnectionId": id, "ConfigFields": config(host) });
        assert_eq!(server.called("TestConnectionByConfig", &request).await, host == "good");
    }
    connector.state.lock().unwrap().behavior = Behavior::IsBroken;
    let request = json!({ "ErpConnectionId": id, "ConfigFields": config("good") });
    assert_eq!(server.called("TestConnectionByConfig", &request).await, false);

    let journal = admin_get(&server.program, "/connectors/journal").await.json();
    let of =
        |member: &str| journal.as_array().unwrap().iter().map(|exchange| exchange[member].clone()).collect::<Vec<_>>();
    assert_eq!(of("outcome"), ["status", "error", "ok"]);
    assert_eq!(of("operation"), ["WSTestConfigData"; 3]);
    assert_eq!(of("url"), [connector.url().as_str(); 3]);
    let bodies = of("request");
    assert!(bodies.iter().all(|body| body.as_str().unwrap().contains("<d5p1:Key>password</d5p1:Key><d5p1:Value>***<")));
    assert!(of("response")[1].as_str().unwrap().contains("Refused by the ERP system"), "{journal}");
    server.program.wait_for_log("HTTP status 500 without a SOAP fault").await;
    server.program.wait_for_log("Refused by the ERP system").await;
    let log = server.program.log();
    for secret in ["s3cret", "wr0ng", "Value>e<"] {
        assert!(!log.contains(secret) && !journal.to_string().contains(secret), "{journal}\n{log}");
    }
    let metrics = admin_get(&server.program, "/metrics").await.text;
    for (outcome, count) in [("ok", 1), ("failed", 2)] {
        let line = format!("connector_calls_total{{operation=\"WSTestConfigData\",outcome=\"{outcome}\"}} {count}\n");
        assert!(metrics.contains(&line), "{metrics}");
    }
}

/// A connector knows the config fields of a connection, and can repeat them in the response of each operation.
#[tokio::test]
async fn no_operation_puts_a_config_field_into_the_log_the_journal_or_the_deliveries() {
    let server = Server::start_with(&[&ADMIN[..], &["--connector-journal", "bodies"]].concat()).await;
    let connector = Connector::start().await;
    connector.set(|state| {
        "the password s3cret".clone_into(&mut state.repeated);
        state.behavior = Behavior::RefusesData;
    });
    let id = connector.register(&server).await;
    let connection = json!({ "ErpConnectionId": save_connection(&server, &id, true).await });
    let deliveries = async || admin_get(&server.program, "/connectors/deliveries").await.text;
    wait_until("a failed reading of fields", async || deliveries().await.contains("WSGetSupportedActorTypes: ")).await;
    for method in ["TestConnectionById", "UpdateConnectionFields"] {
        assert_eq!(server.called(method, &connection).await, false, "{method}");
    }
    connector.set(|state| state.behavior = Behavior::Refuses("WSDeleteConnection"));
    assert_eq!(server.call(TJE0, "DeleteConnection", &connection).await.status, 204);
    wait_until("a refused deletion", async || deliveries().await.contains("WSDeleteConnection: ")).await;
    let journal = admin_get(&server.program, "/connectors/journal").await.text;
    for text in [deliveries().await, journal, server.program.log()] {
        assert!(text.contains("and knows the password ***"), "{text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn own_and_link_local_addresses_are_not_called() {
    let (database, proxy) = (TestDatabase::with_demo_data().await, Proxy::start().await);
    let url = proxy.url(&database);
    let program = Program::start(&[&ADMIN[..], &["--database-url", &url]].concat());
    let admin = admin_address(&program).await;
    let database_port = url.split("localhost:").nth(1).or_else(|| url.split("127.0.0.1:").nth(1)).unwrap();
    let database_port: String = database_port.chars().take_while(char::is_ascii_digit).collect();
    let forbidden = [
        format!("http://{admin}/"),
        format!("http://localhost:{}/", admin.rsplit(':').next().unwrap()),
        format!("http://127.0.0.1:{database_port}/"),
        "http://169.254.169.254/latest/".to_owned(),
        "http://[fe80::1]/".to_owned(),
    ];
    for url in &forbidden {
        let body = json!({ "Url": url }).to_string();
        let answer = program.post(&format!("{AGENT}/TestConnectorUrl"), &body).await;
        assert_eq!(answer.text, "\"ErrorNotFound\"", "{url}");
    }
    let journal = admin_get(&program, "/connectors/journal").await.json();
    let outcomes: Vec<_> = journal.as_array().unwrap().iter().map(|exchange| &exchange["outcome"]).collect();
    assert_eq!(outcomes, ["forbidden"; 5], "{journal}");
}

#[tokio::test]
async fn a_list_of_hosts_narrows_the_calls() {
    let connector = Connector::start().await;
    for (allowed, expected) in [("127.0.0.0/8", "NoError"), ("erp.example 10.0.0.0/8", "ErrorNotFound")] {
        let server = Server::start_with(&["--connector-allow", allowed]).await;
        assert_eq!(server.called("TestConnectorUrl", &json!({ "Url": connector.url() })).await, expected);
    }
    assert_eq!(connector.called(), ["WSGetConfigData"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_without_certificates_calls_connectors_without_tls() {
    let (database, connector) = (TestDatabase::with_demo_data().await, Connector::start().await);
    let none = [("SSL_CERT_FILE", "/dev/null"), ("SSL_CERT_DIR", "/dev/null")];
    let program = Program::launch(Some("127.0.0.1:0"), &none, &["--database-url", &database.url()]);
    let program = program.unwrap_or_else(|log| panic!("the server did not start: {log}"));
    let body = json!({ "Url": connector.url() }).to_string();
    assert_eq!(program.post(&format!("{AGENT}/TestConnectorUrl"), &body).await.text, "\"NoError\"");
    program.wait_for_log("only the authorities of --connector-ca are trusted").await;
}

#[tokio::test]
async fn an_application_is_called_at_its_registered_url() {
    let (server, connector) = (Server::start().await, Connector::start().await);
    let erpsync = |arguments: &[&str]| {
        let output = run(&[&["connector-app"], arguments, &["--database-url", &server.database.url()]].concat());
        let [out, problem] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        (output.status.code().unwrap(), out, problem)
    };
    let test = async || server.called("TestConnectorUrl", &json!({ "Url": "app://4F2a" })).await;
    let id = register_url(&server, "App://4F2a/").await;
    let request = json!({ "ErpConnectorId": id });
    assert_eq!(test().await, "ErrorNotFound");
    let refused = server.call(TJE0, "GetConfigurationFields", &request).await;
    refused.assert_service_error(502, "SoConnectorException", &["No connector is registered", "app://4F2a"]);

    let url = format!("{}?ConnectorName=a", connector.url());
    for url in ["http://127.0.0.1:1/", &url] {
        assert_eq!(erpsync(&["set", "4F2a", url]).0, 0);
    }
    assert_eq!(erpsync(&["set", "app://other", "https://erp.example/a.svc"]).0, 0);
    assert_eq!(test().await, "NoError");
    assert_eq!(server.called("GetConfigurationFields", &request).await.as_array().unwrap().len(), 8);
    let connection = save_connection(&server, &id, false).await;
    let config = json!({ "ErpConnectionId": id, "ConfigFields": { "server": "good" } });
    assert_eq!(server.called("TestConnectionByConfig", &config).await, true);
    assert_eq!(server.called("TestConnectionById", &json!({ "ErpConnectionId": connection })).await, true);
    let listed: Value = serde_json::from_str(&erpsync(&["list", "--json"]).1).unwrap();
    let expected = json!([
        { "client_id": "4F2a", "url": url },
        { "client_id": "other", "url": "https://erp.example/a.svc" },
    ]);
    assert_eq!(listed, expected);

    assert_eq!(erpsync(&["remove", "4F2a"]).0, 0);
    assert_eq!(test().await, "ErrorNotFound");
    for (arguments, expected) in [
        (&["remove", "4F2a"][..], "the application '4F2a' does not exist"),
        (&["set", "a/b", &url], "a client id has 1 to 254 characters"),
        (&["set", " ", &url], "a client id has 1 to 254 characters"),
        (&["set", "a", "app://other"], "must be http or https"),
        (&["set", "a", "plugin://Excel"], "plugin://"),
        (&["set", "a", "https://user:s3cret@erp.example/"], "holds a user name or a password"),
    ] {
        let (status, _, problem) = erpsync(arguments);
        assert!(status == 1 && problem.contains(expected) && !problem.contains("s3cret"), "{arguments:?}: {problem}");
    }
}

#[test]
fn invalid_settings_of_connectors_are_named() {
    for (setting, value) in [
        ("--connector-ca", "missing.pem"),
        ("--connector-allow", "https://erp.example"),
        ("--connector-timeout", "0"),
        ("--connector-journal", "everything"),
        ("--connector-journal-size", "0"),
    ] {
        let output = run(&["--listen", "127.0.0.1:0", setting, value]);
        assert!(!output.status.success(), "{setting}");
        let problem = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(problem.contains(setting), "{problem}");
        assert!(problem.contains(value), "{problem}");
        assert!(!problem.contains("PostgreSQL"), "before the database is opened: {problem}");
    }
}
