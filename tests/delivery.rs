//! Connectors are told of saves and deletions.

use std::collections::HashMap;
use std::time::Duration;

use futures::future::join_all;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::admin::{ADMIN, admin_get, samples};
use crate::support::client::{TJE0, TJE1};
use crate::support::connector::{Behavior, Connector, field};
use crate::support::wait::wait_until;
use crate::support::{AGENT, Program, SAVE, Server, TestDatabase};

/// The operations of a first delivery.
const FIRST: [&str; 4] =
    ["WSSaveConnection", "WSGetSupportedActorTypes", "WSGetSupportedActorTypeFields", "WSGetSearchableFields"];

/// Starts a connector with one field, and a type of actors that the program does not know.
async fn start_connector() -> Connector {
    let connector = Connector::start().await;
    connector.set(|state| {
        state.fields = vec![field("NAME", "Company")];
        state.searchable = vec!["NAME".to_owned()];
        state.further_types = vec!["Robot".to_owned()];
    });
    connector
}

/// Registers a connector, and returns its id.
async fn register(connector: &Connector, program: &Program) -> Value {
    let entity = json!({ "DisplayName": "ERP", "URL": connector.url() });
    call(program, "SaveErpSyncConnectorEntity", &entity).await["ErpConnectorId"].clone()
}

/// Returns the numbers that each connection was saved with, in order.
fn numbers(connector: &Connector) -> HashMap<String, Vec<String>> {
    let mut numbers = HashMap::<_, Vec<_>>::new();
    for call in connector.calls().into_iter().filter(|call| call.operation == FIRST[0]) {
        numbers.entry(call.connection).or_default().push(call.config.get("number").unwrap_or_default().to_owned());
    }
    numbers
}

/// Calls a method of the agent as the demo administrator. It must succeed.
async fn call(program: &Program, method: &str, body: &Value) -> Value {
    let answer = program.post(&format!("{AGENT}/{method}"), &body.to_string()).await;
    assert_eq!(answer.status, 200, "{method}: {}", answer.text);
    answer.json()
}

/// Saves a connection, and returns it. With the id 0 it is a new one.
async fn save(program: &Program, connector: &Value, id: &Value, number: &str) -> Value {
    let connection = json!({
        "ErpConnectionId": id, "ErpConnectorId": connector, "ConfigFields": { "number": number, "PASSWORD": "s3cret" }
    });
    call(program, "SaveConnection", &json!({ "Connection": connection })).await
}

/// Waits until no connection waits.
async fn wait_until_told(database: &TestDatabase) {
    let waiting = "SELECT count(*) FROM erp_connection c LEFT JOIN connector_delivery d USING (erp_connection_id)
        WHERE d.erp_connection_id IS NULL OR d.fields_due OR d.delivered_count < c.updated_count";
    wait_until("the end of all deliveries", async || database.value::<i64>(waiting).await == 0).await;
}

fn start(database: &TestDatabase, arguments: &[&str]) -> Program {
    Program::start(&[&["--database-url", &database.url()], arguments].concat())
}

#[tokio::test]
async fn a_connector_is_told_of_saves_and_deletions_and_of_nothing_else() {
    let (server, connector) = (Server::start().await, start_connector().await);
    // The connection of the demo data is not saved by anyone.
    server.database.execute(&format!("UPDATE erp_connector SET url = '{}'", connector.url())).await;
    let saved = save(&server.program, &json!(403), &json!(0), "1").await;
    assert_eq!(connector.wait_for_calls(4).await, FIRST);
    wait_until_told(&server.database).await;

    // The config fields are the same, so the fields are not read again.
    let id = &saved["ErpConnectionId"];
    save(&server.program, &json!(403), id, "1").await;
    assert_eq!(connector.wait_for_calls(1).await, ["WSSaveConnection"]);
    save(&server.program, &json!(403), id, "2").await;
    assert_eq!(connector.wait_for_calls(4).await, FIRST);
    wait_until_told(&server.database).await;

    let known = connector.state.lock().unwrap().saved.clone();
    assert!(known.iter().all(|connection| saved["ConnectionId"] == **connection), "{known:?}");
    let toggled = server.call(TJE0, "ToggleErpConnectionActive", &json!({ "ErpConnectionId": id })).await;
    assert_eq!(toggled.status, 200);
    call(&server.program, "SaveErpConnectionSyncPriorities", &json!({ "ErpConnectionIds": [id] })).await;
    let mapping = json!({ "ErpConnectionId": id, "ActorTypeErp": "Customer", "ActorTypeCrm": "Contact" });
    call(&server.program, "SaveActorTypeMapping", &json!({ "Mapping": mapping })).await;
    server.call(TJE1, "SaveConnection", &json!({ "Connection": { "ErpConnectionId": id } })).await;
    let deleted = server.call(TJE0, "DeleteConnection", &json!({ "ErpConnectionId": id })).await;
    assert_eq!(deleted.status, 204);
    wait_until_told(&server.database).await;
    let calls = connector.calls();
    assert!(matches!(&calls[..], [call] if call.operation == "WSDeleteConnection"), "{calls:?}");
    assert_eq!(calls[0].connection, saved["ConnectionId"]);
    assert!(!server.program.log().contains("s3cret"));
}

