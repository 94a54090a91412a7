//! JSON in. Straight through serde: no tree between the bytes and the carrier.

use serde_json::error::Category;

use crate::protocol::carrier::Carrier;
use crate::protocol::error::Error;
use crate::protocol::{At, Read};

/// Reads a body; `None` where it is `null`.
///
/// # Errors
/// 400 with line and column where it is no JSON, with the property's path where a value does not fit.
pub fn read<C: Carrier>(body: &str) -> Result<Option<C>, Error> {
    let mut source = serde_json::Deserializer::from_str(body);
    let read = <Option<C> as Read>::read(&mut source, &At::Body);
    read.and_then(|carrier| source.end().map(|()| carrier)).map_err(|problem| refuse(&problem))
}

fn refuse(problem: &serde_json::Error) -> Error {
    let (line, column) = (problem.line(), problem.column());
    // serde_json ends its texts with the place; ours begin with what is wrong there.
    let text = problem.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    Error::argument(match problem.classify() {
        Category::Data => format!("{text} (line {line}, column {column})."),
        Category::Syntax | Category::Eof | Category::Io => {
            format!("The request body is not valid JSON: {text} (line {line}, column {column}).")
        }
    })
}
