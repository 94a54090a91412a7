//! `erpsync connector check`: calls a connector as a connection does in its life, and checks its responses against the
//! contract. Developers of connectors run it in their own continuous integration.

mod actors;
mod config_fields;
mod contract;
mod document;
mod envelope;
mod report;
#[cfg(test)]
mod tests;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::config::{ConnectorCheckArgs, JournalMode};
use crate::connector::carriers::FieldMetadata;
use crate::connector::client::Client;
use crate::connector::dictionary::Dictionary;
use crate::connector::error::{CallError, Cause};
use crate::connector::journal::Journal;
use crate::connector::operations::{
    DeleteConnection, GetActors, GetConfigData, GetList, GetListItems, GetSearchableFields,
    GetSupportedActorTypeFields, GetSupportedActorTypes, NO_CONNECTION, Operation, SaveConnection, SearchActors,
    TestConfigData, TestConnection,
};
use crate::connector::responses::Response;
use crate::connector::url::ConnectorUrl;
use crate::server::{ShutdownSignal, connectors};
use actors::{ActorType, check_actors, check_keys, key_of};
use contract::{
    actor_type, check_actor_types, check_failure, check_fields, check_list, check_searchable, check_success, list_name,
};
use envelope::check_envelope;
use report::{Finding, Report};

/// The number of actors that are read by their keys.
const MAX_ACTORS: usize = 10;

/// Checks a connector, and prints one line for each step. A signal ends the check; a second one also ends the deletion of the
/// connection that the check has saved.
///
/// # Errors
/// One line: a setting is invalid, the number of steps that failed, or that the check was interrupted.
pub async fn run(settings: &ConnectorCheckArgs) -> Result<(), String> {
    // An application is known to a server's database only.
    let url = ConnectorUrl::parse(&settings.url, |_| None).map_err(|problem| problem.to_string())?;
    let given = config_fields::read(settings)?;
    let journal = Arc::new(Journal::new(JournalMode::Bodies, 1));
    let client = connectors::client(&settings.client, Vec::new(), Arc::clone(&journal))?;
    let mut walk = Walk { client, journal, url, saved: SaveConnection::default(), report: Report::new(settings.json) };
    let mut shutdown = ShutdownSignal::install()?;
    let is_interrupted = tokio::select! {
        () = walk.life_of_a_connection(&given, &settings.search) => false,
        () = shutdown.received(1) => true,
    };
    tokio::select! {
        () = walk.delete_connection() => {}
        () = shutdown.received(2) => {}
    }
    let result = walk.report.finish();
    if is_interrupted { Err("interrupted".to_owned()) } else { result }
}

/// A walk through the operations of a connector.
struct Walk {
    client: Client,
    /// Has the last exchange.
    journal: Arc<Journal>,
    url: ConnectorUrl,
    /// The connection to delete at the end, if any; the connector can repeat its config fields once they are saved.
    saved: SaveConnection,
    report: Report,
}

impl Walk {
    /// Calls the operations in the order in which a connection needs them. Ends with the first failure that leaves nothing
    /// to call, or before the deletion of the connection.
    async fn life_of_a_connection(&mut self, given: &Dictionary, search: &str) {
        let request = GetConfigData::default();
        let data = self.call("", &request, |data| {
            let fields = data.fields.as_deref().unwrap_or_default();
            (count(fields.len(), "field"), check_fields(fields))
        });
        let Some(fields) = data.await.map(|data| data.fields.unwrap_or_default()) else { return };
        self.lists(NO_CONNECTION, &fields).await;
        let (config, findings) = config_fields::complete(&fields, given);
        if !findings.is_empty() {
            return self.report.step("config fields", None, "incomplete", &findings);
        }
        let test = TestConfigData { connection_info: Some(config.clone()) };
        if self.call("", &test, |_| ("accepted".to_owned(), Vec::new())).await.is_none() {
            return;
        }
        let guid = Uuid::new_v4().to_string();
        let save = SaveConnection { connection_guid: guid.clone(), connection_info: Some(config) };
        // A save without a response can have succeeded.
        self.saved = save.clone();
        if self.call("", &save, |_| ("saved".to_owned(), Vec::new())).await.is_some() {
            self.saved_connection(&guid, search).await;
        }
    }