#[tokio::test]
async fn fields_are_read_after_a_save_and_mapped_by_name_without_a_direction() {
    let (server, connector) = (Server::start().await, start_connector().await);
    let fields = vec![field("NAME", "Company"), field("TEL", "Telephone"), field("BRANCH", "Branch")];
    connector.set(|state| state.fields = fields);
    let registered = register(&connector, &server.program).await;
    let saved = save(&server.program, &registered, &json!(0), "1").await;
    let id = &saved["ErpConnectionId"];
    wait_until_told(&server.database).await;
    server.program.wait_for_log("unknown actor type").await;
    let mapping = async || {
        let request = json!({ "ErpConnectionId": id, "ActorType": "Customer" });
        call(&server.program, "GetActorTypeMapping", &request).await
    };
    let fields = |mapping: &Value, members: [&str; 2]| {
        let fields = mapping["FieldMappings"].as_array().unwrap().iter();
        fields.map(|field| members.map(|member| field[member].clone())).collect::<Vec<_>>()
    };
    let first = mapping().await;
    assert_eq!(first["ActorTypeCrm"], "Contact");
    let expected = json!([["NAME", "NAME"], ["TEL", "PHONE"], ["BRANCH", ""]]);
    assert_eq!(json!(fields(&first, ["ErpFieldKey", "CrmFieldKey"])), expected);
    assert_eq!(
        json!(fields(&first, ["SyncToCrm", "SyncToErp"])),
        json!([[false, false], [false, false], [false, false]])
    );
    let searchable = "SELECT string_agg(erp_field_key, ',') FROM erp_field WHERE searchable";
    assert_eq!(server.database.value::<String>(searchable).await, "NAME");

    // An administrator's mapping stays, and a field that is gone is flagged.
    let changed =
        json!([{ "ErpFieldKey": "NAME", "CrmFieldKey": "DEPARTMENT", "SyncToCrm": true, "FieldType": "Text" }]);
    let changed = json!({
        "ErpConnectionId": id, "ActorTypeErp": "Customer", "ActorTypeCrm": "Contact", "FieldMappings": changed
    });
    call(&server.program, "SaveActorTypeMapping", &json!({ "Mapping": changed })).await;
    connector.set(|state| state.fields = vec![field("NAME", "Firm"), field("FAX", "Telefax")]);
    let update = json!({ "ErpConnectionId": id });
    assert_eq!(call(&server.program, "UpdateConnectionFields", &update).await, true);
    let second = mapping().await;
    let expected = json!([["NAME", false], ["TEL", true], ["BRANCH", true], ["FAX", false]]);
    assert_eq!(json!(fields(&second, ["ErpFieldKey", "MissingInERP"])), expected);
    let expected = json!([["Firm", "DEPARTMENT"], ["Telephone", "PHONE"], ["Branch", ""], ["Telefax", "FAX"]]);
    assert_eq!(json!(fields(&second, ["ErpDisplayName", "CrmFieldKey"])), expected);

    // Nothing is stored of what was read before a failure.
    connector.set(|state| state.fields = vec![field("OTHER", "")]);
    connector.set(|state| state.behavior = Behavior::Refuses("WSGetSupportedActorTypeFields"));
    assert_eq!(call(&server.program, "UpdateConnectionFields", &update).await, false);
    assert_eq!(mapping().await, second);
    assert_eq!(call(&server.program, "UpdateConnectionFields", &json!({ "ErpConnectionId": 4711 })).await, false);
    let refused = server.call(TJE1, "UpdateConnectionFields", &update).await;
    refused.assert_service_error(403, "SoSentryException", &["administrators"]);
}

