//! The command line: global options, the subcommand and its settings.

use std::path::PathBuf;

use clap::{CommandFactory, FromArgMatches, Parser};

use super::commands::{Command, ConfigCommand};
use super::file::File;
use super::manual;
use super::serve::Serve;

/// A self-hosted clone of SuperOffice CRM's ErpSync REST agent.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct CommandLine {
    /// Settings file in TOML; `erpsync config example` prints one
    #[arg(long, env = "ERPSYNC_CONFIG", global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The subcommand; `serve` if omitted.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The settings of `serve`.
    #[command(flatten)]
    pub serve: Serve,
}

impl CommandLine {
    /// Reads the command line, the environment and the settings file.
    ///
    /// Exits the process with status 2 if a setting is invalid, and with status 0 after printing help.
    #[must_use]
    pub fn read() -> Self {
        let arguments: Vec<_> = std::env::args_os().collect();
        let file = File::from_arguments(&arguments).unwrap_or_else(|problem| {
            eprintln!("erpsync: {problem}");
            std::process::exit(2)
        });
        let command = match &file {
            Some(file) => file.set_defaults(Self::command()),
            None => Self::command(),
        };
        let matches = command.get_matches_from(arguments);
        let mut command_line = Self::from_arg_matches(&matches).unwrap_or_else(|problem| problem.exit());
        if let Some(Command::Config(ConfigCommand::Check(check))) = &mut command_line.command
            && let Some(("config", matches)) = matches.subcommand()
            && let Some(("check", matches)) = matches.subcommand()
        {
            check.effective = manual::effective(matches, file.as_ref());
        }
        command_line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_definition_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn oidc_issuer_requires_an_audience() {
        let parse = |line: &str| CommandLine::try_parse_from(line.split(' ').filter(|word| !word.is_empty()));
        let oidc = "--oidc-issuer https://id.example --oidc-audience erpsync";
        for command in ["erpsync", "erpsync serve"] {
            assert!(parse(command).is_ok());
            assert!(parse(&format!("{command} {oidc}")).is_ok());
            let error = parse(&format!("{command} --oidc-issuer https://id.example")).expect_err("no audience");
            assert!(error.to_string().contains("--oidc-audience"), "{error}");
        }
        let settings = parse(&format!("erpsync {oidc}")).expect("settings").serve.oidc;
        assert_eq!(settings.claim, "preferred_username");
    }

    #[test]
    fn only_loopback_addresses_are_not_public() {
        let parse =
            |listen| CommandLine::try_parse_from(["erpsync", "--listen", listen]).expect("settings").serve.network;
        for listen in ["127.0.0.1:8080", "127.9.9.9:1", "[::1]:8080", "[::ffff:127.0.0.1]:8080"] {
            assert!(!parse(listen).is_public(), "{listen}");
        }
        for listen in ["0.0.0.0:80", "[::]:80", "192.168.1.5:80", "10.0.0.1:0", "[fe80::1]:80", "[::ffff:10.0.0.1]:80"]
        {
            assert!(parse(listen).is_public(), "{listen}");
        }
        assert!(!CommandLine::try_parse_from(["erpsync"]).expect("settings").serve.network.is_public(), "the default");
    }

    #[test]
    fn headings_of_settings_do_not_cover_the_output_flag() {
        let mut command = CommandLine::command();
        command.build();
        let add = command.find_subcommand("associate").and_then(|noun| noun.find_subcommand("add")).expect("a command");
        let heading = |name: &str| {
            let argument = add.get_arguments().find(|argument| argument.get_id() == name).expect(name);
            argument.get_help_heading()
        };
        assert_eq!(heading("json"), None);
        assert_eq!((heading("data_dir"), heading("log_format")), (Some("Database"), Some("Log")));
    }

    #[test]
    fn demo_flag_takes_an_optional_value() {
        let parse =
            |line: &str| CommandLine::try_parse_from(line.split(' ')).expect("settings").serve.authentication.demo;
        assert!(!parse("erpsync"));
        assert!(parse("erpsync --demo"));
        assert!(parse("erpsync --demo=true"));
        assert!(!parse("erpsync --demo=false"));
        assert!(parse("erpsync --demo --listen 127.0.0.1:1"));
    }
}
