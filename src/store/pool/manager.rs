//! Opens connections for the pool and replaces old ones.

use std::time::{Duration, Instant};

use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, Error, PgConnection};

/// The age at which a connection is replaced: the memory that PostgreSQL keeps for each of them grows.
const LIFETIME: Duration = Duration::from_mins(30);

/// Opens connections to one database.
#[derive(Debug)]
pub struct Manager {
    /// The address, the credentials and the session's settings.
    pub options: PgConnectOptions,
    /// The connections lead to a transaction pooler.
    pub is_pooled: bool,
}

/// A connection in the pool.
#[derive(Debug)]
pub struct Pooled {
    /// The connection itself.
    pub connection: PgConnection,
    /// When it was last returned to the pool; `None` for a new connection.
    pub idle_since: Option<Instant>,
}

impl managed::Manager for Manager {
    type Type = Pooled;
    type Error = Error;

    async fn create(&self) -> Result<Pooled, Error> {
        Ok(Pooled { connection: PgConnection::connect_with(&self.options).await?, idle_since: None })
    }

    async fn recycle(&self, _: &mut Pooled, metrics: &Metrics) -> RecycleResult<Error> {
        if metrics.age() > LIFETIME { Err(RecycleError::message("too old")) } else { Ok(()) }
    }
}