    /// Deletes the connection that was saved, if any.
    async fn delete_connection(&mut self) {
        let guid = self.saved.connection_guid.clone();
        if guid.is_empty() {
            return;
        }
        let delete = DeleteConnection { connection_guid: guid };
        self.call("", &delete, |_| ("deleted".to_owned(), Vec::new())).await;
    }

    async fn saved_connection(&mut self, guid: &str, search: &str) {
        let test = TestConnection { connection_guid: guid.to_owned() };
        self.call("", &test, |_| ("accepted".to_owned(), Vec::new())).await;
        self.unknown_connection().await;
        let types = GetSupportedActorTypes { connection_guid: guid.to_owned() };
        let types = self.call("", &types, |types| {
            let names = types.items.as_deref().unwrap_or_default();
            (names.join(", "), check_actor_types(names))
        });
        let names = types.await.and_then(|types| types.items).unwrap_or_default();
        let known: BTreeSet<String> = names.into_iter().filter(|name| actor_type(name).is_some()).collect();
        for name in known {
            self.actor_type(guid, name, search).await;
        }
    }

    /// Tests a connection that was never saved. Settings that a connector has lost are sent again if it says so.
    async fn unknown_connection(&mut self) {
        let request = TestConnection { connection_guid: Uuid::new_v4().to_string() };
        let result = self.client.call_for(&self.url, &request, &self.saved).await;
        let (duration, mut findings) = self.last_exchange::<TestConnection>(&result);
        findings.extend(match result {
            Err(problem) if problem.is_unknown_connection() => None,
            Err(problem) => Some(Finding::broken(format!("the ErrorCode is not UNKNOWN_CONNECTION_ID: {problem}"))),
            Ok(_) => Some(Finding::broken("it is accepted; the ErrorCode UNKNOWN_CONNECTION_ID was expected")),
        });
        let summary = "a connection that was not saved";
        self.report.step(TestConnection::NAME, duration, summary, &findings);
    }

    async fn actor_type(&mut self, guid: &str, name: String, search: &str) {
        let request = GetSupportedActorTypeFields { connection_guid: guid.to_owned(), actor_type: name.clone() };
        let fields = self.call(&name, &request, |response| {
            let fields = response.fields.as_deref().unwrap_or_default();
            (count(fields.len(), "field"), check_fields(fields))
        });
        let Some(fields) = fields.await.map(|response| response.fields.unwrap_or_default()) else { return };
        let request = GetSearchableFields { connection_guid: guid.to_owned(), actor_type: name.clone() };
        self.call(&name, &request, |response| {
            let keys = response.items.as_deref().unwrap_or_default();
            (count(keys.len(), "field"), check_searchable(keys, &fields))
        })
        .await;
        let lists = self.lists(guid, &fields).await;
        self.list_items(guid, &lists).await;
        self.actors(guid, &ActorType { name, fields, lists }, search).await;
    }

    /// Reads the lists of fields.
    async fn lists(&mut self, guid: &str, fields: &[FieldMetadata]) -> BTreeMap<String, Dictionary> {
        let names: BTreeSet<&str> = fields.iter().filter_map(list_name).collect();
        let mut lists = BTreeMap::new();
        for name in names {
            let request = GetList { connection_guid: guid.to_owned(), list_name: name.to_owned() };
            let response = self.call(name, &request, |response| {
                let items = response.list_items.clone().unwrap_or_default();
                (count(items.0.len(), "item"), check_list(&items))
            });
            if let Some(response) = response.await {
                lists.insert(name.to_owned(), response.list_items.unwrap_or_default());
            }
        }
        lists
    }

