//! Implements sqlx's `Executor` for the pool.

use std::future::Future;
use std::pin::Pin;

use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use sqlx::postgres::{PgArguments, PgQueryResult, PgRow, PgTypeInfo};
use sqlx::{Either, Error, Execute, Executor, Postgres, SqlStr};

use super::{Pool, retry};

type ResultFuture<'e, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'e>>;
type ResultStream<'e, T> = Pin<Box<dyn Stream<Item = Result<T, Error>> + Send + 'e>>;

/// Takes a query apart into what each attempt needs a copy of.
fn parts<'q>(mut query: impl Execute<'q, Postgres>) -> Result<(SqlStr, Option<PgArguments>), Error> {
    let arguments = query.take_arguments().map_err(Error::Encode)?;
    Ok((query.sql(), arguments))
}

impl<'p> Executor<'p> for &'p Pool {
    type Database = Postgres;

    /// Reads all rows before it yields the first, so that no connection waits for a slow reader.
    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> ResultStream<'e, Either<PgQueryResult, PgRow>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let query = parts(query);
        let all = async move {
            let query = query?;
            let all = retry(|| async {
                let mut lease = self.acquire().await?;
                let all: Result<Vec<_>, Error> = lease.fetch_many(query.clone()).try_collect().await;
                lease.finish(all).await
            });
            Ok::<_, Error>(stream::iter(all.await?.into_iter().map(Ok)))
        };
        stream::once(all).try_flatten().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> ResultFuture<'e, Option<PgRow>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let query = parts(query);
        Box::pin(async move {
            let query = query?;
            retry(|| async {
                let mut lease = self.acquire().await?;
                let row = lease.fetch_optional(query.clone()).await;
                lease.finish(row).await
            })
            .await
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> ResultFuture<'e, <Postgres as sqlx::Database>::Statement>
    where
        'p: 'e,
    {
        Box::pin(async move {
            let mut lease = self.acquire().await?;
            let prepared = lease.prepare_with(sql, parameters).await;
            lease.finish(prepared).await
        })
    }

    // A hidden method of the trait, required where sqlx's macros are enabled.
    fn describe<'e>(self, sql: SqlStr) -> ResultFuture<'e, sqlx::Describe<Postgres>>
    where
        'p: 'e,
    {
        Box::pin(async move {
            let mut lease = self.acquire().await?;
            let described = lease.describe(sql).await;
            lease.finish(described).await
        })
    }
}
