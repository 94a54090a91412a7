//! The connections to the database, and who has them.
//!
//! sqlx's own pool asks every connection that is given back whether it is still there, which takes the database about
//! as long as a small statement and cannot be switched off. This one asks before a statement, and leaves even that out
//! where a lost connection can be made up for ([`Pool::trusted`]).

mod executor;
mod lease;

use std::time::{Duration, Instant};

use deadpool::managed::{self, Metrics, PoolError, QueueMode, RecycleError, RecycleResult};
use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgSeverity};
use sqlx::{Connection, Error, PgConnection};

pub use lease::{Lease, Transaction};

/// How long a request waits for a connection before it is told that the database is away.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a database that refuses connections may take to come back before a request is told so.
const COMING_UP: Duration = Duration::from_secs(1);
/// How long a connection that is not used is taken to be there without being asked.
const TRUSTED_FOR: Duration = Duration::from_secs(1);
/// A statement that takes longer is given up by the database itself, so that nothing goes on behind a 504.
const STATEMENT_TIMEOUT: &str = "20s";
/// Connections are replaced from time to time: what the database keeps for each of them grows.
const LIFETIME: Duration = Duration::from_mins(30);

/// Settings that keep the planner to look-ups by key, whatever it knows about the tables.
///
/// A plan that is made while a table is empty or small reads it whole, and is kept for as long as the statistics are:
/// until autovacuum comes by, about a minute. Meanwhile the table grows, and a save takes 12 times as long. Statistics
/// planted by a migration would not help, as autovacuum replaces them by those of the small table, and dumps leave them
/// out; settings hold from the first statement on. They are not hints: a statement that has to read a table whole, such
/// as a list, still does.
const PLANNER_SETTINGS: [(&str, &str); 3] = [
    ("enable_seqscan", "off"),
    // A merge join reads an index whole.
    ("enable_mergejoin", "off"),
    // A sequential scan that cannot be avoided counts as so costly that it would be compiled first.
    ("jit", "off"),
];

/// Connections to one database. Cheap to clone; an `&Pool` runs a statement on any of them.
#[derive(Clone, Debug)]
pub struct Pool(managed::Pool<Opener>);

/// How many connections there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// At most.
    pub limit: usize,
    /// Open.
    pub open: usize,
    /// Open and not in use.
    pub idle: usize,
    /// Requests that wait for one.
    pub waiting: usize,
}

impl Pool {
    /// At most `limit` connections, opened when they are needed. Behind a pooler in transaction mode nothing outlives
    /// a transaction: each statement gets one of its own, and none
    /// is prepared for the next.
    ///
    /// # Panics
    /// Never: the pool's own time limits alone, of which there are none, need a runtime.
    #[must_use]
    pub fn new(options: PgConnectOptions, limit: usize, is_pooled: bool) -> Self {
        let options = if is_pooled { for_a_pooler(options) } else { for_a_server(options) };
        // The one used last is the likeliest to be there, and warm.
        let pool = managed::Pool::builder(Opener { options, is_pooled }).max_size(limit).queue_mode(QueueMode::Lifo);
        Pool(pool.build().expect("no time limits"))
    }

    /// How many connections there are now.
    #[must_use]
    pub fn status(&self) -> Status {
        let status = self.0.status();
        Status { limit: status.max_size, open: status.size, idle: status.available, waiting: status.waiting }
    }

    /// A connection that was there a moment ago.
    ///
    /// # Errors
    /// Where the database is away, or no connection comes free in time.
    pub async fn acquire(&self) -> Result<Lease, Error> {
        self.lease(Duration::ZERO).await
    }

    /// A connection that may have been lost since it was used last, within the last second: for statements that can
    /// be sent a second time.
    ///
    /// # Errors
    /// As [`Pool::acquire`].
    pub async fn trusted(&self) -> Result<Lease, Error> {
        self.lease(TRUSTED_FOR).await
    }

