//! A connection in use, and a transaction on one.

use std::fmt::Write;
use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use deadpool::managed::Object;
use sqlx::{AssertSqlSafe, Connection, Error, Executor, PgConnection};

use super::{Opener, PLANNER_SETTINGS, STATEMENT_TIMEOUT, is_lost};

/// How long a given-up statement may go on before its connection is closed.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(1);

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
    is_pooled: bool,
}

impl Lease {
    pub(super) fn of(object: Object<Opener>, is_pooled: bool) -> Self {
        Lease { object: Some(object), leaves: Leaves::Unfinished, is_pooled }
    }

    /// Begins a transaction.
    pub(super) async fn begin(&mut self) -> Result<(), Error> {
        self.leaves = Leaves::Transaction;
        if !self.is_pooled {
            return self.execute("BEGIN").await.map(drop);
        }
        // What another client has left prepared on the pooler's connection may have the names that come now.
        let mut settings = format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'; DEALLOCATE ALL"
        );
        for (name, value) in PLANNER_SETTINGS {
            let _ = write!(settings, "; SET LOCAL {name} = {value}");
        }
        self.execute(sqlx::raw_sql(AssertSqlSafe(settings))).await.map(drop)
    }

    /// Gives the connection back after its last statement, unless that has shown it to be lost.
    ///
    /// # Errors
    /// That of `result`; behind a pooler, that its transaction cannot be ended.
    pub async fn done<T>(mut self, result: Result<T, Error>) -> Result<T, Error> {
        match result {
            Err(error) if is_lost(&error) => {
                self.close();
                Err(error)
            }
            result if !self.is_pooled => {
                self.leaves = Leaves::Nothing;
                result
            }
            // Rolled back behind the answer.
            Err(error) => Err(error),
            Ok(value) => {
                self.commit().await?;
                Ok(value)
            }
        }
    }

    async fn commit(mut self) -> Result<(), Error> {
        let committed = self.execute("COMMIT").await.map(drop);
        match &committed {
            Err(error) if is_lost(error) => self.close(),
            _ => self.leaves = Leaves::Nothing,
        }
        committed
    }

    /// Since it was used last; none where it is new.
    pub(super) fn idle_for(&self) -> Option<Duration> {
        self.object.as_ref()?.idle_since.map(|since| since.elapsed())
    }

    pub(super) fn close(&mut self) {
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
pub struct Transaction(pub(super) Lease);

impl Transaction {
    /// Makes it take effect.
    ///
    /// # Errors
    /// Where the database is away, it may or may not have taken effect.
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
