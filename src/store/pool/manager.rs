//! Opens connections for the pool and replaces old ones.

use std::time::{Duration, Instant};

use deadpool::managed::{self, Metrics, Pool, RecycleError, RecycleResult};
use sqlx::{Error, PgConnection};

use super::opener::{Opener, Origin};

/// The age at which a connection is replaced: the memory that PostgreSQL keeps for each of them grows.
const LIFETIME: Duration = Duration::from_mins(30);

/// Opens connections to one database.
#[derive(Debug)]
pub struct Manager {
    /// Opens the connections.
    pub opener: Opener,
    /// The connections lead to a transaction pooler.
    pub is_pooled: bool,
}

/// A connection in the pool.
#[derive(Debug)]
pub struct Pooled {
    /// The connection itself.
    pub connection: PgConnection,
    /// The host that it leads to.
    pub origin: Origin,
    /// When it was last returned to the pool; `None` for a new connection.
    pub idle_since: Option<Instant>,
}

impl managed::Manager for Manager {
    type Type = Pooled;
    type Error = Error;

    async fn create(&self) -> Result<Pooled, Error> {
        let (connection, origin) = self.opener.open().await?;
        Ok(Pooled { connection, origin, idle_since: None })
    }

    async fn recycle(&self, pooled: &mut Pooled, metrics: &Metrics) -> RecycleResult<Error> {
        if metrics.age() > LIFETIME {
            Err(RecycleError::message("too old"))
        } else if !self.opener.is_current(pooled.origin) {
            Err(RecycleError::message("to a host that is no longer used"))
        } else {
            Ok(())
        }
    }
}

/// Takes note of the error of a statement, and closes the idle connections that cannot be used any more. Returns whether
/// the statement's connection must be closed, too.
pub fn note_error(pool: &Pool<Manager>, origin: Origin, error: &Error) -> bool {
    let must_close = pool.manager().opener.note_error(origin, error);
    if must_close {
        close_retired(pool);
    }
    must_close
}

/// Closes the idle connections to the host of a connection that does not respond, if there are other hosts.
pub fn suspect(pool: &Pool<Manager>, origin: Origin) {
    pool.manager().opener.suspect(origin);
    close_retired(pool);
}

fn close_retired(pool: &Pool<Manager>) {
    pool.retain(|pooled, _| pool.manager().opener.is_current(pooled.origin));
}
