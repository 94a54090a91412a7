//! The README and the chapters against the program: methods, settings, commands, log fields, quoted code, named tests,
//! and links.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::agent::described;
use crate::support::Server;
use crate::support::client::TJE0;
use crate::support::program::run;

const README: &str = include_str!("../README.md");
const METHODS: &str = include_str!("../docs/methods.md");
const DECISIONS: &str = include_str!("../docs/decisions.md");
const OPERATIONS: &str = include_str!("../docs/operations.md");
/// The settings file that `erpsync config example` prints; a test of the settings compares it with the program.
const SETTINGS: &str = include_str!("../docs/erpsync.toml");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()))
}

/// The chapters: every Markdown file in docs/, by its path from the root.
fn chapters() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().file_name());
    let names = entries.filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "md"));
    names.map(|name| Path::new("docs").join(name)).collect()
}

/// All documents, by their paths from the root.
fn documents() -> Vec<PathBuf> {
    let mut documents = chapters();
    documents.extend(["README.md", "CONTRIBUTING.md"].map(PathBuf::from));
    documents
}

/// The lines of a document outside of its code blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        !in_code && !is_fence
    })
}

/// The lines of the shell code blocks of a document, with continued lines joined.
fn shell_commands(text: &str) -> Vec<String> {
    let blocks = text.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.flat_map(|block| block.replace("\\\n", " ").lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// The inline code of a document.
fn inline_code(text: &str) -> BTreeSet<String> {
    let text: String = prose(text).flat_map(|line| [line, "\n"]).collect();
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The text of the files that git knows, by path.
fn repository() -> Vec<(String, String)> {
    let listed = Command::new("git").arg("ls-files").current_dir(root()).output().unwrap();
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let paths = String::from_utf8(listed.stdout).unwrap();
    // A file that is not text, or that is deleted but not committed yet, is left out.
    let text = |path: &str| std::fs::read_to_string(root().join(path)).ok().map(|text| (path.to_owned(), text));
    paths.lines().filter_map(text).collect()
}

/// The targets of the links and images of a document.
fn links(text: &str) -> Vec<String> {
    let pieces = prose(text).flat_map(|line| line.split("](").skip(1));
    pieces.map(|piece| piece.split(')').next().unwrap().to_owned()).collect()
}

/// The anchors that GitHub gives the headings of a document.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let anchor = |heading: &str| {
        let letters = heading.to_lowercase().replace(' ', "-");
        letters.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_')).collect()
    };
    headings.map(anchor).collect()
}

/// The blocks of Rust whose first line names a file, as `// src/lib.rs`, with that file.
fn quoted_code(text: &str) -> Vec<(&str, &str)> {
    let blocks = text.split("```rust\n// ").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.map(|block| block.split_once('\n').unwrap()).collect()
}

/// Code without its comments, so that these can be shortened where it is quoted.
fn without_comments(code: &str) -> String {
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.fold(String::new(), |code, line| code + line + "\n")
}

#[test]
fn the_readme_is_short_and_links_every_chapter() {
    assert!(README.lines().count() <= 230, "{} lines", README.lines().count());
    let linked = links(README);
    for chapter in chapters() {
        let chapter = chapter.to_str().unwrap();
        assert!(linked.iter().any(|link| link == chapter), "no link to {chapter}");
    }
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    for document in documents() {
        let text = read(&root().join(&document));
        for link in links(&text).into_iter().filter(|link| !link.contains("://")) {
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let folder = root().join(&document).parent().unwrap().to_owned();
            let target = if path.is_empty() { root().join(&document) } else { folder.join(path) };
            assert!(target.is_file(), "{}: no file {path}", document.display());
            let is_there = anchor.is_empty() || anchors(&read(&target)).contains(anchor);
            assert!(is_there, "{}: no heading {link}", document.display());
        }
    }
}

/// Every test that a document names, as `file::test` in backticks, exists.
#[test]
fn the_tests_that_the_documents_name_exist() {
    let mut named = 0;
    for document in chapters() {
        let text = read(&root().join(&document));
        let words = text.split('`').filter_map(|word| word.split_once("::"));
        let is_name = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        for (file, test) in words.filter(|(file, test)| is_name(file) && is_name(test) && *file != "file") {
            let source = read(&root().join(format!("tests/{file}.rs")));
            assert!(source.contains(&format!("fn {test}()")), "{}: {file}::{test}", document.display());
            named += 1;
        }
    }
    assert!(named > 25, "{named}");
}

#[test]
fn the_code_that_the_documents_quote_is_in_its_file() {
    let mut quoted = 0;
    for document in documents() {
        for (path, code) in quoted_code(&read(&root().join(&document))) {
            let source = without_comments(&read(&root().join(path)));
            assert!(source.contains(&without_comments(code)), "{}: not in {path}:\n{code}", document.display());
            quoted += 1;
        }
    }
    assert!(quoted > 3, "{quoted}");
}

/// The methods of a family, as docs/methods.md lists them: name, and whether it works.
fn listed_methods(text: &str) -> BTreeMap<String, bool> {
    let rows = text.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        let name = cells.next()?.strip_suffix('`')?.to_owned();
        match cells.next()? {
            "yes" => Some((name, true)),
            "not yet" => Some((name, false)),
            _ => None,
        }
    });
    rows.filter(|(name, _)| name.chars().all(char::is_alphanumeric)).collect()
}

