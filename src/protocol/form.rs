//! Forms in: `Connection.DisplayName=..`, as the vendor's framework names the parts of a request.
//!
//! `[name]` is the same as `.name`, `[]` the same as nothing. A list is a name repeated, or `[0]`, `[1]`; a dictionary
//! `ConfigFields[key]=value`, or `ConfigFields[0].Key=..&ConfigFields[0].Value=..` where a key has a `]`. A list or a
//! dictionary that is given blank is empty.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use percent_encoding::percent_decode_str;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::carrier::Carrier;
use super::error::Error;
use super::read::expects;
use super::{At, Read};

/// Pairs in a form. The vendor's framework takes a thousand different names; a connection can have more config fields
/// than that.
const MAX_PAIRS: usize = 10_000;
/// Parts of a name, as in `a.b[c]`.
const MAX_PARTS: usize = 16;

/// Reads a body; always an object.
///
/// # Errors
/// 400 where a name cannot be read, with the property's path where a value does not fit.
pub fn read<C: Carrier>(body: &str) -> Result<Option<C>, Error> {
    let read = parse(body).and_then(|root| <Option<C> as Read>::read(Source(root), &At::Body));
    read.map_err(|problem| Error::argument(format!("{problem}.")))
}

/// What was given below one name.
#[derive(Debug, Default)]
struct Node<'b> {
    /// Each with the number of its pair.
    values: Vec<(usize, Cow<'b, str>)>,
    parts: BTreeMap<Cow<'b, str>, Node<'b>>,
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
        for part in parts(&name).ok_or_else(|| refuse("its name cannot be read: a ']' is missing, or a part"))? {
            node = node.parts.entry(Cow::Owned(part.to_owned())).or_default();
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

/// The parts of a name: `a`, `b`, `c` of `a.b[c]`. What stands in brackets is one part, dots and all.
fn parts(name: &str) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let part;
        (part, rest) = match rest.strip_prefix('[') {
            Some(bracketed) => bracketed.split_once(']')?,
            None => rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len())),
        };
        if !part.is_empty() {
            parts.push(part);
        }
        rest = match rest.strip_prefix('.') {
            // A name neither begins nor ends with a dot, nor has two together.
            Some(after) if after.is_empty() || after.starts_with(['.', '[']) || parts.is_empty() => return None,
            Some(after) => after,
            None if rest.is_empty() || rest.starts_with('[') => rest,
            None => return None,
        };
        if parts.len() > MAX_PARTS {
            return None;
        }
    }
    Some(parts)
}

impl<'b> Node<'b> {
    /// Adds what was given under another spelling of the same name.
    fn merge(&mut self, other: Node<'b>) {
        self.values.extend(other.values);
        self.values.sort_by_key(|(index, _)| *index);
        for (name, part) in other.parts {
            self.parts.entry(name).or_default().merge(part);
        }
    }

    /// The parts with names that differ in letter case alone put together: members are known in any.
    fn members(self) -> BTreeMap<String, Node<'b>> {
        let mut members: BTreeMap<String, Node<'b>> = BTreeMap::new();
        for (name, part) in self.parts {
            members.entry(name.to_ascii_lowercase()).or_default().merge(part);
        }
        members
    }

    /// The last value, as the last of two of one name wins.
    fn last(&self) -> Option<&str> {
        self.values.last().map(|(_, value)| &**value)
    }

    fn is_blank(&self) -> bool {
        self.parts.is_empty() && self.last().is_none_or(|value| value.trim().is_empty())
    }

    /// The items of a list: its values that are not blank, then its numbered parts in their numbers' order. `None`
    /// where a part has no number.
    fn items(self) -> Option<Vec<Source<'b>>> {
        let values = self.values.into_iter().map(|value| Node { values: vec![value], parts: BTreeMap::new() });
        let numbered: Option<BTreeMap<u32, Node<'b>>> =
            self.parts.into_iter().map(|(name, part)| Some((number(&name)?, part))).collect();
        let items = values.chain(numbered?.into_values());
        Some(items.filter(|item| !item.is_blank()).map(Source).collect())
    }

    /// The entries of a dictionary: those with a number, a Key and a Value, in their numbers' order, and the others.
    fn entries(self) -> impl Iterator<Item = (String, Source<'b>)> {
        let mut entries = BTreeMap::new();
        let mut others = Vec::new();
        for (name, part) in self.parts {
            let has_key = part.parts.keys().any(|name| name.eq_ignore_ascii_case("key"));
            match number(&name).filter(|_| has_key) {
                Some(number) => {
                    let mut members = part.members();
                    let key = members.remove("key").and_then(|mut key| key.values.pop()).unwrap_or_default().1;
                    entries.insert(number, (key.into_owned(), Source(members.remove("value").unwrap_or_default())));
                }
                None => others.push((name.into_owned(), Source(part))),
            }
        }
        entries.into_values().chain(others)
    }
}

/// The number of an item, as it is written in one way only.
fn number(name: &str) -> Option<u32> {
    let is_plain = name == "0" || !name.starts_with(['0', '+']);
    name.parse().ok().filter(|_| is_plain)
}

/// What was given below one name, as a value.
struct Source<'b>(Node<'b>);

impl IntoDeserializer<'_, Problem> for Source<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Source<'_> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_newtype_struct(expects::TEXT, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        expects: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        let Source(mut node) = self;
        let is_leaf = node.parts.is_empty();
        let has_blank_values = node.last().is_none_or(|value| value.trim().is_empty());
        match expects {
            expects::LIST if node.parts.keys().all(|name| number(name).is_some()) => {
                visitor.visit_seq(SeqDeserializer::new(node.items().unwrap_or_default().into_iter()))
            }
            expects::CARRIER | expects::NUMBER if has_blank_values && is_leaf => visitor.visit_unit(),
            expects::CARRIER if has_blank_values => {
                let members = node.members().into_iter().map(|(name, member)| (name, Source(member)));
                visitor.visit_map(MapDeserializer::new(members))
            }
            expects::DICTIONARY if has_blank_values => visitor.visit_map(MapDeserializer::new(node.entries())),
            // Refused by every visitor that expects a list or a scalar.
            expects::LIST | expects::NUMBER | expects::TEXT if !is_leaf => {
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
    fn names_fall_into_parts() {
        for (name, expected) in [
            ("a", &["a"][..]),
            ("a.b[c]", &["a", "b", "c"]),
            ("a[b][0].c", &["a", "b", "0", "c"]),
            ("a[b.c]", &["a", "b.c"]),
            ("a[]", &["a"]),
            ("a[ b ]", &["a", " b "]),
        ] {
            assert_eq!(parts(name).as_deref(), Some(expected), "{name}");
        }
        for refused in ["a[b", "a..b", ".a", "a.", "a[b]c", "a.[b]", &"a.".repeat(100_000)] {
            assert_eq!(parts(refused), None, "{refused}");
        }
    }
}
