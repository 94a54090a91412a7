//! The settings told: a commented file of all of them, and which are in force.

use std::fmt::Write;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command};

use super::Serve;
use super::file::File;

/// A file with every setting, its default, its flag and its environment variable, as a comment.
#[must_use]
pub fn example() -> String {
    let mut text = String::from(
        "# The settings of erpsync: erpsync --config FILE, or ERPSYNC_CONFIG=FILE.\n\
         # A flag goes before the environment, the environment before this file, this file before the default.\n\
         # Here each setting has its default, or <what it takes> where there is none; take away the # to set one.\n\
         # Written by: erpsync config example\n",
    );
    let mut heading = None;
    for setting in settings() {
        if setting.heading != heading {
            heading.clone_from(&setting.heading);
            let _ = write!(text, "\n\n## {}\n", heading.as_deref().unwrap_or("General"));
        }
        let default = setting.default.as_deref().map_or_else(|| format!("\"<{}>\"", setting.takes), value);
        let env = setting.env.map_or_else(String::new, |env| format!(", {env}"));
        let _ = write!(
            text,
            "\n# {}\n# --{key}{env}{}\n#{key} = {default}\n",
            setting.help,
            setting.words,
            key = setting.key
        );
    }
    text
}

/// The settings in force, each with where it comes from, in the shape of the file.
#[must_use]
pub fn in_force(matches: &ArgMatches, file: Option<&File>) -> String {
    let mut text = String::new();
    for setting in settings() {
        let source = match matches.value_source(&setting.id) {
            None => continue,
            Some(ValueSource::CommandLine) => format!("--{}", setting.key),
            Some(ValueSource::EnvVariable) => setting.env.unwrap_or_default(),
            Some(_) => file.and_then(|file| file.place(&setting.key)).unwrap_or_else(|| "default".to_owned()),
        };
        let raw = matches.get_raw(&setting.id).into_iter().flatten().next();
        let raw = raw.map_or_else(String::new, |raw| raw.to_string_lossy().into_owned());
        let shown = if setting.is_secret && !raw.is_empty() { "\"***\"".to_owned() } else { value(&raw) };
        let _ = writeln!(text, "{} = {shown}  # {source}", setting.key);
    }
    text
}

struct Setting {
    id: String,
    key: String,
    env: Option<String>,
    help: String,
    default: Option<String>,
    /// What it takes, where there is no default.
    takes: String,
    /// The words that it takes, where they are few.
    words: String,
    heading: Option<String>,
    is_secret: bool,
}

fn settings() -> Vec<Setting> {
    Serve::augment_args(Command::new("erpsync")).get_arguments().filter_map(setting).collect()
}

fn setting(argument: &Arg) -> Option<Setting> {
    let name = argument.get_value_names().and_then(|names| names.first());
    let words: Vec<_> = argument.get_possible_values().iter().map(|word| word.get_name().to_owned()).collect();
    Some(Setting {
        id: argument.get_id().to_string(),
        key: argument.get_long()?.to_owned(),
        env: argument.get_env().map(|env| env.to_string_lossy().into_owned()),
        help: argument.get_help().map(ToString::to_string).unwrap_or_default(),
        default: argument.get_default_values().first().map(|default| default.to_string_lossy().into_owned()),
        takes: name.map(ToString::to_string).unwrap_or_default(),
        words: if words.is_empty() { String::new() } else { format!(": {}", words.join(", ")) },
        heading: argument.get_help_heading().map(ToOwned::to_owned),
        is_secret: argument.is_hide_env_values_set(),
    })
}

/// As TOML has it, which takes JSON's texts.
fn value(text: &str) -> String {
    let is_plain = text == "true" || text == "false" || text.parse::<i64>().is_ok();
    if is_plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}
