//! The pieces of an XML document that matter here, with everything refused that could do harm: a DTD, and with it
//! every entity but XML's own five; nesting without end; characters that XML cannot hold.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use super::escape::is_legal;
use crate::protocol::shown;

/// Elements within each other; the JSON reader's limit is the same.
const MAX_DEPTH: u32 = 128;

/// Attributes of an element. The parser tells repeated ones by a hash whose collisions a caller can work out.
const MAX_ATTRIBUTES: usize = 64;

/// A piece of a document.
pub enum Token<'x> {
    /// An element begins.
    Open {
        /// Its name, less the prefix.
        name: Cow<'x, str>,
        /// It has an attribute `nil`, of whatever namespace, that is true.
        nil: bool,
    },
    /// The innermost open element ends.
    Close,
    /// Text, or a piece of one.
    Text(Cow<'x, str>),
    /// The document is over.
    End,
}

/// Why a document is not read.
#[derive(Debug)]
pub struct Problem {
    /// What is wrong; begins with the property's path where it is a value.
    pub text: String,
    /// The document itself cannot be read.
    pub is_syntax: bool,
    /// In bytes; where it is not known yet, the reader of the element sets it.
    pub offset: Option<usize>,
}

impl Problem {
    /// The parser's texts repeat names, which can be as long as the document.
    fn syntax(text: impl AsRef<str>, offset: usize) -> Self {
        Problem { text: shown(text.as_ref()), is_syntax: true, offset: Some(offset) }
    }
}

/// Reads a document piece by piece.
pub struct Tokens<'x> {
    reader: Reader<&'x [u8]>,
    depth: u32,
    /// Where the last piece began, in bytes.
    offset: usize,
    /// Come before anything that is read, the last one first.
    next: Vec<Token<'x>>,
}

impl<'x> Tokens<'x> {
    pub fn new(document: &'x str) -> Result<Self, Problem> {
        if let Some((offset, character)) = document.char_indices().find(|(_, character)| !is_legal(*character)) {
            return Err(Problem::syntax(
                format!("XML cannot hold the character U+{:04X}", u32::from(character)),
                offset,
            ));
        }
        let mut reader = Reader::from_str(document);
        reader.config_mut().check_comments = true;
        Ok(Tokens { reader, depth: 0, offset: 0, next: Vec::new() })
    }

    /// Where the last piece began, in bytes.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Makes `token` the next one.
    pub fn put_back(&mut self, token: Token<'x>) {
        self.next.push(token);
    }

    /// The next piece.
    pub fn read(&mut self) -> Result<Token<'x>, Problem> {
        if let Some(token) = self.next.pop() {
            return Ok(token);
        }
        loop {
            self.offset = self.position();
            let event =
                self.reader.read_event().map_err(|problem| Problem::syntax(problem.to_string(), self.offset))?;
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
                    Some(Ok(name)) if !is_unicode(&name) => {
                        Err(Problem::syntax(format!("the encoding '{name}' is not supported"), self.offset))
                    }
                    Some(Err(problem)) => Err(Problem::syntax(problem.to_string(), self.offset)),
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
            let attribute = attribute.map_err(|problem| Problem::syntax(problem.to_string(), self.offset))?;
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

/// As far as it matters here: letters, digits and what may stand between them.
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

/// The bytes were taken for UTF-8 or UTF-16 before; a document that says the one and is the other does no harm.
fn is_unicode(encoding: &str) -> bool {
    let known = ["utf-8", "utf8", "utf-16", "utf-16le", "utf-16be", "us-ascii"];
    known.iter().any(|known| known.eq_ignore_ascii_case(encoding))
}
