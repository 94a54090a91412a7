//! XML bodies.
//!
//! Elements are matched by local name, case-insensitively, in any order; namespaces are ignored. Any child element with
//! a `Key` is an entry of a dictionary, and any child element of a list is an item.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, MapDeserializer};
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::position::line_and_column;
use crate::protocol::error::Error;
use crate::protocol::message::Sent;
use crate::protocol::path::{Path, excerpt};
use crate::protocol::value::read::hint;
use crate::protocol::value::{Carrier, ReadValue};
use crate::protocol::xml_escape::unescape;
use crate::xml::{Node, SyntaxError, Token, Tokens};

/// Reads a document; `None` if the root element is nil. The root element may have any name.
///
/// # Errors
/// 400 with line and column if the document is not XML, and with the property's path if a value does not fit.
pub fn read<C: Carrier>(document: &str) -> Result<Option<C>, Error> {
    read_root(document).map_err(|problem| {
        let (line, column) = line_and_column(document, problem.offset.unwrap_or_default());
        let prefix = if problem.is_syntax { "The request body is not valid XML: " } else { "" };
        Error::argument(format_args!("{prefix}{} (line {line}, column {column}).", problem.text))
    })
}

fn read_root<C: Carrier>(document: &str) -> Result<Option<C>, Problem> {
    let mut tokens = Tokens::new(document)?;
    let (Node::Open(nil), _) = tokens.read_node()? else {
        return Err(SyntaxError::new("there is no root element", tokens.offset()).into());
    };
    let carrier = <Option<C> as ReadValue>::read(Element { tokens: &mut tokens, nil }, &Path::Body)?;
    match tokens.read_node()? {
        (Node::End, _) => Ok(carrier),
        _ => Err(SyntaxError::new("there is more than one root element", tokens.offset()).into()),
    }
}

/// The reason why a document is refused.
#[derive(Debug)]
struct Problem {
    /// The message. It begins with the property's path if a value does not fit.
    text: String,
    /// Whether the document is not well-formed, or not allowed.
    is_syntax: bool,
    /// The position in bytes. If it is unknown, the reader of the element sets it.
    offset: Option<usize>,
}

impl From<SyntaxError> for Problem {
    fn from(problem: SyntaxError) -> Self {
        let text = problem.message(|quoted| Sent(excerpt(quoted)).to_string());
        Problem { text, is_syntax: true, offset: Some(problem.offset) }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Problem {}

impl de::Error for Problem {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Problem { text: text.to_string(), is_syntax: false, offset: None }
    }
}

/// Reads the text to the end of the current element; `None` if the element has child elements.
fn text_to_close(tokens: &mut Tokens<'_>) -> Result<Option<String>, Problem> {
    Ok(tokens.read_text()?.map(|text| unescape(text).into_owned()))
}

/// An element whose start tag has been read, as the source of a value.
struct Element<'t, 'x> {
    tokens: &'t mut Tokens<'x>,
    nil: bool,
}

impl<'de> Element<'_, '_> {
    fn visit<V: Visitor<'de>>(self, hint: &str, visitor: V) -> Result<V::Value, Problem> {
        let tokens = self.tokens;
        if self.nil {
            tokens.skip()?;
            return visitor.visit_unit();
        }
        if matches!(hint, hint::LIST | hint::CARRIER | hint::DICTIONARY) {
            match tokens.read()? {
                // The visitors of lists, carriers and dictionaries refuse a text, with the right error message.
                Token::Text(text) if !text.trim().is_empty() => return visitor.visit_str(&text),
                token => tokens.put_back(token),
            }
        }
        match hint {
            hint::LIST => visitor.visit_seq(Items(tokens)),
            hint::CARRIER => visitor.visit_map(Members { tokens, nil: false }),
            hint::DICTIONARY => visitor.visit_map(Entries { tokens, value: Text::Null }),
            _ => match text_to_close(tokens)? {
                Some(text) => visitor.visit_string(text),
                // The visitors of scalars refuse a map, with the right error message.
                None => MapAccessDeserializer::new(Members { tokens, nil: false }).deserialize_any(visitor),
            },
        }
    }
}