/// docs/methods.md has each method, with its state.
#[tokio::test]
async fn the_support_matrix_is_what_the_server_says() {
    let listed = listed_methods(METHODS);
    let server = Server::start().await;
    let on_server: BTreeMap<String, bool> = described(&server)
        .await
        .into_iter()
        .map(|(name, summary)| (name, !summary.starts_with("Not implemented yet.")))
        .collect();
    assert_eq!(listed, on_server);
    assert_eq!(listed.len(), 49);
}

/// docs/connectors.md has the methods that need a connector with the state that docs/methods.md has.
#[test]
fn the_connectors_chapter_agrees_with_the_methods() {
    let listed = listed_methods(METHODS);
    let chapter = include_str!("../docs/connectors.md");
    let mut checked = 0;
    for (methods, state) in chapter.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | ")) {
        let works = state.starts_with("work");
        for method in methods.split("`, `").filter(|_| works || state.starts_with("answer 501")) {
            assert_eq!(listed.get(method), Some(&works), "{method}");
            checked += 1;
        }
    }
    assert_eq!(checked, 16);
}

/// The README's table of families has each family of docs/methods.md, with the number of its methods that work.
#[test]
fn the_readme_counts_the_methods_of_each_family() {
    let families = METHODS.split("\n## ").filter_map(|section| {
        let methods = listed_methods(section);
        let works = methods.values().filter(|works| **works).count();
        let heading = section.lines().next()?.to_lowercase();
        (!methods.is_empty()).then(|| (heading, format!("{works} of {}", methods.len())))
    });
    let families: Vec<_> = families.collect();
    assert_eq!(families.len(), 5, "{families:?}");
    for (heading, count) in families {
        let row = format!("| [{heading}](docs/methods.md#{}) | {count} |", heading.replace(' ', "-"));
        assert!(README.contains(&row), "no {row}");
    }
}

/// Each row of the decisions has a number of its own, with a letter where rows share a subject. The numbers ascend.
#[test]
fn each_decision_has_its_own_number() {
    let numbers: Vec<&str> = decisions().collect();
    let mut expected = Vec::new();
    for subject in 1..=27 {
        let rows = numbers.iter().filter(|number| subject_of(number) == Some(subject)).count();
        match rows {
            1 => expected.push(subject.to_string()),
            _ => expected.extend(('a'..='z').take(rows).map(|letter| format!("{subject}{letter}"))),
        }
    }
    assert_eq!(numbers, expected);
}

/// Returns the numbers of the rows of the decisions, such as `4b`.
fn decisions() -> impl Iterator<Item = &'static str> {
    let numbers = DECISIONS.lines().filter_map(|line| Some(line.strip_prefix("| ")?.split_once(" | ")?.0));
    numbers.filter(|number| subject_of(number).is_some())
}

/// Returns the number of a decision without its letter.
fn subject_of(number: &str) -> Option<u32> {
    number.trim_end_matches(|letter: char| letter.is_ascii_lowercase()).parse().ok()
}

