//! What the documentation says of the tests.

/// Every test that docs/security.md names is there.
#[test]
fn the_tests_that_the_security_notes_name_are_there() {
    let notes = include_str!("../docs/security.md");
    let names: Vec<_> = notes.split('`').filter_map(|word| word.split_once("::")).collect();
    assert!(names.len() > 15, "{names:?}");
    for (file, test) in names.into_iter().filter(|(file, _)| !file.starts_with("unit:") && *file != "file") {
        let path = format!("{}/tests/{file}.rs", env!("CARGO_MANIFEST_DIR"));
        let source = std::fs::read_to_string(&path).unwrap_or_else(|problem| panic!("{path}: {problem}"));
        assert!(source.contains(&format!("fn {test}()")), "{file}::{test}");
    }
}
