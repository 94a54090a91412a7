//! The journal: the last exchanges with connectors, in memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::redaction::Secrets;
use crate::config::JournalMode;

/// The maximum size of a body that is kept, in bytes.
const MAX_BODY_BYTES: usize = 256 * 1024;

/// The maximum size of all exchanges that are kept, in bytes.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Keeps the last exchanges.
#[derive(Debug)]
pub struct Journal {
    mode: JournalMode,
    size: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// The oldest is first.
    exchanges: VecDeque<Arc<Exchange>>,
    bytes: usize,
}

/// A call of a connector with its response, without secrets.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Exchange {
    /// The start of the call.
    #[serde(serialize_with = "write_time")]
    pub time: SystemTime,
    /// The operation.
    pub operation: &'static str,
    /// The `ConnectionGuid`; `None` if the operation is about no connection.
    pub connection: Option<String>,
    /// The connector's URL without its query.
    pub url: String,
    /// The time until the response was read or the call failed.
    #[serde(rename = "seconds", serialize_with = "write_seconds")]
    pub duration: Duration,
    /// `ok`, the kind of the failure, or `aborted` if nothing waited for the response any more.
    pub outcome: &'static str,
    /// The description of the failure, or the connector's remarks on a success.
    pub detail: Option<String>,
    /// The body of the request, if bodies are kept.
    pub request: Option<String>,
    /// The header `Content-Type` of the response, if a response was received; empty if it has none.
    pub content_type: Option<String>,
    /// The body of the response, if bodies are kept and there is one.
    pub response: Option<String>,
}

impl Default for Journal {
    /// Creates a journal that keeps nothing.
    fn default() -> Self {
        Journal::new(JournalMode::Off, 0)
    }
}

impl Journal {
    /// Creates a journal of the last `size` exchanges, or of fewer if these are larger than 64 MiB.
    #[must_use]
    pub fn new(mode: JournalMode, size: usize) -> Self {
        let mode = if size == 0 { JournalMode::Off } else { mode };
        Journal { mode, size, kept: Mutex::default() }
    }

    /// Adds an exchange, whose bodies have no secrets. `exchange` is not called if nothing is kept.
    pub fn record(&self, exchange: impl FnOnce() -> Exchange) {
        if self.mode == JournalMode::Off {
            return;
        }
        let exchange = exchange();
        let bytes = exchange.bytes();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        while kept.exchanges.len() == self.size || kept.bytes + bytes > MAX_BYTES {
            let Some(oldest) = kept.exchanges.pop_front() else { break };
            kept.bytes -= oldest.bytes();
        }
        kept.bytes += bytes;
        kept.exchanges.push_back(Arc::new(exchange));
    }

    /// Returns the part of a body that is kept, without secrets; `None` if no bodies are kept.
    pub(super) fn keep_body(&self, body: &[u8], secrets: &Secrets) -> Option<String> {
        (self.mode == JournalMode::Bodies).then(|| secrets.beginning(body, MAX_BODY_BYTES))
    }

    /// Returns the exchanges, the newest first.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Arc<Exchange>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).exchanges.iter().rev().cloned().collect()
    }
}

impl Exchange {
    /// Returns the memory that the exchange takes, in bytes.
    fn bytes(&self) -> usize {
        let texts = [&self.connection, &self.detail, &self.request, &self.response];
        size_of::<Self>() + self.url.len() + texts.into_iter().flatten().map(String::len).sum::<usize>()
    }
}

fn write_time<S: Serializer>(time: &SystemTime, out: S) -> Result<S::Ok, S::Error> {
    let milliseconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
    let time = i64::try_from(milliseconds).ok().and_then(|time| Timestamp::from_millisecond(time).ok());
    out.collect_str(&time.unwrap_or_default())
}

fn write_seconds<S: Serializer>(duration: &Duration, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_f64(duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(operation: &'static str) -> Exchange {
        Exchange {
            time: SystemTime::UNIX_EPOCH + Duration::from_millis(1500),
            operation,
            connection: None,
            url: "https://erp.example/a.svc".to_owned(),
            duration: Duration::from_millis(250),
            outcome: "ok",
            detail: None,
            request: None,
            content_type: None,
            response: None,
        }
    }

    #[test]
    fn the_last_exchanges_are_kept() {
        let journal = Journal::new(JournalMode::Metadata, 2);
        for operation in ["WSGetList", "WSGetActors", "WSCreateActor"] {
            journal.record(|| exchange(operation));
        }
        let kept: Vec<_> = journal.exchanges().iter().map(|exchange| exchange.operation).collect();
        assert_eq!(kept, ["WSCreateActor", "WSGetActors"]);
    }

    #[test]
    fn the_oldest_exchanges_give_way_to_large_ones() {
        let journal = Journal::new(JournalMode::Bodies, 10_000);
        let large = || Exchange { response: Some("x".repeat(MAX_BODY_BYTES)), ..exchange("WSGetList") };
        for _ in 0..2 * MAX_BYTES / MAX_BODY_BYTES {
            journal.record(large);
        }
        let most = MAX_BYTES / large().bytes();
        assert_eq!(journal.exchanges().len(), most);
        journal.record(|| exchange("WSGetActors"));
        let kept = journal.exchanges();
        assert!((most..=most + 1).contains(&kept.len()), "{}", kept.len());
        assert_eq!(kept[0].operation, "WSGetActors");
    }

    #[test]
    fn a_journal_that_is_off_or_empty_keeps_nothing() {
        for journal in [Journal::default(), Journal::new(JournalMode::Off, 5), Journal::new(JournalMode::Bodies, 0)] {
            journal.record(|| unreachable!("nothing is kept"));
            assert!(journal.exchanges().is_empty());
        }
    }

    #[test]
    fn bodies_are_kept_on_demand_and_shortened() {
        let secrets = Secrets::default();
        assert_eq!(Journal::new(JournalMode::Metadata, 1).keep_body(b"a", &secrets), None);
        let journal = Journal::new(JournalMode::Bodies, 1);
        assert_eq!(journal.keep_body(b"<a/>", &secrets).as_deref(), Some("<a/>"));
        let long = journal.keep_body(&vec![b'a'; MAX_BODY_BYTES + 1], &secrets).expect("a body");
        assert_eq!(long.len(), MAX_BODY_BYTES + "…".len());
        assert_eq!(journal.keep_body(b"\xFF\xFEa\0", &secrets).as_deref(), Some("4 bytes that are not UTF-8"));
    }

    #[test]
    fn an_exchange_is_json() {
        let json = serde_json::to_value(exchange("WSGetList")).expect("JSON");
        let expected = serde_json::json!({
            "time": "1970-01-01T00:00:01.5Z", "operation": "WSGetList", "connection": null,
            "url": "https://erp.example/a.svc", "seconds": 0.25, "outcome": "ok", "detail": null, "request": null,
            "contentType": null, "response": null,
        });
        assert_eq!(json, expected);
    }
}
