//! The demo connector: called by the agent, by the program's own SOAP client, and with messages that no client sends.

#![expect(clippy::unnecessary_wraps, reason = "most members are optional")]

use erpsync::connector::carriers::{ErpActor, FieldType, SearchRestriction};
use erpsync::connector::client::{Client, ClientOptions};
use erpsync::connector::config_values::ConfigValues;
use erpsync::connector::dictionary::Dictionary;
use erpsync::connector::envelope::NAMESPACE;
use erpsync::connector::error::CallError;
use erpsync::connector::operations::{
    CreateActor, DeleteConnection, GetActors, GetActorsByTimestamp, GetConfigData, GetList, GetListItems,
    GetSearchableFields, GetSupportedActorTypeFields, GetSupportedActorTypes, NO_CONNECTION, OPERATIONS, Operation,
    SaveActors, SaveConnection, SearchActorByParent, SearchActors, SearchActorsAdvanced, TestConfigData,
    TestConnection,
};
use erpsync::connector::responses::{ErrorCode, ResponseState};
use erpsync::connector::url::ConnectorUrl;
use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::admin::{ADMIN, admin_get};
use crate::support::client::TJE0;
use crate::support::program::run;
use crate::support::{self, AGENT, Answer, Program, Server, TestDatabase};

const PATH: &str = "/demo/ErpConnectorWS.svc";
const GUID: &str = "48b08f6c-63dc-4d52-b675-12da393463cf";

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn texts(texts: &[&str]) -> Option<Vec<String>> {
    Some(texts.iter().map(ToString::to_string).collect())
}

fn config(fields: &[(&str, &str)]) -> Option<ConfigValues> {
    Some(ConfigValues::new(fields.iter().map(|(key, value)| (*key, Some(*value))).collect()))
}

/// The demo connector as its callers see it.
struct Connector {
    client: Client,
    url: ConnectorUrl,
}

impl Connector {
    fn new(program: &Program) -> Self {
        Self::at(&format!("{}://{}{PATH}", program.scheme, program.address))
    }

    fn at(url: &str) -> Self {
        let client = Client::new(ClientOptions::default()).unwrap();
        Connector { client, url: ConnectorUrl::parse(url, |_| None).unwrap() }
    }

    async fn try_call<O: Operation>(&self, request: O) -> Result<O::Response, CallError> {
        self.client.call(&self.url, &request).await
    }

    async fn call<O: Operation>(&self, request: O) -> O::Response {
        self.try_call(request).await.unwrap_or_else(|problem| panic!("{problem}"))
    }

    /// Calls an operation, which must be refused or fail. Returns the kind of the failure and the error in a line.
    async fn fails<O: Operation>(&self, request: O) -> (&'static str, String) {
        let problem = self.try_call(request).await.err().expect("a failure");
        (problem.kind(), problem.to_string())
    }

    async fn save(&self, fields: &[(&str, &str)]) {
        let fields = [&[("COMPANY", "A & B")], fields].concat();
        self.call(SaveConnection { connection_guid: GUID.to_owned(), connection_info: config(&fields) }).await;
    }

    async fn actors(&self, actor_type: &str, keys: &[&str]) -> Vec<ErpActor> {
        let request = GetActors {
            connection_guid: GUID.to_owned(),
            actor_type: actor_type.to_owned(),
            erp_keys: texts(keys),
            field_keys: None,
        };
        self.call(request).await.actors.unwrap()
    }

    async fn search(&self, actor_type: &str, search_text: &str) -> (Vec<String>, ResponseState) {
        let found = self.call(search(actor_type, search_text)).await;
        (keys(found.actors), found.outcome.state)
    }
}

fn search(actor_type: &str, search_text: &str) -> SearchActors {
    SearchActors {
        connection_guid: GUID.to_owned(),
        actor_type: actor_type.to_owned(),
        field_keys: None,
        search_text: search_text.to_owned(),
    }
}

fn test_connection() -> TestConnection {
    TestConnection { connection_guid: GUID.to_owned() }
}

fn keys(actors: Option<Vec<ErpActor>>) -> Vec<String> {
    actors.unwrap().into_iter().map(|actor| actor.erp_key.unwrap()).collect()
}

