//! The envelope of a response, as a WCF client reads it. The reader of responses takes elements in any order and of any
//! namespace; WCF skips what it does not expect, and often says nothing.

use std::collections::BTreeSet;

use super::document::{self, Element};
use super::report::Finding;
use crate::connector::config_values::MASK;
use crate::connector::description::{MessageDescription, Schema};
use crate::connector::envelope::{CONTENT_TYPE, ENVELOPE, NAMESPACE};
use crate::connector::journal::Exchange;
use crate::connector::message::Message;
use crate::connector::operations::Operation;
use crate::connector::writer::ARRAYS;

/// The members that a result must have: WCF has defaults for the others.
const RESULT_MEMBERS: &[&str] = &["IsOk", "State"];
/// The members of an entry of a dictionary, which WCF requires.
const ENTRY_MEMBERS: &[&str] = &["Key", "Value"];
/// The number of characters that a finding repeats of the response.
const EXCERPT_CHARS: usize = 100;

/// Checks the response in an exchange that was read as a result of the operation `O`. Of each kind of difference the first
/// one is returned.
pub fn check_envelope<O: Operation>(exchange: &Exchange) -> Vec<Finding> {
    let mut differences = Differences::default();
    differences.content_type(exchange.content_type.as_deref().unwrap_or_default());
    if let Some(envelope) = exchange.response.as_deref().and_then(document::read) {
        differences.envelope(&envelope, O::NAME, O::Response::DESCRIPTION);
    }
    differences.findings
}

/// The differences between a response and what a WCF client expects.
#[derive(Default)]
struct Differences {
    findings: Vec<Finding>,
    kinds: BTreeSet<String>,
}

impl Differences {
    fn add(&mut self, kind: String, finding: Finding) {
        if self.kinds.insert(kind) {
            self.findings.push(finding);
        }
    }

