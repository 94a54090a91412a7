//! A connector in C# on WCF, called by the methods of the agent and directly, and a client on WCF. Needs Mono, which CI installs:
//! `cargo test -- --ignored wcf_connector`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use erpsync::connector::carriers::{ErpActor, FieldAccess, FieldType, SearchRestriction};
use erpsync::connector::client::{Client, ClientOptions};
use erpsync::connector::config_values::ConfigValues;
use erpsync::connector::dictionary::Dictionary;
use erpsync::connector::error::{CallError, Cause};
use erpsync::connector::operations::{
    CreateActor, DeleteConnection, GetActors, GetActorsByTimestamp, GetConfigData, GetList, GetListItems,
    GetSearchableFields, GetSupportedActorTypeFields, GetSupportedActorTypes, NO_CONNECTION, Operation, SaveActors,
    SaveConnection, SearchActorByParent, SearchActors, SearchActorsAdvanced, TestConfigData, TestConnection,
};
use erpsync::connector::responses::{ErrorCode, ResponseState};
use erpsync::connector::url::ConnectorUrl;
use serde_json::{Value, json};

use crate::support::Server;
use crate::support::admin::{ADMIN, admin_get};
use crate::support::client::TJE0;
use crate::support::wait::wait_until;

const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wcf");

/// Compiles the connector once.
static BUILD: LazyLock<()> = LazyLock::new(|| {
    let output = Command::new(format!("{DIRECTORY}/build")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
});

/// The running connector. Killed when it goes out of scope.
struct WcfConnector {
    child: Child,
    url: String,
}

impl WcfConnector {
    /// Starts the connector, and waits until it listens.
    fn start() -> Self {
        LazyLock::force(&BUILD);
        let mut command = Command::new("mono");
        command.arg(format!("{DIRECTORY}/bin/host.exe")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("mono is installed");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listens on ").unwrap_or_else(|| panic!("the connector did not start"));
        WcfConnector { child, url: url.to_owned() }
    }

    /// Returns the URL of a connector that responds in the way of this name.
    fn url_named(&self, name: &str) -> String {
        format!("{}?ConnectorName={name}", self.url)
    }

    /// Registers a connector, and returns its id.
    async fn register(&self, server: &Server, url: &str) -> Value {
        let entity = json!({ "DisplayName": "ERP", "URL": url });
        server.called("SaveErpSyncConnectorEntity", &entity).await["ErpConnectorId"].clone()
    }
}

impl Drop for WcfConnector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Saves a connection, and returns its id.
async fn save_connection(server: &Server, connector: &Value, config: &Value) -> Value {
    let connection = json!({ "ErpConnectorId": connector, "ConfigFields": config });
    server.saved(&connection).await["ErpConnectionId"].clone()
}

async fn test_connection(server: &Server, connection: &Value) -> Value {
    server.called("TestConnectionById", &json!({ "ErpConnectionId": connection })).await
}

/// Returns the exchanges with connectors, the latest one first.
async fn journal(server: &Server) -> Vec<Value> {
    let journal = admin_get(&server.program, "/connectors/journal").await.json();
    journal.as_array().unwrap().clone()
}

fn config(server: &str) -> Value {
    json!({ "server": server, "password": "s3cret & <1>", "warehouse": "" })
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Mono"]
async fn the_methods_call_a_connector_on_wcf() {
    let connector = WcfConnector::start();
    let server = Server::start_with(&[&ADMIN[..], &["--connector-journal", "bodies"]].concat()).await;
    let test_url = async |url: &str| server.called("TestConnectorUrl", &json!({ "Url": url })).await;
    assert_eq!(test_url(&connector.url).await, "NoError");
    assert_eq!(test_url(&connector.url_named("warning")).await, "NoError");
    assert_eq!(test_url(&connector.url_named("missing")).await, "ErrorNotFound");
    assert_eq!(test_url(&connector.url_named("fault")).await, "ErrorNotFound");
    assert_eq!(test_url(&connector.url.replace("Connector", "Other")).await, "ErrorNotFound");

    let ids = async |name: &str| connector.register(&server, &connector.url_named(name)).await;
    let (id, warning) = (connector.register(&server, &connector.url).await, ids("warning").await);
    let (missing, fault) = (ids("missing").await, ids("fault").await);
    let fields = server.called("GetConfigurationFields", &json!({ "ErpConnectorId": id })).await;
    let keys: Vec<_> = fields.as_array().unwrap().iter().map(|field| &field["FieldKey"]).collect();
    assert_eq!(keys, ["server", "password", "archive", "limit", "rate", "warehouse", "opened", "about"]);
    let refused = server.call(TJE0, "GetConfigurationFields", &json!({ "ErpConnectorId": missing })).await;
    refused.assert_service_error(502, "SoConnectorException", &["There is no such connector"]);
    let refused = server.call(TJE0, "GetConfigurationFields", &json!({ "ErpConnectorId": fault })).await;
    refused.assert_service_error(502, "SoConnectorException", &["The connector reported an error."]);

    let test_config = async |id: &Value, name: &str| {
        let request = json!({ "ErpConnectionId": id, "ConfigFields": config(name) });
        server.called("TestConnectionByConfig", &request).await
    };
    assert_eq!(test_config(&id, "host 1 & \"2\" <3> æøå €").await, true);
    assert_eq!(test_config(&warning, "host").await, true);
    assert_eq!(test_config(&fault, "host").await, false);
    assert_eq!(test_config(&id, "down").await, false);
    let exchanges = journal(&server).await;
    let outcomes: Vec<_> = exchanges.iter().take(4).map(|exchange| &exchange["outcome"]).collect();
    assert_eq!(outcomes, ["error", "fault", "ok", "ok"]);
    for (index, part) in [(0, "SERVER_DOWN"), (1, "InternalServiceFault"), (2, "The licence expires soon")] {
        assert!(exchanges[index]["detail"].as_str().unwrap().contains(part), "{}", exchanges[index]);
    }
    server.program.wait_for_log("SERVER_DOWN").await;

    let connection = save_connection(&server, &id, &config("host")).await;
    assert_eq!(test_connection(&server, &connection).await, true);
    assert_eq!(test_connection(&server, &connection).await, true);
    for (id, host) in [(&id, "down"), (&fault, "host"), (&missing, "host")] {
        let connection = save_connection(&server, id, &config(host)).await;
        assert_eq!(test_connection(&server, &connection).await, false, "{id} {host}");
    }
    let journal = format!("{:?}", journal(&server).await);
    assert!(!journal.contains("s3cret") && !server.program.log().contains("s3cret"), "{journal}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Mono"]
async fn the_data_of_a_wcf_connector_are_read() {
    let connector = WcfConnector::start();
    let server = Server::start_with(&ADMIN).await;
    let id = connector.register(&server, &connector.url).await;
    let connection = save_connection(&server, &id, &config("host")).await;
    let request = json!({ "ErpConnectionId": connection });
    assert_eq!(server.called("UpdateConnectionFields", &request).await, true);
    for (actor_type, expected) in [("Customer", true), ("Person", false)] {
        let request = json!({ "ErpConnectionId": connection, "ErpActorType": actor_type });
        assert_eq!(server.called("SupportsAdvancedSearch", &request).await, expected, "{actor_type}");
    }
    let lists = server.called("GetConnectionListMappings", &request).await;
    let items = &lists["ErpListItemMappings"][0]["ErpCrmListItemMappings"];
    let names: Vec<_> = items.as_array().unwrap().iter().map(|item| &item["ErpListItemName"]).collect();
    assert_eq!(names, ["14 days", "30 days"], "{lists}");
    let actor = json!({ "ErpConnectionId": connection, "ActorTypeErp": "Customer", "ErpKey": "10001" });
    let values = server.called("GetFieldValuesFromErp", &actor).await;
    assert_eq!((&values[0]["CrmFieldKey"], &values[0]["Value"]), (&json!("NAME"), &json!("customer 1 & <sons>")));

    assert_eq!(server.call(TJE0, "DeleteConnection", &request).await.status, 204);
    wait_until("the end of the connection", async || {
        let is_told = |exchange: &Value| exchange["operation"] == "WSDeleteConnection" && exchange["outcome"] == "ok";
        journal(&server).await.iter().any(is_told)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Mono"]
async fn a_wcf_client_calls_every_operation_of_the_demo_connector() {
    LazyLock::force(&BUILD);
    let server = Server::start().await;
    let url = format!("http://{}/demo/ErpConnectorWS.svc", server.program.address);
    let client = tokio::process::Command::new("mono").arg(format!("{DIRECTORY}/bin/client.exe")).arg(url).output();
    let output = client.await.expect("mono is installed");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("17 operations were called"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Mono"]
async fn a_wcf_connector_that_forgets_connections_is_sent_the_settings_again() {
    let connector = WcfConnector::start();
    let server = Server::start_with(&ADMIN).await;
    let id = connector.register(&server, &connector.url_named("forgetful")).await;
    let connection = save_connection(&server, &id, &config("host")).await;
    // The connector forgets a connection with each test of it.
    let is_forgotten = |exchange: &Value| {
        exchange["operation"] == "WSTestConnection"
            && exchange["detail"].as_str().is_some_and(|detail| detail.contains("UNKNOWN_CONNECTION_ID"))
    };
    wait_until("a test of a connection that is forgotten", async || {
        assert_eq!(test_connection(&server, &connection).await, true);
        journal(&server).await.iter().any(is_forgotten)
    })
    .await;
    let exchanges = journal(&server).await;
    let since = exchanges.iter().take_while(|exchange| !is_forgotten(exchange));
    let succeeded = since.filter(|exchange| exchange["outcome"] == "ok").map(|exchange| exchange["operation"].clone());
    let succeeded: Vec<_> = succeeded.collect();
    assert_eq!(succeeded[0], "WSTestConnection", "{exchanges:?}");
    assert!(succeeded.contains(&json!("WSSaveConnection")), "{exchanges:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Mono"]
async fn a_wcf_connector_that_does_not_respond_is_not_waited_for() {
    let connector = WcfConnector::start();
    let server = Server::start_with(&[&ADMIN[..], &["--connector-timeout", "1"]].concat()).await;
    let id = connector.register(&server, &connector.url_named("slow")).await;
    let refused = server.call(TJE0, "GetConfigurationFields", &json!({ "ErpConnectorId": id })).await;
    refused.assert_service_error(504, "SoConnectorException", &["The connector did not respond in time."]);
    let request = json!({ "ErpConnectionId": id, "ConfigFields": config("host") });
    assert_eq!(server.called("TestConnectionByConfig", &request).await, false);
    let connection = save_connection(&server, &id, &config("host")).await;
    assert_eq!(test_connection(&server, &connection).await, false);
    let exchanges = journal(&server).await;
    assert!(exchanges.len() >= 3 && exchanges.iter().all(|exchange| exchange["outcome"] == "timeout"), "{exchanges:?}");
}

const CONNECTION: &str = "7c3f7f0a-2b7e-4f0e-9a51-3c1d2e4f5a6b";

/// A text with characters that XML escapes, and others.
const TEXT: &str = " a & <b> \"c\" ]]> \t\r\n æøå € 😀 ";

/// A client of one connector.
struct Caller {
    client: Client,
    url: ConnectorUrl,
}

impl Caller {
    fn new(url: &str) -> Self {
        // No test reaches the limit.
        let options = ClientOptions { timeout: Duration::from_hours(1), ..ClientOptions::default() };
        Caller { client: Client::new(options).unwrap(), url: ConnectorUrl::parse(url, |_| None).unwrap() }
    }

    async fn call<O: Operation>(&self, request: &O) -> O::Response {
        self.client.call(&self.url, request).await.unwrap_or_else(|problem| panic!("{problem}"))
    }

    /// Calls an operation, and returns the code of the connector's error.
    async fn error_code<O: Operation<Response: std::fmt::Debug>>(&self, request: &O) -> ErrorCode {
        match self.client.call(&self.url, request).await.expect_err(O::NAME) {
            CallError { cause: Cause::Refused { refusal, .. }, .. } => refusal.code.expect("a code"),
            other => panic!("{other}"),
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the members are optional")]
fn texts(texts: &[&str]) -> Option<Vec<String>> {
    Some(texts.iter().map(ToString::to_string).collect())
}

fn connection() -> String {
    CONNECTION.to_owned()
}

fn customer() -> String {
    "Customer".to_owned()
}

fn get_customers(keys: &[&str], fields: &[&str]) -> GetActors {
    GetActors {
        connection_guid: connection(),
        actor_type: customer(),
        erp_keys: texts(keys),
        field_keys: texts(fields),
    }
}

fn search(text: &str) -> SearchActors {
    SearchActors {
        connection_guid: connection(),
        actor_type: customer(),
        field_keys: texts(&["name"]),
        search_text: text.to_owned(),
    }
}

/// Returns the keys of the actors.
fn keys(actors: Option<Vec<ErpActor>>) -> Vec<String> {
    actors.expect("actors").into_iter().map(|actor| actor.erp_key.expect("a key")).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Mono"]
async fn a_connector_on_wcf_understands_every_operation() {
    let connector = WcfConnector::start();
    let caller = Caller::new(&connector.url);
    connect(&caller).await;
    describe(&caller).await;
    read(&caller).await;
    write(&caller).await;

    let list = GetList { connection_guid: NO_CONNECTION.to_owned(), list_name: "warehouses".to_owned() };
    let items = caller.call(&list).await.list_items.expect("items");
    let expected = [("n", Some("US:\"North\";NO:\"Nord\"")), ("s", Some("South & east")), ("w", None)];
    assert_eq!(items, expected.into_iter().collect::<Dictionary>());
    let some = |keys: &[&str]| GetListItems {
        connection_guid: connection(),
        list_item_keys: texts(keys),
        list_name: "warehouses".to_owned(),
    };
    let items = caller.call(&some(&["w", "s"])).await.list_items.expect("items");
    assert_eq!(items, [("w", None), ("s", Some("South & east"))].into_iter().collect::<Dictionary>());
    assert_eq!(caller.error_code(&some(&["x"])).await, ErrorCode::UnknownListItemId);

    caller.call(&DeleteConnection { connection_guid: connection() }).await;
    let test = TestConnection { connection_guid: connection() };
    assert_eq!(caller.error_code(&test).await, ErrorCode::UnknownConnectionId);
}

async fn connect(caller: &Caller) {
    let fields = caller.call(&GetConfigData::default()).await.fields.expect("fields");
    let first: Vec<_> = fields.iter().take(3).map(|field| (field.field_type, field.access, field.rank)).collect();
    assert_eq!(
        first,
        [
            (FieldType::Label, FieldAccess::ReadOnly, 8),
            (FieldType::Text, FieldAccess::Mandatory, 1),
            (FieldType::Password, FieldAccess::Normal, 2)
        ]
    );
    let test = TestConnection { connection_guid: connection() };
    assert_eq!(caller.error_code(&test).await, ErrorCode::UnknownConnectionId);
    let config = |server| {
        let entries = [("server", Some(server)), ("password", None), ("warehouse", Some(""))];
        Some(ConfigValues::new(entries.into_iter().collect()))
    };
    let down = TestConfigData { connection_info: config("down") };
    assert_eq!(caller.error_code(&down).await, ErrorCode::Other("SERVER_DOWN".to_owned()));
    let outcome = caller.call(&TestConfigData { connection_info: config(TEXT) }).await;
    assert_eq!((outcome.state, outcome.is_ok, outcome.error_code), (ResponseState::Ok, true, None));
    caller.call(&SaveConnection { connection_guid: connection(), connection_info: config(TEXT) }).await;
    caller.call(&test).await;
}

async fn describe(caller: &Caller) {
    let types = caller.call(&GetSupportedActorTypes { connection_guid: connection() }).await;
    assert_eq!(types.items, texts(&["Customer", "Person"]));
    let request = GetSupportedActorTypeFields { connection_guid: connection(), actor_type: customer() };
    let fields = caller.call(&request).await.fields.expect("fields");
    let keys: Vec<_> = fields.iter().map(|field| field.field_key.as_str()).collect();
    assert_eq!(keys, ["name", "balance", "terms", "blocked"]);
    let request = GetSearchableFields { connection_guid: connection(), actor_type: customer() };
    assert_eq!(caller.call(&request).await.items, texts(&["name", "terms"]));
}

async fn read(caller: &Caller) {
    let actors = caller.call(&get_customers(&["10003", "10001"], &[])).await.actors.expect("actors");
    let values = actors[1].field_values.as_ref().expect("values");
    assert_eq!(values.get("name"), Some("customer 3 & <sons>"));
    assert!(values.0.contains(&("terms".to_owned(), None)), "{values:?}");
    let unknown = get_customers(&["10001"], &["colour"]);
    assert_eq!(caller.error_code(&unknown).await, ErrorCode::UnknownFieldKey);

    let since = |since: Option<&str>| GetActorsByTimestamp {
        connection_guid: connection(),
        actor_type: customer(),
        field_keys: None,
        updated_on_or_after: since.map(ToOwned::to_owned),
    };
    assert_eq!(keys(caller.call(&since(None)).await.actors), ["10001", "10002", "10003"]);
    assert_eq!(keys(caller.call(&since(Some("rev-0002"))).await.actors), ["10002", "10003"]);
    assert_eq!(keys(caller.call(&search("2 & <")).await.actors), ["10002"]);
    assert_eq!(keys(caller.call(&search("nothing")).await.actors), [""; 0]);
    let by_parent = |key: &str| SearchActorByParent {
        connection_guid: connection(),
        actor_type: "Person".to_owned(),
        field_keys: None,
        search_text: String::new(),
        parent_actor_erp_key: key.to_owned(),
        parent_actor_type: customer(),
    };
    assert_eq!(keys(caller.call(&by_parent("10001")).await.actors), ["P-1"]);
    assert_eq!(keys(caller.call(&by_parent("10002")).await.actors), [""; 0]);
    let restriction = |field_key: &str, operator: &str, values: &[&str]| SearchRestriction {
        field_key: field_key.to_owned(),
        operator: operator.to_owned(),
        values: texts(values),
    };
    let advanced = SearchActorsAdvanced {
        connection_guid: connection(),
        actor_type: customer(),
        field_keys: None,
        restrictions: Some(vec![
            restriction("terms", "in", &["30", "14"]),
            restriction("name", "begins", &["customer 2"]),
        ]),
    };
    assert_eq!(keys(caller.call(&advanced).await.actors), ["10002"]);
}

async fn write(caller: &Caller) {
    let values = |name: &str| Some([("name", Some(name)), ("terms", None)].into_iter().collect());
    let actor = ErpActor { actor_type: customer(), field_values: values(TEXT), ..ErpActor::default() };
    let create = CreateActor { connection_guid: connection(), actor: Some(actor.clone()) };
    let created = caller.call(&create).await.actor.expect("an actor");
    // WCF reads the carriage return, and Mono's writes it as a line feed.
    assert_eq!(keys(caller.call(&search("\t\r\n")).await.actors), ["10004"]);
    assert_eq!(keys(caller.call(&search("\t\n")).await.actors), [""; 0]);
    let actor = ErpActor { field_values: values(&TEXT.replace('\r', "")), ..actor };
    let expected = ErpActor { erp_key: Some("10004".to_owned()), last_modified: Some("rev-0005".to_owned()), ..actor };
    assert_eq!(created, expected);
    let changed = ErpActor { field_values: values("customer 4"), ..created };
    let save = SaveActors { connection_guid: connection(), actors: Some(vec![changed.clone()]) };
    let saved = ErpActor { last_modified: Some("rev-0006".to_owned()), ..changed };
    assert_eq!(caller.call(&save).await.actors, Some(vec![saved.clone()]));
    assert_eq!(caller.call(&get_customers(&["10004"], &[])).await.actors, Some(vec![saved]));
}
