//! The order of deliveries: the connectors take turns, and one that does not respond pauses.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use uuid::Uuid;

/// The most attempts at a time.
pub const MOST_RUNNING: usize = 16;
/// The most attempts at a time with one connector, so that a slow one leaves room for others.
const MOST_OF_CONNECTOR: usize = 4;
/// The time after which an attempt that has not ended waits for its connector, and takes no CPU time.
const ACTIVE_TIME: Duration = Duration::from_secs(1);
/// The most waiting connections of a connector that are kept. The walk finds the others.
const MOST_WAITING: usize = 5_000;
/// The most that are kept of a connector that does not respond.
const MOST_OF_PAUSED: usize = 100;
/// The pause after the first failure. It doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// The result of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finished {
    /// The connector with this key responded.
    Responded {
        /// The connector.
        connector: i32,
        /// The connection waits again, as it was saved in the meantime.
        is_waiting: bool,
    },
    /// The connector with this key did not respond.
    Away(i32),
    /// This server cannot call the connector with this key, by settings of its own.
    Blocked(i32),
    /// The connector was not called, or the database failed: nothing is known of the connector.
    Skipped,
}

/// The connections that wait, by connector, and those that are being told. A connection is in it once.
#[derive(Debug, Default)]
pub struct Schedule {
    connectors: BTreeMap<i32, Connector>,
    places: HashMap<i32, Place>,
    /// The connections that are being told, and since when.
    running: Vec<(i32, Instant)>,
    /// The connector that had its turn last.
    last: i32,
    is_incomplete: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Waits for its turn under this connector.
    Waiting(i32),
    /// Is being told. The connector that it was saved with since.
    Running(Option<i32>),
}

#[derive(Debug, Default)]
struct Connector {
    waiting: VecDeque<i32>,
    running: usize,
    /// The number of failures since it responded last.
    failures: u32,
    paused_until: Option<Instant>,
    /// There are connections that wait and are not in `waiting`.
    is_incomplete: bool,
}

impl Connector {
    fn is_paused(&self, now: Instant) -> bool {
        self.paused_until.is_some_and(|until| until > now)
    }

    fn can_start(&self, now: Instant) -> bool {
        let limit = if self.failures == 0 { MOST_OF_CONNECTOR } else { 1 };
        !self.waiting.is_empty() && self.running < limit && !self.is_paused(now)
    }
}

impl Schedule {
    /// Adds a connection that waits. One that waits under another connector is moved.
    pub fn push(&mut self, connector: i32, connection: i32) {
        match self.places.get_mut(&connection) {
            Some(Place::Waiting(present)) if *present == connector => return,
            Some(Place::Waiting(present)) => {
                let previous = *present;
                self.remove_waiting(previous, connection);
            }
            Some(Place::Running(saved_with)) => {
                *saved_with = Some(connector);
                return;
            }
            None => {}
        }
        let of = self.connectors.entry(connector).or_default();
        let limit = if of.failures == 0 { MOST_WAITING } else { MOST_OF_PAUSED };
        if of.waiting.len() < limit {
            of.waiting.push_back(connection);
            self.places.insert(connection, Place::Waiting(connector));
        } else {
            of.is_incomplete = true;
        }
    }

    /// Removes a connection that waits under a connector.
    fn remove_waiting(&mut self, connector: i32, connection: i32) {
        self.places.remove(&connection);
        if let Some(of) = self.connectors.get_mut(&connector) {
            of.waiting.retain(|waiting| *waiting != connection);
        }
    }

    /// Starts the next attempt, if less than `limit` are active. Returns the connector and the connection.
    pub fn start(&mut self, now: Instant, limit: usize) -> Option<(i32, i32)> {
        let active = self.running.iter().filter(|(_, began)| now.saturating_duration_since(*began) < ACTIVE_TIME);
        if self.running.len() >= MOST_RUNNING || active.count() >= limit {
            return None;
        }
        let after = self.connectors.range(self.last.saturating_add(1)..);
        let ready = after.chain(self.connectors.range(..=self.last)).find(|(_, of)| of.can_start(now));
        let connector = *ready?.0;
        let of = self.connectors.get_mut(&connector)?;
        let connection = of.waiting.pop_front()?;
        of.running += 1;
        self.running.push((connection, now));
        self.last = connector;
        self.places.insert(connection, Place::Running(None));
        Some((connector, connection))
    }

    /// Ends the attempt that was started with these keys.
    pub fn finish(&mut self, connector: i32, connection: i32, finished: Finished, now: Instant) {
        let saved_with = match self.places.remove(&connection) {
            Some(Place::Running(saved_with)) => saved_with,
            _ => None,
        };
        self.running.retain(|(running, _)| *running != connection);
        if let Some(of) = self.connectors.get_mut(&connector) {
            of.running -= 1;
        }
        // The connection may have been moved to another connector while it waited.
        let (actual, is_waiting) = match finished {
            Finished::Responded { connector: actual, is_waiting } => {
                let of = self.connectors.entry(actual).or_default();
                (of.failures, of.paused_until) = (0, None);
                (actual, is_waiting)
            }
            Finished::Away(actual) | Finished::Blocked(actual) => {
                let of = self.connectors.entry(actual).or_default();
                // Attempts that were made at the same time count once.
                if !of.is_paused(now) {
                    let is_blocked = matches!(finished, Finished::Blocked(_));
                    of.failures = if is_blocked { u32::MAX } else { of.failures.saturating_add(1) };
                    of.paused_until = Some(now + pause(of.failures));
                }
                // The last one in turn, so that the connection is not the only one that is attempted.
                (actual, true)
            }
            Finished::Skipped => (connector, false),
        };
        if is_waiting || saved_with.is_some() {
            self.push(saved_with.unwrap_or(actual), connection);
        }
        self.remove_unused(connector, now);
        self.remove_unused(actual, now);
    }

    /// Removes a connector without connections, and notes whether it has others.
    fn remove_unused(&mut self, connector: i32, now: Instant) {
        let Some(of) = self.connectors.get_mut(&connector) else { return };
        if of.waiting.is_empty() && of.running == 0 && !of.is_paused(now) {
            self.is_incomplete |= of.is_incomplete;
            self.connectors.remove(&connector);
        }
    }

    /// Returns whether connections wait that were left out and can be attempted now. Returns it once.
    pub fn take_incomplete(&mut self) -> bool {
        std::mem::take(&mut self.is_incomplete)
    }

    /// Returns the end of the first pause after which there is an attempt to make.
    pub fn first_pause_end(&self, now: Instant) -> Option<Instant> {
        let waiting = self.connectors.values().filter(|of| !of.waiting.is_empty() && of.running == 0);
        waiting.filter_map(|of| of.paused_until).filter(|until| *until > now).min()
    }

    /// Returns the connections that are being told.
    pub fn running(&self) -> Vec<i32> {
        self.running.iter().map(|(connection, _)| *connection).collect()
    }
}

/// Returns the pause after this number of failures. Its length is random within limits, so that servers do not call a
/// connector at the same time when it is back.
pub fn pause(failures: u32) -> Duration {
    let [random, ..] = Uuid::new_v4().into_bytes();
    let doubled = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
    doubled.min(LONGEST_PAUSE).mul_f64(0.75 + f64::from(random) / 512.0)
}

#[cfg(test)]
mod tests;
