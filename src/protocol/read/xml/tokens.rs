//! The tokenizer of XML bodies. It refuses what could do harm: a DTD, and with it every entity but the five predefined
//! ones; unlimited nesting; characters that XML cannot hold.

use std::borrow::Cow;
use std::fmt;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use crate::protocol::message::Sent;
use crate::protocol::path::excerpt;
use crate::protocol::xml_escape::is_legal;

/// The maximum nesting of elements, the same as in JSON.
const MAX_DEPTH: u32 = 128;

/// The maximum number of attributes of an element. The parser detects repeated attributes by a hash for which a caller
/// can construct collisions.
const MAX_ATTRIBUTES: usize = 64;

/// A token of a document.
pub enum Token<'x> {
    /// The start of an element.
    Open {
        /// The local name.
        name: Cow<'x, str>,
        /// Whether an attribute `nil`, in any namespace, is true.
        nil: bool,
    },
    /// The end of the innermost open element.
    Close,
    /// Text, or a part of it.
    Text(Cow<'x, str>),
    /// The end of the document.
    End,
}

/// The reason why a document is refused.
#[derive(Debug)]
pub struct Problem {
    /// The message. It begins with the property's path if a value does not fit.
    pub text: String,
    /// Whether the document is not well-formed, or not allowed.
    pub is_syntax: bool,
    /// The position in bytes. If it is unknown, the reader of the element sets it.
    pub offset: Option<usize>,
}

impl Problem {
    fn syntax(text: impl Into<String>, offset: usize) -> Self {
        Problem { text: text.into(), is_syntax: true, offset: Some(offset) }
    }

    /// Shortens and marks the parser's message: it repeats names, which are the caller's and can be as long as the
    /// document.
    fn of_parser(problem: &impl fmt::Display, offset: usize) -> Self {
        Self::syntax(Sent(excerpt(&problem.to_string())).to_string(), offset)
    }
}

/// Reads a document token by token.
pub struct Tokens<'x> {
    reader: Reader<&'x [u8]>,
    depth: u32,
    /// The position of the last token, in bytes.
    offset: usize,
    /// Tokens to return before reading on, the last one first.
    next: Vec<Token<'x>>,
}

impl<'x> Tokens<'x> {
    pub fn new(document: &'x str) -> Result<Self, Problem> {
        if let Some((offset, character)) = document.char_indices().find(|(_, character)| !is_legal(*character)) {
            return Err(Problem::syntax(
                format!("XML cannot hold the character {}", Sent(format_args!("U+{:04X}", u32::from(character)))),
                offset,
            ));
        }
        let mut reader = Reader::from_str(document);
        reader.config_mut().check_comments = true;
        Ok(Tokens { reader, depth: 0, offset: 0, next: Vec::new() })
    }

    /// The position of the last token, in bytes.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Makes `token` the next one.
    pub fn put_back(&mut self, token: Token<'x>) {
        self.next.push(token);
    }

    /// Reads the next token.
    pub fn read(&mut self) -> Result<Token<'x>, Problem> {
        if let Some(token) = self.next.pop() {
            return Ok(token);
        }
        loop {
            self.offset = self.position();
            let event = self.reader.read_event().map_err(|problem| Problem::of_parser(&problem, self.offset))?;
            return match event {
                Event::Start(tag) => self.open(&tag),
                Event::Empty(tag) => {
                    let open = self.open(&tag)?;
                    self.depth -= 1;
                    self.next.push(Token::Close);
                    Ok(open)
                }
                Event::End(_) => {
                    self.depth -= 1;
                    Ok(Token::Close)
                }
                Event::Text(text) if text.contains("]]>") => {
                    Err(Problem::syntax("the end of a CDATA section that has not begun", self.offset))
                }
                Event::Text(text) => Ok(Token::Text(text.xml10_content())),
                Event::CData(text) => Ok(Token::Text(text.xml10_content())),
                Event::GeneralRef(entity) => {
                    let character = match entity.resolve_char_ref() {
                        Ok(Some(character)) => Some(character).filter(|character| is_legal(*character)),
                        Ok(None) => predefined(&entity.into_inner()),
                        Err(_) => None,
                    };
                    match character {
                        Some(character) => Ok(Token::Text(Cow::Owned(character.to_string()))),
                        None => Err(Problem::syntax("a reference to nothing that XML itself defines", self.offset)),
                    }
                }
                Event::DocType(_) => Err(Problem::syntax("a DTD is not allowed", self.offset)),
                Event::Decl(_) if self.offset > 0 => {
                    Err(Problem::syntax("an XML declaration that is not at the start", self.offset))
                }
                Event::Decl(declaration) => match declaration.encoding() {
                    Some(Ok(name)) if !is_unicode(&name) => Err(Problem::syntax(
                        format!("the encoding '{}' is not supported", Sent(excerpt(&name))),
                        self.offset,
                    )),
                    Some(Err(problem)) => Err(Problem::of_parser(&problem, self.offset)),
                    _ => continue,
                },
                Event::Comment(_) | Event::PI(_) => continue,
                Event::Eof if self.depth > 0 => Err(Problem::syntax("the document ends too early", self.offset)),
                Event::Eof => Ok(Token::End),
            };
        }
    }

    fn open(&mut self, tag: &BytesStart<'x>) -> Result<Token<'x>, Problem> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Problem::syntax(format!("elements nested deeper than {MAX_DEPTH}"), self.offset));
        }
        if !is_name(tag.name().as_ref()) {
            return Err(Problem::syntax("an element has no proper name", self.offset));
        }
        let mut nil = false;
        for (index, attribute) in tag.attributes().enumerate() {
            if index == MAX_ATTRIBUTES {
                let text = format!("an element has more than {MAX_ATTRIBUTES} attributes");
                return Err(Problem::syntax(text, self.offset));
            }
            let attribute = attribute.map_err(|problem| Problem::of_parser(&problem, self.offset))?;
            if attribute.value.contains('<') {
                return Err(Problem::syntax("an attribute holds a '<'", self.offset));
            }
            let value = unescape(&attribute.value);
            let value =
                value.map_err(|_| Problem::syntax("a reference to nothing that XML itself defines", self.offset))?;
            if attribute.key.local_name().as_ref() == "nil" {
                nil = matches!(value.trim(), "true" | "1");
            }
        }
        Ok(Token::Open { name: Cow::Owned(tag.local_name().as_ref().to_owned()), nil })
    }

    fn position(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }
}

/// Whether `name` consists of letters, digits and the punctuation of XML names.
fn is_name(name: &str) -> bool {
    let may_begin = |first: char| first.is_alphabetic() || matches!(first, '_' | ':');
    let may_follow = |character: char| character.is_alphanumeric() || matches!(character, '_' | ':' | '-' | '.' | '·');
    name.starts_with(may_begin) && name.chars().all(may_follow)
}

fn predefined(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "apos" => Some('\''),
        "quot" => Some('"'),
        _ => None,
    }
}

/// Whether `encoding` is one of Unicode. The body is decoded already; a declaration that names the wrong one of UTF-8 and
/// UTF-16 does no harm.
fn is_unicode(encoding: &str) -> bool {
    let known = ["utf-8", "utf8", "utf-16", "utf-16le", "utf-16be", "us-ascii"];
    known.iter().any(|known| known.eq_ignore_ascii_case(encoding))
}
