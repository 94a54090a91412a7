//! Form bodies: `Connection.DisplayName=..`, the naming of the vendor's framework.
//!
//! `[name]` is equivalent to `.name`, and `[]` is ignored. A list is a repeated name, or `[0]`, `[1]`. A dictionary is
//! `ConfigFields[key]=value`, or `ConfigFields[0].Key=..&ConfigFields[0].Value=..` for a key with a `]`. A blank value
//! of a list or a dictionary makes it empty.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use percent_encoding::percent_decode_str;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::protocol::error::Error;
use crate::protocol::path::Path;
use crate::protocol::value::read::hint;
use crate::protocol::value::{Carrier, ReadValue};

/// The maximum number of pairs. The vendor's framework accepts a thousand names; a connection can have more config
/// fields.
const MAX_PAIRS: usize = 10_000;
/// The maximum number of segments of a name such as `a.b[c]`.
const MAX_SEGMENTS: usize = 16;

/// Reads a body, which is always an object.
///
/// # Errors
/// 400 if a name cannot be parsed, and with the property's path if a value does not fit.
pub fn read<C: Carrier>(body: &str) -> Result<Option<C>, Error> {
    let read = parse(body).and_then(|root| <Option<C> as ReadValue>::read(FormValue(root), &Path::Body));
    read.map_err(|problem| Error::argument(format_args!("{problem}.")))
}

/// The values and the children of one name.
#[derive(Debug, Default)]
struct Node<'b> {
    /// Each value with the index of its pair.
    values: Vec<(usize, Cow<'b, str>)>,
    children: BTreeMap<Cow<'b, str>, Node<'b>>,
}

#[derive(Debug)]
struct Problem(String);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Problem {}

impl de::Error for Problem {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Problem(text.to_string())
    }
}

fn parse(body: &str) -> Result<Node<'_>, Problem> {
    let mut root = Node::default();
    let pairs = body.trim_end_matches(['\r', '\n']).split('&').filter(|pair| !pair.is_empty());
    for (index, pair) in pairs.enumerate() {
        let refuse = |what: &str| Problem(format!("The form's pair {}: {what}", index + 1));
        if index == MAX_PAIRS {
            return Err(refuse(&format!("a form has at most {MAX_PAIRS} pairs")));
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decode = |text| decode(text).ok_or_else(|| refuse("a percent-encoded part is not UTF-8"));
        let (name, value) = (decode(name)?, decode(value)?);
        let mut node = &mut root;
        for segment in segments(&name).ok_or_else(|| refuse("its name cannot be read: a ']' is missing, or a part"))? {
            node = node.children.entry(Cow::Owned(segment.to_owned())).or_default();
        }
        node.values.push((index, value));
    }
    Ok(root)
}

fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(['+', '%']) {
        return Some(Cow::Borrowed(text));
    }
    let text = text.replace('+', " ");
    let decoded = percent_decode_str(&text).decode_utf8().ok()?.into_owned();
    Some(Cow::Owned(decoded))
}

/// Returns the segments of a name: `a`, `b`, `c` of `a.b[c]`. The text in brackets is one segment, even with dots.
fn segments(name: &str) -> Option<Vec<&str>> {
    let mut segments = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let segment;
        (segment, rest) = match rest.strip_prefix('[') {
            Some(bracketed) => bracketed.split_once(']')?,
            None => rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len())),
        };
        if !segment.is_empty() {
            segments.push(segment);
        }
        rest = match rest.strip_prefix('.') {
            // A name does not begin or end with a dot, and has no two adjacent dots.
            Some(after) if after.is_empty() || after.starts_with(['.', '[']) || segments.is_empty() => return None,
            Some(after) => after,
            None if rest.is_empty() || rest.starts_with('[') => rest,
            None => return None,
        };
        if segments.len() > MAX_SEGMENTS {
            return None;
        }
    }
    Some(segments)
}

impl<'b> Node<'b> {
    /// Adds the values of another spelling of the same name.
    fn merge(&mut self, other: Node<'b>) {
        self.values.extend(other.values);
        self.values.sort_by_key(|(index, _)| *index);
        for (name, child) in other.children {
            self.children.entry(name).or_default().merge(child);
        }
    }