fn value<'a>(actor: &'a ErpActor, key: &str) -> &'a str {
    actor.field_values.as_ref().unwrap().get(key).unwrap()
}

fn actor(actor_type: &str, erp_key: Option<&str>, values: &[(&str, &str)]) -> ErpActor {
    let values: Dictionary = values.iter().map(|(key, value)| (*key, Some(*value))).collect();
    ErpActor {
        actor_type: actor_type.to_owned(),
        erp_key: erp_key.map(ToOwned::to_owned),
        field_values: Some(values),
        ..ErpActor::default()
    }
}

fn create(actor: ErpActor) -> CreateActor {
    CreateActor { connection_guid: GUID.to_owned(), actor: Some(actor) }
}

fn save(actors: Vec<ErpActor>) -> SaveActors {
    SaveActors { connection_guid: GUID.to_owned(), actors: Some(actors) }
}

/// Goes through the setup of a connection with the demo connector, as an administrator does.
async fn set_up(server: &Server) {
    assert_eq!(server.called("TestConnectorUrl", &json!({ "Url": "app://demo" })).await, "NoError");
    for connector in [403, 411] {
        let fields = server.called("GetConfigurationFields", &json!({ "ErpConnectorId": connector })).await;
        assert_eq!(fields.as_array().unwrap().len(), 10, "{fields}");
    }
    let test = async |fields: Value| {
        let request = json!({ "ErpConnectionId": 411, "ConfigFields": fields });
        server.called("TestConnectionByConfig", &request).await
    };
    assert_eq!(test(json!({ "COMPANY": "A & B" })).await, true);
    assert_eq!(test(json!({ "COMPANY": "" })).await, false);
    let connection = json!({ "ErpConnectorId": 411, "ConfigFields": { "COMPANY": "A & B", "MAX_ACTORS": "[I:5]" } });
    let id = &server.saved(&connection).await["ErpConnectionId"];
    assert_eq!(server.called("TestConnectionById", &json!({ "ErpConnectionId": id })).await, true);
}

#[tokio::test]
async fn a_fresh_start_has_a_connector_to_set_a_connection_up_with() {
    let server = Server::start().await;
    set_up(&server).await;
    let fields = server.called("GetConfigurationFields", &json!({ "ErpConnectorId": 403 })).await;
    let of = |member: &str| fields.as_array().unwrap().iter().map(|field| field[member].clone()).collect::<Vec<_>>();
    let types = ["Text", "Password", "Checkbox", "Integer", "List", "Date", "Label", "List", "Text", "Double"];
    assert_eq!(of("FieldType"), types);
    assert_eq!((&of("FieldKey")[0], &of("Access")[0]), (&json!("COMPANY"), &json!("Mandatory")));
}