    /// Reads the first item of each list by its key.
    async fn list_items(&mut self, guid: &str, lists: &BTreeMap<String, Dictionary>) {
        for (list_name, items) in lists {
            let Some((key, name)) = items.0.first() else { continue };
            let request = GetListItems {
                connection_guid: guid.to_owned(),
                list_item_keys: Some(vec![key.clone()]),
                list_name: list_name.clone(),
            };
            self.call(list_name, &request, |response| {
                let found = response.list_items.clone().unwrap_or_default();
                let is_same = found.0 == [(key.clone(), name.clone())];
                let finding =
                    Finding::broken(format!("not the item {key} alone, with the name that it has in the list"));
                (count(found.0.len(), "item"), if is_same { Vec::new() } else { vec![finding] })
            })
            .await;
        }
    }

    /// Searches actors, and reads the first ones by their keys.
    async fn actors(&mut self, guid: &str, actor_type: &ActorType, search: &str) {
        let field_keys: Vec<String> = actor_type.fields.iter().map(|field| field.field_key.clone()).collect();
        let request = SearchActors {
            connection_guid: guid.to_owned(),
            actor_type: actor_type.name.clone(),
            field_keys: Some(field_keys.clone()),
            search_text: search.to_owned(),
        };
        let found = self.call(&actor_type.name, &request, |response| {
            let actors = response.actors.as_deref().unwrap_or_default();
            let mut findings = check_actors(actors, actor_type);
            if actors.is_empty() {
                findings.push(Finding::doubtful(format!("no actor to check; search for another text than {search:?}")));
            }
            (count(actors.len(), "actor"), findings)
        });
        let Some(found) = found.await else { return };
        let keys = found.actors.iter().flatten().map(key_of).filter(|key| !key.is_empty());
        let keys: BTreeSet<&str> = keys.take(MAX_ACTORS).collect();
        if keys.is_empty() {
            return;
        }
        let keys: Vec<String> = keys.into_iter().map(ToOwned::to_owned).collect();
        let request = GetActors {
            connection_guid: guid.to_owned(),
            actor_type: actor_type.name.clone(),
            erp_keys: Some(keys.clone()),
            field_keys: Some(field_keys),
        };
        self.call(&actor_type.name, &request, |response| {
            let actors = response.actors.as_deref().unwrap_or_default();
            let findings = [check_actors(actors, actor_type), check_keys(actors, &keys)].concat();
            (count(actors.len(), "actor"), findings)
        })
        .await;
    }

    /// Calls an operation, and reports it. `check` returns a summary of the response, and its findings. Returns the response
    /// of a successful call.
    async fn call<O: Operation>(
        &mut self,
        subject: &str,
        request: &O,
        check: impl FnOnce(&O::Response) -> (String, Vec<Finding>),
    ) -> Option<O::Response> {
        let result = self.client.call_for(&self.url, request, &self.saved).await;
        let (duration, mut findings) = self.last_exchange::<O>(&result);
        let summary = match &result {
            Ok(response) => {
                let (summary, found) = check(response);
                findings.extend(check_success(response.outcome()).into_iter().chain(found));
                summary
            }
            Err(problem) => {
                findings.splice(0..0, check_failure(problem));
                problem.summary()
            }
        };
        self.report.step(format!("{} {subject}", O::NAME).trim_end(), duration, &summary, &findings);
        result.ok()
    }

    /// Returns the duration of the last call, and the findings in the envelope of its response.
    fn last_exchange<O: Operation>(&self, result: &Result<O::Response, CallError>) -> (Option<Duration>, Vec<Finding>) {
        let is_result = match result {
            Ok(_) => true,
            Err(problem) => matches!(problem.cause, Cause::Refused { .. }),
        };
        let exchange = self.journal.exchanges().into_iter().next();
        let findings =
            exchange.iter().filter(|_| is_result).flat_map(|exchange| check_envelope::<O>(exchange)).collect();
        (exchange.map(|exchange| exchange.duration), findings)
    }
}

/// Returns a number with a noun.
fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
