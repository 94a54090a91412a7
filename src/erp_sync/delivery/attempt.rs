//! One attempt to tell a connector of a connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::schedule::{Finished, pause};
use crate::connector::client::Client;
use crate::connector::error::{CallError, Cause};
use crate::connector::operations::DeleteConnection;
use crate::connector::url::ConnectorUrl;
use crate::erp_sync::called_connection::{CallFailure, CalledConnection, claimed_settings};
use crate::erp_sync::connection_fields;
use crate::erp_sync::connector_urls::ConnectorUrls;
use crate::metrics::{self, Delivery};
use crate::store::deliveries::{self as store, Attempt, Claimed};
use crate::store::{Failure, Pool, reported_fields};

/// The length of a lease. A connection that a server was telling when it was killed waits as long for another one.
const LEASE: Duration = Duration::from_secs(15);
/// The time after which a lease is renewed.
const RENEWAL: Duration = Duration::from_secs(3);
/// The time after which a call is given up if the lease was not renewed, as another server may begin one at the end.
const TRUSTED: Duration = LEASE.saturating_sub(Duration::from_secs(5));
/// The number of times that a connector may refuse the same state.
const MOST_REFUSALS: i32 = 10;
/// The length of a problem that is kept, in characters.
const PROBLEM_CHARS: usize = 1000;

/// Tells connectors of connections, as one of the servers of a database.
#[derive(Clone, Debug)]
pub struct Dispatcher {
    /// The connection pool.
    pub pool: Pool,
    /// The client that calls connectors.
    pub connectors: Arc<Client>,
    /// The resolver of their URLs.
    pub urls: ConnectorUrls,
    /// The identity of this server in its leases.
    pub holder: Arc<str>,
}

/// The end of an attempt that is not a success.
enum Failed {
    /// The connector could not be told.
    Call(CallError),
    /// The connector is told, and its fields could not be read.
    Fields(CallError),
    /// The database did not; the walk finds the connection again.
    Store(Failure),
    /// The lease belongs to another server.
    Lost,
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Failed::Store(failure)
    }
}

impl Dispatcher {
    /// Tells the connector of a connection, if that waits and no other server does so.
    pub async fn attempt(&self, connection: i32) -> Finished {
        let began = Instant::now();
        let claimed = match store::claim(&self.pool, connection, &self.holder, LEASE).await {
            Ok(Some(claimed)) => claimed,
            Ok(None) => return Finished::Skipped,
            Err(failure) => {
                tracing::warn!(connection, %failure, "a delivery could not begin");
                return Finished::Skipped;
            }
        };
        tokio::select! {
            finished = self.tell(&claimed) => finished,
            () = self.keep_lease(connection, began) => {
                tracing::warn!(connection, "a delivery was given up, as its lease could not be renewed");
                Finished::Skipped
            }
        }
    }

    /// Renews the lease that was taken after `began`. Returns when it may be about to end.
    async fn keep_lease(&self, connection: i32, began: Instant) {
        let mut end = began + TRUSTED;
        loop {
            tokio::time::sleep(RENEWAL).await;
            let renewed_at = Instant::now();
            let renewal = store::renew(&self.pool, connection, &self.holder, LEASE);
            match tokio::time::timeout_at(end.into(), renewal).await {
                Ok(Ok(true)) => end = renewed_at + TRUSTED,
                Ok(Err(_)) if Instant::now() < end => {}
                _ => return,
            }
        }
    }

