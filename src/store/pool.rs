//! The connections to the database, and who has them.
//!
//! sqlx's own pool asks every connection that is given back whether it is still there, which takes the database about
//! as long as a small statement and cannot be switched off. This one asks before a statement, and leaves even that out
//! where a lost connection can be made up for ([`Pool::trusted`]).

use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::time::{Duration, Instant};

use deadpool::managed::{self, Metrics, Object, PoolError, QueueMode, RecycleError, RecycleResult};
use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgQueryResult, PgRow, PgSeverity, PgTypeInfo};
use sqlx::{Connection, Either, Error, Execute, Executor, PgConnection, Postgres, SqlStr};

/// How long a request waits for a connection before it is told that the database is away.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a database that refuses connections may take to come back before a request is told so.
const COMING_UP: Duration = Duration::from_secs(1);
/// How long a connection that is not used is taken to be there without being asked.
const TRUSTED_FOR: Duration = Duration::from_secs(1);
/// How long a given-up statement may go on before its connection is closed.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(1);
/// Connections are replaced from time to time: what the database keeps for each of them grows.
const LIFETIME: Duration = Duration::from_mins(30);

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
    /// At most `limit` connections, opened when they are needed.
    ///
    /// # Panics
    /// Never: the pool's own time limits alone, of which there are none, need a runtime.
    #[must_use]
    pub fn new(options: PgConnectOptions, limit: usize) -> Self {
        // The one used last is the likeliest to be there, and warm.
        let pool = managed::Pool::builder(Opener { options }).max_size(limit).queue_mode(QueueMode::Lifo);
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
        let leased = async {
            loop {
                let mut lease = match self.0.get().await {
                    Ok(object) => Lease { object: Some(object), leaves: Leaves::Unfinished },
                    Err(PoolError::Backend(problem)) if is_coming_up(&problem) && began.elapsed() < COMING_UP => {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        continue;
                    }
                    Err(PoolError::Backend(problem)) => return Err(problem),
                    Err(_) => return Err(Error::PoolClosed),
                };
                if lease.idle_for().is_none_or(|idle| idle < trusted_for) || lease.ping().await.is_ok() {
                    return Ok(lease);
                }
                lease.close();
            }
        };
        tokio::time::timeout(ACQUIRE_TIMEOUT, leased).await.unwrap_or(Err(Error::PoolTimedOut))
    }

    /// A connection with a transaction on it. Dropped, it is rolled back.
    ///
    /// # Errors
    /// As [`Pool::acquire`].
    pub async fn begin(&self) -> Result<Transaction, Error> {
        let mut lease = self.acquire().await?;
        lease.leaves = Leaves::Transaction;
        lease.execute("BEGIN").await?;
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

#[derive(Debug)]
struct Opener {
    options: PgConnectOptions,
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

/// What the user of a connection leaves on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaves {
    /// Nothing.
    Nothing,
    /// Perhaps a statement that nobody waits for any more.
    Unfinished,
    /// A transaction.
    Transaction,
}

/// A connection in use. Given back when it is dropped.
#[derive(Debug)]
pub struct Lease {
    /// None once it is closed or given back.
    object: Option<Object<Opener>>,
    leaves: Leaves,
}

impl Lease {
    /// Gives the connection back after its last statement, unless that has shown it to be lost.
    ///
    /// # Errors
    /// That of `result`.
    pub fn done<T>(mut self, result: Result<T, Error>) -> Result<T, Error> {
        match &result {
            Err(error) if is_lost(error) => self.close(),
            _ => self.leaves = Leaves::Nothing,
        }
        result
    }

    fn idle_for(&self) -> Option<Duration> {
        self.object.as_ref()?.idle_since.map(|since| since.elapsed())
    }

    fn close(&mut self) {
        drop(self.object.take().map(Object::take));
    }
}

impl Deref for Lease {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.object.as_ref().expect("in use").connection
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.object.as_mut().expect("in use").connection
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(mut object) = self.object.take() else { return };
        object.idle_since = Some(Instant::now());
        if self.leaves == Leaves::Nothing {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            drop(Object::take(object));
            return;
        };
        let leaves = self.leaves;
        runtime.spawn(async move {
            let settled = async {
                match leaves {
                    Leaves::Transaction => object.connection.execute("ROLLBACK").await.is_ok(),
                    // Waits for the statement.
                    Leaves::Unfinished | Leaves::Nothing => object.connection.ping().await.is_ok(),
                }
            };
            if !tokio::time::timeout(SETTLE_TIMEOUT, settled).await.unwrap_or(false) {
                drop(Object::take(object));
            }
        });
    }
}

/// A connection with a transaction on it. Dropped, it is rolled back.
#[derive(Debug)]
pub struct Transaction(Lease);

impl Transaction {
    /// Makes it take effect.
    ///
    /// # Errors
    /// Where the database is away, it may or may not have taken effect.
    pub async fn commit(mut self) -> Result<(), Error> {
        let committed = self.0.execute("COMMIT").await;
        self.0.done(committed).map(drop)
    }
}

impl Deref for Transaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.0
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.0
    }
}

type Later<'e, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'e>>;
type Many<'e, T> = Pin<Box<dyn Stream<Item = Result<T, Error>> + Send + 'e>>;

impl<'p> Executor<'p> for &'p Pool {
    type Database = Postgres;

    /// Reads all of it before it gives the first: no connection waits for who reads.
    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> Many<'e, Either<PgQueryResult, PgRow>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let all = async move {
            let mut lease = self.acquire().await?;
            let all: Result<Vec<_>, Error> = lease.fetch_many(query).try_collect().await;
            Ok::<_, Error>(stream::iter(lease.done(all)?.into_iter().map(Ok)))
        };
        stream::once(all).try_flatten().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> Later<'e, Option<PgRow>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(async move {
            let mut lease = self.acquire().await?;
            let row = lease.fetch_optional(query).await;
            lease.done(row)
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> Later<'e, <Postgres as sqlx::Database>::Statement>
    where
        'p: 'e,
    {
        Box::pin(async move {
            let mut lease = self.acquire().await?;
            let prepared = lease.prepare_with(sql, parameters).await;
            lease.done(prepared)
        })
    }

    // sqlx hides it, and asks for it where its macros are.
    fn describe<'e>(self, sql: SqlStr) -> Later<'e, sqlx::Describe<Postgres>>
    where
        'p: 'e,
    {
        Box::pin(async move {
            let mut lease = self.acquire().await?;
            let described = lease.describe(sql).await;
            lease.done(described)
        })
    }
}
