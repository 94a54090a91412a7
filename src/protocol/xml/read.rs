//! XML in: no tree between the document and the carrier.
//!
//! Elements are known by their local names, in any letter case, order and namespace. Any element that has a `Key` is
//! a dictionary's entry, and any element of a list an item.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::{MapAccessDeserializer, MapDeserializer};
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::escape::restore;
use super::tokens::{Problem, Token, Tokens};
use crate::protocol::carrier::Carrier;
use crate::protocol::error::Error;
use crate::protocol::read::expects;
use crate::protocol::{At, Read, text};

/// Reads a document; `None` where its root is nil. The root's name does not matter.
///
/// # Errors
/// 400 with line and column where it is no XML, with the property's path where a value does not fit.
pub fn read<C: Carrier>(document: &str) -> Result<Option<C>, Error> {
    read_root(document).map_err(|problem| {
        let (line, column) = text::place(document, problem.offset.unwrap_or_default());
        let what = if problem.is_syntax { "The request body is not valid XML: " } else { "" };
        Error::argument(format!("{what}{} (line {line}, column {column}).", problem.text))
    })
}

fn read_root<C: Carrier>(document: &str) -> Result<Option<C>, Problem> {
    let mut tokens = Tokens::new(document)?;
    let Piece::Open(nil) = next_piece(&mut tokens)? else {
        return Err(syntax("there is no root element", &tokens));
    };
    let carrier = <Option<C> as Read>::read(Element { tokens: &mut tokens, nil }, &At::Body)?;
    match next_piece(&mut tokens)? {
        Piece::End => Ok(carrier),
        _ => Err(syntax("there is more than one root element", &tokens)),
    }
}

fn syntax(text: &str, tokens: &Tokens<'_>) -> Problem {
    Problem { text: text.to_owned(), is_syntax: true, offset: Some(tokens.offset()) }
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

/// What stands between elements.
enum Piece {
    Open(bool),
    Close,
    End,
}

/// The next piece where no text may stand.
fn next_piece(tokens: &mut Tokens<'_>) -> Result<Piece, Problem> {
    next_named(tokens).map(|(piece, _)| piece)
}

fn next_named<'x>(tokens: &mut Tokens<'x>) -> Result<(Piece, Cow<'x, str>), Problem> {
    loop {
        return match tokens.read()? {
            Token::Open { name, nil } => Ok((Piece::Open(nil), name)),
            Token::Close => Ok((Piece::Close, Cow::Borrowed(""))),
            Token::End => Ok((Piece::End, Cow::Borrowed(""))),
            Token::Text(text) if text.trim().is_empty() => continue,
            Token::Text(_) => Err(syntax("there is text where only elements can stand", tokens)),
        };
    }
}

/// Reads to the end of the element that is open.
fn skip(tokens: &mut Tokens<'_>) -> Result<(), Problem> {
    let mut depth = 1;
    while depth > 0 {
        match tokens.read()? {
            Token::Open { .. } => depth += 1,
            Token::Close => depth -= 1,
            Token::Text(_) | Token::End => {}
        }
    }
    Ok(())
}

/// The text up to the end of the element that is open; `None` where it has elements.
fn text_to_close(tokens: &mut Tokens<'_>) -> Result<Option<String>, Problem> {
    let mut text = Cow::Borrowed("");
    loop {
        match tokens.read()? {
            Token::Text(piece) if text.is_empty() => text = piece,
            Token::Text(piece) => text.to_mut().push_str(&piece),
            Token::Close | Token::End => return Ok(Some(restore(text).into_owned())),
            Token::Open { .. } => return Ok(None),
        }
    }
}

/// An element whose beginning has been read, as a value.
struct Element<'t, 'x> {
    tokens: &'t mut Tokens<'x>,
    nil: bool,
}

