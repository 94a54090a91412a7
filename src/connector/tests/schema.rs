//! The descriptions against the schema that WCF publishes for the same interface.

use std::collections::BTreeMap;

use roxmltree::{Document, Node};

use super::super::description::{MessageDescription, Schema};
use super::super::operations::OPERATIONS;

const SCHEMA: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/connector/recorded/schema.xsd"));

/// The definitions of a schema by kind and name.
type Definitions<'d> = BTreeMap<(&'d str, &'d str), Node<'d, 'd>>;

fn child<'d>(node: Node<'d, 'd>, name: &str) -> Option<Node<'d, 'd>> {
    node.descendants().skip(1).find(|node| node.has_tag_name(("http://www.w3.org/2001/XMLSchema", name)))
}

/// The members of a type with their types, those of its base first.
fn members(definitions: &Definitions<'_>, name: &str) -> Vec<(String, String)> {
    let definition = definitions[&("complexType", name)];
    let base = child(definition, "extension").and_then(|extension| extension.attribute("base"));
    let mut found = base.map(|base| members(definitions, local(base))).unwrap_or_default();
    let sequence = child(definition, "sequence").expect("a sequence");
    found.extend(sequence.children().filter(Node::is_element).map(|element| {
        let attribute = |name| element.attribute(name).expect("the attribute").to_owned();
        (attribute("name"), local(&attribute("type")).to_owned())
    }));
    found
}

fn local(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}

fn check_message(definitions: &Definitions<'_>, message: &MessageDescription) {
    let mut described = Vec::new();
    for member in message.all_members() {
        let schema = match member.schema {
            Schema::Boolean => "boolean".to_owned(),
            Schema::Integer => "int".to_owned(),
            Schema::Text => "string".to_owned(),
            Schema::TextList => "ArrayOfstring".to_owned(),
            Schema::Dictionary => "ArrayOfKeyValueOfstringstring".to_owned(),
            Schema::Enumeration(name, values) => {
                let restriction = child(definitions[&("simpleType", name)], "restriction").expect("a restriction");
                let names: Vec<_> = restriction.children().filter_map(|value| value.attribute("value")).collect();
                assert_eq!(values.iter().map(|(name, _)| *name).collect::<Vec<_>>(), names);
                name.to_owned()
            }
            Schema::Message(inner) => {
                check_message(definitions, inner);
                inner.name.to_owned()
            }
            Schema::MessageList(inner) => {
                check_message(definitions, inner);
                format!("ArrayOf{}", inner.name)
            }
        };
        described.push((member.name.to_owned(), schema));
    }
    assert_eq!(described, members(definitions, message.name), "{}", message.name);
}

/// The type of the only child of an operation's element.
fn parameter<'d>(definitions: &Definitions<'d>, element: &str) -> Option<(&'d str, &'d str)> {
    let parameter = child(definitions[&("element", element)], "element")?;
    Some((parameter.attribute("name")?, local(parameter.attribute("type")?)))
}

#[test]
fn operations_and_messages_have_the_members_of_the_schema_in_its_order() {
    let document = Document::parse(SCHEMA).expect("XML");
    let top = document.root_element().children().filter(Node::is_element);
    let definitions: Definitions<'_> =
        top.filter_map(|node| Some(((node.tag_name().name(), node.attribute("name")?), node))).collect();
    for operation in OPERATIONS {
        let request = operation.request.map(|request| ("request", request.name));
        assert_eq!(parameter(&definitions, operation.name), request);
        let result = format!("{}Result", operation.name);
        let response = parameter(&definitions, &format!("{}Response", operation.name));
        assert_eq!(response, Some((result.as_str(), operation.response.name)));
        for message in operation.request.into_iter().chain([operation.response]) {
            check_message(&definitions, message);
        }
    }
    let in_schema = definitions.keys().filter(|(kind, name)| *kind == "element" && name.starts_with("WS"));
    assert_eq!(in_schema.count(), 2 * OPERATIONS.len());
    assert_eq!(OPERATIONS.len(), 17);
}
