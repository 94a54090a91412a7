//! A connection to save, and what became of it.

use std::collections::BTreeMap;

/// A connection to save. `None` keeps the stored value.
#[derive(Clone, Debug)]
pub struct Save {
    /// Key of the connection to update. 0, or a key of no row, creates a connection.
    pub erp_connection_id: i32,
    /// Key of the connector; 0 keeps the stored one.
    pub erp_connector_id: i32,
    /// At most 254 characters.
    pub display_name: String,
    /// At most 254 characters.
    pub display_description: String,
    /// In use.
    pub active: bool,
    /// At most 127 characters; unique.
    pub connection_id: Option<String>,
    /// At most 254 characters.
    pub most_recent_timestamp: Option<String>,
    /// Replaces all config fields.
    pub config_fields: Option<BTreeMap<String, Option<String>>>,
    /// Flagged as deleted.
    pub deleted: bool,
    /// Visible to all associates.
    pub all_access: bool,
    /// Replaces the user groups with access; ascending and without duplicates.
    pub user_group_ids: Option<Vec<i32>>,
    /// Replaces the associates with access; ascending and without duplicates.
    pub associate_ids: Option<Vec<i32>>,
    /// Key of the associate who saves.
    pub caller: i32,
    /// The stamp of the caller's rights.
    pub stamp: i64,
    /// The `connection_id` of a new connection that is sent without one.
    pub new_connection_id: String,
}

/// The result of a save.
#[derive(Debug)]
pub enum Outcome {
    /// The connection is stored.
    Saved(Saved),
    /// Nothing is stored: rows that the connection refers to do not exist.
    Unknown {
        /// The connector does not exist, or is flagged as deleted.
        connector: bool,
        /// Keys of user groups that do not exist.
        user_group_ids: Vec<i32>,
        /// Keys of associates that do not exist.
        associate_ids: Vec<i32>,
    },
    /// Nothing is stored: another connection has the `connection_id`.
    DuplicateConnectionId,
    /// Nothing is stored: the caller's rights have changed since they were read.
    Stale,
}

/// The members of a saved connection that may have been generated or kept.
#[derive(Debug)]
pub struct Saved {
    /// Primary key.
    pub erp_connection_id: i32,
    /// Key of the connector.
    pub erp_connector_id: i32,
    /// The `connection_id`.
    pub connection_id: String,
    /// The connector's timestamp.
    pub most_recent_timestamp: String,
    /// The config fields, if they were kept.
    pub kept_config_fields: Option<BTreeMap<String, Option<String>>>,
    /// Keys of the user groups with access, ascending, if they were kept.
    pub kept_user_group_ids: Option<Vec<i32>>,
    /// Keys of the associates with access, ascending, if they were kept.
    pub kept_associate_ids: Option<Vec<i32>>,
    /// The row existed before the save.
    pub updated: bool,
}
