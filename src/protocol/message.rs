//! The message of an error, in two versions: for the caller, and for the log, which must not hold values that a caller
//! has sent.

use std::fmt::{self, Write as _};

/// The character before a sent value in a formatted text.
const START: char = '\u{2}';
/// The character after a sent value.
const END: char = '\u{3}';

/// A value that the caller has sent, or a text made of such values. Every message has to wrap them in this.
///
/// Displays the value between two marks, which [`Message`] removes. The marks are part of the text, as the errors of
/// serde's deserializers can hold nothing but a text.
#[derive(Clone, Copy, Debug)]
pub struct Sent<T>(pub T);

impl<T: fmt::Display> fmt::Display for Sent<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char(START)?;
        write!(WithoutMarks(f), "{}", self.0)?;
        f.write_char(END)
    }
}

/// Replaces the marks that are part of a sent value.
struct WithoutMarks<'f, 'b>(&'f mut fmt::Formatter<'b>);

impl fmt::Write for WithoutMarks<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let is_mark = |character| matches!(character, START | END);
        text.chars().try_for_each(|character| {
            self.0.write_char(if is_mark(character) { char::REPLACEMENT_CHARACTER } else { character })
        })
    }
}

/// The message of an error.
///
/// Converts from a text of the program, and from the result of `format_args!`, in which [`Sent`] marks the values that
/// the caller has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The message for the caller, with all values.
    pub for_caller: String,
    /// The message for the log, with `…` in place of the values that the caller has sent.
    pub for_log: String,
}

impl From<&'static str> for Message {
    fn from(text: &'static str) -> Self {
        Message { for_caller: text.to_owned(), for_log: text.to_owned() }
    }
}

impl From<fmt::Arguments<'_>> for Message {
    fn from(text: fmt::Arguments<'_>) -> Self {
        let marked = text.to_string();
        let mut for_log = String::with_capacity(marked.len());
        let mut rest = marked.as_str();
        while let Some((before, sent)) = rest.split_once(START) {
            for_log.push_str(before);
            for_log.push('…');
            // A text that was cut within a sent value has no second mark.
            rest = sent.split_once(END).map_or("", |(_, after)| after);
        }
        for_log.push_str(rest);
        Message { for_caller: marked.replace([START, END], ""), for_log }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_gets_no_sent_value() {
        let message = Message::from(format_args!("Id: {} is not {}, {}.", Sent(-5), "here", Sent("a\u{3}b")));
        assert_eq!(message.for_caller, "Id: -5 is not here, a\u{fffd}b.");
        assert_eq!(message.for_log, "Id: … is not here, ….");
        assert_eq!(Message::from(format_args!("plain")), Message::from("plain"));
    }

    #[test]
    fn a_text_that_is_cut_within_a_sent_value_hides_the_rest() {
        let cut: String = Sent("secret").to_string().chars().take(4).collect();
        let message = Message::from(format_args!("found {cut}"));
        assert_eq!((message.for_caller.as_str(), message.for_log.as_str()), ("found sec", "found …"));
    }
}
