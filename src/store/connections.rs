//! Connections as they are stored, lists of them, and their deletion.

use std::collections::{BTreeMap, HashMap};

use futures_util::stream::{self, Stream};

use super::{Failure, Pool};

/// The associate who reads. Connections that are hidden from them are treated as if they did not exist.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// Primary key of the associate.
    pub associate_id: i32,
    /// All connections are visible, including those that are flagged as deleted.
    pub sees_all: bool,
}

/// A stored connection.
#[derive(Debug)]
pub struct Stored {
    /// Primary key.
    pub erp_connection_id: i32,
    /// Key of its connector.
    pub erp_connector_id: i32,
    /// Multi-language text.
    pub display_name: String,
    /// Multi-language text.
    pub display_description: String,
    /// In use.
    pub active: bool,
    /// The GUID by which the connector knows the connection.
    pub connection_id: String,
    /// The connector's timestamp; opaque.
    pub most_recent_timestamp: String,
    /// Flagged as deleted.
    pub deleted: bool,
    /// Visible to all associates.
    pub all_access: bool,
    /// The config fields; `None` if they were not read.
    pub config_fields: Option<BTreeMap<String, Option<String>>>,
    /// Keys of the user groups with access, ascending.
    pub user_group_ids: Vec<i32>,
    /// Keys of the associates with access, ascending.
    pub associate_ids: Vec<i32>,
}

/// The number of connections on a page of a list: some hundred kilobytes.
const PAGE: u16 = 250;

/// Connections in sync order, without config fields.
pub struct List {
    /// The first page.
    pub first: Vec<Stored>,
    /// The further pages; `None` if the first page has all connections.
    pub further: Option<Pages>,
}

/// Lists the connections that are visible to the reader. The list has the connections and the order of the moment of
/// this call.
///
/// # Errors
/// See [`Failure`].
pub async fn list(pool: &Pool, include_deleted: bool, reader: Reader) -> Result<List, Failure> {
    let pages =
        Pages { pool: pool.clone(), include_deleted: include_deleted && reader.sees_all, reader, ids: Vec::new() };
    let (first, further_ids) = pages.read(None).await?;
    let further = further_ids.filter(|ids| !ids.is_empty()).map(|ids| Pages { ids, ..pages });
    Ok(List { first, further })
}

/// The pages of a list that are not read yet. No connection to the database is in use between two of them.
pub struct Pages {
    pool: Pool,
    include_deleted: bool,
    reader: Reader,
    /// The keys of the connections.
    ids: Vec<i32>,
}

impl Pages {
    /// Reads the pages. Connections that have been hidden from the reader since are left out.
    pub fn into_stream(self) -> impl Stream<Item = Result<Vec<Stored>, Failure>> + Send + 'static {
        stream::try_unfold((self, 0), |(pages, begin)| async move {
            let end = pages.ids.len().min(begin + usize::from(PAGE));
            let ids = &pages.ids[begin..end];
            if ids.is_empty() {
                return Ok(None);
            }
            let (mut found, _) = pages.read(Some(ids)).await?;
            let places: HashMap<i32, usize> = ids.iter().zip(0..).map(|(id, place)| (*id, place)).collect();
            found.sort_unstable_by_key(|stored| places.get(&stored.erp_connection_id));
            Ok(Some((found, (pages, end))))
        })
    }

    /// Reads the page with these keys, or the first page and the keys of the others.
    async fn read(&self, ids: Option<&[i32]>) -> Result<(Vec<Stored>, Option<Vec<i32>>), Failure> {
        let Reader { sees_all, associate_id } = self.reader;
        let rows = sqlx::query_file!(
            "src/store/list_connections.sql",
            self.include_deleted,
            sees_all,
            associate_id,
            ids,
            i32::from(PAGE)
        );
        let mut further_ids = None;
        let mut found = Vec::new();
        for row in rows.fetch_all(&self.pool).await? {
            further_ids = further_ids.or(row.further_ids);
            found.push(Stored {
                erp_connection_id: row.erp_connection_id,
                erp_connector_id: row.erp_connector_id,
                display_name: row.display_name,
                display_description: row.display_description,
                active: row.active,
                connection_id: row.connection_id,
                most_recent_timestamp: row.most_recent_timestamp,
                deleted: row.deleted,
                all_access: row.all_access,
                config_fields: None,
                user_group_ids: row.user_group_ids,
                associate_ids: row.associate_ids,
            });
        }
        Ok((found, further_ids))
    }
}

/// Flags a connection as deleted. Returns the key of its connector; `None` if the connection does not exist. A connection
/// that is flagged already is left unchanged.
///
/// # Errors
/// See [`Failure`].
pub async fn delete(pool: &Pool, erp_connection_id: i32, caller: i32) -> Result<Option<i32>, Failure> {
    // updated_count is incremented as by a save, so that a concurrent save notices the change.
    let connector = sqlx::query_scalar!(
        "WITH flagged AS (
            UPDATE erp_connection SET deleted = true, updated = statement_timestamp(), updated_associate_id = $2,
                updated_count = updated_count + 1
            WHERE erp_connection_id = $1 AND NOT deleted
        )
        SELECT erp_connector_id FROM erp_connection WHERE erp_connection_id = $1",
        erp_connection_id,
        caller
    );
    Ok(connector.fetch_optional(pool).await?)
}
