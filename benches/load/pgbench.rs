//! The yardstick: PostgreSQL's own pgbench, running the statements that the program runs.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::yard::{CONNECTIONS, FIRST_ID, Yard};

const SAVE: &str = include_str!("../../src/store/save_connection.sql");
const READ: &str = include_str!("../../src/store/read_connection.sql");

/// The types of the parameters of a save, and of a read.
const SAVE_TYPES: [&str; 16] = [
    "int", "int", "text", "text", "bool", "text", "text", "bool", "bool", "text[]", "text[]", "int[]", "int[]", "int",
    "text", "bigint",
];
const READ_TYPES: [&str; 4] = ["int", "bool", "int", "bigint"];

/// The statement of an update, with the values that the load sends.
pub fn update(yard: &Yard) -> PathBuf {
    let last = FIRST_ID + CONNECTIONS - 1;
    script(yard, "update.sql", SAVE, &SAVE_TYPES, &format!("\\set p1 random({FIRST_ID}, {last})"))
}

/// The statement of a create.
pub fn create(yard: &Yard) -> PathBuf {
    script(yard, "create.sql", SAVE, &SAVE_TYPES, "\\set p1 0")
}

/// The statement of a read by an administrator.
pub fn read(yard: &Yard) -> PathBuf {
    let last = FIRST_ID + CONNECTIONS - 1;
    let values = format!("\\set p1 random({FIRST_ID}, {last})\n\\set p2 true\n\\set p3 1\n\\set p4 1");
    script(yard, "read.sql", READ, &READ_TYPES, &values)
}

/// A script of one statement, its parameters `$1` made variables `:p1`.
fn script(yard: &Yard, name: &str, statement: &str, types: &[&str], set: &str) -> PathBuf {
    let mut text = String::new();
    for line in statement.lines().filter(|line| !line.trim_start().starts_with("--")) {
        text.push_str(&with_variables(&plain(line), types));
        text.push(' ');
    }
    yard.file(name, &format!("{set}\n\\set unique random(1, 9000000000000000000)\n{text};\n"))
}

/// Without what sqlx is told of the columns, as in `AS "name!: Vec<String>"`.
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

/// `$1` becomes `:p1::int`: every use is a parameter of its own for pgbench. It has no null, and makes no texts.
fn with_variables(line: &str, types: &[&str]) -> String {
    let mut text = String::new();
    let mut parts = line.split('$');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        let number: usize = part[..end].parse().expect("a parameter");
        let value = match number {
            6 => "NULL".to_owned(),
            15 => ":unique".to_owned(),
            number => format!(":p{number}"),
        };
        text.extend([&value, "::", types[number - 1], &part[end..]]);
    }
    text
}

/// Runs a script; gives the transactions a second.
pub fn run(yard: &Yard, script: &Path, clients: usize, time: Duration) -> f64 {
    let values = [
        "p2=403",
        "p3=Emard Group",
        "p4=Fundamental eco-centric application",
        "p5=true",
        "p7=rerum",
        "p8=false",
        "p9=false",
        "p10={ConfigFields1,ConfigFields2}",
        "p11={est,ducimus}",
        "p12={185,350}",
        "p13={463,920}",
        "p14=1",
        "p16=1",
    ];
    let mut command = Command::new("pgbench");
    // As the program's connections have it.
    command.env("PGOPTIONS", "-c plan_cache_mode=force_generic_plan");
    command.args(["-h", &yard.socket(), "-U", "erpsync", "-n", "-M", "prepared", "-j", "1"]);
    command.args(["-c", &clients.to_string(), "-T", &time.as_secs().max(1).to_string(), "-f"]).arg(script);
    for value in values {
        command.args(["-D", value]);
    }
    let done = command.arg("erpsync").output().expect("pgbench, of the PostgreSQL programs");
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
    let line = said.lines().find_map(|line| line.strip_prefix("tps = ")).expect("a result");
    line.split(' ').next().and_then(|number| number.parse().ok()).expect("a number")
}
