//! Speed, as ratios against a yardstick in the same run: `cargo bench --bench load`.
//!
//! Machines are noisy, so nothing here is a time alone: every measurement of the server stands between two of
//! pgbench, which runs the same statement, and what is told is the median of the ratios with their spread.
//!
//! `cargo bench --bench load -- update create` runs some of the parts; `--seconds 1` makes each measurement shorter,
//! `--rounds 3` takes fewer of them.

mod bare;
mod client;
mod parts;
mod pgbench;
mod report;
mod requests;
mod server;
mod yard;

use std::time::Duration;

/// What to measure, and how long.
pub struct Plan {
    /// Of each measurement.
    pub time: Duration,
    /// Pairs of measurements.
    pub rounds: usize,
    parts: Vec<String>,
}

impl Plan {
    /// Whether this part is asked for.
    #[must_use]
    pub fn has(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|asked| asked == part)
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let mut plan = Plan { time: Duration::from_secs(3), rounds: 5, parts: Vec::new() };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|value| value.parse().ok()).expect("a number");
        match argument.as_str() {
            "--seconds" => plan.time = Duration::from_secs(number()),
            "--rounds" => plan.rounds = usize::try_from(number()).expect("a number"),
            "--bare" => return runtime.block_on(bare::serve(&arguments.next().expect("a URL"))),
            _ => plan.parts.push(argument),
        }
    }
    runtime.block_on(parts::run(&plan));
}
