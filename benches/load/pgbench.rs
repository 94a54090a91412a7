//! The baseline: PostgreSQL's own pgbench, running the statements that the program runs.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use erpsync::store::pool::session_settings;

use super::fixture::{CONNECTIONS, FIRST_ID, Fixture};

const SAVE: &str = include_str!("../../src/store/save_connection.sql");
const READ: &str = include_str!("../../src/store/read_connection.sql");

/// The types of the parameters of a save.
const SAVE_TYPES: [&str; 16] = [
    "int", "bigint", "int", "int", "text", "text", "bool", "text", "text", "text", "bool", "bool", "text[]", "text[]",
    "int[]", "int[]",
];
/// The types of the parameters of a read.
const READ_TYPES: [&str; 4] = ["int", "bool", "int", "bigint"];

/// Writes a script that updates connections with the values that the load generator sends.
pub fn update(fixture: &Fixture) -> PathBuf {
    script(fixture, "update.sql", SAVE, &SAVE_TYPES, &set_random_id("p3"))
}

/// Writes a script that updates one row by its key: the least that a save costs.
pub fn floor(fixture: &Fixture) -> PathBuf {
    let update = "UPDATE erp_connection SET display_name = :p5, updated = now(), updated_count = updated_count + 1
        WHERE erp_connection_id = :id;";
    fixture.file("floor.sql", &format!("{}\n{}\n", set_random_id("id"), update.replace('\n', " ")))
}

/// Writes a script that saves connections as most programs would: a transaction that locks the row, updates it, and
/// replaces its config fields and access rows.
pub fn transaction(fixture: &Fixture) -> PathBuf {
    let script = [
        &set_random_id("id"),
        "BEGIN;",
        "SELECT * FROM erp_connection WHERE erp_connection_id = :id FOR UPDATE;",
        "UPDATE erp_connection SET display_name = :p5, display_description = :p6, active = true, \
         most_recent_timestamp = :p10, updated = now(), updated_count = updated_count + 1 \
         WHERE erp_connection_id = :id;",
        "DELETE FROM connection_config_field WHERE erp_connection_id = :id;",
        "INSERT INTO connection_config_field (erp_connection_id, field_key, field_value, registered_associate_id, \
         updated_associate_id) VALUES (:id, 'ConfigFields1', 'est', 1, 1), (:id, 'ConfigFields2', 'ducimus', 1, 1);",
        "DELETE FROM erp_connection_access WHERE erp_connection_id = :id;",
        "INSERT INTO erp_connection_access (erp_connection_id, user_group_id, associate_id, registered_associate_id, \
         updated_associate_id) VALUES (:id, 185, NULL, 1, 1), (:id, 350, NULL, 1, 1), (:id, NULL, 463, 1, 1), \
         (:id, NULL, 920, 1, 1);",
        "COMMIT;",
    ];
    fixture.file("transaction.sql", &script.join("\n"))
}

/// Writes a script that creates connections.
pub fn create(fixture: &Fixture) -> PathBuf {
    script(fixture, "create.sql", SAVE, &SAVE_TYPES, "\\set p3 0")
}

/// Writes a script that reads connections as an administrator does.
pub fn read(fixture: &Fixture) -> PathBuf {
    let values = format!("{}\n\\set p2 true\n\\set p3 1\n\\set p4 1", set_random_id("p1"));
    script(fixture, "read.sql", READ, &READ_TYPES, &values)
}

/// Returns the line of a script that sets a variable to the key of a random connection.
fn set_random_id(variable: &str) -> String {
    format!("\\set {variable} random({FIRST_ID}, {})", FIRST_ID + CONNECTIONS - 1)
}

/// Writes a script of one statement, in which the variable `:p1` stands for the parameter `$1`.
fn script(fixture: &Fixture, name: &str, statement: &str, types: &[&str], set: &str) -> PathBuf {
    let mut text = String::new();
    for line in statement.lines().filter(|line| !line.trim_start().starts_with("--")) {
        text.push_str(&with_variables(&plain(line), types));
        text.push(' ');
    }
    fixture.file(name, &format!("{set}\n\\set unique random(1, 9000000000000000000)\n{text};\n"))
}

/// Removes sqlx's annotations of columns, as in `AS "name!: Vec<String>"`.
fn plain(line: &str) -> String {
    let mut text = String::new();
    let mut parts = line.split('"');
    text.push_str(parts.next().unwrap_or_default());
    while let Some(name) = parts.next() {
        text.extend(name.chars().take_while(|c| c.is_alphanumeric() || *c == '_'));
        text.push_str(parts.next().unwrap_or_default());
    }
    text
}

/// Replaces `$1` by `:p1::int`. For pgbench each use is a parameter of its own. It has no variables that are null, and
/// cannot generate text, so two parameters are replaced by constants.
fn with_variables(line: &str, types: &[&str]) -> String {
    let mut text = String::new();
    let mut parts = line.split('$');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        let number: usize = part[..end].parse().expect("a parameter");
        let value = match number {
            8 => "NULL".to_owned(),
            9 => ":unique".to_owned(),
            number => format!(":p{number}"),
        };
        text.extend([&value, "::", types[number - 1], &part[end..]]);
    }
    text
}

/// Runs a script. Returns the transactions per second.
pub fn run(fixture: &Fixture, script: &Path, clients: usize, time: Duration) -> f64 {
    let values = [
        "p1=1",
        "p2=1",
        "p4=403",
        "p5=Emard Group",
        "p6=Fundamental eco-centric application",
        "p7=true",
        "p10=rerum",
        "p11=false",
        "p12=false",
        "p13={ConfigFields1,ConfigFields2}",
        "p14={est,ducimus}",
        "p15={185,350}",
        "p16={463,920}",
    ];
    let mut command = Command::new("pgbench");
    // The same plans as those of the program's sessions.
    let options = session_settings().map(|(name, value)| format!("-c {name}={}", value.replace(' ', "\\ ")));
    command.env("PGOPTIONS", options.collect::<Vec<_>>().join(" "));
    command.args(["-h", &fixture.socket(), "-U", "erpsync", "-n", "-M", "prepared", "-j", "1"]);
    command.args(["-c", &clients.to_string(), "-T", &time.as_secs().max(1).to_string(), "-f"]).arg(script);
    for value in values {
        command.args(["-D", value]);
    }
    let output = command.arg("erpsync").output().expect("pgbench, of the PostgreSQL programs");
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}{}", String::from_utf8_lossy(&output.stderr));
    let line = report.lines().find_map(|line| line.strip_prefix("tps = ")).expect("a result");
    line.split(' ').next().and_then(|number| number.parse().ok()).expect("a number")
}
