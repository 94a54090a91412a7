//! Round trips of every message with random values.

use std::fmt::Debug;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::carriers::{ErpActor, FieldAccess, FieldMetadata, FieldType, SearchRestriction};
use super::super::config_values::ConfigValues;
use super::super::dictionary::Dictionary;
use super::super::envelope::{Reply, read_request, read_response, write_request, write_response};
use super::super::operations::{
    CreateActor, DeleteConnection, GetActors, GetActorsByTimestamp, GetConfigData, GetList, GetListItems,
    GetSearchableFields, GetSupportedActorTypeFields, GetSupportedActorTypes, Operation, SaveActors, SaveConnection,
    SearchActorByParent, SearchActors, SearchActorsAdvanced, TestConfigData, TestConnection,
};
use super::super::responses::{
    ActorResponse, ActorsResponse, FieldsResponse, ListItemsResponse, Outcome, ResponseState, TextsResponse,
};
use super::super::writer::Writer;

/// A text that XML can hold, with much that needs an escape.
pub fn text() -> impl Strategy<Value = String> {
    "([&<>\"' \t\r\n]|\\]\\]>|_x0001_|&amp;|\\PC){0,8}"
}

fn optional() -> impl Strategy<Value = Option<String>> {
    option::of(text())
}

fn texts() -> impl Strategy<Value = Option<Vec<String>>> {
    option::of(vec(text(), 0..3))
}

fn dictionary() -> impl Strategy<Value = Dictionary> {
    vec((text(), optional()), 0..3).prop_map(Dictionary)
}

fn config() -> impl Strategy<Value = Option<ConfigValues>> {
    option::of(dictionary().prop_map(ConfigValues::new))
}

fn actor() -> impl Strategy<Value = ErpActor> {
    let values = option::of(dictionary());
    (text(), optional(), values, optional(), optional(), optional()).prop_map(
        |(actor_type, erp_key, field_values, last_modified, parent_actor_type, parent_erp_key)| ErpActor {
            actor_type,
            erp_key,
            field_values,
            last_modified,
            parent_actor_type,
            parent_erp_key,
        },
    )
}

fn field() -> impl Strategy<Value = FieldMetadata> {
    let texts = (optional(), optional(), optional(), text(), optional());
    (select(FieldAccess::ALL), select(FieldType::ALL), texts, any::<i32>(), any::<i32>()).prop_map(
        |(access, field_type, texts, max_length, rank)| FieldMetadata {
            access,
            default_value: texts.0,
            display_description: texts.1,
            display_name: texts.2,
            field_key: texts.3,
            field_type,
            list_name: texts.4,
            max_length,
            rank,
        },
    )
}

fn outcome() -> impl Strategy<Value = Outcome> {
    (optional(), any::<bool>(), select(ResponseState::ALL), optional(), optional()).prop_map(
        |(error_code, is_ok, state, tech_explanation, user_explanation)| Outcome {
            error_code,
            is_ok,
            state,
            tech_explanation,
            user_explanation,
        },
    )
}

/// The outcome and the one member of every response.
#[derive(Clone, Debug)]
struct Parts {
    outcome: Outcome,
    fields: Option<Vec<FieldMetadata>>,
    texts: Option<Vec<String>>,
    actors: Option<Vec<ErpActor>>,
    actor: Option<ErpActor>,
    items: Option<Dictionary>,
}

fn parts() -> impl Strategy<Value = Parts> {
    let lists = (option::of(vec(field(), 0..3)), texts(), option::of(vec(actor(), 0..3)));
    (outcome(), lists, option::of(actor()), option::of(dictionary())).prop_map(
        |(outcome, (fields, texts, actors), actor, items)| Parts { outcome, fields, texts, actors, actor, items },
    )
}

fn request<O: Operation + PartialEq + Debug>(request: O) -> Result<(), TestCaseError> {
    let written = String::from_utf8(write_request(&request, Writer::default())).expect("UTF-8");
    prop_assert_eq!(read_request::<O>(&written), Ok(request));
    Ok(())
}

fn response<O: Operation<Response: PartialEq + Debug>>(result: O::Response) -> Result<(), TestCaseError> {
    let written = String::from_utf8(write_response::<O>(&result)).expect("UTF-8");
    roxmltree::Document::parse(&written).expect("XML to another parser");
    prop_assert_eq!(read_response::<O>(&written), Ok(Reply::Result(result)));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_request_reads_back(
        (a, b, c, d) in (text(), text(), text(), text()),
        first in texts(),
        second in texts(),
        updated_on_or_after in optional(),
        connection_info in config(),
        actor in option::of(actor()),
        actors in option::of(vec(actor(), 0..3)),
        restrictions in option::of(vec((text(), text(), texts()), 0..3)),
    ) {
        let connection_guid = a;
        let guid = || connection_guid.clone();
        let restrictions = restrictions.map(|restrictions| {
            let restrictions = restrictions.into_iter();
            restrictions.map(|(field_key, operator, values)| SearchRestriction { field_key, operator, values }).collect()
        });
        request(GetConfigData::default())?;
        request(TestConfigData { connection_info: connection_info.clone() })?;
        request(SaveConnection { connection_guid: guid(), connection_info })?;
        request(TestConnection { connection_guid: guid() })?;
        request(DeleteConnection { connection_guid: guid() })?;
        request(GetSupportedActorTypes { connection_guid: guid() })?;
        request(GetSupportedActorTypeFields { connection_guid: guid(), actor_type: b.clone() })?;
        request(GetSearchableFields { connection_guid: guid(), actor_type: b.clone() })?;
        request(GetActors {
            connection_guid: guid(), actor_type: b.clone(), erp_keys: first.clone(), field_keys: second.clone(),
        })?;
        request(GetActorsByTimestamp {
            connection_guid: guid(), actor_type: b.clone(), field_keys: second.clone(), updated_on_or_after,
        })?;
        request(SearchActors {
            connection_guid: guid(), actor_type: b.clone(), field_keys: second.clone(), search_text: c.clone(),
        })?;
        request(SearchActorByParent {
            connection_guid: guid(),
            actor_type: b.clone(),
            field_keys: second.clone(),
            search_text: c.clone(),
            parent_actor_erp_key: d.clone(),
            parent_actor_type: b.clone(),
        })?;
        request(SearchActorsAdvanced { connection_guid: guid(), actor_type: b, field_keys: second, restrictions })?;
        request(CreateActor { connection_guid: guid(), actor })?;
        request(SaveActors { connection_guid: guid(), actors })?;
        request(GetList { connection_guid: guid(), list_name: c.clone() })?;
        request(GetListItems { connection_guid: guid(), list_item_keys: first, list_name: c })?;
    }

    #[test]
    fn every_response_reads_back(parts in parts()) {
        let outcome = parts.outcome;
        response::<GetConfigData>(FieldsResponse { outcome: outcome.clone(), fields: parts.fields })?;
        response::<TestConfigData>(outcome.clone())?;
        response::<GetSupportedActorTypes>(TextsResponse { outcome: outcome.clone(), items: parts.texts })?;
        response::<GetActors>(ActorsResponse { outcome: outcome.clone(), actors: parts.actors })?;
        response::<CreateActor>(ActorResponse { outcome: outcome.clone(), actor: parts.actor })?;
        response::<GetList>(ListItemsResponse { outcome, list_items: parts.items })?;
    }
}
