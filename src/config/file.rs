//! The settings file: TOML, with a key for each flag of `serve`, named like the flag without its leading dashes.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{Args, Command};
use toml::de::{DeTable, DeValue};

use super::serve::Serve;

/// A settings file whose keys and values are valid.
#[derive(Debug)]
pub struct File {
    path: PathBuf,
    values: BTreeMap<String, Value>,
}

#[derive(Debug)]
struct Value {
    /// As it would stand on the command line.
    text: String,
    /// Counted from 1.
    line: usize,
}

impl File {
    /// Reads the file that the command line names, or else the environment. Returns `None` if neither names one.
    ///
    /// # Errors
    /// One line with the name of the file and, if known, the line in it and the key.
    pub fn from_arguments(arguments: &[OsString]) -> Result<Option<Self>, String> {
        // Clap cannot look for the flag: the file supplies the defaults with which clap parses the rest.
        let mut rest = arguments.iter().skip(1);
        let mut path = None;
        while let Some(argument) = rest.next() {
            match argument.to_str() {
                Some("--") => break,
                Some("--config") => path = rest.next().cloned(),
                Some(word) => path = word.strip_prefix("--config=").map(OsString::from).or(path),
                None => {}
            }
        }
        let path = path.or_else(|| std::env::var_os("ERPSYNC_CONFIG")).filter(|path| !path.is_empty());
        path.map(|path| Self::read(Path::new(&path))).transpose()
    }

    fn read(path: &Path) -> Result<Self, String> {
        let name = path.display();
        let text = std::fs::read_to_string(path).map_err(|problem| format!("{name}: {problem}"))?;
        let line_of = |offset: usize| text[..offset.min(text.len())].matches('\n').count() + 1;
        let table = DeTable::parse(&text).map_err(|problem| {
            let line = problem.span().map_or(1, |span| line_of(span.start));
            format!("{name}, line {line}: {}", problem.message())
        })?;
        let mut values = BTreeMap::new();
        for (key, value) in table.into_inner() {
            let line = line_of(key.span().start);
            let key = key.into_inner().into_owned();
            let text = match value.into_inner() {
                DeValue::String(text) => text.into_owned(),
                DeValue::Integer(number) => number.to_string(),
                DeValue::Float(number) => number.to_string(),
                DeValue::Boolean(value) => value.to_string(),
                _ => return Err(format!("{name}, line {line}: {key}: not a string, a number, true or false")),
            };
            values.insert(key, Value { text, line });
        }
        let file = File { path: path.to_owned(), values };
        file.validate()?;
        Ok(file)
    }

    /// Checks that each key is a setting, and that its flag accepts the value.
    fn validate(&self) -> Result<(), String> {
        let command = || Serve::augment_args(Command::new("erpsync").no_binary_name(true));
        let settings = command();
        let known: Vec<&str> = settings.get_arguments().filter_map(clap::Arg::get_long).collect();
        for (key, Value { text, line }) in &self.values {
            let at_line = |problem: &str| format!("{}, line {line}: {key}: {problem}", self.path.display());
            if !known.contains(&key.as_str()) {
                return Err(at_line("unknown setting; `erpsync config example` prints all settings"));
            }
            let command = command().mut_args(|argument| argument.env(None::<&str>));
            let Err(error) = command.try_get_matches_from([format!("--{key}={text}")]) else { continue };
            // Each setting is parsed alone. A setting that it requires may come from elsewhere.
            if error.kind() != ErrorKind::MissingRequiredArgument {
                let message = error.to_string();
                return Err(at_line(message.lines().next().unwrap_or_default().trim_start_matches("error: ")));
            }
        }
        Ok(())
    }

    /// Makes the values of the file the defaults of `command` and of its subcommands.
    #[must_use]
    pub fn set_defaults(&self, command: Command) -> Command {
        let command = command.mut_args(|argument| {
            match argument.get_long().and_then(|long| self.values.get(long)) {
                // A secret must not appear in the help text.
                Some(value) if argument.is_hide_env_values_set() => {
                    argument.default_value(value.text.clone()).hide_default_value(true)
                }
                Some(value) => argument.default_value(value.text.clone()),
                None => argument,
            }
        });
        command.mut_subcommands(|subcommand| self.set_defaults(subcommand))
    }

    /// Returns the name of the file and the line of a setting in it.
    #[must_use]
    pub fn location(&self, key: &str) -> Option<String> {
        self.values.get(key).map(|value| format!("{}, line {}", self.path.display(), value.line))
    }
}