/// Each row of the decisions up to 16, and each that a test names, has its test: `decision_NN_..`.
#[test]
fn the_decisions_have_the_tests_that_the_chapter_names() {
    let rows: BTreeSet<u32> = decisions().filter_map(subject_of).collect();
    let tests: BTreeSet<u32> = repository()
        .iter()
        .filter(|(path, _)| path.starts_with("tests/"))
        .flat_map(|(_, text)| text.split("fn decision_").skip(1).filter_map(|rest| rest.get(..2)?.parse().ok()))
        .collect();
    let numbered: BTreeSet<u32> = (1..=16).collect();
    assert!(numbered.is_subset(&rows) && numbered.is_subset(&tests), "rows {rows:?}, tests {tests:?}");
    assert!(tests.is_subset(&rows), "rows {rows:?}, tests {tests:?}");
}

/// The table of settings has each setting of the program, and no other, with the program's default.
#[test]
fn the_settings_have_the_defaults_of_the_program() {
    let in_program: BTreeMap<&str, &str> = SETTINGS
        .lines()
        .filter_map(|line| line.strip_prefix('#')?.split_once(" = "))
        .filter(|(name, _)| !name.contains(' '))
        .map(|(name, default)| (name, default.trim_matches('"')))
        .collect();
    let rows = OPERATIONS.lines().filter_map(|line| line.strip_prefix("| `--")?.split_once("` | "));
    let documented: BTreeMap<&str, &str> =
        rows.map(|(name, rest)| (name, rest.split(" | ").nth(1).unwrap().trim_matches('`'))).collect();
    let names = |settings: &BTreeMap<&str, &str>| settings.keys().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&documented), names(&in_program));
    for (name, default) in in_program {
        // A default in words stands for no value, or for a long one.
        let is_value = !default.is_empty() && !default.starts_with('<') && name != "log";
        assert!(!is_value || documented[name] == default, "--{name}: {}, not {default}", documented[name]);
    }
}

/// The help text of a command of the program.
fn help(command: &[&str]) -> String {
    let printed = run(&[command, &["--help"]].concat());
    assert!(printed.status.success(), "erpsync {command:?}");
    String::from_utf8(printed.stdout).unwrap()
}

/// The names of the subcommands that a help text lists.
fn subcommands(help: &str) -> BTreeSet<&str> {
    let list = help.split_once("Commands:\n").map_or("", |(_, rest)| rest.split("\n\n").next().unwrap());
    let names = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.map(|line| line.split_whitespace().next().unwrap()).collect()
}

/// The arguments of each `erpsync ..` or `cargo run -- ..` in a line of code.
fn arguments(code: &str) -> Vec<Vec<String>> {
    let code = code.replace("cargo run -- ", "erpsync ");
    let parts = code.split(['(', ')', '|', ';', '&', '#', '>']).map(|part| {
        // Variables come before the command.
        part.split_whitespace().skip_while(|word| word.contains('=')).map(str::to_owned).collect::<Vec<_>>()
    });
    let is_command = |words: &Vec<String>| words.first().is_some_and(|word| word == "erpsync");
    // The line that the server prints begins with its name, too.
    parts
        .filter(is_command)
        .map(|words| words[1..].to_vec())
        .filter(|words| !words.starts_with(&["listens".into()]))
        .collect()
}

/// Every `erpsync ..` in code, inline or in a block, is a command of the program with flags that it has.
#[test]
fn the_commands_in_the_documents_exist() {
    let mut commands = BTreeSet::new();
    for document in documents() {
        let text = read(&root().join(&document));
        let code = shell_commands(&text).into_iter().chain(inline_code(&text));
        commands.extend(code.flat_map(|line| arguments(&line)));
    }
    assert!(commands.len() > 20, "{commands:?}");
    for words in &commands {
        let mut command: Vec<&str> = Vec::new();
        let mut help_text = help(&command);
        for word in words {
            let known = subcommands(&help_text);
            if word.starts_with('-') || known.is_empty() {
                break;
            }
            assert!(known.contains(word.as_str()), "no command {word}: erpsync {words:?}");
            command.push(word);
            help_text = help(&command);
        }
        for flag in words.iter().filter(|word| word.starts_with("--")) {
            assert!(help_text.contains(flag.split('=').next().unwrap()), "no {flag}: erpsync {words:?}");
        }
    }
}

