//! The report of the checks: a line for each step, or JSON.

use std::io::{self, ErrorKind, Write};
use std::time::Duration;

use serde_json::{Value, json};

/// The number of findings of a step that are printed.
const MAX_FINDINGS: usize = 10;

/// A peculiarity of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Breaks the contract: a failure.
    Broken(String),
    /// Is allowed, but probably not intended.
    Doubtful(String),
}

impl Finding {
    /// Creates a finding that breaks the contract.
    pub fn broken(text: impl Into<String>) -> Self {
        Finding::Broken(text.into())
    }

    /// Creates a finding that is doubtful.
    pub fn doubtful(text: impl Into<String>) -> Self {
        Finding::Doubtful(text.into())
    }

    fn label(&self) -> &'static str {
        match self {
            Finding::Broken(_) => "FAIL",
            Finding::Doubtful(_) => "warn",
        }
    }

    fn text(&self) -> &str {
        let (Finding::Broken(text) | Finding::Doubtful(text)) = self;
        text
    }
}

/// A report in the making.
#[derive(Debug, Default)]
pub struct Report {
    is_json: bool,
    failed: usize,
    steps: Vec<Value>,
    /// The first error of standard output, which ends the printing, but not the check.
    write_error: Option<io::Error>,
}

impl Report {
    /// Creates a report. As text, it is printed step by step; as JSON, by [`finish`](Self::finish).
    pub fn new(is_json: bool) -> Self {
        Report { is_json, ..Report::default() }
    }

    /// Adds a step: the operation and its subject, a summary of the response, and the findings. The step has failed if one
    /// of them breaks the contract.
    pub fn step(&mut self, name: &str, duration: Option<Duration>, summary: &str, findings: &[Finding]) {
        let is_broken = findings.iter().any(|finding| matches!(finding, Finding::Broken(_)));
        self.failed += usize::from(is_broken);
        let label = match findings {
            _ if is_broken => "FAIL",
            [] => "ok",
            _ => "warn",
        };
        if self.is_json {
            self.steps.push(json!({
                "step": name,
                "outcome": label.to_ascii_lowercase(),
                "seconds": duration.map(|duration| duration.as_secs_f64()),
                "summary": summary,
                "broken": texts(findings, "FAIL"),
                "doubtful": texts(findings, "warn"),
            }));
            return;
        }
        let time = duration.map_or_else(String::new, |duration| format!(" ({} ms)", duration.as_millis()));
        self.print(&format!("{label:4}  {name}: {summary}{time}"));
        for finding in findings.iter().take(MAX_FINDINGS) {
            self.print(&format!("      {}: {}", finding.label(), finding.text()));
        }
        if findings.len() > MAX_FINDINGS {
            self.print(&format!("      and {} more", findings.len() - MAX_FINDINGS));
        }
    }

    fn print(&mut self, line: &str) {
        if self.write_error.is_none() {
            self.write_error = writeln!(io::stdout(), "{line}").err();
        }
    }

    /// Prints the JSON, if that is the form of the report.
    ///
    /// # Errors
    /// The number of steps that have failed, or that the report could not be printed. A reader that has closed the pipe, as
    /// `head` does, has what it needs.
    pub fn finish(mut self) -> Result<(), String> {
        if self.is_json {
            self.print(&json!({ "failed": self.failed, "steps": self.steps }).to_string());
        }
        match self.failed {
            0 => match self.write_error {
                Some(problem) if problem.kind() != ErrorKind::BrokenPipe => Err(format!("standard output: {problem}")),
                _ => Ok(()),
            },
            1 => Err("one step has failed".to_owned()),
            failed => Err(format!("{failed} steps have failed")),
        }
    }
}

fn texts(findings: &[Finding], label: &str) -> Vec<String> {
    findings.iter().filter(|finding| finding.label() == label).map(|finding| finding.text().to_owned()).collect()
}
