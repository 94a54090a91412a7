//! The documents: what they say of the methods, the tests and the code, and that their links lead somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::agent::described;
use crate::support::Server;

const README: &str = include_str!("../README.md");
const METHODS: &str = include_str!("../docs/methods.md");

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

/// Words that hide the subject of a sentence. Written so that this list is not found in itself.
const WORDS: [&str; 6] = [
    concat!("h", "e"),
    concat!("h", "is"),
    concat!("h", "im"),
    concat!("who", "ever"),
    concat!("no", "body"),
    concat!("some", "body"),
];

/// Places where such a word is not prose: part of a file's path, and of the line.
const EXEMPT: [(&str, &str); 0] = [];

/// Every text file below a folder, or the file itself, without what other programs have put there.
fn files(path: &Path, found: &mut Vec<PathBuf>) {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if ["node_modules", ".venv", "package-lock.json"].contains(&name) {
        return;
    }
    if !path.is_dir() {
        found.push(path.to_owned());
        return;
    }
    for entry in std::fs::read_dir(path).unwrap() {
        files(&entry.unwrap().path(), found);
    }
}

#[test]
#[ignore = "the prose is being rewritten"]
fn the_prose_names_its_subjects() {
    let mut found = Vec::new();
    for path in ["src", "tests", "docs", "benches", "README.md", "CONTRIBUTING.md"] {
        files(&root().join(path), &mut found);
    }
    let mut wrong = Vec::new();
    for path in found {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let path = path.strip_prefix(root()).unwrap().display().to_string();
        for (number, line) in text.lines().enumerate() {
            let words = line.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_lowercase);
            let is_exempt = EXEMPT.iter().any(|(file, part)| path.contains(file) && line.contains(part));
            if !is_exempt && words.into_iter().any(|word| WORDS.contains(&word.as_str())) {
                wrong.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
}
