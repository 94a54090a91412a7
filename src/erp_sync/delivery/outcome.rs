//! The ends of attempts: what is recorded of each, and whether there is another attempt.

use std::time::Duration;

use super::schedule::{Finished, pause};
use crate::connector::error::{CallError, Cause};
use crate::connector::url::{ConnectorUrl, UrlError};
use crate::metrics::{self, Delivery};
use crate::store::Failure;
use crate::store::deliveries::{Attempt, Claimed};

/// The number of times that a connector may refuse the same state, or to describe the fields of a connection.
const MOST_REFUSALS: i32 = 10;
/// The length of a problem that is kept, in characters.
const PROBLEM_CHARS: usize = 1000;

/// The end of an attempt, which is still to be recorded.
#[derive(Debug)]
pub struct End {
    /// The record.
    pub attempt: Attempt,
    /// The result, without what the record shows.
    pub finished: Finished,
}

/// The failure of an attempt.
#[derive(Debug)]
pub enum Failed {
    /// A call.
    Call(CallError),
    /// The calls of the attempt took longer than this.
    TooSlow(Duration),
    /// The fields could not be stored, or the connection not be read.
    Fields(Failure),
    /// The record that the connector is told could not be stored.
    Record(Failure),
    /// The lease belongs to another server.
    Lost,
}

impl End {
    /// Returns the end of an attempt that succeeded.
    pub fn of_success(claimed: &Claimed, fields_source: Option<Vec<u8>>) -> Self {
        let updated_count = claimed.updated_count;
        End {
            attempt: Attempt { updated_count, is_delivered: true, fields_source, ..Attempt::default() },
            finished: Finished::Responded { connector: claimed.erp_connector_id, is_waiting: false },
        }
    }

    /// Returns the end of an attempt with a URL that cannot be called. The state is not told any more, unless the URL can be
    /// callable for another server: `app://demo` is for those that serve the demo connector.
    pub fn of_url(claimed: &Claimed, problem: &UrlError) -> Self {
        // The log gets no part of the URL: it can hold credentials.
        let connection = claimed.erp_connection_id;
        tracing::warn!(connection, problem = problem.kind(), "a connector's URL is not callable");
        let is_final = !matches!(problem, UrlError::UnknownApp(_));
        let finished = if is_final { Finished::Skipped } else { Finished::Blocked(claimed.erp_connector_id) };
        End { attempt: failed_attempt(claimed, claimed.refusals, problem.kind(), is_final), finished }
    }

    /// Returns the end of an attempt that failed; `None` if it cannot be recorded. There is another attempt after a pause,
    /// unless the connector has refused too often.
    pub fn of_failure(claimed: &Claimed, url: &ConnectorUrl, failed: Failed) -> Option<Self> {
        let (connection, connector) = (claimed.erp_connection_id, claimed.erp_connector_id);
        let refused = Finished::Responded { connector, is_waiting: false };
        let (kind, problem, finished) = match failed {
            Failed::Call(problem) => {
                let finished = match problem.cause {
                    Cause::Refused { .. } | Cause::Fault { .. } => refused,
                    // Other servers may have other settings and another resolver.
                    Cause::Forbidden(_) => Finished::Blocked(connector),
                    _ => Finished::Away(connector),
                };
                (problem.kind(), problem.to_string(), finished)
            }
            Failed::TooSlow(limit) => {
                ("timeout", format!("the calls of the attempt took longer than {limit:?}"), Finished::Away(connector))
            }
            // Counts as a refusal: the database responds, and the connector would be asked for the same fields for ever.
            Failed::Fields(failure) => ("database", format!("the fields could not be stored: {failure}"), refused),
            Failed::Record(failure) => {
                tracing::warn!(connection, %failure, "the outcome of a delivery could not be stored");
                return None;
            }
            Failed::Lost => {
                tracing::warn!(connection, "a delivery lost its lease");
                return None;
            }
        };
        let is_refused = finished == refused;
        // A connector that is away has refused nothing, however long it is away.
        let refusals = claimed.refusals.saturating_add(i32::from(is_refused));
        let is_final = is_refused && refusals >= MOST_REFUSALS;
        let mut attempt = failed_attempt(claimed, refusals, &problem, is_final);
        if is_refused && !is_final {
            // All connections of a connector that does not respond wait for the same pause, which this server keeps.
            attempt.pause = pause(refusals.unsigned_abs());
        }
        let attempts = attempt.attempts;
        tracing::warn!(connection, %url, kind, %problem, attempts, is_final, "a delivery to a connector failed");
        Some(End { attempt, finished })
    }
}