impl<'de> Deserializer<'de> for Element<'_, '_> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_newtype_struct(hint::TEXT, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, hint: &'static str, visitor: V) -> Result<V::Value, Problem> {
        let offset = self.tokens.offset();
        self.visit(hint, visitor).map_err(|problem| Problem { offset: problem.offset.or(Some(offset)), ..problem })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.tokens.skip()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map struct enum identifier
    }
}

/// The child elements of a list.
struct Items<'t, 'x>(&'t mut Tokens<'x>);

impl<'de> SeqAccess<'de> for Items<'_, '_> {
    type Error = Problem;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Problem> {
        match self.0.read_node()? {
            (Node::Open(nil), _) => seed.deserialize(Element { tokens: self.0, nil }).map(Some),
            (Node::Close | Node::End, _) => Ok(None),
        }
    }
}

/// The child elements of a carrier.
struct Members<'t, 'x> {
    tokens: &'t mut Tokens<'x>,
    nil: bool,
}

impl<'de> MapAccess<'de> for Members<'_, '_> {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Problem> {
        match self.tokens.read_node()? {
            (Node::Open(nil), name) => {
                self.nil = nil;
                seed.deserialize(name.into_deserializer()).map(Some)
            }
            (Node::Close | Node::End, _) => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Problem> {
        seed.deserialize(Element { tokens: self.tokens, nil: self.nil })
    }
}

/// The entries of a dictionary.
struct Entries<'t, 'x> {
    tokens: &'t mut Tokens<'x>,
    value: Text,
}

impl Entries<'_, '_> {
    /// Reads the key and the value of the current entry.
    fn entry(&mut self) -> Result<(Text, Text), Problem> {
        let (mut key, mut value) = (Text::Null, Text::Null);
        loop {
            let (name, nil) = match self.tokens.read()? {
                Token::Open { name, nil } => (name, nil),
                // An entry with text in place of child elements has no key, which the reader of dictionaries refuses.
                Token::Text(_) => continue,
                Token::Close | Token::End => return Ok((key, value)),
            };
            let is = |known: &str| name.eq_ignore_ascii_case(known);
            if is("Key") {
                key = self.text(nil)?;
            } else if is("Value") {
                value = self.text(nil)?;
            } else {
                self.tokens.skip()?;
            }
        }
    }

    fn text(&mut self, nil: bool) -> Result<Text, Problem> {
        if nil {
            self.tokens.skip()?;
            return Ok(Text::Null);
        }
        if let Some(text) = text_to_close(self.tokens)? {
            return Ok(Text::Plain(text));
        }
        // Skips the child element, then the rest of its parent.
        self.tokens.skip()?;
        self.tokens.skip()?;
        Ok(Text::Elements)
    }
}

impl<'de> MapAccess<'de> for Entries<'_, '_> {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Problem> {
        let (Node::Open(nil), _) = self.tokens.read_node()? else { return Ok(None) };
        let key;
        (key, self.value) = if nil {
            self.tokens.skip()?;
            (Text::Null, Text::Null)
        } else {
            self.entry()?
        };
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Problem> {
        seed.deserialize(std::mem::replace(&mut self.value, Text::Null))
    }
}

/// The key or the value of an entry.
enum Text {
    Null,
    Plain(String),
    /// Child elements in place of a text.
    Elements,
}

impl<'de> Deserializer<'de> for Text {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self {
            Text::Plain(text) => visitor.visit_string(text),
            Text::Null => visitor.visit_unit(),
            // The visitors of texts refuse a map, with the right error message.
            Text::Elements => visitor.visit_map(MapDeserializer::new(std::iter::empty::<(&str, &str)>())),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
