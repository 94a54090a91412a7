//! Statements of the documentation about the tests and the methods.

use std::collections::BTreeMap;

use crate::agent::described;
use crate::support::Server;

/// Every test that docs/security.md names exists.
#[test]
fn tests_named_in_the_security_notes_exist() {
    let notes = include_str!("../docs/security.md");
    let names: Vec<_> = notes.split('`').filter_map(|word| word.split_once("::")).collect();
    assert!(names.len() > 15, "{names:?}");
    for (file, test) in names.into_iter().filter(|(file, _)| !file.starts_with("unit:") && *file != "file") {
        let path = format!("{}/tests/{file}.rs", env!("CARGO_MANIFEST_DIR"));
        let source = std::fs::read_to_string(&path).unwrap_or_else(|problem| panic!("{path}: {problem}"));
        assert!(source.contains(&format!("fn {test}()")), "{file}::{test}");
    }
}

/// The table of the methods has each method with its state.
#[tokio::test]
async fn the_table_of_methods_matches_the_server() {
    let readme = include_str!("../README.md");
    let rows = readme.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        let name = cells.next()?.strip_suffix('`')?.to_owned();
        match cells.next()? {
            "yes" => Some((name, true)),
            "not yet" => Some((name, false)),
            _ => None,
        }
    });
    let in_readme: BTreeMap<String, bool> = rows.filter(|(name, _)| name.chars().all(char::is_alphanumeric)).collect();
    let server = Server::start().await;
    let on_server: BTreeMap<String, bool> = described(&server)
        .await
        .into_iter()
        .map(|(name, summary)| (name, !summary.starts_with("Not here yet.")))
        .collect();
    assert_eq!(in_readme, on_server);
    assert_eq!(in_readme.len(), 49);
}
