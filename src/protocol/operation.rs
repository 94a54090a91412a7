//! What a method of an agent says of itself, for the OpenAPI document.

use super::body::{Answer, Input};
use super::carrier::Member;
use super::schema::Schema;

/// What a method takes.
#[derive(Clone, Copy, Debug)]
pub enum Takes {
    /// Nothing; a body is not looked at.
    Nothing,
    /// A carrier in the body.
    Body(Schema),
    /// A carrier's members as parameters of the URL.
    Parameters(&'static [Member]),
}

/// What a method does with a call.
#[derive(Clone, Copy, Debug)]
pub enum Gives {
    /// Answers with a value, or with nothing.
    Answer(Option<Schema>),
    /// Refuses it: the method is not here yet.
    NotYet,
}

/// A method of an agent.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// Its name, the last part of its path.
    pub name: &'static str,
    /// In a sentence.
    pub summary: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// What it answers.
    pub gives: Gives,
}

impl Operation {
    /// A method that takes an `I` and answers with a `T`.
    #[must_use]
    pub const fn of<I: Input, T: Answer>(name: &'static str, summary: &'static str) -> Self {
        Operation { name, summary, takes: I::TAKES, gives: Gives::Answer(T::SCHEMA) }
    }

    /// A method that is refused whatever it is sent.
    #[must_use]
    pub const fn not_yet(name: &'static str, summary: &'static str) -> Self {
        Operation { name, summary, takes: Takes::Nothing, gives: Gives::NotYet }
    }
}