#[tokio::test]
async fn a_connector_that_has_lost_a_connection_is_sent_it_again() {
    let (server, connector) = (Server::start().await, start_connector().await);
    let registered = register(&connector, &server.program).await;
    let id = &save(&server.program, &registered, &json!(0), "1").await["ErpConnectionId"];
    wait_until_told(&server.database).await;
    connector.called();
    connector.set(|state| state.saved.clear());
    assert_eq!(call(&server.program, "UpdateConnectionFields", &json!({ "ErpConnectionId": id })).await, true);
    let expected = ["WSGetSupportedActorTypes", "WSSaveConnection", FIRST[1], FIRST[2], FIRST[3]];
    assert_eq!(connector.called(), expected);
}

#[tokio::test]
async fn a_save_does_not_wait_for_a_connector_that_hangs_and_others_are_told() {
    let (server, connector) = (Server::start_with(&ADMIN).await, start_connector().await);
    let other = start_connector().await;
    let registered = register(&connector, &server.program).await;
    let others = register(&other, &server.program).await;
    let first = &save(&server.program, &registered, &json!(0), "1").await["ErpConnectionId"];
    assert_eq!(connector.wait_for_calls(4).await, FIRST);
    connector.set(|state| state.behavior = Behavior::Hangs);
    for number in 0..8 {
        save(&server.program, &registered, &json!(0), &number.to_string()).await;
    }
    let at_a_time = async || connector.running_calls() == 4;
    wait_until("as many calls as a connector has at a time", at_a_time).await;
    // A deletion is no exception.
    let deleted = server.call(TJE0, "DeleteConnection", &json!({ "ErpConnectionId": first })).await;
    assert_eq!(deleted.status, 204);
    save(&server.program, &others, &json!(0), "1").await;
    assert_eq!(other.wait_for_calls(4).await, FIRST);
    assert_eq!((connector.running_calls(), connector.called()), (4, Vec::new()));

    // The server stops all the same. The next one does not wait for its leases.
    let mut program = server.program;
    program.signal(Signal::TERM);
    assert!(program.wait_for_exit().await.success(), "{}", program.log());
    connector.set(|state| state.behavior = Behavior::Works);
    let leases = "SELECT count(*) FROM connector_delivery WHERE leased_until > now()";
    assert_eq!(server.database.value::<i64>(leases).await, 0);
    let next = start(&server.database, &ADMIN);
    wait_until_told(&server.database).await;
    wait_until("the counter", async || {
        samples(&next).await["erpsync_connector_deliveries_total{outcome=\"told\"}"] == "9"
    })
    .await;
}

#[tokio::test]
async fn many_connections_of_a_connector_that_hangs_do_not_delay_those_of_others() {
    let (server, connector) = (Server::start_with(&["--connector-deliveries", "false"]).await, start_connector().await);
    let other = start_connector().await;
    connector.set(|state| state.behavior = Behavior::Hangs);
    let registered = register(&connector, &server.program).await;
    // More than a page of the walk, before the connection of the other connector.
    let many = format!(
        "INSERT INTO erp_connection (erp_connector_id, connection_id, registered_associate_id, updated_associate_id)
         SELECT {registered}, 'many ' || number, a.associate_id, a.associate_id
         FROM generate_series(1, 2500) AS number, (SELECT min(associate_id) AS associate_id FROM associate) AS a"
    );
    server.database.execute(&many).await;
    let others = register(&other, &server.program).await;
    save(&server.program, &others, &json!(0), "1").await;
    let next = start(&server.database, &ADMIN);
    assert_eq!(other.wait_for_calls(4).await, FIRST);
    let waiting =
        async || samples(&next).await["erpsync_connector_deliveries_waiting"].parse::<f64>().unwrap() >= 2500.0;
    wait_until("the gauge", waiting).await;
    assert_eq!(connector.called(), [""; 0]);
}

#[tokio::test]
async fn a_save_stays_one_statement() {
    const OF_DELIVERIES: [&str; 3] =
        ["connector_delivery", "-- Takes the lease of", "-- Reads a page of all connections"];
    let (database, connector) = (TestDatabase::with_demo_data().await, start_connector().await);
    database.log_statements().await;
    let program = start(&database, &[]);
    program.wait_for_log("published passwords are live").await;
    let registered = register(&connector, &program).await;
    let id = &save(&program, &registered, &json!(0), "1").await["ErpConnectionId"];
    wait_until_told(&database).await;
    let before = database.logged_statements().len();
    save(&program, &registered, id, "1").await;
    wait_until_told(&database).await;
    let mut logged = database.logged_statements().split_off(before);
    logged.retain(|statement| !OF_DELIVERIES.iter().any(|part| statement.contains(part)));
    assert!(matches!(&logged[..], [save] if save.contains("Saves a connection")), "{logged:?}");
}

