//! The connection pool.
//!
//! sqlx's own pool pings each connection that is returned to it, which costs the database about as much as a small
//! statement and cannot be switched off. This pool pings a connection before it is used, and leaves even that out where
//! the caller can make up for a lost connection ([`Pool::acquire_unchecked`]).

pub mod errors;
mod executor;
mod hosts;
mod lease;
mod manager;
mod opener;
mod retry;
mod session;

use std::time::{Duration, Instant};

use deadpool::managed::{self, PoolError, QueueMode};
use sqlx::{Connection, Error, PgConnection};

use crate::metrics;
use errors::is_transient_connect_error;
pub use hosts::Hosts;
pub use lease::{Lease, Transaction};
use manager::Manager;
use opener::Opener;
pub use retry::retry;
pub use session::session_settings;

/// The time that a request waits for a connection before it is answered with 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// The time that a database that refuses connections has to come back before a request is answered with 503.
const START_TIMEOUT: Duration = Duration::from_secs(1);
/// The pause before the second attempt to open a connection. It doubles with each further one, as the requests that wait
/// must not keep a standby busy that is being promoted.
const FIRST_RETRY_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause between two attempts.
const LAST_RETRY_PAUSE: Duration = Duration::from_millis(250);
/// The time for which an idle connection is used again without a ping, where the caller permits it.
const UNCHECKED_IDLE: Duration = Duration::from_secs(1);

/// A pool of connections to one database. Cheap to clone; a query that is executed on a `&Pool` runs on any of its
/// connections, and is [retried](retry).
#[derive(Clone, Debug)]
pub struct Pool(managed::Pool<Manager>);

/// The state of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The most connections that the pool opens.
    pub limit: usize,
    /// Open connections.
    pub open: usize,
    /// Open connections that are not in use.
    pub idle: usize,
    /// Requests that wait for a connection.
    pub waiting: usize,
}

impl Pool {
    /// Creates a pool of at most `limit` connections, opened on demand to the host that takes writes.
    ///
    /// With `is_pooled`, the connections lead to a transaction pooler such as `PgBouncer`: each statement gets a
    /// transaction of its own, as neither settings nor prepared statements outlive a transaction.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "only a pool with time limits needs a runtime, and none are set")]
    pub fn new(hosts: impl Into<Hosts>, limit: usize, is_pooled: bool) -> Self {
        let hosts = hosts.into().map(if is_pooled { session::of_pooler } else { session::of_server });
        let manager = Manager { opener: Opener::new(hosts), is_pooled };
        // The connection used last is the least likely to be lost, and its caches are warm.
        let pool = managed::Pool::builder(manager).max_size(limit).queue_mode(QueueMode::Lifo);
        Pool(pool.build().expect("no time limits"))
    }

    /// Returns the state of the pool.
    #[must_use]
    pub fn status(&self) -> Status {
        let status = self.0.status();
        Status { limit: status.max_size, open: status.size, idle: status.available, waiting: status.waiting }
    }

    /// Returns a connection that has answered a ping, or is new.
    ///
    /// # Errors
    /// If the database is away, or no connection becomes free in time.
    pub async fn acquire(&self) -> Result<Lease, Error> {
        self.lease(Duration::ZERO).await
    }

    /// Returns a connection without a ping if it was used within the last second. It may have been lost since, so this
    /// is for statements that can be sent again.
    ///
    /// # Errors
    /// As [`Pool::acquire`].
    pub async fn acquire_unchecked(&self) -> Result<Lease, Error> {
        self.lease(UNCHECKED_IDLE).await
    }

    async fn lease(&self, unchecked_idle: Duration) -> Result<Lease, Error> {
        let began = Instant::now();
        let leased = async {
            let mut pause = FIRST_RETRY_PAUSE;
            loop {
                match self.try_lease(unchecked_idle).await {
                    Ok(Some(lease)) => return Ok(lease),
                    // An idle connection was lost: the next one is tried at once.
                    Ok(None) => {}
                    Err(error) if is_transient_connect_error(&error) && began.elapsed() < START_TIMEOUT => {
                        tokio::time::sleep(pause).await;
                        pause = LAST_RETRY_PAUSE.min(pause * 2);
                    }
                    Err(error) => return Err(error),
                }
            }
        };
        tokio::time::timeout(ACQUIRE_TIMEOUT, leased).await.unwrap_or_else(|_| {
            metrics::count_pool_timeout();
            Err(Error::PoolTimedOut)
        })
    }

    /// Returns a connection that is ready for a statement, or `None` if an idle one was lost.
    async fn try_lease(&self, unchecked_idle: Duration) -> Result<Option<Lease>, Error> {
        let mut lease = match self.0.get().await {
            Ok(object) => Lease::new(object, self.is_pooled()),
            Err(PoolError::Backend(error)) => return Err(error),
            Err(_) => return Err(Error::PoolClosed),
        };
        let is_new = lease.idle_for().is_none();
        let checked = if self.is_pooled() {
            // Without the time limit of a host: the pooler may have the transaction wait for a session.
            lease.begin().await
        } else if lease.idle_for().is_none_or(|idle| idle < unchecked_idle) {
            Ok(())
        } else {
            self.opener().within_limit(lease.ping()).await
        };
        match checked {
            Ok(()) => Ok(Some(lease)),
            Err(error) => {
                lease.close_if_unusable(&error);
                lease.close();
                if is_new { Err(error) } else { Ok(None) }
            }
        }
    }

    fn is_pooled(&self) -> bool {
        self.0.manager().is_pooled
    }

    /// Opens a connection that is not part of the pool. If there are several hosts, it leads to one that takes writes.
    ///
    /// # Errors
    /// If the database is away.
    pub async fn connect(&self) -> Result<PgConnection, Error> {
        Ok(self.opener().open_to_write().await?.0)
    }

    /// Returns the address of each host of the database, and the reason why it takes no writes, if there is one.
    pub async fn survey(&self) -> Vec<(String, Result<(), String>)> {
        self.opener().survey().await
    }

    fn opener(&self) -> &Opener {
        &self.0.manager().opener
    }

    /// Runs `work` with a transaction, and [retries](retry) it. `work` has to [commit](Transaction::commit) the
    /// transaction; otherwise it is rolled back.
    ///
    /// # Errors
    /// That of `work`, or as [`Pool::acquire`].
    pub async fn transaction<T, F>(&self, work: impl Fn(Transaction) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        retry(|| async {
            let mut lease = self.acquire().await?;
            // Behind a pooler, the transaction has begun.
            if !self.is_pooled() {
                lease.begin().await?;
            }
            let origin = lease.origin();
            let result = work(Transaction(lease)).await;
            if let (Err(error), Some(origin)) = (&result, origin) {
                manager::note_error(&self.0, origin, error);
            }
            result
        })
        .await
    }

    /// Closes the pool: idle connections are closed, and no further statement is accepted.
    pub async fn close(&self) {
        let idle = self.0.retain(|_, _| false).removed;
        self.0.close();
        for pooled in idle {
            // The connection may be lost already.
            let _ = pooled.connection.close().await;
        }
    }
}
