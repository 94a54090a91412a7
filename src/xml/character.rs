//! The characters of XML 1.0.

/// Whether XML 1.0 can hold the character.
#[must_use]
pub fn is_legal(character: char) -> bool {
    !matches!(character, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

/// Returns the reference that stands for a character in the content of an element, if the character needs one.
#[must_use]
pub fn reference(character: char) -> Option<&'static str> {
    match character {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        // A parser normalizes a bare carriage return to a line feed.
        '\r' => Some("&#xD;"),
        _ => None,
    }
}