    async fn lease(&self, trusted_for: Duration) -> Result<Lease, Error> {
        let began = Instant::now();
        let is_pooled = self.0.manager().is_pooled;
        let leased = async {
            loop {
                let mut lease = match self.0.get().await {
                    Ok(object) => Lease::of(object, is_pooled),
                    Err(PoolError::Backend(problem)) if is_coming_up(&problem) && began.elapsed() < COMING_UP => {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        continue;
                    }
                    Err(PoolError::Backend(problem)) => return Err(problem),
                    Err(_) => return Err(Error::PoolClosed),
                };
                let is_new = lease.idle_for().is_none();
                let ready = if is_pooled {
                    lease.begin().await
                } else if lease.idle_for().is_none_or(|idle| idle < trusted_for) {
                    Ok(())
                } else {
                    lease.ping().await
                };
                match ready {
                    Ok(()) => return Ok(lease),
                    Err(problem) if is_new => return Err(problem),
                    Err(_) => lease.close(),
                }
            }
        };
        tokio::time::timeout(ACQUIRE_TIMEOUT, leased).await.unwrap_or(Err(Error::PoolTimedOut))
    }

    /// A connection that is no part of the pool.
    ///
    /// # Errors
    /// Where the database is away.
    pub async fn connect(&self) -> Result<PgConnection, Error> {
        PgConnection::connect_with(&self.0.manager().options).await
    }

    /// A connection with a transaction on it. Dropped, it is rolled back.
    ///
    /// # Errors
    /// As [`Pool::acquire`].
    pub async fn begin(&self) -> Result<Transaction, Error> {
        let mut lease = self.acquire().await?;
        // Behind a pooler it has begun.
        if !self.0.manager().is_pooled {
            lease.begin().await?;
        }
        Ok(Transaction(lease))
    }

    /// Takes no more statements, and says goodbye to the database on every connection that is not in use.
    pub async fn close(&self) {
        let idle = self.0.retain(|_, _| false).removed;
        self.0.close();
        for kept in idle {
            // It may be gone already.
            let _ = kept.connection.close().await;
        }
    }
}

/// The database may just be starting, or be full for a moment. A wrong password or name is final.
#[must_use]
pub fn is_coming_up(problem: &Error) -> bool {
    match problem {
        Error::Io(_) => true,
        Error::Database(refused) => refused.code().is_some_and(|code| code == "57P03" || code == "53300"),
        _ => false,
    }
}

/// Whether the connection is no more: its statement may or may not have taken effect.
#[must_use]
pub fn is_lost(error: &Error) -> bool {
    match error {
        Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::WorkerCrashed => true,
        Error::Database(refused) => refused
            .try_downcast_ref::<PgDatabaseError>()
            .is_some_and(|refused| matches!(refused.severity(), PgSeverity::Fatal | PgSeverity::Panic)),
        _ => false,
    }
}

/// What a server is told when a connection begins.
fn for_a_server(options: PgConnectOptions) -> PgConnectOptions {
    let options = options.options([
        ("statement_timeout", STATEMENT_TIMEOUT),
        ("default_transaction_isolation", "read committed"),
        // All statements go by keys, so one plan is as good as another; to make the plan of a save anew each time takes
        // four times as long as the save (`cargo bench --bench load`).
        ("plan_cache_mode", "force_generic_plan"),
    ]);
    options.options(PLANNER_SETTINGS)
}

/// A pooler would not know what to do with such settings; each transaction begins with them.
fn for_a_pooler(options: PgConnectOptions) -> PgConnectOptions {
    options.extra_float_digits(None).statement_cache_capacity(0)
}

#[derive(Debug)]
struct Opener {
    options: PgConnectOptions,
    is_pooled: bool,
}

/// A connection, and since when nobody uses it; none where it is new.
#[derive(Debug)]
struct Kept {
    connection: PgConnection,
    idle_since: Option<Instant>,
}

impl managed::Manager for Opener {
    type Type = Kept;
    type Error = Error;

    async fn create(&self) -> Result<Kept, Error> {
        Ok(Kept { connection: PgConnection::connect_with(&self.options).await?, idle_since: None })
    }

    async fn recycle(&self, _: &mut Kept, metrics: &Metrics) -> RecycleResult<Error> {
        if metrics.age() > LIFETIME { Err(RecycleError::message("too old")) } else { Ok(()) }
    }
}
