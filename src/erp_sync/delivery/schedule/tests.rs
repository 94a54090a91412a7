use super::*;

const DONE: Finished = Finished::Responded { connector: 1, is_waiting: false };

fn started(schedule: &mut Schedule, now: Instant) -> Vec<(i32, i32)> {
    std::iter::from_fn(|| schedule.start(now, MOST_RUNNING)).collect()
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
    schedule.finish(2, 100, Finished::Responded { connector: 2, is_waiting: false }, now);
    assert_eq!(started(&mut schedule, now), [(2, 100)]);
    assert_eq!(schedule.running().len(), 5);
    schedule.finish(2, 100, Finished::Responded { connector: 2, is_waiting: false }, now);
    schedule.finish(1, 1, Finished::Skipped, now);
    assert_eq!(started(&mut schedule, now), [(1, 4)]);
}

#[test]
fn a_connection_that_is_moved_to_another_connector_waits_for_that_one() {
    let (mut schedule, now) = (Schedule::default(), Instant::now());
    schedule.push(1, 0);
    started(&mut schedule, now);
    schedule.finish(1, 0, Finished::Away(1), now);
    // Saved with another connector: while it waits, and while it is being told.
    schedule.push(2, 0);
    assert_eq!(started(&mut schedule, now), [(2, 0)]);
    schedule.push(3, 0);
    schedule.finish(2, 0, Finished::Responded { connector: 2, is_waiting: true }, now);
    assert_eq!(started(&mut schedule, now), [(3, 0)]);
    // Moved by another server: the connector that responded is the one that is no longer away.
    schedule.finish(3, 0, DONE, now);
    assert!(schedule.connectors.is_empty() && schedule.places.is_empty());
    schedule.push(2, 0);
    started(&mut schedule, now);
    schedule.finish(2, 0, Finished::Away(3), now);
    assert_eq!(schedule.connectors.keys().collect::<Vec<_>>(), [&3]);
}

#[test]
fn all_connectors_together_have_a_limit() {
    let (mut schedule, now) = (Schedule::default(), Instant::now());
    (0..100).for_each(|connection| schedule.push(connection % 20, connection));
    assert_eq!(started(&mut schedule, now).len(), MOST_RUNNING);
}

#[test]
fn a_limit_counts_the_attempts_that_do_not_just_wait_for_their_connector() {
    let (mut schedule, now) = (Schedule::default(), Instant::now());
    (0..4).for_each(|connection| schedule.push(connection, connection));
    assert_eq!(schedule.start(now, 1), Some((1, 1)));
    assert_eq!(schedule.start(now, 1), None);
    schedule.finish(1, 1, DONE, now);
    assert_eq!(schedule.start(now, 1), Some((2, 2)));
    assert_eq!(schedule.start(now, 1), None);
    assert_eq!(schedule.start(now + ACTIVE_TIME, 1), Some((3, 3)));
    assert_eq!(schedule.start(now + ACTIVE_TIME, 1), None);
    assert_eq!(started(&mut schedule, now + ACTIVE_TIME), [(0, 0)]);
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
    schedule.finish(1, 8, DONE, now);
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
            schedule.finish(connector, connection, DONE, now);
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

#[test]
fn a_connector_that_must_not_be_called_has_the_longest_pause() {
    let (mut schedule, now) = (Schedule::default(), Instant::now());
    schedule.push(1, 0);
    started(&mut schedule, now);
    schedule.finish(1, 0, Finished::Blocked(1), now);
    let end = schedule.first_pause_end(now).expect("a pause");
    assert!(end > now + LONGEST_PAUSE / 2);
    assert_eq!(started(&mut schedule, end), [(1, 0)]);
}
