//! Removal of secrets from responses: an error page can repeat the request, an explanation can name the password.

use reqwest::Url;

use super::config_values::MASK;
use super::message::Message;
use crate::xml::reference;

/// The size of the part of a body that an excerpt is taken from. It is larger than an excerpt, as the part becomes shorter
/// without its secrets.
const WINDOW_BYTES: usize = 64 * 1024;

/// The length from which a secret is replaced inside of a text, too, in characters. A shorter one, such as `1`, would be
/// found in every text.
const PART_CHARS: usize = 4;

/// The secrets of a call.
#[derive(Clone, Default)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// Collects the secrets of a message.
    pub fn of(message: &impl Message) -> Self {
        let mut secrets = Secrets::default();
        secrets.add(message);
        secrets
    }

    /// Adds the secrets of another message.
    pub fn add(&mut self, message: &impl Message) {
        let mut found = Vec::new();
        message.secrets(&mut found);
        self.add_texts(found);
    }

    /// Adds the query of a URL, which can have a key. The name of a connector is none.
    pub fn add_query(&mut self, url: &Url) {
        let pairs = url.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        for (pair, (name, value)) in pairs.zip(url.query_pairs()) {
            if !name.eq_ignore_ascii_case("ConnectorName") {
                let (_, encoded) = pair.split_once('=').unwrap_or(("", pair));
                let value = if value.is_empty() { name } else { value };
                self.add_texts([pair, encoded, &value].into_iter().filter(|text| !text.is_empty()));
            }
        }
    }

    fn add_texts<'t>(&mut self, secrets: impl IntoIterator<Item = &'t str>) {
        for secret in secrets {
            let escaped = secret.chars().map(|character| match character {
                '"' => "&quot;".to_owned(),
                '\'' => "&#39;".to_owned(),
                _ => reference(character).map_or_else(|| character.to_string(), ToOwned::to_owned),
            });
            let content = secret
                .chars()
                .map(|character| reference(character).map_or_else(|| character.to_string(), ToOwned::to_owned));
            self.0.extend([secret.to_owned(), escaped.collect(), content.collect()]);
        }
        // A secret can be part of another one.
        self.0.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        self.0.dedup();
    }

    /// Replaces the secrets in a text, as they are and as XML and HTML escape them. A short secret is replaced where it is
    /// the whole text, or the whole content of an element.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| {
            if !text.contains(secret.as_str()) {
                text
            } else if text.trim() == secret || secret.chars().count() >= PART_CHARS {
                text.replace(secret.as_str(), MASK)
            } else {
                text.replace(&format!(">{secret}<"), &format!(">{MASK}<"))
            }
        })
    }

    /// Returns the first `chars` characters of a text without secrets.
    #[must_use]
    pub fn shorten(&self, text: &str, chars: usize) -> String {
        let redacted = self.redact(text);
        match redacted.char_indices().nth(chars) {
            Some((end, _)) => format!("{}…", &redacted[..end]),
            None => redacted,
        }
    }

    /// Returns the first `bytes` bytes of a body without secrets.
    ///
    /// A body that is not UTF-8 is not repeated at all: a secret in another charset would not be found.
    #[must_use]
    pub fn beginning(&self, body: &[u8], bytes: usize) -> String {
        match std::str::from_utf8(body) {
            Ok(text) if !text.contains('\0') => self.beginning_of_text(text, bytes),
            _ => format!("{} bytes that are not UTF-8", body.len()),
        }
    }

    fn beginning_of_text(&self, text: &str, bytes: usize) -> String {
        let window = &text[..text.floor_char_boundary(bytes)];
        let mut redacted = self.redact(window);
        if window.len() < text.len() {
            // The end of the window can cut a secret, which is not found then.
            let longest = self.0.first().map_or(0, String::len);
            redacted.truncate(redacted.floor_char_boundary(redacted.len().saturating_sub(longest)));
            redacted.push('…');
        }
        redacted
    }

    /// Returns the first `chars` characters of a body without secrets and control characters, for the log.
    #[must_use]
    pub fn excerpt(&self, body: &[u8], chars: usize) -> String {
        let beginning = self.beginning(body, WINDOW_BYTES);
        let excerpt: String = beginning.chars().take(chars).collect();
        let ellipsis = if excerpt.len() < beginning.len() { "…" } else { "" };
        format!("{}{ellipsis}", excerpt.escape_debug())
    }
}

#[cfg(test)]
mod tests {
    use super::super::config_values::ConfigValues;
    use super::super::operations::TestConfigData;
    use super::*;

    fn secrets(values: &[&str]) -> Secrets {
        let entries = values.iter().map(|value| (*value, Some(*value)));
        let config = ConfigValues::new(entries.collect());
        Secrets::of(&TestConfigData { connection_info: Some(config) })
    }

    #[test]
    fn secrets_are_replaced_in_every_spelling() {
        let secrets = secrets(&["a<'\"b", "a<'\"b&c", ""]);
        let text = "a<'\"b&c, a&lt;'\"b&amp;c, a&lt;&#39;&quot;b, ab";
        assert_eq!(secrets.redact(text), "***, ***, ***, ab");
    }

    #[test]
    fn a_short_secret_is_replaced_as_a_whole_text_or_element_only() {
        let secrets = secrets(&["1", "a<b", "<", "four"]);
        assert_eq!(secrets.redact("<Value>1</Value><Rank>11</Rank>"), "<Value>***</Value><Rank>11</Rank>");
        assert_eq!(secrets.redact("<Value>a&lt;b</Value>, a<b, line 1"), "<Value>***</Value>, a<b, line 1");
        assert_eq!((secrets.redact(" 1 "), secrets.redact("a<b")), (" *** ".to_owned(), MASK.to_owned()));
        assert_eq!(secrets.redact("twentyfour, 1 < 2"), "twenty***, 1 < 2");
    }

    #[test]
    fn a_query_is_secret_but_for_the_name_of_the_connector() {
        let mut secrets = Secrets::default();
        let url = "https://erp.example/a.svc?ConnectorName=Lamps&&key=a%2Fb%20c&pin=12&t0ken&flag=";
        secrets.add_query(&Url::parse(url).expect("a URL"));
        let text = "ConnectorName=Lamps&key=a%2Fb%20c&pin=12, a%2Fb%20c, a/b c, t0ken, line 12";
        assert_eq!(secrets.redact(text), "ConnectorName=Lamps&***&***, ***, ***, ***, line 12");
    }

    #[test]
    fn an_excerpt_has_no_control_character_and_no_part_of_a_secret() {
        assert_eq!(secrets(&["word"]).excerpt(b"a\nword\x1b[1m", 100), "a\\n***\\u{1b}[1m");
        assert_eq!(secrets(&["word"]).excerpt(b"wordabcdef", 5), "***ab…");
        let long = "s".repeat(1000);
        let excerpt = secrets(&[&long]).excerpt(long.repeat(100).as_bytes(), 1000);
        assert!(!excerpt.contains('s'), "{excerpt}");
        assert_eq!(secrets(&["pässword"]).excerpt(b"p\xE4ssword", 100), "8 bytes that are not UTF-8");
    }
}
