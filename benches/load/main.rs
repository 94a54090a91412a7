//! Throughput, as ratios to a baseline in the same run: `cargo bench --bench load`.
//!
//! The throughput of a machine varies, so measurements of the server alternate with those of a baseline, such as
//! pgbench with the same statement. The report has the median of the ratios with their minimum and maximum.
//!
//! `cargo bench --bench load -- update create` runs the named scenarios only. `--seconds 1` sets the time of each
//! measurement, `--rounds 3` their number. `--against PROGRAM` compares the program with another build of it.

mod bare;
mod builds;
mod client;
mod deliveries;
mod fixture;
mod fresh;
mod growth;
mod pgbench;
mod report;
mod requests;
mod scenarios;
mod server;

use std::time::Duration;

/// The scenarios to run, and the length of their measurements.
pub struct Plan {
    /// The time of each measurement.
    pub time: Duration,
    /// The number of pairs of measurements.
    pub rounds: usize,
    /// Another build of the program, to compare with.
    pub against: Option<String>,
    scenarios: Vec<String>,
}

impl Plan {
    /// Returns whether the scenario is to run.
    #[must_use]
    pub fn has(&self, scenario: &str) -> bool {
        self.scenarios.is_empty() || self.scenarios.iter().any(|name| name == scenario)
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let mut plan = Plan { time: Duration::from_secs(3), rounds: 5, against: None, scenarios: Vec::new() };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|value| value.parse().ok()).expect("a number");
        match argument.as_str() {
            "--seconds" => plan.time = Duration::from_secs(number()),
            "--rounds" => plan.rounds = usize::try_from(number()).expect("a number"),
            "--against" => plan.against = Some(arguments.next().expect("a program")),
            "--bare" => return runtime.block_on(bare::serve(&arguments.next().expect("a URL"))),
            _ => plan.scenarios.push(argument),
        }
    }
    runtime.block_on(scenarios::run(&plan));
}
