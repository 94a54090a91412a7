//! An ERP connector in the process of the tests.

use std::collections::{BTreeMap, HashMap};
use std::future::pending;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use erpsync::connector::carriers::{ErpActor, FieldMetadata};
use erpsync::connector::dictionary::Dictionary;
use erpsync::connector::envelope::{CONTENT_TYPE, Fault, read_request, write_fault, write_response};
use erpsync::connector::operations::{
    DeleteConnection, GetActors, GetList, GetListItems, GetSearchableFields, GetSupportedActorTypeFields,
    GetSupportedActorTypes, NO_CONNECTION, SaveConnection, SearchActors, TestConfigData, TestConnection,
};
use erpsync::connector::responses::{
    ActorsResponse, ErrorCode, FieldsResponse, ListItemsResponse, Outcome, Refusal, TextsResponse,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::Server;
use super::wait::wait_until;

const FIELDS: &str = include_str!("../connector/recorded/01-WSGetConfigData.response.xml");

/// The explanation for users of each error that the connector reports by itself.
pub const REFUSED: &str = "US:\"Refused by the ERP system\";NO:\"Avvist av ERP-systemet\"";

/// A connector that accepts the server `good`, knows the connections that were saved, and has customers and lists.
pub struct Connector {
    pub address: SocketAddr,
    pub state: Arc<Mutex<State>>,
}

/// A call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The name of the operation.
    pub operation: String,
    /// The connection; empty if the operation is about none.
    pub connection: String,
    /// The config fields that were sent.
    pub config: Dictionary,
}

/// Rewrites the body of a response.
pub type Rewrite = fn(&str) -> String;

