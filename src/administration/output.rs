//! The output of a command, as text or as JSON.

use std::io::{ErrorKind, Write};

use serde_json::{Value, json};

/// The result of a command.
#[derive(Clone, Debug)]
pub enum Output {
    /// A line that confirms a change.
    Message(String),
    /// A single value, such as a new id or secret, with its member name in JSON.
    Value(&'static str, Value),
    /// A table: the names of its columns, and its rows.
    Table(&'static [&'static str], Vec<Vec<Value>>),
    /// Objects, of which the text shows these members in a table, and JSON all.
    Records(&'static [&'static str], Vec<Value>),
}

impl Output {
    /// Prints the output to standard output. A reader that has closed the pipe, such as `head`, needs no more of it.
    ///
    /// # Errors
    /// One line if the output cannot be written.
    pub fn print(&self, json: bool) -> Result<(), String> {
        let text = if json { self.json().to_string() } else { self.text() };
        match writeln!(std::io::stdout(), "{text}") {
            Err(problem) if problem.kind() != ErrorKind::BrokenPipe => Err(format!("standard output: {problem}")),
            _ => Ok(()),
        }
    }

    fn json(&self) -> Value {
        match self {
            Output::Message(line) => json!({ "done": line }),
            Output::Value(name, value) => json!({ *name: value }),
            Output::Table(columns, rows) => {
                let object = |row: &Vec<Value>| {
                    columns.iter().map(|name| (*name).to_owned()).zip(row.iter().cloned()).collect::<Value>()
                };
                rows.iter().map(object).collect()
            }
            Output::Records(_, records) => Value::Array(records.clone()),
        }
    }

    fn text(&self) -> String {
        match self {
            Output::Message(line) => line.clone(),
            Output::Value(_, value) => cell(value),
            Output::Table(columns, rows) => table(columns, rows.iter().map(|row| row.iter().map(cell).collect())),
            Output::Records(columns, records) => {
                let row = |record: &Value| columns.iter().map(|name| cell(&record[*name])).collect();
                table(columns, records.iter().map(row))
            }
        }
    }
}

fn table(columns: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let head = columns.iter().map(|name| (*name).to_owned()).collect();
    align(&std::iter::once(head).chain(rows).collect::<Vec<Vec<String>>>())
}

/// Formats a value for a line of text.
fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        Value::Number(number) if number.is_f64() => format!("{:.3}", number.as_f64().unwrap_or_default()),
        Value::Bool(value) => if *value { "yes" } else { "no" }.to_owned(),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// Pads each column to the width of its widest cell, with two spaces between columns.
fn align(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}
