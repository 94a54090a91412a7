//! A connection checked out of the pool.

use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use deadpool::managed::Object;
use sqlx::{AssertSqlSafe, Connection, Error, Executor, PgConnection};

use super::manager::{self, Manager, Pooled};
use super::opener::Origin;
use super::session;

/// The time that an abandoned statement or transaction has to end before its connection is closed.
const ROLLBACK_TIMEOUT: Duration = Duration::from_secs(1);

/// What has to end before the connection can be used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pending {
    /// Possibly a statement whose result is not awaited any more.
    Statement,
    /// A transaction.
    Transaction,
}

/// A connection checked out of the pool. Returned to it on drop; an unfinished transaction is rolled back then.
#[derive(Debug)]
pub struct Lease {
    /// `None` once the connection is closed or returned.
    object: Option<Object<Manager>>,
    /// `None` if the connection can be used again as it is.
    pending: Option<Pending>,
    is_pooled: bool,
}

impl Lease {
    /// Wraps a connection that the pool has just given out.
    pub(super) fn new(object: Object<Manager>, is_pooled: bool) -> Self {
        Lease { object: Some(object), pending: Some(Pending::Statement), is_pooled }
    }

    /// Begins a transaction.
    pub(super) async fn begin(&mut self) -> Result<(), Error> {
        self.pending = Some(Pending::Transaction);
        if self.is_pooled {
            self.execute(sqlx::raw_sql(AssertSqlSafe(session::begin_pooled()))).await.map(drop)
        } else {
            self.execute("BEGIN").await.map(drop)
        }
    }

    /// Returns the connection to the pool after its last statement, unless `result` shows that it is lost or leads to a
    /// standby. Behind a transaction pooler, the statement's transaction is committed first.
    ///
    /// # Errors
    /// That of `result`, or of the commit.
    pub async fn finish<T>(mut self, result: Result<T, Error>) -> Result<T, Error> {
        match result {
            Err(error) if self.close_if_unusable(&error) => Err(error),
            result if !self.is_pooled => {
                self.pending = None;
                result
            }
            // The transaction is rolled back on drop, without a wait.
            Err(error) => Err(error),
            Ok(value) => {
                self.commit().await?;
                Ok(value)
            }
        }
    }

    /// Commits the transaction and returns the connection to the pool.
    pub(super) async fn commit(mut self) -> Result<(), Error> {
        let committed = self.execute("COMMIT").await.map(drop);
        match &committed {
            Err(error) if self.close_if_unusable(error) => {}
            _ => self.pending = None,
        }
        committed
    }

    /// Returns the time since the connection was last used; `None` for a new connection.
    pub(super) fn idle_for(&self) -> Option<Duration> {
        self.object.as_ref()?.idle_since.map(|since| since.elapsed())
    }

    /// Returns the host that the connection leads to.
    pub(super) fn origin(&self) -> Option<Origin> {
        Some(self.object.as_ref()?.origin)
    }

    /// Closes the connection instead of returning it.
    pub(super) fn close(&mut self) {
        drop(self.object.take().map(Object::take));
    }

    /// Closes the connection if it cannot be used after the error of its last statement. Returns whether it is closed.
    pub(super) fn close_if_unusable(&mut self, error: &Error) -> bool {
        let Some(object) = &self.object else { return true };
        let must_close = Object::pool(object).is_none_or(|pool| manager::note_error(&pool, object.origin, error));
        if must_close {
            self.close();
        }
        must_close
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
        let Some(pending) = self.pending else { return };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(rollback_or_close(object, pending))),
            Err(_) => drop(Object::take(object)),
        }
    }
}

/// Ends what is pending on a connection before it is returned to the pool, or closes the connection if that takes too
/// long.
async fn rollback_or_close(mut object: Object<Manager>, pending: Pending) {
    let Pooled { connection, .. } = &mut *object;
    let ended = async {
        match pending {
            // The ping is answered after the statement.
            Pending::Statement => connection.ping().await.is_ok(),
            Pending::Transaction => connection.execute("ROLLBACK").await.is_ok(),
        }
    };
    if !tokio::time::timeout(ROLLBACK_TIMEOUT, ended).await.unwrap_or(false) {
        let (pool, origin) = (Object::pool(&object), object.origin);
        drop(Object::take(object));
        if let Some(pool) = pool {
            manager::suspect(&pool, origin);
        }
    }
}

/// A transaction on a connection checked out of the pool. Rolled back on drop.
#[derive(Debug)]
pub struct Transaction(pub(super) Lease);

impl Transaction {
    /// Commits the transaction.
    ///
    /// # Errors
    /// If the connection is lost, the transaction may or may not have taken effect.
    pub async fn commit(self) -> Result<(), Error> {
        self.0.commit().await
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
