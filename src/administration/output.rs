//! What a command prints: for people, or for programs.

use serde_json::{Value, json};

/// What a command came to.
#[derive(Clone, Debug)]
pub enum Output {
    /// It is done, in a line.
    Done(String),
    /// Something that was made: its name in JSON and its value, alone.
    Made(&'static str, Value),
    /// A list: the names of its columns, and its rows.
    List(&'static [&'static str], Vec<Vec<Value>>),
}

impl Output {
    /// Prints it to standard output.
    pub fn print(&self, json: bool) {
        let text = if json { self.json().to_string() } else { self.text() };
        println!("{text}");
    }

    fn json(&self) -> Value {
        match self {
            Output::Done(line) => json!({ "done": line }),
            Output::Made(name, value) => json!({ *name: value }),
            Output::List(columns, rows) => {
                let object = |row: &Vec<Value>| {
                    columns.iter().map(|name| (*name).to_owned()).zip(row.iter().cloned()).collect::<Value>()
                };
                rows.iter().map(object).collect()
            }
        }
    }

    fn text(&self) -> String {
        match self {
            Output::Done(line) => line.clone(),
            Output::Made(_, value) => plain(value),
            Output::List(columns, rows) => {
                let head = columns.iter().map(|name| (*name).to_owned()).collect();
                let body = rows.iter().map(|row| row.iter().map(plain).collect());
                table(&std::iter::once(head).chain(body).collect::<Vec<Vec<String>>>())
            }
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        Value::Bool(value) => if *value { "yes" } else { "no" }.to_owned(),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// Columns as wide as their widest cell, two spaces between them.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