impl<'de> Element<'_, '_> {
    fn visit<V: Visitor<'de>>(self, expects: &str, visitor: V) -> Result<V::Value, Problem> {
        let tokens = self.tokens;
        if self.nil {
            skip(tokens)?;
            return visitor.visit_unit();
        }
        if matches!(expects, expects::LIST | expects::CARRIER | expects::DICTIONARY) {
            match tokens.read()? {
                // Refused by every visitor that expects one of these.
                Token::Text(text) if !text.trim().is_empty() => return visitor.visit_str(&text),
                token => tokens.put_back(token),
            }
        }
        match expects {
            expects::LIST => visitor.visit_seq(Items(tokens)),
            expects::CARRIER => visitor.visit_map(Members { tokens, nil: false }),
            expects::DICTIONARY => visitor.visit_map(Entries { tokens, value: Text::Null }),
            _ => match text_to_close(tokens)? {
                Some(text) => visitor.visit_string(text),
                // Refused by every visitor that expects a scalar.
                None => MapAccessDeserializer::new(Members { tokens, nil: false }).deserialize_any(visitor),
            },
        }
    }
}

impl<'de> Deserializer<'de> for Element<'_, '_> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_newtype_struct(expects::TEXT, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        expects: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        let offset = self.tokens.offset();
        self.visit(expects, visitor).map_err(|problem| Problem { offset: problem.offset.or(Some(offset)), ..problem })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        skip(self.tokens)?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map struct enum identifier
    }
}

/// The elements of a list.
struct Items<'t, 'x>(&'t mut Tokens<'x>);

impl<'de> SeqAccess<'de> for Items<'_, '_> {
    type Error = Problem;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Problem> {
        match next_piece(self.0)? {
            Piece::Open(nil) => seed.deserialize(Element { tokens: self.0, nil }).map(Some),
            Piece::Close | Piece::End => Ok(None),
        }
    }
}

/// The elements of a carrier.
struct Members<'t, 'x> {
    tokens: &'t mut Tokens<'x>,
    nil: bool,
}

impl<'de> MapAccess<'de> for Members<'_, '_> {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Problem> {
        match next_named(self.tokens)? {
            (Piece::Open(nil), name) => {
                self.nil = nil;
                seed.deserialize(name.into_deserializer()).map(Some)
            }
            (Piece::Close | Piece::End, _) => Ok(None),
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
    /// The key and the value of the entry that is open.
    fn entry(&mut self) -> Result<(Text, Text), Problem> {
        let (mut key, mut value) = (Text::Null, Text::Null);
        loop {
            let (name, nil) = match self.tokens.read()? {
                Token::Open { name, nil } => (name, nil),
                // Text of its own is what an entry has that somebody has made up; then it lacks its key.
                Token::Text(_) => continue,
                Token::Close | Token::End => return Ok((key, value)),
            };
            let is = |known: &str| name.eq_ignore_ascii_case(known);
            if is("Key") {
                key = self.text(nil)?;
            } else if is("Value") {
                value = self.text(nil)?;
            } else {
                skip(self.tokens)?;
            }
        }
    }

    fn text(&mut self, nil: bool) -> Result<Text, Problem> {
        if nil {
            skip(self.tokens)?;
            return Ok(Text::Null);
        }
        if let Some(text) = text_to_close(self.tokens)? {
            return Ok(Text::Plain(text));
        }
        // The element within, and the one that it is in.
        skip(self.tokens)?;
        skip(self.tokens)?;
        Ok(Text::Elements)
    }
}

impl<'de> MapAccess<'de> for Entries<'_, '_> {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Problem> {
        let Piece::Open(nil) = next_piece(self.tokens)? else { return Ok(None) };
        let key;
        (key, self.value) = if nil {
            skip(self.tokens)?;
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
    /// Elements, where a text belongs.
    Elements,
}

impl<'de> Deserializer<'de> for Text {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self {
            Text::Plain(text) => visitor.visit_string(text),
            Text::Null => visitor.visit_unit(),
            // Refused by every visitor that expects a text.
            Text::Elements => visitor.visit_map(MapDeserializer::new(std::iter::empty::<(&str, &str)>())),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
