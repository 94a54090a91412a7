//! The settings' file: TOML, a key for each flag of `serve`, without the dashes in front.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use toml::de::{DeTable, DeValue};

use super::Serve;

/// A file of settings, read.
#[derive(Debug)]
pub struct File {
    path: PathBuf,
    values: BTreeMap<String, Value>,
}

#[derive(Debug)]
struct Value {
    text: String,
    line: usize,
}

impl File {
    /// The file that the command line names, else the environment.
    ///
    /// # Errors
    /// One line that names the file, and where it can the line in it and the key.
    pub fn named(arguments: &[OsString]) -> Result<Option<Self>, String> {
        // Looked for by hand, as it has a say in how the rest is read.
        let mut rest = arguments.iter().skip(1);
        let mut named = None;
        while let Some(argument) = rest.next() {
            match argument.to_str() {
                Some("--") => break,
                Some("--config") => named = rest.next().cloned(),
                Some(word) => named = word.strip_prefix("--config=").map(OsString::from).or(named),
                None => {}
            }
        }
        let named = named.or_else(|| std::env::var_os("ERPSYNC_CONFIG")).filter(|path| !path.is_empty());
        named.map(|path| Self::read(Path::new(&path))).transpose()
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
                DeValue::Boolean(is_true) => is_true.to_string(),
                _ => return Err(format!("{name}, line {line}: {key}: not a text, a number, true or false")),
            };
            values.insert(key, Value { text, line });
        }
        let file = File { path: path.to_owned(), values };
        file.check()?;
        Ok(file)
    }

    /// Each key is a setting, and each value one that its flag takes.
    fn check(&self) -> Result<(), String> {
        let settings = || Serve::augment_args(Command::new("erpsync").no_binary_name(true));
        let known: Vec<String> =
            settings().get_arguments().filter_map(|argument| argument.get_long().map(ToOwned::to_owned)).collect();
        for (key, Value { text, line }) in &self.values {
            let told = |problem: &str| format!("{}, line {line}: {key}: {problem}", self.path.display());
            if !known.contains(key) {
                return Err(told("there is no such setting; `erpsync config example` has them all"));
            }
            // Alone, so without what another setting may need beside it.
            let alone = settings().mut_args(|argument| argument.env(None::<&str>));
            let Err(refused) = alone.try_get_matches_from([format!("--{key}={text}")]) else { continue };
            if refused.kind() != clap::error::ErrorKind::MissingRequiredArgument {
                let reason = refused.to_string();
                let reason = reason.lines().next().unwrap_or_default().trim_start_matches("error: ");
                return Err(told(reason));
            }
        }
        Ok(())
    }

    /// Puts the file's values in the place of the defaults, in all subcommands.
    #[must_use]
    pub fn apply(&self, command: Command) -> Command {
        let command = command.mut_args(|argument| {
            match argument.get_long().and_then(|long| self.values.get(long)) {
                // Help is for everybody's eyes.
                Some(value) if argument.is_hide_env_values_set() => {
                    argument.default_value(value.text.clone()).hide_default_value(true)
                }
                Some(value) => argument.default_value(value.text.clone()),
                None => argument,
            }
        });
        command.mut_subcommands(|subcommand| self.apply(subcommand))
    }

    /// Where a setting stands in it.
    #[must_use]
    pub fn place(&self, key: &str) -> Option<String> {
        self.values.get(key).map(|value| format!("{}, line {}", self.path.display(), value.line))
    }
}
