//! The order of deliveries: the connectors take turns, and one that does not respond pauses.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use uuid::Uuid;

/// The most attempts at a time.
const MOST_RUNNING: usize = 16;
/// The most attempts at a time with one connector, so that a slow one leaves room for others.
const MOST_OF_CONNECTOR: usize = 4;
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
    /// The connector responded. Whether the connection waits again, as it was saved in the meantime.
    Responded(bool),
    /// The connector with this key did not respond.
    Away(i32),
    /// The connector was not called.
    Skipped,
}

/// The connections that wait, by connector, and those that are being told. A connection is in it once.
#[derive(Debug, Default)]
pub struct Schedule {
    connectors: BTreeMap<i32, Connector>,
    places: HashMap<i32, Place>,
    running: usize,
    /// The connector that had its turn last.
    last: i32,
    is_incomplete: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Waiting,
    /// Is being told; whether it was saved since.
    Running(bool),
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
    /// Adds a connection that waits.
    pub fn push(&mut self, connector: i32, connection: i32) {
        match self.places.get_mut(&connection) {
            Some(Place::Waiting) => return,
            Some(Place::Running(is_saved)) => {
                *is_saved = true;
                return;
            }
            None => {}
        }
        let of = self.connectors.entry(connector).or_default();
        let limit = if of.failures == 0 { MOST_WAITING } else { MOST_OF_PAUSED };
        if of.waiting.len() < limit {
            of.waiting.push_back(connection);
            self.places.insert(connection, Place::Waiting);
        } else {
            of.is_incomplete = true;
        }
    }

    /// Starts the next attempt. Returns the connector and the connection.
    pub fn start(&mut self, now: Instant) -> Option<(i32, i32)> {
        if self.running == MOST_RUNNING {
            return None;
        }
        let after = self.connectors.range(self.last.saturating_add(1)..);
        let ready = after.chain(self.connectors.range(..=self.last)).find(|(_, of)| of.can_start(now));
        let connector = *ready?.0;
        let of = self.connectors.get_mut(&connector)?;
        let connection = of.waiting.pop_front()?;
        of.running += 1;
        self.running += 1;
        self.last = connector;
        self.places.insert(connection, Place::Running(false));
        Some((connector, connection))
    }

    /// Ends the attempt that was started with these keys.
    pub fn finish(&mut self, connector: i32, connection: i32, finished: Finished, now: Instant) {
        let is_saved = self.places.remove(&connection) == Some(Place::Running(true));
        self.running -= 1;
        if let Some(of) = self.connectors.get_mut(&connector) {
            of.running -= 1;
        }
        match finished {
            Finished::Responded(is_waiting) => {
                let of = self.connectors.entry(connector).or_default();
                (of.failures, of.paused_until) = (0, None);
                if is_waiting || is_saved {
                    self.push(connector, connection);
                }
            }
            Finished::Away(actual) => {
                let of = self.connectors.entry(actual).or_default();
                // Attempts that were made at the same time count once.
                if !of.is_paused(now) {
                    of.failures = of.failures.saturating_add(1);
                    of.paused_until = Some(now + pause(of.failures));
                }
                // The last one in turn, so that the connection is not the only one that is attempted.
                self.push(actual, connection);
            }
            Finished::Skipped if is_saved => self.push(connector, connection),
            Finished::Skipped => {}
        }
        self.remove_unused(connector, now);
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
        let running = self.places.iter().filter(|(_, place)| matches!(place, Place::Running(_)));
        running.map(|(connection, _)| *connection).collect()
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
mod tests {
    use super::*;

    fn started(schedule: &mut Schedule, now: Instant) -> Vec<(i32, i32)> {
        std::iter::from_fn(|| schedule.start(now)).collect()
    }

    #[test]
    fn connectors_take_turns_and_no_connection_is_told_twice_at_a_time() {
        let (mut schedule, now) = (Schedule::default(), Instant::now());
        for connection in 0..100 {
            schedule.push(1, connection);
            schedule.push(1, connection);
        }
        schedule.push(2, 100);
        let first = started(&mut schedule, now);
        assert_eq!(first, [(1, 0), (2, 100), (1, 1), (1, 2), (1, 3)]);
        // Saved again while it is being told: told again afterwards, and not before.
        schedule.push(2, 100);
        assert_eq!(started(&mut schedule, now), []);
        schedule.finish(2, 100, Finished::Responded(false), now);
        assert_eq!(started(&mut schedule, now), [(2, 100)]);
        assert_eq!(schedule.running().len(), 5);
        schedule.finish(2, 100, Finished::Responded(false), now);
        schedule.finish(1, 1, Finished::Skipped, now);
        assert_eq!(started(&mut schedule, now), [(1, 4)]);
    }

    #[test]
    fn all_connectors_together_have_a_limit() {
        let (mut schedule, now) = (Schedule::default(), Instant::now());
        (0..100).for_each(|connection| schedule.push(connection % 20, connection));
        assert_eq!(started(&mut schedule, now).len(), MOST_RUNNING);
    }

    #[test]
    fn a_connector_that_is_away_pauses_and_is_then_tried_with_one_connection_after_another() {
        let (mut schedule, mut now) = (Schedule::default(), Instant::now());
        (0..10).for_each(|connection| schedule.push(1, connection));
        for (_, connection) in started(&mut schedule, now) {
            schedule.finish(1, connection, Finished::Away(1), now);
        }
        for expected in 4..8 {
            assert_eq!(started(&mut schedule, now), []);
            now = schedule.first_pause_end(now).expect("a pause");
            assert_eq!(started(&mut schedule, now), [(1, expected)]);
            schedule.finish(1, expected, Finished::Away(1), now);
        }
        now = schedule.first_pause_end(now).expect("a pause");
        assert_eq!(started(&mut schedule, now), [(1, 8)]);
        schedule.finish(1, 8, Finished::Responded(false), now);
        assert_eq!(started(&mut schedule, now).len(), MOST_OF_CONNECTOR);
    }

    #[test]
    fn what_is_left_out_of_a_pause_is_reported_when_the_connector_is_back() {
        let (mut schedule, mut now) = (Schedule::default(), Instant::now());
        schedule.push(1, 0);
        started(&mut schedule, now);
        schedule.finish(1, 0, Finished::Away(1), now);
        (1..1000).for_each(|connection| schedule.push(1, connection));
        let mut told = 0;
        while !schedule.take_incomplete() {
            now = schedule.first_pause_end(now).unwrap_or(now);
            for (connector, connection) in started(&mut schedule, now) {
                schedule.finish(connector, connection, Finished::Responded(false), now);
                told += 1;
            }
        }
        assert_eq!(told, MOST_OF_PAUSED);
        assert!(schedule.connectors.is_empty() && schedule.places.is_empty());
    }

    #[test]
    fn pauses_grow_up_to_a_limit() {
        for (failures, seconds) in [(1, 1.0), (2, 2.0), (5, 16.0), (9, 256.0), (10, 300.0), (u32::MAX, 300.0)] {
            let pause = pause(failures).as_secs_f64();
            assert!((seconds * 0.75..seconds * 1.25).contains(&pause), "{failures}: {pause}");
        }
    }
}
