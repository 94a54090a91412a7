//! The error of a document that is not read.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

/// The reason why a document is refused: it is not well-formed, or not allowed.
#[derive(Debug, PartialEq, Eq)]
pub struct SyntaxError {
    reason: Reason,
    /// The position in bytes.
    pub offset: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum Reason {
    /// A text of the program.
    Rule(Cow<'static, str>),
    IllegalCharacter(char),
    UnsupportedEncoding(String),
    /// A message of the parser, which can repeat names of the document.
    Parser(String),
}

impl SyntaxError {
    /// Creates an error whose message has no part of the document.
    pub fn new(rule: impl Into<Cow<'static, str>>, offset: usize) -> Self {
        SyntaxError { reason: Reason::Rule(rule.into()), offset }
    }

    pub(super) fn illegal_character(character: char, offset: usize) -> Self {
        SyntaxError { reason: Reason::IllegalCharacter(character), offset }
    }

    pub(super) fn unsupported_encoding(name: &str, offset: usize) -> Self {
        SyntaxError { reason: Reason::UnsupportedEncoding(name.to_owned()), offset }
    }

    pub(super) fn of_parser(problem: &impl fmt::Display, offset: usize) -> Self {
        SyntaxError { reason: Reason::Parser(problem.to_string()), offset }
    }

    /// Returns the message. `quote` is applied to those parts that repeat the document; they can be as long as the
    /// document.
    #[must_use]
    pub fn message(&self, quote: impl Fn(&str) -> String) -> String {
        match &self.reason {
            Reason::Rule(text) => text.clone().into_owned(),
            Reason::IllegalCharacter(character) => {
                format!("XML cannot hold the character {}", quote(&format!("U+{:04X}", u32::from(*character))))
            }
            Reason::UnsupportedEncoding(name) => format!("the encoding '{}' is not supported", quote(name)),
            Reason::Parser(message) => quote(message),
        }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message(ToOwned::to_owned))
    }
}

impl Error for SyntaxError {}
