//! One attempt to tell a connector of a connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::outcome::{End, Failed};
use super::schedule::Finished;
use super::settings;
use crate::connector::client::Client;
use crate::connector::error::CallError;
use crate::connector::operations::DeleteConnection;
use crate::connector::url::ConnectorUrl;
use crate::erp_sync::called_connection::{CallFailure, CalledConnection, claimed_settings};
use crate::erp_sync::connection_fields;
use crate::erp_sync::connector_urls::ConnectorUrls;
use crate::metrics::{self, Delivery};
use crate::store::deliveries::{self as store, Attempt, Claimed};
use crate::store::{Pool, reported_fields};

/// The length of a lease. A connection that a server was telling when it was killed waits as long for another one.
const LEASE: Duration = Duration::from_secs(15);
/// The time after which a lease is renewed.
const RENEWAL: Duration = Duration::from_secs(3);
/// The time after which a call is given up if the lease was not renewed, as another server may begin one at the end.
const TRUSTED: Duration = LEASE.saturating_sub(Duration::from_secs(5));

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
    /// The time limit of the calls of an attempt. A slow connector would otherwise hold its places for a quarter of an hour.
    pub limit: Duration,
}

impl Dispatcher {
    /// Tells the connector of a connection, if that waits and no other server does so.
    pub async fn attempt(&self, connection: i32) -> Finished {
        let began = Instant::now();
        let mut claimed = match store::claim(&self.pool, connection, &self.holder, LEASE).await {
            Ok(Some(claimed)) => claimed,
            Ok(None) => return Finished::Skipped,
            Err(failure) => {
                tracing::warn!(connection, %failure, "a delivery could not begin");
                return Finished::Skipped;
            }
        };
        let end = tokio::select! {
            biased;
            end = self.tell(&mut claimed) => end,
            () = self.keep_lease(connection, began) => {
                tracing::warn!(connection, "a delivery was given up, as its lease could not be renewed");
                None
            }
        };
        // The record returns the lease, so it is made when no renewal can find it returned.
        match end {
            Some(end) => self.record_end(connection, end).await,
            None => Finished::Skipped,
        }
    }

    /// Records the end of an attempt. If that fails, the connection waits until the lease ends.
    async fn record_end(&self, connection: i32, End { attempt, finished }: End) -> Finished {
        match store::record(&self.pool, connection, &self.holder, &attempt).await {
            Ok(Some(is_waiting)) => match finished {
                Finished::Responded { connector, .. } => {
                    Finished::Responded { connector, is_waiting: is_waiting && attempt.pause.is_zero() }
                }
                Finished::Away(_) | Finished::Blocked(_) | Finished::Skipped => finished,
            },
            Ok(None) => {
                tracing::warn!(connection, "a delivery lost its lease before its outcome was stored");
                finished
            }
            Err(failure) => {
                tracing::warn!(connection, %failure, "the outcome of a delivery could not be stored");
                finished
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

    /// Tells the connector of the connection. Returns `None` if the end cannot be recorded.
    async fn tell(&self, claimed: &mut Claimed) -> Option<End> {
        let connection = claimed.erp_connection_id;
        let url = match self.urls.resolve(&claimed.url).await {
            Ok(Ok(url)) => url,
            Ok(Err(problem)) => return Some(End::of_url(claimed, &problem)),
            Err(failure) => {
                tracing::warn!(connection, %failure, "a connector's URL could not be read");
                return None;
            }
        };
        let called = tokio::time::timeout(self.limit, self.call(claimed, &url)).await;
        match called.unwrap_or(Err(Failed::TooSlow(self.limit))) {
            Ok(fields_source) => Some(End::of_success(claimed, fields_source)),
            Err(failed) => End::of_failure(claimed, &url, failed),
        }
    }

    /// Makes the calls that are due. Returns the digest of the settings with which the fields are stored; `None` if that has
    /// not changed.
    async fn call(&self, claimed: &mut Claimed, url: &ConnectorUrl) -> Result<Option<Vec<u8>>, Failed> {
        let source = settings::digest(claimed);
        if !claimed.is_told() {
            self.tell_state(claimed, url).await.map_err(Failed::Call)?;
            metrics::count_delivery(Delivery::Told);
            if claimed.deleted {
                // A connection that is no longer deleted has its fields read again.
                return Ok(Some(Vec::new()));
            }
            if !claimed.fields_due && claimed.fields_source.as_ref() == Some(&source) {
                return Ok(None);
            }
            self.record_told(claimed).await?;
        }
        self.read_fields(claimed, url).await?;
        Ok(Some(source))
    }

    /// Tells the connector of the state.
    async fn tell_state(&self, claimed: &Claimed, url: &ConnectorUrl) -> Result<(), CallError> {
        let connection = claimed.erp_connection_id;
        if claimed.deleted {
            let request = DeleteConnection { connection_guid: claimed.connection_id.clone() };
            match self.connectors.call_for(url, &request, &claimed_settings(claimed)).await {
                Err(problem) if !problem.is_unknown_connection() => return Err(problem),
                _ => tracing::info!(connection, %url, "a connector was told that a connection is deleted"),
            }
        } else {
            self.connectors.call(url, &claimed_settings(claimed)).await?;
            tracing::info!(connection, %url, "a connector was told that a connection is saved");
        }
        Ok(())
    }

    /// Records that the state is told, and that the fields are still to be read. Failures are counted anew.
    async fn record_told(&self, claimed: &mut Claimed) -> Result<(), Failed> {
        let updated_count = claimed.updated_count;
        let told =
            Attempt { updated_count, is_delivered: true, fields_due: true, keeps_lease: true, ..Attempt::default() };
        let recorded = store::record(&self.pool, claimed.erp_connection_id, &self.holder, &told).await;
        recorded.map_err(Failed::Record)?.ok_or(Failed::Lost)?;
        (claimed.delivered_count, claimed.fields_due) = (updated_count, true);
        (claimed.attempts, claimed.refusals) = (0, 0);
        Ok(())
    }

    /// Reads and stores the fields of the connection.
    async fn read_fields(&self, claimed: &Claimed, url: &ConnectorUrl) -> Result<(), Failed> {
        let connection = claimed.erp_connection_id;
        let called = CalledConnection::claimed(&self.pool, &self.connectors, url, claimed);
        let types = connection_fields::read(&called).await.map_err(|failure| match failure {
            CallFailure::Connector(problem) => Failed::Call(problem),
            CallFailure::Store(failure) => Failed::Fields(failure),
        })?;
        let stored = reported_fields::store(&self.pool, connection, &types, claimed.updated_associate_id).await;
        stored.map_err(Failed::Fields)?;
        let fields: usize = types.iter().map(|reported| reported.fields.len()).sum();
        tracing::info!(connection, %url, actor_types = types.len(), fields, "the fields of a connection were read");
        Ok(())
    }
}
