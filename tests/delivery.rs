//! Connectors are told of saves and deletions, with a connector of this file.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use erpsync::connector::carriers::FieldMetadata;
use erpsync::connector::envelope::{CONTENT_TYPE, read_request, write_response};
use erpsync::connector::operations::{
    DeleteConnection, GetSearchableFields, GetSupportedActorTypeFields, GetSupportedActorTypes, Operation,
    SaveConnection,
};
use erpsync::connector::responses::{ErrorCode, FieldsResponse, Outcome, Refusal, TextsResponse};
use futures::future::join_all;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::admin::{ADMIN, admin_get, samples};
use crate::support::client::{TJE0, TJE1};
use crate::support::wait::wait_until;
use crate::support::{AGENT, Program, SAVE, Server, TestDatabase};

/// The operations of a first delivery.
const FIRST: [&str; 4] =
    ["WSSaveConnection", "WSGetSupportedActorTypes", "WSGetSupportedActorTypeFields", "WSGetSearchableFields"];

/// A connector that has one kind of actors, and records its calls.
struct Connector {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Operation, connection, and the config field `number` of the calls that were answered.
    calls: Vec<(String, String, String)>,
    behavior: Behavior,
    /// The keys and display names of the fields.
    fields: Vec<(&'static str, &'static str)>,
    /// The connections that are known.
    known: Vec<String>,
    /// The number of calls of each connection that are being answered.
    running: HashMap<String, usize>,
    /// The most calls of one connection at the same time.
    most_running: usize,
    /// The time that a call takes.
    duration: Duration,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Behavior {
    #[default]
    Works,
    /// Responds as a proxy without the connector behind it.
    IsAway,
    /// Does not respond until the behavior changes.
    Hangs,
    /// Refuses to save.
    Refuses,
    /// Knows the actor types, but fails with their fields.
    FailsWithFields,
}

impl Connector {
    async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State { fields: vec![("NAME", "Company")], ..State::default() }));
        let router = Router::new().fallback({
            let state = Arc::clone(&state);
            async move |headers: HeaderMap, body: String| {
                let action = headers["soapaction"].to_str().unwrap().trim_matches('"').rsplit('/').next().unwrap();
                let connection = body.split("ConnectionGuid>").nth(1).unwrap().trim_end_matches("</").to_owned();
                let duration = state.lock().unwrap().begin(&connection);
                tokio::time::sleep(duration).await;
                while state.lock().unwrap().behavior == Behavior::Hangs {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                let response = state.lock().unwrap().respond(action, connection, &body);
                let (status, body) = response.map_or((503, Vec::new()), |body| (200, body));
                (StatusCode::from_u16(status).unwrap(), [("content-type", CONTENT_TYPE)], body)
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Connector { address, state }
    }

    /// Registers the connector, and returns its id.
    async fn register(&self, program: &Program) -> Value {
        let entity = json!({ "DisplayName": "ERP", "URL": format!("http://{}/Connector.svc", self.address) });
        call(program, "SaveErpSyncConnectorEntity", &entity).await["ErpConnectorId"].clone()
    }

    fn set(&self, behavior: Behavior) {
        self.state.lock().unwrap().behavior = behavior;
    }

    /// Returns the calls that were answered.
    fn calls(&self) -> Vec<(String, String, String)> {
        self.state.lock().unwrap().calls.clone()
    }

    /// Returns the operations that were answered since the last time.
    fn operations(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().calls).into_iter().map(|(operation, ..)| operation).collect()
    }

    /// Waits until `count` calls were answered, and returns their operations.
    async fn wait_for_calls(&self, count: usize) -> Vec<String> {
        wait_until(&format!("{count} calls"), async || self.calls().len() >= count).await;
        self.operations()
    }

    /// Waits until a call is being answered.
    async fn wait_for_a_running_call(&self) {
        let is_running = async || self.state.lock().unwrap().running.values().any(|count| *count > 0);
        wait_until("a call", is_running).await;
    }

    /// Returns the numbers that each connection was saved with, in order.
    fn numbers(&self) -> HashMap<String, Vec<String>> {
        let mut numbers = HashMap::<_, Vec<_>>::new();
        for (_, connection, number) in self.calls().into_iter().filter(|(operation, ..)| operation == FIRST[0]) {
            numbers.entry(connection).or_default().push(number);
        }
        numbers
    }
}

impl State {
    fn begin(&mut self, connection: &str) -> Duration {
        let running = self.running.entry(connection.to_owned()).or_default();
        *running += 1;
        self.most_running = self.most_running.max(*running);
        self.duration
    }

    /// Returns the body of the response; `None` for an HTTP error.
    fn respond(&mut self, operation: &str, connection: String, body: &str) -> Option<Vec<u8>> {
        *self.running.get_mut(&connection).unwrap() -= 1;
        let refused = |code| Outcome::from(Refusal { code, user_explanation: None, tech_explanation: None });
        let mut number = String::new();
        let response = match operation {
            _ if self.behavior == Behavior::IsAway => return None,
            "WSSaveConnection" => {
                let request = read_request::<SaveConnection>(body).unwrap();
                number = request.connection_info.unwrap().values().get("number").unwrap_or_default().into();
                let is_refused = self.behavior == Behavior::Refuses;
                if !is_refused {
                    self.known.push(connection.clone());
                }
                let outcome = if is_refused { refused(None) } else { Outcome::default() };
                write_response::<SaveConnection>(&outcome)
            }
            "WSDeleteConnection" => write_response::<DeleteConnection>(&Outcome::default()),
            "WSGetSupportedActorTypes" => {
                let is_known = self.known.contains(&connection);
                let outcome = if is_known { Outcome::default() } else { refused(Some(ErrorCode::UnknownConnectionId)) };
                texts::<GetSupportedActorTypes>(outcome, &["Customer", "Robot"])
            }
            "WSGetSupportedActorTypeFields" => {
                let is_failing = self.behavior == Behavior::FailsWithFields;
                let outcome = if is_failing { refused(None) } else { Outcome::default() };
                let field = |(key, name): &(&str, &str)| FieldMetadata {
                    field_key: (*key).to_owned(),
                    display_name: Some((*name).to_owned()),
                    ..FieldMetadata::default()
                };
                let fields = Some(self.fields.iter().map(field).collect());
                write_response::<GetSupportedActorTypeFields>(&FieldsResponse { outcome, fields })
            }
            "WSGetSearchableFields" => texts::<GetSearchableFields>(Outcome::default(), &["NAME"]),
            other => panic!("{other}"),
        };
        self.calls.push((operation.to_owned(), connection, number));
        Some(response)
    }
}

fn texts<O: Operation<Response = TextsResponse>>(outcome: Outcome, texts: &[&str]) -> Vec<u8> {
    let items = Some(texts.iter().map(|text| (*text).to_owned()).collect());
    write_response::<O>(&TextsResponse { outcome, items })
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
    let (server, connector) = (Server::start().await, Connector::start().await);
    // The connection of the demo data is not saved by anyone.
    server.database.execute(&format!("UPDATE erp_connector SET url = 'http://{}/'", connector.address)).await;
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

    let toggled = server.call(TJE0, "ToggleErpConnectionActive", &json!({ "ErpConnectionId": id })).await;
    assert_eq!(toggled.status, 200);
    call(&server.program, "SaveErpConnectionSyncPriorities", &json!({ "ErpConnectionIds": [id] })).await;
    let mapping = json!({ "ErpConnectionId": id, "ActorTypeErp": "Customer", "ActorTypeCrm": "Contact" });
    call(&server.program, "SaveActorTypeMapping", &json!({ "Mapping": mapping })).await;
    server.call(TJE1, "SaveConnection", &json!({ "Connection": { "ErpConnectionId": id } })).await;
    let deleted = server.call(TJE0, "DeleteConnection", &json!({ "ErpConnectionId": id })).await;
    assert_eq!(deleted.status, 204);
    wait_until_told(&server.database).await;
    let expected = ("WSDeleteConnection".to_owned(), saved["ConnectionId"].as_str().unwrap().to_owned(), String::new());
    assert_eq!(connector.calls(), [expected]);
    let known = connector.state.lock().unwrap().known.clone();
    assert!(known.iter().all(|connection| saved["ConnectionId"] == **connection), "{known:?}");
    assert!(!server.program.log().contains("s3cret"));
}

#[tokio::test]
async fn fields_are_read_after_a_save_and_mapped_by_name_without_a_direction() {
    let (server, connector) = (Server::start().await, Connector::start().await);
    connector.state.lock().unwrap().fields = vec![("NAME", "Company"), ("TEL", "Telephone"), ("BRANCH", "Branch")];
    let registered = connector.register(&server.program).await;
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
    connector.state.lock().unwrap().fields = vec![("NAME", "Firm"), ("FAX", "Telefax")];
    let update = json!({ "ErpConnectionId": id });
    assert_eq!(call(&server.program, "UpdateConnectionFields", &update).await, true);
    let second = mapping().await;
    let expected = json!([["NAME", false], ["TEL", true], ["BRANCH", true], ["FAX", false]]);
    assert_eq!(json!(fields(&second, ["ErpFieldKey", "MissingInERP"])), expected);
    let expected = json!([["Firm", "DEPARTMENT"], ["Telephone", "PHONE"], ["Branch", ""], ["Telefax", "FAX"]]);
    assert_eq!(json!(fields(&second, ["ErpDisplayName", "CrmFieldKey"])), expected);

    // Nothing is stored of what was read before a failure.
    connector.state.lock().unwrap().fields = vec![("OTHER", "")];
    connector.set(Behavior::FailsWithFields);
    assert_eq!(call(&server.program, "UpdateConnectionFields", &update).await, false);
    assert_eq!(mapping().await, second);
    assert_eq!(call(&server.program, "UpdateConnectionFields", &json!({ "ErpConnectionId": 4711 })).await, false);
    let refused = server.call(TJE1, "UpdateConnectionFields", &update).await;
    refused.assert_service_error(403, "SoSentryException", &["administrators"]);
}

#[tokio::test]
async fn a_connector_that_has_lost_a_connection_is_sent_it_again() {
    let (server, connector) = (Server::start().await, Connector::start().await);
    let registered = connector.register(&server.program).await;
    let id = &save(&server.program, &registered, &json!(0), "1").await["ErpConnectionId"];
    wait_until_told(&server.database).await;
    connector.operations();
    connector.state.lock().unwrap().known.clear();
    assert_eq!(call(&server.program, "UpdateConnectionFields", &json!({ "ErpConnectionId": id })).await, true);
    let expected = ["WSGetSupportedActorTypes", "WSSaveConnection", FIRST[1], FIRST[2], FIRST[3]];
    assert_eq!(connector.operations(), expected);
}

#[tokio::test]
async fn a_save_does_not_wait_for_a_connector_that_hangs_and_others_are_told() {
    let (server, connector) = (Server::start_with(&ADMIN).await, Connector::start().await);
    let other = Connector::start().await;
    connector.set(Behavior::Hangs);
    let registered = connector.register(&server.program).await;
    let others = other.register(&server.program).await;
    for number in 0..8 {
        save(&server.program, &registered, &json!(0), &number.to_string()).await;
    }
    connector.wait_for_a_running_call().await;
    save(&server.program, &others, &json!(0), "1").await;
    assert_eq!(other.wait_for_calls(4).await, FIRST);
    assert_eq!(connector.operations(), [""; 0]);

    // The server stops all the same. The next one does not wait for its leases.
    let mut program = server.program;
    program.signal(Signal::TERM);
    assert!(program.wait_for_exit().await.success(), "{}", program.log());
    connector.set(Behavior::Works);
    let leases = "SELECT count(*) FROM connector_delivery WHERE leased_until > now()";
    assert_eq!(server.database.value::<i64>(leases).await, 0);
    let next = start(&server.database, &ADMIN);
    wait_until_told(&server.database).await;
    wait_until("the counter", async || {
        samples(&next).await["erpsync_connector_deliveries_total{outcome=\"told\"}"] == "8"
    })
    .await;
}

#[tokio::test]
async fn a_save_stays_one_statement() {
    const OF_DELIVERIES: [&str; 3] =
        ["connector_delivery", "-- Takes the lease of", "-- Reads a page of all connections"];
    let (database, connector) = (TestDatabase::with_demo_data().await, Connector::start().await);
    database.log_statements().await;
    let program = start(&database, &[]);
    program.wait_for_log("published passwords are live").await;
    let registered = connector.register(&program).await;
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
    let (mut server, connector) = (Server::start().await, Connector::start().await);
    let registered = connector.register(&server.program).await;
    connector.set(Behavior::Hangs);
    save(&server.program, &registered, &json!(0), "1").await;
    connector.wait_for_a_running_call().await;
    server.program.kill();
    let _next = start(&server.database, &[]);
    connector.set(Behavior::Works);
    wait_until_told(&server.database).await;
}

#[tokio::test]
async fn the_last_state_is_told_after_an_outage_of_the_connector_and_the_death_of_the_server() {
    const CONNECTIONS: usize = 30;
    const SAVES_OF_EACH: usize = 10;
    let (mut server, connector) = (Server::start().await, Connector::start().await);
    let registered = connector.register(&server.program).await;
    let new = json!(0);
    let created = join_all((0..CONNECTIONS).map(|_| save(&server.program, &registered, &new, "0"))).await;
    wait_until_told(&server.database).await;
    connector.set(Behavior::IsAway);
    connector.operations();
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
    assert_eq!(connector.operations(), [""; 0]);
    connector.set(Behavior::Works);
    wait_until_told(&server.database).await;
    let numbers = connector.numbers();
    assert_eq!(numbers.len(), CONNECTIONS);
    for numbers in numbers.values() {
        assert_eq!(*numbers, ["10"], "the last state, once");
    }
    let waiting = async || samples(&program).await["erpsync_connector_deliveries_waiting"] == "0";
    wait_until("the gauge", waiting).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_tell_a_connection_one_after_the_other_and_in_order() {
    const SAVES_OF_EACH: usize = 25;
    let (server, connector) = (Server::start().await, Connector::start().await);
    let second = start(&server.database, &[]);
    connector.state.lock().unwrap().duration = Duration::from_millis(5);
    let registered = connector.register(&server.program).await;
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
    let numbers = connector.numbers();
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
    let (server, connector) = (Server::start_with(&ADMIN).await, Connector::start().await);
    let plugin = json!({ "DisplayName": "Plugin", "URL": "plugin://Excel" });
    let plugin = &call(&server.program, "SaveErpSyncConnectorEntity", &plugin).await["ErpConnectorId"];
    save(&server.program, plugin, &json!(0), "1").await;
    wait_until_told(&server.database).await;
    let given_up = admin_get(&server.program, "/connectors/deliveries").await.json();
    let members = ["state", "attempts", "problem", "deleted"].map(|member| given_up[0][member].clone());
    assert_eq!(json!(members), json!(["given up", 1, "a .NET plugin", false]), "{given_up}");

    connector.set(Behavior::Refuses);
    let registered = connector.register(&server.program).await;
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
    let last = "UPDATE connector_delivery SET attempts = 9, next_attempt = 'epoch' WHERE attempted_count = 1";
    server.database.execute(last).await;
    wait_until_told(&server.database).await;
    let count = async |outcome: &str| {
        samples(&server.program).await[&format!("erpsync_connector_deliveries_total{{outcome=\"{outcome}\"}}")].clone()
    };
    wait_until("the counters", async || count("given_up").await == "2").await;
    assert_eq!((count("told").await, count("failed").await), ("0".to_owned(), "2".to_owned()));
}

#[tokio::test]
async fn a_server_without_deliveries_leaves_them_to_another_one() {
    let (server, connector) =
        (Server::start_with(&["--connector-deliveries", "false"]).await, Connector::start().await);
    let registered = connector.register(&server.program).await;
    let body = json!({ "Connection": { "ErpConnectorId": registered, "ConfigFields": { "number": "1" } } });
    let answer = server.program.post(SAVE, &body.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let _other = start(&server.database, &[]);
    wait_until_told(&server.database).await;
    assert_eq!(connector.operations(), FIRST);
    assert!(!server.program.log().contains("a connector was told"));
}
