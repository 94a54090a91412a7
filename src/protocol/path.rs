//! The path of a property in a request, for the errors that name it.

use std::fmt;

use super::message::Sent;

/// The path of a value in the request body, displayed as `Connection.UserGroupAccessIds[1]`. The key of a dictionary's
/// entry is marked as [`Sent`].
#[derive(Clone, Copy)]
pub enum Path<'p> {
    /// The body itself.
    Body,
    /// A member of a carrier.
    Member(&'p Path<'p>, &'static str),
    /// An item of a list, counted from 0.
    Item(&'p Path<'p>, usize),
    /// An entry of a dictionary.
    Entry(&'p Path<'p>, &'p str),
}

/// The number of characters of a caller's text that a message repeats. The text can be as long as the body.
const EXCERPT_CHARS: usize = 64;

/// Returns the beginning of a caller's text, for a message.
#[must_use]
pub fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Body => f.write_str("The request body"),
            Path::Member(Path::Body, name) => f.write_str(name),
            Path::Member(parent, name) => write!(f, "{parent}.{name}"),
            Path::Item(parent, index) => write!(f, "{parent}[{index}]"),
            Path::Entry(parent, key) => write!(f, "{parent}[{}]", Sent(excerpt(key))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::Message;
    use super::*;

    #[test]
    fn a_path_names_members_items_and_entries() {
        let connection = Path::Member(&Path::Body, "Connection");
        let ids = Path::Member(&connection, "UserGroupAccessIds");
        assert_eq!(Path::Body.to_string(), "The request body");
        assert_eq!(Path::Item(&ids, 1).to_string(), "Connection.UserGroupAccessIds[1]");
        let fields = Path::Member(&connection, "ConfigFields");
        let for_caller = |path: Path<'_>| Message::from(format_args!("{path}")).for_caller;
        assert_eq!(for_caller(Path::Entry(&fields, "a.b")), "Connection.ConfigFields[a.b]");
        let long = "æ".repeat(EXCERPT_CHARS + 1);
        let expected = format!("Connection.ConfigFields[{}…]", "æ".repeat(EXCERPT_CHARS));
        assert_eq!(for_caller(Path::Entry(&fields, &long)), expected);
    }
}
