//! A pool as what sqlx's queries run on.

use std::future::Future;
use std::pin::Pin;

use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use sqlx::postgres::{PgQueryResult, PgRow, PgTypeInfo};
use sqlx::{Either, Error, Execute, Executor, Postgres, SqlStr};

use super::Pool;

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
            Ok::<_, Error>(stream::iter(lease.done(all).await?.into_iter().map(Ok)))
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
            lease.done(row).await
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
            lease.done(prepared).await
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
            lease.done(described).await
        })
    }
}
