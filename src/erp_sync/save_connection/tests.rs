//! Properties of the formats: a written connection reads back unchanged, and no body panics a reader.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::protocol::read;
use crate::protocol::value::WriteContext;
use crate::protocol::write::{json, xml};

fn connection() -> impl Strategy<Value = ErpConnection> {
    let text = || option::of("(?s)(.|[\\x00-\\x1f]|_x0001_|[<>&\"'=]){0,40}");
    let ids = || option::of(vec(any::<i32>(), 0..20));
    (
        (any::<i32>(), any::<i32>(), text(), text(), any::<bool>(), text(), text()),
        (option::of(btree_map("(?s).{0,20}", text(), 0..20)), any::<bool>(), any::<bool>(), ids(), ids()),
    )
        .prop_map(|((id, connector, name, description, active, guid, timestamp), rest)| {
            let (config_fields, deleted, all_access, groups, associates) = rest;
            ErpConnection {
                erp_connection_id: id,
                erp_connector_id: connector,
                display_name: name,
                display_description: description,
                active,
                connection_id: guid,
                most_recent_timestamp: timestamp,
                config_fields,
                deleted,
                all_access,
                user_group_access_ids: groups,
                associate_access_ids: associates,
                rights: ROLES.full(),
            }
        })
}

fn in_json(connection: &ErpConnection) -> Value {
    serde_json::from_slice(&json::write(connection, WriteContext::WHOLE)).expect("JSON")
}

/// The members without the rights, which requests ignore.
fn members(connection: &ErpConnection) -> Value {
    let mut written = in_json(connection);
    written["TableRight"].take();
    written["FieldProperties"].take();
    written
}

/// The members with the camel-case names of the vendor's TypeScript client.
fn camel_case(written: &Value) -> Value {
    let name = |name: &String| format!("{}{}", name[..1].to_ascii_lowercase(), &name[1..]);
    written.as_object().into_iter().flatten().map(|(key, value)| (name(key), value.clone())).collect()
}

/// A request with the XML of a response as its connection.
fn in_xml(connection: &ErpConnection) -> String {
    let response = String::from_utf8(xml::write(connection, WriteContext::WHOLE)).expect("UTF-8");
    let content = response.strip_prefix("<ErpConnection ").and_then(|rest| rest.strip_suffix("</ErpConnection>"));
    format!("<SaveConnectionRequest><Connection {}</Connection></SaveConnectionRequest>", content.expect("a root"))
}

fn in_form(connection: &ErpConnection) -> String {
    let mut pairs = Vec::new();
    let mut add = |name: String, value: &str| {
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        pairs.push(format!("{}={}", encode(&format!("Connection.{name}")), encode(value)));
    };
    for (name, value) in members(connection).as_object().expect("an object") {
        match value {
            Value::Null => {}
            Value::String(text) => add(name.clone(), text),
            Value::Array(items) if items.is_empty() => add(name.clone(), ""),
            Value::Array(items) => items.iter().for_each(|item| add(name.clone(), &item.to_string())),
            Value::Object(entries) if entries.is_empty() => add(name.clone(), ""),
            Value::Object(entries) => {
                for (index, (key, value)) in entries.iter().enumerate() {
                    add(format!("{name}[{index}].Key"), key);
                    if let Some(value) = value.as_str() {
                        add(format!("{name}[{index}].Value"), value);
                    }
                }
            }
            scalar => add(name.clone(), &scalar.to_string()),
        }
    }
    pairs.join("&")
}

type ReadResult = Result<Option<SaveConnectionRequest>, Error>;

fn read_back(read: ReadResult) -> ErpConnection {
    read.expect("read").and_then(|request| request.connection).expect("a connection")
}

proptest! {
    #[test]
    fn a_written_connection_reads_back_in_every_format(connection in connection()) {
        let written = in_json(&connection);
        for sent in [camel_case(&written), written] {
            let body = json!({ "Connection": sent }).to_string();
            prop_assert_eq!(members(&read_back(read::json::read(&body))), members(&connection));
        }
        let body = in_xml(&connection);
        prop_assert_eq!(members(&read_back(read::xml::read(&body))), members(&connection), "{}", body);
        let body = in_form(&connection);
        prop_assert_eq!(members(&read_back(read::form::read(&body))), members(&connection), "{}", body);
    }

    #[test]
    fn no_body_panics_a_reader(
        body in vec(prop_oneof![
            "[\\[\\]{}\",:0-9.eE+-]", r#""(Connection|ConfigFields|UserGroupAccessIds|Active)":"#,
            "</?[a:]{0,2}(Connection|ConfigFields|UserGroupAccessIds|Active|Key|Value)( i:nil='1')?/?>",
            "[&=.+%]", "[&.]?Connection|\\[?(ConfigFields|UserGroupAccessIds|0|Key)\\]?",
            "<!(DOCTYPE|--|\\[CDATA\\[)|-->|]]>|&(amp|#x1|x);", "(null|true|\\PC)",
        ], 0..40),
    ) {
        let body = body.concat();
        let _: ReadResult = read::json::read(&body);
        let _: ReadResult = read::json::read(&format!("{{\"Connection\":{{{body}}}}}"));
        let _: ReadResult = read::xml::read(&body);
        let _: ReadResult = read::xml::read(&format!("<R><Connection>{body}</Connection></R>"));
        let _: ReadResult = read::form::read(&body);
    }
}

#[test]
fn a_thousand_config_fields_read_back_in_every_format() {
    let fields = (0..1000).map(|number| (format!("key {number}"), Some(format!("<&\r\n{number}>")))).collect();
    let connection = ErpConnection { config_fields: Some(fields), ..ErpConnection::default() };
    let body = json!({ "Connection": in_json(&connection) }).to_string();
    let (xml, form) = (in_xml(&connection), in_form(&connection));
    for (format, result) in
        [("JSON", read::json::read(&body)), ("XML", read::xml::read(&xml)), ("form", read::form::read(&form))]
    {
        assert!(members(&read_back(result)) == members(&connection), "{format}");
    }
}