/// Every path in code, inline or in a block, is a file or a directory of the repository.
#[test]
fn the_paths_in_the_documents_exist() {
    const DIRECTORIES: [&str; 8] = ["src/", "tests/", "docs/", "migrations/", "benches/", "fuzz/", ".ci/", ".sqlx/"];
    /// Written by programs, and ignored by git.
    const GENERATED: [&str; 2] = ["fuzz/artifacts/", "fuzz/target"];
    let mut checked = 0;
    for document in documents() {
        let text = read(&root().join(&document));
        let code: Vec<String> = shell_commands(&text).into_iter().chain(inline_code(&text)).collect();
        let words = code.iter().flat_map(|line| line.split([' ', '`', '"', '\'', '(', ')', ';']));
        for path in words.filter(|word| DIRECTORIES.iter().any(|directory| word.starts_with(directory))) {
            let exists = root().join(path).exists() || GENERATED.contains(&path);
            assert!(exists, "{}: {path}", document.display());
            checked += 1;
        }
    }
    assert!(checked > 30, "{checked}");
}

/// Each filter in a `cargo test` command of a document selects a test or a file of tests.
#[test]
fn the_test_commands_select_tests() {
    let sources = repository();
    let mut checked = 0;
    for document in documents() {
        let text = read(&root().join(&document));
        let code: Vec<String> = shell_commands(&text).into_iter().chain(inline_code(&text)).collect();
        for command in code.iter().filter(|line| line.contains("cargo test ")) {
            let arguments = command.split_once("cargo test ").unwrap().1.split('#').next().unwrap();
            let mut words = arguments.split_whitespace().filter(|word| !word.starts_with('-') && *word != "http");
            let Some(filter) = words.next() else { continue };
            let selects = |path: &str, text: &str| match filter.strip_suffix("::") {
                Some(file) => path == format!("tests/{file}.rs"),
                None => {
                    path == format!("tests/{filter}.rs")
                        || path.starts_with("src/") && path.contains(filter)
                        || text.contains(&format!("fn {filter}"))
                }
            };
            assert!(sources.iter().any(|(path, text)| selects(path, text)), "{}: {command}", document.display());
            checked += 1;
        }
    }
    assert!(checked > 5, "{checked}");
}

/// The table of the log's fields has each field that the lines of requests have, and no other.
#[tokio::test]
async fn the_fields_of_the_log_are_documented() {
    let table = OPERATIONS.split_once("### The line of a request").unwrap().1.split("###").next().unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(" | "));
    let documented: BTreeSet<String> =
        rows.flat_map(|(names, _)| names.trim_end_matches('`').split("`, `").map(str::to_owned)).collect();

    // Calls of the demo connector are requests, too.
    let server = Server::start_with(&["--connector-deliveries", "false"]).await;
    for connection in [json!({ "ErpConnectionId": 4711, "ErpConnectorId": 411 }), json!({ "ErpConnectionId": "x" })] {
        server.call(TJE0, "SaveConnection", &json!({ "Connection": connection })).await;
    }
    server.program.wait_for_log("expected a 32-bit integer").await;
    let log = server.program.log();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let lines: Vec<Value> = lines.filter(|line| line["fields"]["message"] == "answered").collect();
    assert_eq!(lines.len(), 2);
    let members = lines.iter().flat_map(|line| [&line["span"], &line["fields"]]).filter_map(Value::as_object);
    let mut logged: BTreeSet<String> = members.flat_map(|members| members.keys().cloned()).collect();
    // Common to all lines: the message, and the name of the span.
    assert!(logged.remove("message") && logged.remove("name"), "{logged:?}");
    assert_eq!(documented, logged);
}

/// Words that hide the subject of a sentence. Assembled, so that this list is not found in itself.
const WORDS: [&str; 6] = [
    concat!("h", "e"),
    concat!("h", "is"),
    concat!("h", "im"),
    concat!("who", "ever"),
    concat!("no", "body"),
    concat!("some", "body"),
];

/// Parts of paths whose text is not this project's, or cannot be edited any more: the lists of packages, and migrations,
/// which are never edited after they have landed.
const EXEMPT: [&str; 3] = ["package-lock.json", "Cargo.lock", "migrations/"];

#[test]
fn the_prose_names_its_subjects() {
    let mut wrong = Vec::new();
    for (path, text) in repository().iter().filter(|(path, _)| !EXEMPT.iter().any(|part| path.contains(part))) {
        for (number, line) in text.lines().enumerate() {
            let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_lowercase);
            if words.any(|word| WORDS.contains(&word.as_str())) {
                wrong.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
}