    /// Returns the children by lower-case name: the names of members are matched without regard to case.
    fn members(self) -> BTreeMap<String, Node<'b>> {
        let mut members: BTreeMap<String, Node<'b>> = BTreeMap::new();
        for (name, child) in self.children {
            members.entry(name.to_ascii_lowercase()).or_default().merge(child);
        }
        members
    }

    /// Returns the last value: of two values with one name the last one wins.
    fn last(&self) -> Option<&str> {
        self.values.last().map(|(_, value)| &**value)
    }

    fn is_blank(&self) -> bool {
        self.children.is_empty() && self.last().is_none_or(|value| value.trim().is_empty())
    }

    /// Returns the items of a list: the values that are not blank, then the numbered children by number. `None` if a child
    /// has no number.
    fn items(self) -> Option<Vec<FormValue<'b>>> {
        let values = self.values.into_iter().map(|value| Node { values: vec![value], children: BTreeMap::new() });
        let numbered: Option<BTreeMap<u32, Node<'b>>> =
            self.children.into_iter().map(|(name, child)| Some((number(&name)?, child))).collect();
        let items = values.chain(numbered?.into_values());
        Some(items.filter(|item| !item.is_blank()).map(FormValue).collect())
    }

    /// Returns the entries of a dictionary: those with a number, a Key and a Value, by number, then the others.
    fn entries(self) -> impl Iterator<Item = (String, FormValue<'b>)> {
        let mut entries = BTreeMap::new();
        let mut others = Vec::new();
        for (name, child) in self.children {
            let has_key = child.children.keys().any(|name| name.eq_ignore_ascii_case("key"));
            match number(&name).filter(|_| has_key) {
                Some(number) => {
                    let mut members = child.members();
                    let key = members.remove("key").and_then(|mut key| key.values.pop()).unwrap_or_default().1;
                    entries.insert(number, (key.into_owned(), FormValue(members.remove("value").unwrap_or_default())));
                }
                None => others.push((name.into_owned(), FormValue(child))),
            }
        }
        entries.into_values().chain(others)
    }
}

/// Returns the number of an item. Each number has one spelling: no sign, no leading zeros.
fn number(name: &str) -> Option<u32> {
    let is_plain = name == "0" || !name.starts_with(['0', '+']);
    name.parse().ok().filter(|_| is_plain)
}

/// A node as the source of a value.
struct FormValue<'b>(Node<'b>);

impl IntoDeserializer<'_, Problem> for FormValue<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for FormValue<'_> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_newtype_struct(hint::TEXT, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, hint: &'static str, visitor: V) -> Result<V::Value, Problem> {
        let FormValue(mut node) = self;
        let is_leaf = node.children.is_empty();
        let has_blank_values = node.last().is_none_or(|value| value.trim().is_empty());
        match hint {
            hint::LIST if node.children.keys().all(|name| number(name).is_some()) => {
                visitor.visit_seq(SeqDeserializer::new(node.items().unwrap_or_default().into_iter()))
            }
            hint::CARRIER | hint::NUMBER if has_blank_values && is_leaf => visitor.visit_unit(),
            hint::CARRIER if has_blank_values => {
                let members = node.members().into_iter().map(|(name, member)| (name, FormValue(member)));
                visitor.visit_map(MapDeserializer::new(members))
            }
            hint::DICTIONARY if has_blank_values => visitor.visit_map(MapDeserializer::new(node.entries())),
            // Visitors of lists and scalars refuse a map, with the right error message.
            hint::LIST | hint::NUMBER | hint::TEXT if !is_leaf => {
                visitor.visit_map(MapDeserializer::new(node.entries()))
            }
            _ => match node.values.pop() {
                Some((_, value)) => visitor.visit_str(&value),
                None => visitor.visit_unit(),
            },
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map struct enum identifier
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_splits_into_segments() {
        for (name, expected) in [
            ("a", &["a"][..]),
            ("a.b[c]", &["a", "b", "c"]),
            ("a[b][0].c", &["a", "b", "0", "c"]),
            ("a[b.c]", &["a", "b.c"]),
            ("a[]", &["a"]),
            ("a[ b ]", &["a", " b "]),
        ] {
            assert_eq!(segments(name).as_deref(), Some(expected), "{name}");
        }
        for refused in ["a[b", "a..b", ".a", "a.", "a[b]c", "a.[b]", &"a.".repeat(100_000)] {
            assert_eq!(segments(refused), None, "{refused}");
        }
    }
}