    fn content_type(&mut self, content_type: &str) {
        let (media_type, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
        let mut parameters = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
        let charset = parameters.rfind(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
        let charset = charset.map_or("utf-8", |(_, value)| value.trim().trim_matches('"'));
        let is_expected = media_type.trim().eq_ignore_ascii_case("text/xml") && charset.eq_ignore_ascii_case("utf-8");
        if !is_expected && !content_type.contains(MASK) {
            let found = excerpt(content_type);
            let text = format!("the Content-Type is \"{found}\"; a WCF client expects \"{CONTENT_TYPE}\"");
            self.add("content type".to_owned(), Finding::broken(text));
        }
    }

    fn envelope(&mut self, envelope: &Element, operation: &str, result: &MessageDescription) {
        self.namespace(envelope, ENVELOPE);
        for body in envelope.children_named("Body") {
            self.namespace(body, ENVELOPE);
            for response in body.children_named(&format!("{operation}Response")) {
                self.namespace(response, NAMESPACE);
                for element in response.children_named(&format!("{operation}Result")) {
                    self.namespace(element, NAMESPACE);
                    self.message(element, result);
                    self.required(element, RESULT_MEMBERS, "the result");
                }
            }
        }
    }

    /// Checks the namespace of an element. Returns whether it is the expected one.
    fn namespace(&mut self, element: &Element, expected: &str) -> bool {
        let found = &element.namespace;
        if found == expected || found.contains(MASK) {
            return true;
        }
        let name = excerpt(&element.name);
        let place =
            if found.is_empty() { "no namespace".to_owned() } else { format!("the namespace \"{}\"", excerpt(found)) };
        let text = format!("{name} is in {place}; a WCF client expects it in \"{expected}\"");
        self.add(format!("namespace {expected} {found}"), Finding::broken(text));
        false
    }

    fn message(&mut self, element: &Element, description: &MessageDescription) {
        let members: Vec<_> = description.all_members().collect();
        let names: Vec<_> = members.iter().map(|member| member.name).collect();
        self.members(element, NAMESPACE, &names);
        for child in &element.children {
            if let Some(index) = position(child, &names) {
                self.value(child, members[index].schema);
            }
        }
    }

    /// Checks the names, the namespaces and the order of members. WCF reads them in their order, and skips a member that
    /// comes after one that stands behind it in this order.
    fn members(&mut self, element: &Element, namespace: &str, names: &[&str]) {
        let parent = excerpt(&element.name);
        let mut last = None;
        for child in &element.children {
            let found = excerpt(&child.name);
            let Some(index) = position(child, names) else {
                let text =
                    format!("{found} in {parent} is no member, and is ignored; members are {}", names.join(", "));
                self.add(format!("unknown {parent} {found}"), Finding::doubtful(text));
                continue;
            };
            let name = names[index];
            if child.name != name {
                let text = format!("{found} in {parent} is not read by a WCF client, which expects {name}");
                self.add(format!("spelling {parent} {found}"), Finding::broken(text));
            } else if self.namespace(child, namespace) {
                match last {
                    Some(last) if last >= index => self.misplaced(&parent, child, names[last], names),
                    _ => last = Some(index),
                }
            }
        }
    }

    fn misplaced(&mut self, parent: &str, member: &Element, previous: &str, names: &[&str]) {
        let name = &member.name;
        let text = if name == previous {
            format!("{name} in {parent} occurs twice, of which a WCF client reads the first")
        } else {
            let order = names.join(", ");
            format!(
                "{name} in {parent} comes after {previous}, where a WCF client does not read it; the order is {order}"
            )
        };
        // A member without a value loses nothing.
        let finding = if member.is_blank() { Finding::doubtful(text) } else { Finding::broken(text) };
        self.add(format!("order {parent} {}", member.is_blank()), finding);
    }

    fn required(&mut self, element: &Element, names: &[&str], what: &str) {
        for name in names {
            if element.is_complete && !element.children.iter().any(|child| child.name.eq_ignore_ascii_case(name)) {
                self.add(format!("required {what} {name}"), Finding::broken(format!("{what} has no {name}")));
            }
        }
    }

    fn value(&mut self, element: &Element, schema: Schema) {
        match schema {
            Schema::Boolean => self.scalar(element, &["true", "false", "1", "0"], element.text.trim()),
            Schema::Integer => self.scalar(element, &[], &element.text),
            Schema::Enumeration(_, values) => {
                let names: Vec<_> = values.iter().map(|(name, _)| *name).collect();
                self.scalar(element, &names, &element.text);
            }
            Schema::Text => {}
            Schema::TextList => self.items(element, ARRAYS, "string"),
            Schema::Dictionary => {
                self.items(element, ARRAYS, "KeyValueOfstringstring");
                let what = format!("an entry of {}", element.name);
                for entry in &element.children {
                    self.members(entry, ARRAYS, ENTRY_MEMBERS);
                    self.required(entry, ENTRY_MEMBERS, &what);
                }
            }
            Schema::Message(description) => self.message(element, description),
            Schema::MessageList(description) => {
                self.items(element, NAMESPACE, description.name);
                for item in &element.children {
                    self.message(item, description);
                }
            }
        }
    }

    /// Checks a value that cannot be null. `expected` are the texts that are allowed; every text if there are none.
    fn scalar(&mut self, element: &Element, expected: &[&str], text: &str) {
        let is_expected = expected.is_empty() || expected.contains(&text) || text.contains(MASK);
        if !element.is_complete || (is_expected && !element.is_nil) {
            return;
        }
        let name = &element.name;
        let found = if element.is_nil { "nil".to_owned() } else { format!("\"{}\"", excerpt(text)) };
        let allowed = if expected.is_empty() { "an integer".to_owned() } else { expected.join(", ") };
        let text = format!("{name} is {found}, for which a WCF client refuses the response; it expects {allowed}");
        self.add(format!("value {name} {}", element.is_nil), Finding::broken(text));
    }

    fn items(&mut self, list: &Element, namespace: &str, name: &str) {
        let parent = &list.name;
        for item in &list.children {
            if item.name == name {
                self.namespace(item, namespace);
            } else {
                let found = excerpt(&item.name);
                let text = format!("{found} in {parent} is not read by a WCF client, which expects {name}");
                self.add(format!("item {parent}"), Finding::broken(text));
            }
        }
    }
}

/// Returns the position of the member that an element is, in whatever case its name is written.
fn position(element: &Element, names: &[&str]) -> Option<usize> {
    names.iter().position(|name| element.name.eq_ignore_ascii_case(name))
}

/// Returns the beginning of a text, without control characters.
fn excerpt(text: &str) -> String {
    let beginning: String = text.chars().take(EXCERPT_CHARS).collect();
    beginning.escape_debug().to_string()
}
