//! The commands about connectors.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand};

use super::connector::ConnectorClient;
use super::log::Log;

/// Commands about connectors.
#[derive(Debug, Subcommand)]
pub enum ConnectorCommand {
    /// Call a connector as a connection does in its life, and check its responses; exits with 0 or 1
    ///
    /// Saves a connection under a new GUID, and deletes it at the end. Writes nothing else to the ERP system.
    Check(Box<ConnectorCheckArgs>),
    /// Print the last calls of connectors that a running server has made, the newest first
    Journal(ConnectorJournalArgs),
}

/// The settings of `connector check`.
#[derive(Debug, Args)]
pub struct ConnectorCheckArgs {
    // Before the flattened settings, whose headings apply to the settings after them too.
    /// URL of the connector, http or https
    pub url: String,
    /// Value of a config field; repeat it for each field. A field without one has its default
    #[arg(long = "config-field", value_name = "KEY=VALUE")]
    pub config_fields: Vec<ConfigField>,
    /// File with further config fields, one KEY=VALUE on each line, or - for standard input: for passwords
    #[arg(long, value_name = "FILE")]
    pub config_fields_file: Option<PathBuf>,
    /// Text to search actors by
    #[arg(long, default_value = "a", value_name = "TEXT")]
    pub search: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Calls of the connector.
    #[command(flatten)]
    pub client: ConnectorClient,
    /// The log.
    #[command(flatten)]
    pub log: Log,
}

/// The value of a config field.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigField {
    /// The key.
    pub key: String,
    /// The value, which can be a password.
    pub value: String,
}

impl std::fmt::Debug for ConfigField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConfigField").field("key", &self.key).finish_non_exhaustive()
    }
}

impl FromStr for ConfigField {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').unwrap_or_default();
        match key.trim() {
            "" => Err("not of the form KEY=VALUE".to_owned()),
            key => Ok(ConfigField { key: key.to_owned(), value: value.to_owned() }),
        }
    }
}

/// The settings of `connector journal`.
#[derive(Debug, Args)]
pub struct ConnectorJournalArgs {
    /// URL of the server's admin listener
    #[arg(long, default_value = "http://127.0.0.1:9080", value_name = "URL")]
    pub admin: String,
    /// Print JSON, with the bodies if the server keeps them
    #[arg(long)]
    pub json: bool,
    /// The log.
    #[command(flatten)]
    pub log: Log,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_config_field_is_a_key_and_a_value() {
        let field: ConfigField = " USER=a=b ".parse().expect("a field");
        assert_eq!((field.key.as_str(), field.value.as_str()), ("USER", "a=b "));
        assert!(!format!("{field:?}").contains("a=b"));
        for invalid in ["", "USER", "=a", " =a"] {
            assert!(invalid.parse::<ConfigField>().is_err(), "{invalid}");
        }
    }
}