    async fn tell(&self, claimed: &Claimed) -> Finished {
        let connection = claimed.erp_connection_id;
        let url = match self.urls.resolve(&claimed.url).await {
            Ok(Ok(url)) => url,
            Err(failure) => {
                tracing::warn!(connection, %failure, "a connector's URL could not be read");
                return Finished::Skipped;
            }
            Ok(Err(problem)) => {
                // The log gets no part of the URL: it can hold credentials.
                tracing::warn!(connection, problem = problem.kind(), "a connector's URL is not callable");
                return self.give_up(claimed, problem.kind()).await;
            }
        };
        let result = async {
            let (source, is_waiting) = self.tell_state(claimed, &url).await?;
            match source {
                Some(source) => self.read_fields(claimed, &url, &source).await,
                None => Ok(is_waiting),
            }
        };
        match result.await {
            Ok(is_waiting) => Finished::Responded(is_waiting),
            Err(Failed::Call(problem)) => self.fail(claimed, &url, &problem, false).await,
            Err(Failed::Fields(problem)) => self.fail(claimed, &url, &problem, true).await,
            Err(Failed::Store(failure)) => {
                tracing::warn!(connection, %failure, "the outcome of a delivery could not be stored");
                Finished::Skipped
            }
            Err(Failed::Lost) => {
                tracing::warn!(connection, "a delivery lost its lease");
                Finished::Skipped
            }
        }
    }

    /// Tells the connector of the state, unless that is done. Returns the digest of the settings if the fields are still to
    /// be read, and whether the connection waits.
    async fn tell_state(&self, claimed: &Claimed, url: &ConnectorUrl) -> Result<(Option<Vec<u8>>, bool), Failed> {
        let connection = claimed.erp_connection_id;
        let source = digest(claimed);
        if claimed.delivered_count >= claimed.updated_count {
            return Ok((Some(source), true));
        }
        if claimed.deleted {
            let request = DeleteConnection { connection_guid: claimed.connection_id.clone() };
            match self.connectors.call_for(url, &request, &claimed_settings(claimed)).await {
                Err(problem) if !problem.is_unknown_connection() => return Err(Failed::Call(problem)),
                _ => tracing::info!(connection, %url, "a connector was told that a connection is deleted"),
            }
        } else {
            self.connectors.call(url, &claimed_settings(claimed)).await.map_err(Failed::Call)?;
            tracing::info!(connection, %url, "a connector was told that a connection is saved");
        }
        metrics::count_delivery(Delivery::Told);
        let fields_due = !claimed.deleted && (claimed.fields_due || claimed.fields_source.as_ref() != Some(&source));
        let is_waiting = self
            .record(
                claimed,
                &Attempt {
                    is_delivered: true,
                    fields_due,
                    // A connection that is no longer deleted has its fields read again.
                    fields_source: claimed.deleted.then_some(&[]),
                    keeps_lease: fields_due,
                    ..attempt(claimed)
                },
            )
            .await?;
        Ok((fields_due.then_some(source), is_waiting))
    }

    /// Reads and stores the fields of the connection. Returns whether the connection waits.
    async fn read_fields(&self, claimed: &Claimed, url: &ConnectorUrl, source: &[u8]) -> Result<bool, Failed> {
        let connection = claimed.erp_connection_id;
        let called = CalledConnection::claimed(&self.pool, &self.connectors, url, claimed);
        let types = connection_fields::read(&called).await.map_err(|failure| match failure {
            CallFailure::Connector(problem) => Failed::Fields(problem),
            CallFailure::Store(failure) => Failed::Store(failure),
        })?;
        reported_fields::store(&self.pool, connection, &types, claimed.updated_associate_id).await?;
        let fields: usize = types.iter().map(|reported| reported.fields.len()).sum();
        tracing::info!(connection, %url, actor_types = types.len(), fields, "the fields of a connection were read");
        let done = Attempt { is_delivered: true, fields_source: Some(source), ..attempt(claimed) };
        self.record(claimed, &done).await
    }