/// Returns the record of a failed attempt; the last one if it `is_final`. Counts it.
fn failed_attempt(claimed: &Claimed, refusals: i32, problem: &str, is_final: bool) -> Attempt {
    metrics::count_delivery(if is_final { Delivery::GivenUp } else { Delivery::Failed });
    Attempt {
        updated_count: claimed.updated_count,
        is_delivered: is_final || claimed.is_told(),
        fields_due: !is_final && claimed.fields_due,
        attempts: claimed.attempts.saturating_add(1),
        refusals,
        problem: shorten(problem),
        ..Attempt::default()
    }
}

/// Returns the beginning of a problem, as a text that the database can store.
fn shorten(problem: &str) -> String {
    problem.chars().filter(|character| *character != '\0').take(PROBLEM_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::super::settings::tests::claimed;
    use super::*;
    use crate::connector::responses::Refusal;

    fn fail(claimed: &mut Claimed, cause: Cause) -> End {
        let url = ConnectorUrl::parse("http://localhost/", |_| None).expect("a URL");
        let problem = CallError { operation: "WSSaveConnection", cause };
        let end = End::of_failure(claimed, &url, Failed::Call(problem)).expect("an end");
        (claimed.attempts, claimed.refusals) = (end.attempt.attempts, end.attempt.refusals);
        end
    }

    fn refusal() -> Cause {
        let refusal = Refusal { code: None, user_explanation: None, tech_explanation: None };
        Cause::Refused { refusal, text: String::new() }
    }

    #[test]
    fn a_connector_that_was_away_may_refuse_as_often_as_another() {
        let mut claimed = claimed("u", &[]);
        for attempts in 1..=20 {
            let End { attempt, finished } = fail(&mut claimed, Cause::Empty { status: 200 });
            assert_eq!((attempt.attempts, attempt.is_delivered), (attempts, false));
            assert_eq!((attempt.pause, finished), (Duration::ZERO, Finished::Away(1)));
        }
        let responded = Finished::Responded { connector: 1, is_waiting: false };
        for _ in 1..MOST_REFUSALS {
            let End { attempt, finished } = fail(&mut claimed, refusal());
            assert!(!attempt.is_delivered && !attempt.pause.is_zero());
            assert_eq!(finished, responded);
            fail(&mut claimed, Cause::Empty { status: 200 });
        }
        let End { attempt, finished } = fail(&mut claimed, refusal());
        assert!(attempt.is_delivered && attempt.pause.is_zero());
        assert_eq!(finished, responded);
    }

    #[test]
    fn settings_of_one_server_give_up_nothing_for_the_others() {
        let claimed = claimed("u", &[]);
        let end = End::of_url(&claimed, &UrlError::UnknownApp("a".to_owned()));
        assert_eq!((end.attempt.is_delivered, end.finished), (false, Finished::Blocked(1)));
        let end = End::of_url(&claimed, &UrlError::Plugin);
        assert_eq!((end.attempt.is_delivered, end.finished), (true, Finished::Skipped));
    }

    #[test]
    fn fields_that_cannot_be_read_are_given_up_after_as_many_refusals() {
        let mut claimed = Claimed { delivered_count: 0, fields_due: true, ..claimed("u", &[]) };
        for _ in 1..MOST_REFUSALS {
            let End { attempt, .. } = fail(&mut claimed, refusal());
            assert!(attempt.is_delivered && attempt.fields_due);
        }
        assert!(!fail(&mut claimed, refusal()).attempt.fields_due);
    }
}
