//! Reads one connection with its access rows and config fields.

use std::sync::Arc;

use sqlx::{Error, PgConnection};

use super::connections::{Reader, Stored};
use super::pool::Lease;
use super::pool::errors::is_connection_lost;
use super::sharing::{Queue, SharedStatement, Turn, by_number, in_turn};
use super::{Failure, Pool};

/// The result of reading a connection.
#[derive(Debug)]
pub enum Read {
    /// The connection; `None` if it does not exist or is hidden from the reader.
    Done(Option<Stored>),
    /// The reader's rights have changed since they were cached.
    Stale,
}

/// A row of the statements that read connections.
struct ReadRow {
    /// The position of the connection in the statement's parameters, from 1.
    number: i64,
    is_stale: bool,
    erp_connection_id: Option<i32>,
    erp_connector_id: Option<i32>,
    display_name: Option<String>,
    display_description: Option<String>,
    active: Option<bool>,
    connection_id: Option<String>,
    most_recent_timestamp: Option<String>,
    deleted: Option<bool>,
    all_access: Option<bool>,
    config_keys: Vec<String>,
    config_values: Vec<Option<String>>,
    user_group_ids: Vec<i32>,
    associate_ids: Vec<i32>,
}

impl ReadRow {
    fn into_stored(self) -> Option<Stored> {
        Some(Stored {
            erp_connection_id: self.erp_connection_id?,
            erp_connector_id: self.erp_connector_id?,
            display_name: self.display_name?,
            display_description: self.display_description?,
            active: self.active?,
            connection_id: self.connection_id?,
            most_recent_timestamp: self.most_recent_timestamp?,
            deleted: self.deleted?,
            all_access: self.all_access?,
            config_fields: Some(self.config_keys.into_iter().zip(self.config_values).collect()),
            user_group_ids: self.user_group_ids,
            associate_ids: self.associate_ids,
        })
    }
}

impl From<ReadRow> for Read {
    fn from(row: ReadRow) -> Self {
        if row.is_stale { Read::Stale } else { Read::Done(row.into_stored()) }
    }
}

/// A connection to read.
#[derive(Clone, Copy, Debug)]
pub struct Find {
    /// Key of the connection.
    pub erp_connection_id: i32,
    /// The associate who reads.
    pub reader: Reader,
    /// The stamp of the reader's rights, if they are cached: they count only if no rights have changed since.
    pub stamp: Option<i64>,
}

/// Reads several connections in one statement.
pub struct Shared;

impl SharedStatement for Shared {
    const METHOD: &'static str = "GetConnection";
    type Request = Find;
    type Outcome = Read;

    fn is_small(_: &Find) -> bool {
        true
    }

    fn key(_: &Find) -> Option<i32> {
        None
    }

    async fn execute(connection: &mut PgConnection, finds: &[Arc<Find>]) -> Result<Vec<Option<Read>>, Error> {
        let ids: Vec<_> = finds.iter().map(|find| find.erp_connection_id).collect();
        let sees_all: Vec<_> = finds.iter().map(|find| find.reader.sees_all).collect();
        let associates: Vec<_> = finds.iter().map(|find| find.reader.associate_id).collect();
        let stamps: Vec<_> = finds.iter().map(|find| find.stamp).collect();
        let rows =
            sqlx::query_file_as!(ReadRow, "src/store/read_connections.sql", &ids, &sees_all, &associates, &stamps as _);
        let rows = rows.fetch_all(connection).await?;
        Ok(by_number(finds.len(), rows.into_iter().map(|row| (row.number, row.into()))))
    }
}

/// Returns a connection with its config fields. Shares a statement with others that wait in the `queue`.
///
/// # Errors
/// See [`Failure`].
pub async fn find_shared(pool: &Pool, queue: &Queue<Shared>, request: Find) -> Result<Read, Failure> {
    match queue.turn(pool, &Arc::new(request)).await {
        Ok(Turn::Taken(read)) => Ok(read),
        Ok(Turn::Alone(Some((lease, permit)))) => in_turn(permit, find_on(lease, pool, request)).await,
        Ok(Turn::Alone(None)) => find(pool, request).await,
        Err(error) if is_connection_lost(&error) => find(pool, request).await,
        Err(error) => Err(error.into()),
    }
}

/// Returns a connection with its config fields.
///
/// # Errors
/// See [`Failure`].
pub async fn find(pool: &Pool, request: Find) -> Result<Read, Failure> {
    find_on(pool.acquire_unchecked().await?, pool, request).await
}

async fn find_on(mut lease: Lease, pool: &Pool, request: Find) -> Result<Read, Failure> {
    let Find { erp_connection_id, reader: Reader { associate_id, sees_all }, stamp } = request;
    let query = || {
        sqlx::query_file_as!(ReadRow, "src/store/read_connection.sql", erp_connection_id, sees_all, associate_id, stamp)
    };
    let row = query().fetch_one(&mut *lease).await;
    let row = match lease.finish(row).await {
        Err(error) if is_connection_lost(&error) => query().fetch_one(pool).await?,
        row => row?,
    };
    Ok(row.into())
}