/// The behavior of a connector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behavior {
    #[default]
    Works,
    /// Responds with a page that repeats the request.
    IsBroken,
    /// Does not respond.
    IsSilent,
    /// Does not respond until the behavior changes.
    Hangs,
    /// Does not respond to this operation until the behavior changes.
    HangsIn(&'static str),
    /// Responds as a proxy without the connector behind it.
    IsAway,
    /// Reports an error from each operation but those that set up a connection.
    RefusesData,
    /// Does not keep the connections that are saved.
    Forgets,
    /// Reports an error from this operation.
    Refuses(&'static str),
}

/// The state and the behavior of a connector.
#[derive(Default)]
pub struct State {
    /// The calls.
    pub calls: Vec<Call>,
    /// The body of the last request.
    pub body: String,
    /// The connections that were saved.
    pub saved: Vec<String>,
    pub behavior: Behavior,
    /// Rewrites each response.
    pub rewrite: Option<Rewrite>,
    /// The media type of the responses, if it is another one than that of SOAP 1.1.
    pub content_type: Option<&'static str>,
    /// A text that the explanations for operators repeat.
    pub repeated: String,
    /// The time that a call takes.
    pub duration: Duration,
    /// The number of calls of each connection that are being answered.
    pub running: HashMap<String, usize>,
    /// The most calls of one connection at the same time.
    pub most_running: usize,
    /// The types of actors besides customers.
    pub further_types: Vec<String>,
    /// The fields of a customer.
    pub fields: Vec<FieldMetadata>,
    /// The keys of the fields that a search can restrict.
    pub searchable: Vec<String>,
    /// The customers.
    pub customers: Vec<ErpActor>,
    /// The items of each list.
    pub lists: BTreeMap<String, Dictionary>,
}

impl Connector {
    /// Starts a connector without fields, customers and lists.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<Mutex<State>>::default();
        let router = Router::new().fallback({
            let state = Arc::clone(&state);
            async move |headers: HeaderMap, body: String| {
                let action = headers["soapaction"].to_str().unwrap().trim_matches('"').rsplit('/').next().unwrap();
                let connection = body.split("ConnectionGuid>").nth(1).unwrap_or_default().trim_end_matches("</");
                let duration = state.lock().unwrap().begin(connection);
                tokio::time::sleep(duration).await;
                while state.lock().unwrap().hangs(action) {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                let response = state.lock().unwrap().respond(action, connection, &body);
                let Some((status, mut body)) = response else { pending().await };
                let (rewrite, content_type) = {
                    let state = state.lock().unwrap();
                    (state.rewrite, state.content_type.unwrap_or(CONTENT_TYPE))
                };
                if let Some(rewrite) = rewrite {
                    body = rewrite(&String::from_utf8(body).unwrap()).into_bytes();
                }
                (StatusCode::from_u16(status).unwrap(), [("content-type", content_type)], body)
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Connector { address, state }
    }

    /// Returns the URL.
    pub fn url(&self) -> String {
        format!("http://{}/ErpConnectorWS.svc", self.address)
    }

    /// Changes the state.
    pub fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
    }

    /// Returns the operations that were called since the last time.
    pub fn called(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().calls).into_iter().map(|call| call.operation).collect()
    }

    /// Returns the calls since [`called`](Self::called).
    pub fn calls(&self) -> Vec<Call> {
        self.state.lock().unwrap().calls.clone()
    }

    /// Waits until `count` calls were answered, and returns their operations.
    pub async fn wait_for_calls(&self, count: usize) -> Vec<String> {
        wait_until(&format!("{count} calls"), async || self.calls().len() >= count).await;
        self.called()
    }

    /// Returns the number of calls that are being answered.
    pub fn running_calls(&self) -> usize {
        self.state.lock().unwrap().running.values().sum()
    }

    /// Waits until a call is being answered.
    pub async fn wait_for_a_running_call(&self) {
        self.wait_for_a_running_call_after(0).await;
    }

    /// Waits until a call is being answered, after `count` others were answered since [`called`](Self::called).
    pub async fn wait_for_a_running_call_after(&self, count: usize) {
        let is_running = async || {
            let state = self.state.lock().unwrap();
            state.calls.len() >= count && state.running.values().any(|count| *count > 0)
        };
        wait_until("a call", is_running).await;
    }

    /// Registers the connector, and returns its id.
    pub async fn register(&self, server: &Server) -> Value {
        register_url(server, &self.url()).await
    }
}

/// Registers a connector with this URL, and returns its id.
pub async fn register_url(server: &Server, url: &str) -> Value {
    let entity = json!({ "DisplayName": "ERP", "URL": url });
    server.called("SaveErpSyncConnectorEntity", &entity).await["ErpConnectorId"].clone()
}

/// Saves a connection of a connector, and returns its id.
pub async fn save_connection(server: &Server, connector: &Value, all_access: bool) -> Value {
    let fields = json!({ "server": "good", "password": "s3cret" });
    let connection = json!({ "ErpConnectorId": connector, "AllAccess": all_access, "ConfigFields": fields });
    server.called("SaveConnection", &json!({ "Connection": connection })).await["ErpConnectionId"].clone()
}

/// Returns a field with this key and display name.
pub fn field(key: &str, name: &str) -> FieldMetadata {
    FieldMetadata { field_key: key.to_owned(), display_name: Some(name.to_owned()), ..FieldMetadata::default() }
}

/// Returns a dictionary of texts.
pub fn texts(entries: &[(&str, &str)]) -> Dictionary {
    entries.iter().map(|(key, value)| (*key, Some(*value))).collect()
}

/// Returns a customer with these values.
pub fn customer(key: &str, values: &[(&str, &str)]) -> ErpActor {
    ErpActor {
        actor_type: "Customer".to_owned(),
        erp_key: Some(key.to_owned()),
        field_values: Some(texts(values)),
        last_modified: Some("2024-01-31T12:00:00".to_owned()),
        ..ErpActor::default()
    }
}

/// Returns the outcome of a call that is accepted or not.
fn outcome(accepted: bool, code: Option<ErrorCode>, body: &str) -> Outcome {
    if accepted {
        return Outcome::default();
    }
    let user_explanation = Some(REFUSED.to_owned());
    Outcome::from(Refusal { code, user_explanation, tech_explanation: Some(format!("was sent {body}")) })
}

impl State {
    /// Begins a call, and returns the time that it takes.
    fn begin(&mut self, connection: &str) -> Duration {
        let running = self.running.entry(connection.to_owned()).or_default();
        *running += 1;
        self.most_running = self.most_running.max(*running);
        self.duration
    }

    /// Returns the status and the body of a response; `None` for no response.
    fn respond(&mut self, operation: &str, connection: &str, body: &str) -> Option<(u16, Vec<u8>)> {
        *self.running.get_mut(connection).unwrap() -= 1;
        if self.behavior == Behavior::IsAway {
            return Some((503, Vec::new()));
        }
        let config = match operation {
            "WSSaveConnection" => {
                read_request::<SaveConnection>(body).unwrap().connection_info.unwrap().values().clone()
            }
            _ => Dictionary::default(),
        };
        self.calls.push(Call { operation: operation.to_owned(), connection: connection.to_owned(), config });
        body.clone_into(&mut self.body);
        if self.behavior == Behavior::IsSilent {
            return None;
        }
        if self.behavior == Behavior::IsBroken {
            return Some((500, format!("<html>{body}</html>").into_bytes()));
        }
        let response = self.setup(operation, body).or_else(|| self.metadata(operation, body));
        let fault = || write_fault(&Fault { code: "s:Client".to_owned(), reason: "no such operation".to_owned() });
        Some(response.or_else(|| self.data(operation, body)).map_or_else(|| (500, fault()), |body| (200, body)))
    }

    fn hangs(&self, operation: &str) -> bool {
        self.behavior == Behavior::Hangs || matches!(self.behavior, Behavior::HangsIn(hangs) if hangs == operation)
    }

    fn refuses(&self, operation: &str) -> bool {
        matches!(self.behavior, Behavior::Refuses(refused) if refused == operation)
    }

    /// Whether the connection is known; if not, the outcome that says so.
    fn known(&self, guid: &str, operation: &str, body: &str) -> Outcome {
        let body = &format!("{body}, and knows {}", self.repeated);
        if self.behavior == Behavior::RefusesData || self.refuses(operation) {
            return outcome(false, None, body);
        }
        let is_known = guid == NO_CONNECTION || self.saved.iter().any(|saved| saved == guid);
        outcome(is_known, Some(ErrorCode::UnknownConnectionId), body)
    }

    fn setup(&mut self, operation: &str, body: &str) -> Option<Vec<u8>> {
        Some(match operation {
            "WSGetConfigData" => FIELDS.as_bytes().to_vec(),
            "WSTestConfigData" => {
                let request = read_request::<TestConfigData>(body).unwrap();
                let config = request.connection_info.unwrap();
                let accepted = config.values().get("server") == Some("good");
                write_response::<TestConfigData>(&outcome(accepted, None, body))
            }
            "WSSaveConnection" => {
                let is_refused = self.refuses(operation);
                if !is_refused && self.behavior != Behavior::Forgets {
                    self.saved.push(read_request::<SaveConnection>(body).unwrap().connection_guid);
                }
                write_response::<SaveConnection>(&outcome(!is_refused, None, body))
            }
            "WSTestConnection" => {
                let guid = read_request::<TestConnection>(body).unwrap().connection_guid;
                write_response::<TestConnection>(&self.known(&guid, operation, body))
            }
            "WSDeleteConnection" => {
                let guid = read_request::<DeleteConnection>(body).unwrap().connection_guid;
                let outcome = if self.refuses(operation) {
                    self.known(&guid, operation, body)
                } else {
                    self.saved.retain(|saved| *saved != guid);
                    Outcome::default()
                };
                write_response::<DeleteConnection>(&outcome)
            }
            _ => return None,
        })
    }

    fn metadata(&self, operation: &str, body: &str) -> Option<Vec<u8>> {
        let texts = |guid: &str, texts: &[String]| TextsResponse {
            outcome: self.known(guid, operation, body),
            items: Some(texts.to_vec()),
        };
        Some(match operation {
            "WSGetSupportedActorTypes" => {
                let guid = read_request::<GetSupportedActorTypes>(body).unwrap().connection_guid;
                let types = [&["Customer".to_owned()][..], &self.further_types].concat();
                write_response::<GetSupportedActorTypes>(&texts(&guid, &types))
            }
            "WSGetSupportedActorTypeFields" => {
                let guid = read_request::<GetSupportedActorTypeFields>(body).unwrap().connection_guid;
                let outcome = self.known(&guid, operation, body);
                let response = FieldsResponse { outcome, fields: Some(self.fields.clone()) };
                write_response::<GetSupportedActorTypeFields>(&response)
            }
            "WSGetSearchableFields" => {
                let guid = read_request::<GetSearchableFields>(body).unwrap().connection_guid;
                write_response::<GetSearchableFields>(&texts(&guid, &self.searchable))
            }
            "WSGetList" => {
                let request = read_request::<GetList>(body).unwrap();
                let list_items = self.lists.get(&request.list_name).cloned();
                let outcome = self.known(&request.connection_guid, operation, body);
                write_response::<GetList>(&ListItemsResponse { outcome, list_items })
            }
            "WSGetListItems" => {
                let request = read_request::<GetListItems>(body).unwrap();
                let keys = request.list_item_keys.unwrap_or_default();
                let list = self.lists.get(&request.list_name).cloned().unwrap_or_default();
                let found: Dictionary = list.entries().filter(|(key, _)| keys.iter().any(|one| one == key)).collect();
                let code = Some(ErrorCode::UnknownListItemId);
                let outcome = outcome(found.entries().count() == keys.len(), code, body);
                write_response::<GetListItems>(&ListItemsResponse { outcome, list_items: Some(found) })
            }
            _ => return None,
        })
    }

    fn data(&self, operation: &str, body: &str) -> Option<Vec<u8>> {
        let actors = |guid: &str, actors: Vec<ErpActor>| ActorsResponse {
            outcome: self.known(guid, operation, body),
            actors: Some(actors),
        };
        Some(match operation {
            "WSGetActors" => {
                let request = read_request::<GetActors>(body).unwrap();
                let keys = request.erp_keys.unwrap();
                let found = self.customers.iter().filter(|customer| keys.contains(customer.erp_key.as_ref().unwrap()));
                write_response::<GetActors>(&actors(&request.connection_guid, found.cloned().collect()))
            }
            "WSSearchActors" => {
                let guid = read_request::<SearchActors>(body).unwrap().connection_guid;
                write_response::<SearchActors>(&actors(&guid, self.customers.clone()))
            }
            _ => return None,
        })
    }
}