/// Whatever the rules for the addresses of other connectors are.
#[tokio::test]
async fn the_demo_connector_is_called_at_the_servers_own_address() {
    set_up(&Server::start_with(&["--connector-allow", "erp.example"]).await).await;
    let server = Server::start_with(&["--path-prefix", "/Cust1"]).await;
    let answer = server.program.post(&format!("/Cust1{AGENT}/TestConnectorUrl"), r#"{"Url": "app://demo"}"#).await;
    assert_eq!(answer.text, "\"NoError\"");
    // Only this URL is exempt from the rules, and not the address.
    let server = Server::start_with(&["--connector-allow", "erp.example"]).await;
    let url = format!("http://{}{PATH}", server.program.address);
    assert_eq!(server.called("TestConnectorUrl", &json!({ "Url": url })).await, "ErrorNotFound");
}

#[tokio::test]
async fn the_demo_connector_is_called_by_tls_if_the_server_speaks_it() {
    let directory = tempfile::tempdir().unwrap();
    let signed = rcgen::generate_simple_self_signed(["erp.example".to_owned()]).unwrap();
    let file = |name: &str, content: String| {
        let path = directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (certificate, key) = (file("cert.pem", signed.cert.pem()), file("key.pem", signed.signing_key.serialize_pem()));
    let server = Server::start_with(&["--tls-certificate", &certificate, "--tls-key", &key]).await;
    let http = reqwest::Client::builder().tls_danger_accept_invalid_certs(true).tls_certs_only([]).build().unwrap();
    let url = format!("https://{}{AGENT}/GetConfigurationFields", server.program.address);
    let request = http.post(url).header("Authorization", TJE0).header("Content-Type", "application/json");
    let answer = Answer::of(request.body(json!({ "ErpConnectorId": 411 }).to_string()).send().await.unwrap()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// A method of the agent waits for the demo connector, which is a request to the same server.
#[tokio::test]
async fn a_server_that_processes_one_request_at_once_can_call_its_demo_connector() {
    set_up(&Server::start_with(&["--max-requests", "1"]).await).await;
}

#[tokio::test]
async fn the_demo_connector_is_served_only_while_a_demo_login_is_live() {
    let database = TestDatabase::with_demo_data().await;
    let url = database.url();
    for login in ["tje0", "tje1"] {
        assert!(run(&["associate", "disable", login, "--database-url", &url]).status.success());
    }
    let program = Program::start(&["--database-url", &url]);
    let answer = Answer::of(program.request(Method::POST, PATH).body("").send().await.unwrap()).await;
    answer.assert_framework_error(404, &[PATH]);
    assert_eq!(program.get(&format!("{PATH}?wsdl")).await.status, 404);
    let program = Program::start(&["--demo", "--database-url", &url]);
    assert_eq!(program.get(&format!("{PATH}?wsdl")).await.status, 200);

    let empty = TestDatabase::empty().await;
    let program = Program::start(&["--database-url", &empty.url()]);
    assert_eq!(program.get(PATH).await.status, 404);
    assert_eq!(empty.value::<i64>("SELECT count(*) FROM demo_actor").await, 0);
}

#[tokio::test]
async fn where_the_demo_connector_is_not_served_its_url_is_that_of_a_registered_application() {
    let (database, connector) = (TestDatabase::with_demo_data().await, support::connector::Connector::start().await);
    database.execute("DELETE FROM demo_erp").await;
    let url = database.url();
    let server = Server { program: Program::start(&["--database-url", &url]), database };
    let test = async || server.called("TestConnectorUrl", &json!({ "Url": "app://demo" })).await;
    assert_eq!(test().await, "ErrorNotFound");
    assert!(run(&["connector-app", "set", "demo", &connector.url(), "--database-url", &url]).status.success());
    assert_eq!(test().await, "NoError");
    assert_eq!(connector.called(), ["WSGetConfigData"]);
}

/// The first release had demo data, but no demo connector.
#[tokio::test]
async fn demo_data_of_an_older_release_get_the_demo_connector() {
    let database = TestDatabase::with_demo_data().await;
    database
        .execute(
            "UPDATE erp_connector SET url = 'http://localhost:9403/ErpConnectorWS.svc' WHERE erp_connector_id = 403;
             UPDATE erp_connector SET url = 'https://erp.example/', display_name = 'Mine' WHERE erp_connector_id = 411;
             DELETE FROM demo_erp; DELETE FROM demo_actor; DELETE FROM demo_list_item",
        )
        .await;
    for _ in 0..2 {
        assert!(run(&["demo", "--database-url", &database.url()]).status.success());
        let urls = "SELECT string_agg(url, ' ' ORDER BY erp_connector_id) FROM erp_connector";
        assert_eq!(database.value::<String>(urls).await, "app://demo https://erp.example/");
        assert_eq!(database.value::<i64>("SELECT count(*) FROM demo_actor").await, 460);
    }
}

#[tokio::test]
async fn a_connection_is_known_from_its_save_to_its_deletion() {
    let server = Server::start().await;
    let connector = Connector::new(&server.program);
    let types: Vec<_> = connector.call(GetConfigData::default()).await.fields.unwrap();
    assert!(FieldType::ALL.iter().all(|field_type| types.iter().any(|field| field.field_type == *field_type)));
    connector.call(TestConfigData { connection_info: config(&[("COMPANY", "A"), ("DELAY", "0.5")]) }).await;
    let unknown = connector.try_call(test_connection()).await.expect_err("unknown");
    assert!(unknown.is_unknown_connection(), "{unknown}");
    connector.save(&[("CATEGORY", "B")]).await;
    connector.call(test_connection()).await;
    let deletion = || DeleteConnection { connection_guid: GUID.to_owned() };
    connector.call(deletion()).await;
    assert!(connector.try_call(deletion()).await.expect_err("unknown").is_unknown_connection());
    let search = search("Customer", "");
    assert!(connector.try_call(search).await.expect_err("unknown").is_unknown_connection());
}

#[tokio::test]
async fn config_fields_that_do_not_fit_are_refused_with_the_vendors_codes() {
    let server = Server::start().await;
    let connector = Connector::new(&server.program);
    for (fields, expected) in [
        (&[("ConfigFields1", "est")][..], ErrorCode::UnknownFieldKey.to_string()),
        (&[("COMPANY", "Emard"), ("CATEGORY", "zzz")], ErrorCode::UnknownListItemId.to_string()),
        (&[("COMPANY", "Emard"), ("MAX_ACTORS", "many")], "MAX_ACTORS".to_owned()),
        (&[("COMPANY", "")], "must have a value".to_owned()),
    ] {
        let save = SaveConnection { connection_guid: GUID.to_owned(), connection_info: config(fields) };
        let test = TestConfigData { connection_info: config(fields) };
        for (kind, problem) in [connector.fails(test).await, connector.fails(save).await] {
            assert!(kind == "error" && problem.contains(&expected), "{kind} {problem}");
        }
    }
    for guid in ["", NO_CONNECTION, &"x".repeat(128)] {
        let connection_info = config(&[("COMPANY", "A")]);
        let (kind, _) = connector.fails(SaveConnection { connection_guid: guid.to_owned(), connection_info }).await;
        assert_eq!(kind, "error", "{guid}");
    }
    assert_eq!(server.database.value::<i64>("SELECT count(*) FROM demo_connection").await, 0);
}

#[tokio::test]
async fn types_fields_and_lists_are_described() {
    let server = Server::start().await;
    let connector = Connector::new(&server.program);
    connector.save(&[]).await;
    let connection_guid = || GUID.to_owned();
    let types = connector.call(GetSupportedActorTypes { connection_guid: connection_guid() }).await.items.unwrap();
    assert_eq!(types, ["Customer", "Supplier", "Person", "Project"]);
    for actor_type in types {
        let request =
            GetSupportedActorTypeFields { connection_guid: connection_guid(), actor_type: actor_type.clone() };
        let fields = connector.call(request).await.fields.unwrap();
        let ranks: Vec<_> = fields.iter().map(|field| field.rank).collect();
        assert_eq!(ranks, (1..=i32::try_from(fields.len()).unwrap()).collect::<Vec<_>>());
        let request = GetSearchableFields { connection_guid: connection_guid(), actor_type };
        assert_eq!(connector.call(request).await.items.unwrap().len(), fields.len());
        for field in fields.iter().filter(|field| field.field_type == FieldType::List) {
            let request = GetList { connection_guid: connection_guid(), list_name: field.list_name.clone().unwrap() };
            assert!(!connector.call(request).await.list_items.unwrap().0.is_empty(), "{field:?}");
        }
    }
    let categories = GetList { connection_guid: NO_CONNECTION.to_owned(), list_name: "Categories".to_owned() };
    let categories = connector.call(categories).await.list_items.unwrap();
    assert_eq!(categories.0[0], ("A".to_owned(), text("US:\"Key account\";NO:\"Nøkkelkunde\"")));
    let items = |keys: &[&str]| GetListItems {
        connection_guid: connection_guid(),
        list_name: "Countries".to_owned(),
        list_item_keys: texts(keys),
    };
    assert_eq!(connector.call(items(&["SE"])).await.list_items.unwrap().0.len(), 1);
    let (_, problem) = connector.fails(items(&["SE", "XX"])).await;
    assert!(problem.contains("UNKOWN_LISTITEM_ID"), "{problem}");
    let request = GetList { connection_guid: connection_guid(), list_name: "Ledgers".to_owned() };
    assert_eq!(connector.fails(request).await.0, "error");
}

#[tokio::test]
async fn actors_are_found_by_key_text_parent_and_condition() {
    let server = Server::start().await;
    let connector = Connector::new(&server.program);
    connector.save(&[("MAX_ACTORS", "7"), ("PROJECTS_FROM", "[D:01/01/2027]")]).await;
    let found = connector.actors("Customer", &["C1001", "C9999", "C1120"]).await;
    assert_eq!(keys(Some(found.clone())), ["C1001", "C1120"]);
    let names: Vec<_> = found[0].field_values.as_ref().unwrap().entries().map(|(key, _)| key).collect();
    assert_eq!((names[0], names.len()), ("NAME", 14));
    let request = GetActors {
        connection_guid: GUID.to_owned(),
        actor_type: "Customer".to_owned(),
        erp_keys: texts(&["C1001"]),
        field_keys: texts(&["NAME"]),
    };
    let found = connector.call(request.clone()).await.actors.unwrap();
    assert_eq!(found[0].field_values.as_ref().unwrap().0.len(), 1);
    let (_, problem) = connector.fails(GetActors { field_keys: texts(&["NAMES"]), ..request }).await;
    assert!(problem.contains("UNKOWN_FIELDKEY"), "{problem}");
    assert_eq!(connector.fails(search("Employee", "")).await.0, "error");

    assert_eq!(connector.search("Customer", "c1003").await, (vec!["C1003".to_owned()], ResponseState::Ok));
    let (found, state) = connector.search("Customer", "BAKERY").await;
    assert_eq!((found.len(), state), (7, ResponseState::OkWithInfo));
    let of_parent = SearchActorByParent {
        connection_guid: GUID.to_owned(),
        actor_type: "Person".to_owned(),
        field_keys: None,
        search_text: String::new(),
        parent_actor_erp_key: "C1002".to_owned(),
        parent_actor_type: "Customer".to_owned(),
    };
    let persons = connector.call(of_parent).await.actors.unwrap();
    assert!(persons.iter().all(|person| person.parent_erp_key == text("C1002")));
    assert_eq!(keys(Some(persons)), ["P3003", "P3004"]);

    let advanced = |restrictions: &[(&str, &str, &[&str])]| {
        let restriction = |(key, operator, values): &(&str, &str, &[&str])| SearchRestriction {
            field_key: (*key).to_owned(),
            operator: (*operator).to_owned(),
            values: texts(values),
        };
        SearchActorsAdvanced {
            connection_guid: GUID.to_owned(),
            actor_type: "Customer".to_owned(),
            field_keys: texts(&["NAME"]),
            restrictions: Some(restrictions.iter().map(restriction).collect()),
        }
    };
    let request = advanced(&[("COUNTRY", "=", &["SE"]), ("ORDERS", "between", &["[I:10]", "[I:20]"])]);
    let found = keys(connector.call(request).await.actors);
    assert_eq!(found, ["C1002", "C1080", "C1092"]);
    assert_eq!(connector.fails(advanced(&[("NAME", "like", &["a"])])).await.0, "error");

    let (projects, _) = connector.search("Project", "").await;
    let projects = connector.actors("Project", &projects.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert!(projects.iter().all(|project| value(project, "ENDDATE")[9..13].parse::<u16>().unwrap() >= 2027));
}

#[tokio::test]
async fn actors_are_created_and_saved_and_found_by_the_time_of_their_change() {
    let server = Server::start().await;
    let connector = Connector::new(&server.program);
    connector.save(&[("CATEGORY", "P")]).await;
    let values = [("NAME", "New & <1>"), ("CREDITLIMIT", "12.50"), ("BLOCKED", "true"), ("ORDERS", "[I:99]")];
    let created = connector.call(create(actor("Customer", None, &values))).await.actor.unwrap();
    assert_eq!(created.erp_key, text("C4061"));
    let stored = ["NAME", "CREDITLIMIT", "BLOCKED", "ORDERS", "CATEGORY", "PHONE"].map(|key| value(&created, key));
    assert_eq!(stored, ["New & <1>", "[F:12.5]", "[I:1]", "", "P", ""]);

    let mut person = actor("Person", None, &[("LASTNAME", "A")]);
    (person.parent_actor_type, person.parent_erp_key) = (text("Customer"), text("C4061"));
    let person = connector.call(create(person)).await.actor.unwrap();
    assert_eq!((person.erp_key.as_deref(), person.parent_erp_key.as_deref()), (Some("P4062"), Some("C4061")));

    let since = |time: Option<&str>| GetActorsByTimestamp {
        connection_guid: GUID.to_owned(),
        actor_type: "Customer".to_owned(),
        field_keys: None,
        updated_on_or_after: time.map(ToOwned::to_owned),
    };
    assert_eq!(connector.call(since(None)).await.actors.unwrap().len(), 121);
    let time = created.last_modified.as_deref();
    assert_eq!(keys(connector.call(since(time)).await.actors), ["C4061"]);
    let changes = vec![
        actor("Customer", Some("C1005"), &[("PHONE", "5")]),
        actor("Customer", Some("C4061"), &[("BLOCKED", "[I:0]")]),
    ];
    let saved = connector.call(save(changes)).await.actors.unwrap();
    assert_eq!((value(&saved[0], "PHONE"), value(&saved[1], "NAME")), ("5", "New & <1>"));
    assert!(saved.iter().all(|saved| saved.last_modified > created.last_modified));
    assert_eq!(keys(connector.call(since(time)).await.actors), ["C1005", "C4061"]);
    assert_eq!(connector.fails(since(Some("yesterday"))).await.0, "error");

    let before: String = server.database.value("SELECT jsonb_agg(a)::text FROM demo_actor a").await;
    for refused in [
        actor("Customer", None, &[("PHONE", "5")]),
        actor("Customer", None, &[("NAME", "A"), ("COLOUR", "red")]),
        actor("Customer", None, &[("NAME", &"x".repeat(101))]),
        actor("Person", None, &[("LASTNAME", "A"), ("BIRTHDATE", "yesterday")]),
        ErpActor { parent_erp_key: text("C1"), ..actor("Person", None, &[("LASTNAME", "A")]) },
    ] {
        assert_eq!(connector.fails(create(refused.clone())).await.0, "error", "{refused:?}");
    }
    for key in [None, Some("C9999")] {
        let both = vec![actor("Customer", Some("C1001"), &[("PHONE", "6")]), actor("Customer", key, &[])];
        assert_eq!(connector.fails(save(both)).await.0, "error");
    }
    connector.save(&[("READ_ONLY", "[I:1]")]).await;
    assert_eq!(connector.fails(save(vec![actor("Customer", Some("C1001"), &[])])).await.0, "error");
    let after: String = server.database.value("SELECT jsonb_agg(a)::text FROM demo_actor a").await;
    assert_eq!(after, before);
}

#[tokio::test]
async fn what_callers_can_store_is_limited() {
    let server = Server::start().await;
    let connector = Connector::new(&server.program);
    connector.save(&[]).await;
    let fill = "INSERT INTO demo_connection SELECT 'c' || n, '{}' FROM generate_series(1, 9999) AS n;
        UPDATE demo_erp SET last_key = 19999";
    server.database.execute(fill).await;
    // The last ones.
    connector.save(&[("READ_ONLY", "[I:0]")]).await;
    let customer = || create(actor("Customer", None, &[("NAME", "A")]));
    assert_eq!(connector.call(customer()).await.actor.unwrap().erp_key, text("C20000"));

    let contents = "SELECT (SELECT count(*) FROM demo_connection) + (SELECT count(*) FROM demo_actor)";
    let before: i64 = server.database.value(contents).await;
    assert_eq!(connector.fails(customer()).await.0, "error");
    let further = SaveConnection { connection_guid: "other".to_owned(), connection_info: config(&[("COMPANY", "A")]) };
    assert_eq!(connector.fails(further).await.0, "error");
    let many = vec![actor("Customer", Some("C1005"), &[("PHONE", "5")]); 251];
    assert_eq!(connector.fails(save(many)).await.0, "error");
    assert_eq!(server.database.value::<i64>(contents).await, before);
}

#[tokio::test]
async fn a_connection_can_ask_for_refusals_warnings_faults_and_delays() {
    let server = Server::start().await;
    let connector = Connector::new(&server.program);
    connector.save(&[("BEHAVIOUR", "REFUSE"), ("OPERATION", "WSTestConnection")]).await;
    let (kind, problem) = connector.fails(test_connection()).await;
    assert!(kind == "error" && problem.contains("DEMO_REFUSED"), "{problem}");
    connector.search("Customer", "").await;

    connector.save(&[("BEHAVIOUR", "WARN"), ("OPERATION", "WSTestConnection")]).await;
    let outcome = connector.call(test_connection()).await;
    assert_eq!((outcome.state, outcome.is_success()), (ResponseState::Warning, true));
    assert!(outcome.user_explanation.unwrap().contains("on purpose"));

    connector.save(&[("BEHAVIOUR", "FAULT"), ("OPERATION", "WSTestConnection")]).await;
    let (kind, problem) = connector.fails(test_connection()).await;
    assert!(kind == "fault" && problem.contains("a:InternalServiceFault"), "{kind} {problem}");

    connector.save(&[("BEHAVIOUR", "SLOW"), ("DELAY", "[F:0.3]"), ("OPERATION", "WSTestConnection")]).await;
    let began = std::time::Instant::now();
    connector.call(test_connection()).await;
    assert!(began.elapsed().as_millis() >= 300);

    let refusal = [("COMPANY", "A"), ("BEHAVIOUR", "REFUSE")];
    let save = SaveConnection { connection_guid: "another".to_owned(), connection_info: config(&refusal) };
    assert_eq!(connector.fails(save).await.0, "error");
    assert_eq!(connector.fails(TestConfigData { connection_info: config(&refusal) }).await.0, "error");
}

/// The caller sends the config fields again, and repeats the call.
#[tokio::test]
async fn a_connection_that_is_forgotten_after_each_call_works_nevertheless() {
    // A delivery makes calls as well, and the connector forgets the connection with each of them.
    let server = Server::start_with(&[&ADMIN[..], &["--connector-deliveries", "false"]].concat()).await;
    let fields = json!({ "COMPANY": "A", "BEHAVIOUR": "FORGET" });
    let saved = server.saved(&json!({ "ErpConnectorId": 403, "ConfigFields": fields })).await;
    let test = json!({ "ErpConnectionId": saved["ErpConnectionId"] });
    for _ in 0..3 {
        assert_eq!(server.called("TestConnectionById", &test).await, true);
    }
    let journal = admin_get(&server.program, "/connectors/journal").await.json();
    let journal = journal.as_array().unwrap();
    assert!(journal.iter().filter(|exchange| exchange["operation"] == "WSSaveConnection").count() >= 3, "{journal:?}");
}

impl Connector {
    /// Posts a body to the connector of a server.
    async fn post(program: &Program, headers: &[(&str, &str)], body: impl Into<String>) -> Answer {
        let request = program.request(Method::POST, PATH).body(body.into());
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        Answer::of(request.send().await.unwrap()).await
    }
}

fn envelope(body: &str) -> String {
    format!(
        "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Header/><e:Body>{body}</e:Body></e:Envelope>"
    )
}

const XML: (&str, &str) = ("Content-Type", "text/xml; charset=utf-8");

#[tokio::test]
async fn requests_that_are_not_soap_1_1_get_the_statuses_of_wcf() {
    let server = Server::start_with(&["--max-body-bytes", "2000"]).await;
    let program = &server.program;
    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let answer = Answer::of(program.request(method.clone(), PATH).send().await.unwrap()).await;
        assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD, POST"), "{method}");
    }
    let body = envelope(&format!("<n:WSGetConfigData xmlns:n=\"{NAMESPACE}\"/>"));
    for content_type in ["", "application/soap+xml", "application/json", "text/xml; charset=iso-8859-1"] {
        let answer = Connector::post(program, &[("Content-Type", content_type)], &body).await;
        assert_eq!(answer.status, 415, "{content_type}");
    }
    let encoded = [XML, ("Content-Encoding", "gzip")];
    assert_eq!(Connector::post(program, &encoded, &body).await.status, 415);
    assert_eq!(Connector::post(program, &[XML], " ".repeat(2001)).await.status, 413);
    let hostile = format!("<!DOCTYPE a [<!ENTITY b \"c\">]>{body}");
    let deep = format!("{}{}", "<a>".repeat(200), "</a>".repeat(200));
    for invalid in ["", "no XML", "<a/>", "<Envelope><Body/></Envelope>", &hostile, &deep] {
        assert_eq!(Connector::post(program, &[XML], invalid).await.status, 400, "{invalid}");
    }
    for content_type in ["text/xml", "TEXT/XML; charset=\"UTF-8\"; action=x"] {
        let answer = Connector::post(program, &[("Content-Type", content_type)], &body).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/xml; charset=utf-8"));
        assert!(answer.text.contains("<FieldKey>COMPANY</FieldKey>"), "{}", answer.text);
    }
}

#[tokio::test]
async fn unknown_and_unfit_operations_get_the_faults_of_wcf() {
    let server = Server::start().await;
    let config_data = envelope(&format!("<WSGetConfigData xmlns=\"{NAMESPACE}\"/>"));
    let action = |operation: &str| format!("\"{NAMESPACE}/IErpConnectorWS/{operation}\"");
    let unfit =
        envelope(&format!("<WSGetActors xmlns=\"{NAMESPACE}\"><request><ErpKeys>C1</ErpKeys></request></WSGetActors>"));
    for (action, body, code) in [
        (action("WSGetEverything"), &config_data, "ActionNotSupported"),
        ("\"urn:other/WSGetConfigData\"".to_owned(), &config_data, "ActionNotSupported"),
        (String::new(), &envelope("<Other/>"), "ActionNotSupported"),
        (action("WSGetActors"), &config_data, "DeserializationFailed"),
        (action("WSGetActors"), &unfit, "DeserializationFailed"),
    ] {
        let answer = Connector::post(&server.program, &[XML, ("SOAPAction", &action)], body).await;
        assert_eq!((answer.status, answer.header("content-type")), (500, "text/xml; charset=utf-8"));
        let document = roxmltree::Document::parse(&answer.text).unwrap();
        let fault = document.descendants().find(|node| node.has_tag_name("faultcode")).unwrap();
        assert_eq!(fault.text(), Some(&*format!("a:{code}")), "{action}");
        assert!(fault.lookup_namespace_uri(Some("a")).is_some());
    }
}

#[tokio::test]
async fn the_description_names_each_operation_and_the_address_of_the_request() {
    let server = Server::start_with(&["--path-prefix", "/Cust1"]).await;
    let url = format!("http://{}/Cust1{PATH}", server.program.address);
    for query in ["?wsdl", "?WSDL", "?singleWsdl", "?wsdl=1"] {
        let answer = server.program.get(&format!("/Cust1{PATH}{query}")).await;
        if query == "?singleWsdl" {
            assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
            continue;
        }
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/xml; charset=utf-8"));
        let document = roxmltree::Document::parse(&answer.text).unwrap();
        let address = document.descendants().find(|node| node.tag_name().name() == "address").unwrap();
        assert_eq!(address.attribute("location"), Some(&*url));
        for operation in OPERATIONS {
            let named = document.descendants().filter(|node| node.attribute("name") == Some(operation.name));
            assert_eq!(named.count(), 3, "{} as element, in the port type and in the binding", operation.name);
        }
    }
    let page = server.program.get(&format!("/Cust1{PATH}")).await;
    assert!(page.status == 200 && page.text.contains(&format!("{url}?wsdl")), "{}", page.text);
}

#[tokio::test]
async fn the_demo_connector_is_served_alone() {
    let database = TestDatabase::empty().await;
    let url = database.url();
    let arguments = ["demo-connector", "--listen", "127.0.0.1:0", "--database-url", &url];
    let mut program = Program::launch(None, &[], &arguments).unwrap();
    let connector = Connector::at(&format!("http://{}", program.address));
    connector.save(&[]).await;
    assert_eq!(connector.actors("Customer", &["C1001"]).await.len(), 1);
    assert_eq!(database.value::<i64>("SELECT count(*) FROM associate").await, 0);
    let address = program.address.strip_suffix(PATH).unwrap().to_owned();
    for (path, status) in [("/health/ready", 200), ("/api", 404), (SAVE_PATH, 404)] {
        let answer = program.http.get(format!("http://{address}{path}")).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
    }
    program.signal(Signal::TERM);
    assert!(program.wait_for_exit().await.success());

    // Its data stay.
    let program = Program::launch(None, &[], &arguments).unwrap();
    Connector::at(&format!("http://{}", program.address)).call(test_connection()).await;
}

const SAVE_PATH: &str = "/api/v1/Agents/ErpSync/SaveConnection";