#[tokio::test]
async fn a_connection_is_told_again_if_its_server_is_killed_during_the_call() {
    let (mut server, connector) = (Server::start().await, start_connector().await);
    let registered = register(&connector, &server.program).await;
    connector.set(|state| state.behavior = Behavior::Hangs);
    save(&server.program, &registered, &json!(0), "1").await;
    connector.wait_for_a_running_call().await;
    server.program.kill();
    let _next = start(&server.database, &[]);
    connector.set(|state| state.behavior = Behavior::Works);
    wait_until_told(&server.database).await;
}

#[tokio::test]
async fn the_last_state_is_told_after_an_outage_of_the_connector_and_the_death_of_the_server() {
    const CONNECTIONS: usize = 50;
    const SAVES_OF_EACH: usize = 20;
    let (mut server, connector) = (Server::start().await, start_connector().await);
    let registered = register(&connector, &server.program).await;
    let new = json!(0);
    let created = join_all((0..CONNECTIONS).map(|_| save(&server.program, &registered, &new, "0"))).await;
    wait_until_told(&server.database).await;
    connector.set(|state| state.behavior = Behavior::IsAway);
    connector.called();
    let ids: Vec<_> = created.iter().map(|connection| &connection["ErpConnectionId"]).collect();
    let save_all = async |program: &Program, numbers: std::ops::RangeInclusive<usize>| {
        for number in numbers {
            let number = format!("{number:02}");
            join_all(ids.iter().map(|id| save(program, &registered, id, &number))).await;
        }
    };
    save_all(&server.program, 1..=SAVES_OF_EACH / 2).await;
    server.program.kill();
    let program = start(&server.database, &ADMIN);
    save_all(&program, SAVES_OF_EACH / 2 + 1..=SAVES_OF_EACH).await;
    assert_eq!(connector.called(), [""; 0]);
    connector.set(|state| state.behavior = Behavior::Works);
    wait_until_told(&server.database).await;
    let numbers = numbers(&connector);
    assert_eq!(numbers.len(), CONNECTIONS);
    for numbers in numbers.values() {
        assert_eq!(*numbers, ["20"], "the last state, once");
    }
    let waiting = async || samples(&program).await["erpsync_connector_deliveries_waiting"] == "0";
    wait_until("the gauge", waiting).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_is_told_of_each_save_of_a_shared_transaction() {
    const CONNECTIONS: usize = 5;
    let one = ["--database-connections", "1"];
    let (server, connector) = (Server::start_with(&[&ADMIN[..], &one].concat()).await, start_connector().await);
    let registered = register(&connector, &server.program).await;
    let mut ids = Vec::new();
    for _ in 0..CONNECTIONS {
        ids.push(save(&server.program, &registered, &json!(0), "1").await["ErpConnectionId"].clone());
    }
    wait_until_told(&server.database).await;
    connector.called();
    let counts = "SELECT array_agg(updated_count) FROM erp_connection WHERE erp_connection_id <> 816";
    let before: Vec<i32> = server.database.value(counts).await;

    // A save waits for the row of connection 816, on the only connection to the database.
    let mut holder = server.database.connect().await;
    sqlx::raw_sql("BEGIN; SELECT FROM erp_connection WHERE erp_connection_id = 816 FOR UPDATE")
        .execute(&mut holder)
        .await
        .unwrap();
    let first = async { server.saved(&json!({ "ErpConnectionId": 816 })).await };
    let others = async {
        server.database.wait_for_blocked_sessions(1).await;
        join_all(ids.iter().map(|id| save(&server.program, &registered, id, "2"))).await
    };
    let unlock = async {
        wait_until("waiting saves", async || {
            let waiting = &samples(&server.program).await["erpsync_requests_waiting{method=\"SaveConnection\"}"];
            *waiting == (CONNECTIONS - 1).to_string()
        })
        .await;
        sqlx::raw_sql("ROLLBACK").execute(&mut holder).await.unwrap();
    };
    let (_, saved, ()) = tokio::join!(first, others, unlock);
    let shared = &samples(&server.program).await["erpsync_requests_shared_total{method=\"SaveConnection\"}"];
    assert_eq!(*shared, CONNECTIONS.to_string());
    wait_until_told(&server.database).await;
    let numbers = numbers(&connector);
    for connection in &saved {
        assert_eq!(numbers[connection["ConnectionId"].as_str().unwrap()], ["2"]);
    }
    // Deliveries count no change of a connection.
    let after: Vec<i32> = server.database.value(counts).await;
    assert_eq!((before, after), (vec![0; CONNECTIONS], vec![1; CONNECTIONS]));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_tell_a_connection_one_after_the_other_and_in_order() {
    const SAVES_OF_EACH: usize = 25;
    let (server, connector) = (Server::start().await, start_connector().await);
    let second = start(&server.database, &[]);
    connector.set(|state| state.duration = Duration::from_millis(5));
    let registered = register(&connector, &server.program).await;
    let created =
        [save(&server.program, &registered, &json!(0), "").await, save(&second, &registered, &json!(0), "").await];
    let saves = async |program: &Program, name: &str| {
        for number in 0..SAVES_OF_EACH {
            for connection in &created {
                save(program, &registered, &connection["ErpConnectionId"], &format!("{name} {number:02}")).await;
            }
        }
    };
    tokio::join!(saves(&server.program, "first"), saves(&second, "second"));
    wait_until_told(&server.database).await;
    assert_eq!(connector.state.lock().unwrap().most_running, 1);
    let numbers = numbers(&connector);
    for connection in &created {
        let told = &numbers[connection["ConnectionId"].as_str().unwrap()];
        for name in ["first", "second"] {
            let of: Vec<_> = told.iter().filter(|number| number.starts_with(name)).collect();
            assert!(of.is_sorted() && of.windows(2).all(|pair| pair[0] != pair[1]), "{told:?}");
        }
        let id = &connection["ErpConnectionId"];
        let stored = call(&second, "GetErpConnectionConfigFields", &json!({ "ErpConnectionId": id })).await;
        assert_eq!(stored["number"], **told.last().unwrap());
    }
}

#[tokio::test]
async fn refusals_are_repeated_a_few_times_and_urls_that_are_not_callable_never() {
    let (server, connector) = (Server::start_with(&ADMIN).await, start_connector().await);
    let plugin = json!({ "DisplayName": "Plugin", "URL": "plugin://Excel" });
    let plugin = &call(&server.program, "SaveErpSyncConnectorEntity", &plugin).await["ErpConnectorId"];
    save(&server.program, plugin, &json!(0), "1").await;
    wait_until_told(&server.database).await;
    let given_up = admin_get(&server.program, "/connectors/deliveries").await.json();
    let members = ["state", "attempts", "problem", "deleted"].map(|member| given_up[0][member].clone());
    assert_eq!(json!(members), json!(["given up", 1, "a .NET plugin", false]), "{given_up}");

    connector.set(|state| state.behavior = Behavior::Refuses("WSSaveConnection"));
    let registered = register(&connector, &server.program).await;
    let id = &save(&server.program, &registered, &json!(0), "1").await["ErpConnectionId"];
    connector.wait_for_calls(1).await;
    // A new state is told at once.
    save(&server.program, &registered, id, "2").await;
    connector.wait_for_calls(1).await;
    let recorded = "SELECT count(*) FROM connector_delivery WHERE attempted_count = 1 AND attempts = 1";
    wait_until("the second refusal", async || server.database.value::<i64>(recorded).await == 1).await;
    let deliveries = admin_get(&server.program, "/connectors/deliveries").await.json();
    assert_eq!((&deliveries[1]["erpConnectionId"], &deliveries[1]["state"]), (id, &json!("waiting")), "{deliveries}");
    assert!(deliveries[1]["problem"].as_str().unwrap().contains("WSSaveConnection"), "{deliveries}");
    // The walk makes the next attempt, which is the last one here.
    let last = "UPDATE connector_delivery SET refusals = 9, next_attempt = 'epoch' WHERE attempted_count = 1";
    server.database.execute(last).await;
    wait_until_told(&server.database).await;
    let count = async |outcome: &str| {
        samples(&server.program).await[&format!("erpsync_connector_deliveries_total{{outcome=\"{outcome}\"}}")].clone()
    };
    wait_until("the counters", async || count("given_up").await == "2").await;
    assert_eq!((count("told").await, count("failed").await), ("0".to_owned(), "2".to_owned()));
}

#[tokio::test]
async fn refusals_before_a_connector_is_told_do_not_count_for_its_fields() {
    let (server, connector) = (Server::start().await, start_connector().await);
    connector.set(|state| state.behavior = Behavior::Refuses("WSSaveConnection"));
    let registered = register(&connector, &server.program).await;
    save(&server.program, &registered, &json!(0), "1").await;
    connector.wait_for_calls(1).await;
    connector.set(|state| state.behavior = Behavior::Refuses("WSGetSupportedActorTypes"));
    let refused = "SELECT count(*) FROM connector_delivery WHERE fields_due AND attempts = 1 AND refusals = 1";
    wait_until("the refusal of the fields", async || server.database.value::<i64>(refused).await == 1).await;
    connector.set(|state| state.behavior = Behavior::Works);
    wait_until_told(&server.database).await;
    let none = "SELECT count(*) FROM connector_delivery WHERE attempts > 0 OR refusals > 0 OR problem <> ''";
    assert_eq!(server.database.value::<i64>(none).await, 0);
}

#[tokio::test]
async fn a_server_that_must_not_call_a_connector_leaves_it_to_another_one() {
    let narrow = [&ADMIN[..], &["--connector-allow", "192.0.2.1"]].concat();
    let (server, connector) = (Server::start_with(&narrow).await, start_connector().await);
    let registered = register(&connector, &server.program).await;
    let app = json!({ "DisplayName": "App", "URL": "app://4f2a9c0d" });
    let app = &call(&server.program, "SaveErpSyncConnectorEntity", &app).await["ErpConnectorId"];
    save(&server.program, &registered, &json!(0), "1").await;
    save(&server.program, app, &json!(0), "1").await;
    let failed = "SELECT count(*) FROM connector_delivery WHERE problem <> ''";
    wait_until("the failures", async || server.database.value::<i64>(failed).await == 2).await;
    let deliveries = admin_get(&server.program, "/connectors/deliveries").await.json();
    assert_eq!(json!([deliveries[0]["state"], deliveries[1]["state"]]), json!(["waiting", "waiting"]), "{deliveries}");
    assert!(deliveries[0]["problem"].as_str().unwrap().contains("address"), "{deliveries}");
    assert_eq!(deliveries[1]["problem"], "unknown application");

    let register_app = format!("INSERT INTO connector_app (client_id, url) VALUES ('4f2a9c0d', '{}')", connector.url());
    server.database.execute(&register_app).await;
    let _other = start(&server.database, &[]);
    wait_until_told(&server.database).await;
    assert_eq!(connector.called().len(), 2 * FIRST.len());
}

#[tokio::test]
async fn an_attempt_whose_calls_take_long_together_is_a_failure_of_the_connector() {
    let (server, connector) = (Server::start_with(&["--connector-timeout", "2"]).await, start_connector().await);
    connector.set(|state| {
        state.further_types =
            ["Supplier", "Partner", "Person", "Project", "Employee", "Sale"].map(str::to_owned).into();
        // 16 calls take 8 seconds, two more than three calls may.
        state.duration = Duration::from_millis(500);
    });
    let registered = register(&connector, &server.program).await;
    save(&server.program, &registered, &json!(0), "1").await;
    server.program.wait_for_log("the calls of the attempt took longer than 6s").await;
    let told = "SELECT count(*) FROM connector_delivery
        WHERE fields_due AND attempts > 0 AND refusals = 0 AND problem LIKE '%took longer%'";
    wait_until("the record", async || server.database.value::<i64>(told).await == 1).await;
    connector.set(|state| state.duration = Duration::ZERO);
    wait_until_told(&server.database).await;
}

#[tokio::test]
async fn a_server_without_deliveries_leaves_them_to_another_one() {
    let (server, connector) = (Server::start_with(&["--connector-deliveries", "false"]).await, start_connector().await);
    let registered = register(&connector, &server.program).await;
    let body = json!({ "Connection": { "ErpConnectorId": registered, "ConfigFields": { "number": "1" } } });
    let answer = server.program.post(SAVE, &body.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let _other = start(&server.database, &[]);
    wait_until_told(&server.database).await;
    assert_eq!(connector.called(), FIRST);
    assert!(!server.program.log().contains("a connector was told"));
}