    /// Records a failed call; `is_told` if the connector has been told of the state. There is another attempt after a pause,
    /// unless the connector has refused it too often.
    async fn fail(&self, claimed: &Claimed, url: &ConnectorUrl, problem: &CallError, is_told: bool) -> Finished {
        let connection = claimed.erp_connection_id;
        let attempts = claimed.attempts.saturating_add(1);
        let is_refused = matches!(problem.cause, Cause::Refused { .. } | Cause::Fault { .. });
        let is_final = matches!(problem.cause, Cause::Forbidden(_)) || is_refused && attempts >= MOST_REFUSALS;
        let kind = problem.kind();
        tracing::warn!(connection, %url, kind, %problem, attempts, is_final, "a delivery to a connector failed");
        let text = problem.to_string();
        if is_final {
            return self.give_up(claimed, &text).await;
        }
        metrics::count_delivery(Delivery::Failed);
        // All connections of a connector that does not respond wait for the same pause, which this server keeps.
        let pause = if is_refused { pause(attempts.unsigned_abs()) } else { Duration::ZERO };
        let failed = Attempt {
            is_delivered: is_told,
            fields_due: is_told || claimed.fields_due,
            attempts,
            pause,
            problem: &shorten(&text),
            ..attempt(claimed)
        };
        let _ = self.record(claimed, &failed).await;
        if is_refused { Finished::Responded(false) } else { Finished::Away(claimed.erp_connector_id) }
    }

    /// Records that this state is not told any more.
    async fn give_up(&self, claimed: &Claimed, problem: &str) -> Finished {
        metrics::count_delivery(Delivery::GivenUp);
        let attempts = claimed.attempts.saturating_add(1);
        let given_up = Attempt { is_delivered: true, attempts, problem: &shorten(problem), ..attempt(claimed) };
        let _ = self.record(claimed, &given_up).await;
        Finished::Skipped
    }

    async fn record(&self, claimed: &Claimed, attempt: &Attempt<'_>) -> Result<bool, Failed> {
        store::record(&self.pool, claimed.erp_connection_id, &self.holder, attempt).await?.ok_or(Failed::Lost)
    }
}

/// Returns an attempt that has not succeeded yet.
fn attempt(claimed: &Claimed) -> Attempt<'static> {
    Attempt {
        updated_count: claimed.updated_count,
        is_delivered: false,
        fields_due: false,
        fields_source: None,
        attempts: 0,
        pause: Duration::ZERO,
        problem: "",
        keeps_lease: false,
    }
}

/// Returns the digest of the settings on which the fields of a connection depend.
fn digest(claimed: &Claimed) -> Vec<u8> {
    let mut digest = Sha256::new();
    let fields = claimed.config_fields.iter().flat_map(|(key, value)| [Some(key), value.as_ref()]);
    for part in [Some(&claimed.url), Some(&claimed.connection_id)].into_iter().chain(fields) {
        // No text has the length of an absent one.
        digest.update(part.map_or(usize::MAX, String::len).to_be_bytes());
        digest.update(part.map_or("", String::as_str));
    }
    digest.finalize().to_vec()
}

/// Returns the beginning of a problem, as a text that the database can store.
fn shorten(problem: &str) -> String {
    problem.chars().filter(|character| *character != '\0').take(PROBLEM_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claimed(url: &str, fields: &[(&str, Option<&str>)]) -> Claimed {
        let fields = fields.iter().map(|(key, value)| ((*key).to_owned(), value.map(str::to_owned)));
        Claimed {
            erp_connection_id: 1,
            erp_connector_id: 1,
            url: url.to_owned(),
            connection_id: "a".to_owned(),
            deleted: false,
            config_fields: fields.collect(),
            updated_associate_id: 1,
            updated_count: 0,
            delivered_count: -1,
            fields_due: false,
            fields_source: None,
            attempts: 0,
        }
    }

    #[test]
    fn the_digest_tells_settings_apart() {
        let settings = [
            claimed("u", &[]),
            claimed("v", &[]),
            claimed("u", &[("a", None)]),
            claimed("u", &[("a", Some(""))]),
            claimed("u", &[("a", Some("bc"))]),
            claimed("u", &[("ab", Some("c"))]),
            claimed("u", &[("a", Some("b")), ("c", Some(""))]),
        ];
        let digests: std::collections::HashSet<_> = settings.iter().map(digest).collect();
        assert_eq!(digests.len(), settings.len());
        assert_eq!(digest(&settings[0]), digest(&Claimed { updated_count: 5, ..claimed("u", &[]) }));
    }
}
