//! The tokenizer of XML documents. It refuses what could do harm: a DTD, and with it every entity but the five predefined
//! ones; unlimited nesting; characters that XML cannot hold.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use super::character::is_legal;
use super::error::SyntaxError;

/// The maximum nesting of elements, the same as in JSON.
const MAX_DEPTH: u32 = 128;

/// The maximum number of attributes of an element. The parser detects repeated attributes by a hash for which a caller
/// can construct collisions.
const MAX_ATTRIBUTES: usize = 64;

/// A token of a document.
#[derive(Debug)]
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

/// A token where only elements are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    /// The start of an element; whether it is nil.
    Open(bool),
    /// The end of the innermost open element.
    Close,
    /// The end of the document.
    End,
}

/// Reads a document token by token.
#[derive(Debug)]
pub struct Tokens<'x> {
    reader: Reader<&'x [u8]>,
    depth: u32,
    /// The position of the last token, in bytes.
    offset: usize,
    /// Tokens to return before reading on, the last one first.
    next: Vec<Token<'x>>,
}

impl<'x> Tokens<'x> {
    /// Starts at the beginning of a document.
    ///
    /// # Errors
    /// If the document has a character that XML cannot hold.
    pub fn new(document: &'x str) -> Result<Self, SyntaxError> {
        if let Some((offset, character)) = document.char_indices().find(|(_, character)| !is_legal(*character)) {
            return Err(SyntaxError::illegal_character(character, offset));
        }
        let mut reader = Reader::from_str(document);
        reader.config_mut().check_comments = true;
        Ok(Tokens { reader, depth: 0, offset: 0, next: Vec::new() })
    }

    /// Returns the position of the last token, in bytes.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Makes `token` the next one.
    pub fn put_back(&mut self, token: Token<'x>) {
        self.next.push(token);
    }

    /// Reads the next token.
    ///
    /// # Errors
    /// If the document is not well-formed, or not allowed.
    pub fn read(&mut self) -> Result<Token<'x>, SyntaxError> {
        if let Some(token) = self.next.pop() {
            return Ok(token);
        }
        loop {
            self.offset = self.position();
            let event = self.reader.read_event().map_err(|problem| SyntaxError::of_parser(&problem, self.offset))?;
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
                    Err(SyntaxError::new("the end of a CDATA section that has not begun", self.offset))
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
                        None => Err(SyntaxError::new("a reference to nothing that XML itself defines", self.offset)),
                    }
                }
                Event::DocType(_) => Err(SyntaxError::new("a DTD is not allowed", self.offset)),
                Event::Decl(_) if self.offset > 0 => {
                    Err(SyntaxError::new("an XML declaration that is not at the start", self.offset))
                }
                Event::Decl(declaration) => match declaration.encoding() {
                    Some(Ok(name)) if !is_unicode(&name) => Err(SyntaxError::unsupported_encoding(&name, self.offset)),
                    Some(Err(problem)) => Err(SyntaxError::of_parser(&problem, self.offset)),
                    _ => continue,
                },
                Event::Comment(_) | Event::PI(_) => continue,
                Event::Eof if self.depth > 0 => Err(SyntaxError::new("the document ends too early", self.offset)),
                Event::Eof => Ok(Token::End),
            };
        }
    }

    /// Reads the next token where text is not allowed, with the name of the element that it opens.
    ///
    /// # Errors
    /// If the document is not well-formed or not allowed, or has text here.
    pub fn read_node(&mut self) -> Result<(Node, Cow<'x, str>), SyntaxError> {
        loop {
            return match self.read()? {
                Token::Open { name, nil } => Ok((Node::Open(nil), name)),
                Token::Close => Ok((Node::Close, Cow::Borrowed(""))),
                Token::End => Ok((Node::End, Cow::Borrowed(""))),
                Token::Text(text) if text.trim().is_empty() => continue,
                Token::Text(_) => Err(SyntaxError::new("there is text where only elements can stand", self.offset)),
            };
        }
    }

    /// Reads the text to the end of the current element; `None` if the element has a child element, whose start tag has
    /// been read then.
    ///
    /// # Errors
    /// If the document is not well-formed, or not allowed.
    pub fn read_text(&mut self) -> Result<Option<Cow<'x, str>>, SyntaxError> {
        let mut text = Cow::Borrowed("");
        loop {
            match self.read()? {
                Token::Text(piece) if text.is_empty() => text = piece,
                Token::Text(piece) => text.to_mut().push_str(&piece),
                Token::Close | Token::End => return Ok(Some(text)),
                Token::Open { .. } => return Ok(None),
            }
        }
    }

    /// Skips to the end of the current element.
    ///
    /// # Errors
    /// If the rest of the element is not well-formed, or not allowed.
    pub fn skip(&mut self) -> Result<(), SyntaxError> {
        let mut depth = 1;
        while depth > 0 {
            match self.read()? {
                Token::Open { .. } => depth += 1,
                Token::Close => depth -= 1,
                Token::Text(_) | Token::End => {}
            }
        }
        Ok(())
    }

    fn open(&mut self, tag: &BytesStart<'x>) -> Result<Token<'x>, SyntaxError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(SyntaxError::new(format!("elements nested deeper than {MAX_DEPTH}"), self.offset));
        }
        if !is_name(tag.name().as_ref()) {
            return Err(SyntaxError::new("an element has no proper name", self.offset));
        }
        let mut nil = false;
        for (index, attribute) in tag.attributes().enumerate() {
            if index == MAX_ATTRIBUTES {
                let text = format!("an element has more than {MAX_ATTRIBUTES} attributes");
                return Err(SyntaxError::new(text, self.offset));
            }
            let attribute = attribute.map_err(|problem| SyntaxError::of_parser(&problem, self.offset))?;
            if attribute.value.contains('<') {
                return Err(SyntaxError::new("an attribute holds a '<'", self.offset));
            }
            let value = unescape(&attribute.value);
            let value =
                value.map_err(|_| SyntaxError::new("a reference to nothing that XML itself defines", self.offset))?;
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
