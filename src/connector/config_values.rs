//! The config fields of a connection, some of which are passwords.

use std::collections::BTreeSet;
use std::fmt;

use super::description::Schema;
use super::dictionary::{Dictionary, read_entries, write_entries};
use super::reader::{Element, ReadError};
use super::value::Value;
use super::writer::Writer;

/// The text in place of a secret.
pub const MASK: &str = "***";

/// The values of a connection's config fields.
///
/// Every value counts as a secret until [`with_passwords`](Self::with_passwords) says which fields are passwords. Secrets
/// are not part of the `Debug` output, the journal or an error.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ConfigValues {
    values: Dictionary,
    /// The keys of the fields of type Password, if known.
    passwords: Option<BTreeSet<String>>,
}

impl ConfigValues {
    /// Creates config values, all of which are secret.
    #[must_use]
    pub fn new(values: Dictionary) -> Self {
        ConfigValues { values, passwords: None }
    }

    /// Declares which fields are passwords, by their keys. The values of the other fields are then no secrets.
    #[must_use]
    pub fn with_passwords(self, keys: impl IntoIterator<Item = String>) -> Self {
        ConfigValues { passwords: Some(keys.into_iter().collect()), ..self }
    }

    /// Returns the values.
    #[must_use]
    pub fn values(&self) -> &Dictionary {
        &self.values
    }

    fn is_secret(&self, key: &str) -> bool {
        self.passwords.as_ref().is_none_or(|keys| keys.contains(key))
    }

    /// Returns the entries. A secret value is replaced if it is not empty.
    fn masked(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.values.entries().map(|(key, value)| {
            let is_masked = |value: &str| self.is_secret(key) && !value.is_empty();
            (key, value.map(|value| if is_masked(value) { MASK } else { value }))
        })
    }
}

impl fmt::Debug for ConfigValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.masked()).finish()
    }
}

impl Value for Option<ConfigValues> {
    const SCHEMA: Schema = Schema::Dictionary;

    fn write(&self, out: &mut Writer) {
        if out.is_masked() {
            write_entries(self.as_ref().map(ConfigValues::masked), out);
        } else {
            write_entries(self.as_ref().map(|config| config.values.entries()), out);
        }
    }

    fn read(element: Element<'_, '_>) -> Result<Self, ReadError> {
        Ok(read_entries(element)?.map(ConfigValues::new))
    }

    fn secrets<'v>(&'v self, found: &mut Vec<&'v str>) {
        if let Some(config) = self {
            let secret = config.values.entries().filter(|(key, _)| config.is_secret(key));
            found.extend(secret.filter_map(|(_, value)| value).filter(|value| !value.is_empty()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_has_no_secret() {
        let entries = [("USER", Some("anna")), ("PASSWORD", Some("s3cret")), ("PIN", Some("")), ("OTHER", None)];
        let config = ConfigValues::new(entries.into_iter().collect());
        let hidden = r#"{"USER": Some("***"), "PASSWORD": Some("***"), "PIN": Some(""), "OTHER": None}"#;
        assert_eq!(format!("{config:?}"), hidden);
        let config = config.with_passwords(["PASSWORD".to_owned()]);
        let hidden = r#"{"USER": Some("anna"), "PASSWORD": Some("***"), "PIN": Some(""), "OTHER": None}"#;
        assert_eq!(format!("{config:?}"), hidden);
        let mut secrets = Vec::new();
        let config = Some(config);
        config.secrets(&mut secrets);
        assert_eq!(secrets, ["s3cret"]);
    }
}
