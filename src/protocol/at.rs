//! Where in a request a value stands, for the errors that name it.

use std::fmt;

/// Where in the body a value stands; shown as `Connection.UserGroupAccessIds[1]`.
#[derive(Clone, Copy)]
pub enum At<'p> {
    /// The body itself.
    Body,
    /// A member of a carrier.
    Member(&'p At<'p>, &'static str),
    /// An item of a list, from 0.
    Item(&'p At<'p>, usize),
    /// An entry of a dictionary.
    Entry(&'p At<'p>, &'p str),
}

/// A dictionary key, like anything else that comes from the caller, can be as long as the body.
const SHOWN_KEY_CHARS: usize = 64;

/// The beginning of a caller's text, for a message.
pub fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_KEY_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            At::Body => f.write_str("The request body"),
            At::Member(At::Body, name) => f.write_str(name),
            At::Member(parent, name) => write!(f, "{parent}.{name}"),
            At::Item(parent, index) => write!(f, "{parent}[{index}]"),
            At::Entry(parent, key) => write!(f, "{parent}[{}]", shown(key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_read_as_a_path() {
        let connection = At::Member(&At::Body, "Connection");
        let ids = At::Member(&connection, "UserGroupAccessIds");
        assert_eq!(At::Body.to_string(), "The request body");
        assert_eq!(At::Item(&ids, 1).to_string(), "Connection.UserGroupAccessIds[1]");
        let fields = At::Member(&connection, "ConfigFields");
        assert_eq!(At::Entry(&fields, "a.b").to_string(), "Connection.ConfigFields[a.b]");
        let long = "æ".repeat(SHOWN_KEY_CHARS + 1);
        let shown = format!("Connection.ConfigFields[{}…]", "æ".repeat(SHOWN_KEY_CHARS));
        assert_eq!(At::Entry(&fields, &long).to_string(), shown);
    }
}
