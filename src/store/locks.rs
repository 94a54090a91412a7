//! The order in which rows are locked, and the locks that several families of tables take.
//!
//! Transactions that lock the same rows in the same order wait for each other without a deadlock. The order is:
//!
//! 1. the row of `erp_configuration`,
//! 2. rows of `erp_connection`, ascending by key,
//! 3. a row of `erp_connector`,
//! 4. rows of a connection: access rows, config fields, actor types, fields, list items. They are written only under
//!    the lock of their connection, so their own order does not matter,
//! 5. a row of `connector_delivery`. Deliveries lock no other row with it.
//!
//! Apart from these, in the order: a row of `associate` or `application`, rows of `credential`, and the row of
//! `security_stamp`, which triggers update at the end of a statement.
//!
//! Foreign keys add shared key locks on associates, user groups and connectors. Nothing conflicts with these, as keys
//! are never changed and rows are never deleted.

use sqlx::PgConnection;

/// Locks a connection against changes of itself and its rows. Returns whether the connection exists.
///
/// A statement of its own: later statements of the transaction see the changes that the lock waited for.
pub(super) async fn lock_connection(
    connection: &mut PgConnection,
    erp_connection_id: i32,
) -> Result<bool, sqlx::Error> {
    let locked = sqlx::query_scalar!(
        "SELECT erp_connection_id FROM erp_connection WHERE erp_connection_id = $1 FOR NO KEY UPDATE",
        erp_connection_id
    );
    Ok(locked.fetch_optional(connection).await?.is_some())
}

/// Locks the connection of an ERP field, as [`lock_connection`] does. Returns whether the field exists.
pub(super) async fn lock_connection_of_field(
    connection: &mut PgConnection,
    erp_field_id: i32,
) -> Result<bool, sqlx::Error> {
    let locked = sqlx::query_scalar!(
        "SELECT erp_connection_id FROM erp_connection WHERE erp_connection_id = (
            SELECT t.erp_connection_id FROM erp_connection_actor_type AS t WHERE t.erp_connection_actor_type_id = (
                SELECT f.erp_connection_actor_type_id FROM erp_field AS f WHERE f.erp_field_id = $1
            )
         ) FOR NO KEY UPDATE",
        erp_field_id
    );
    Ok(locked.fetch_optional(connection).await?.is_some())
}

/// Locks all connections.
pub(super) async fn lock_connections(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let locked = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (
            SELECT FROM erp_connection ORDER BY erp_connection_id FOR NO KEY UPDATE
         ) AS locked"#
    );
    locked.fetch_one(connection).await.map(drop)
}

/// Locks a connector against saves of connections that begin to use it. Returns whether the connector is flagged as
/// deleted; `None` if it does not exist.
pub(super) async fn lock_connector(
    connection: &mut PgConnection,
    erp_connector_id: i32,
) -> Result<Option<bool>, sqlx::Error> {
    let deleted = sqlx::query_scalar!(
        "SELECT deleted FROM erp_connector WHERE erp_connector_id = $1 FOR NO KEY UPDATE",
        erp_connector_id
    );
    deleted.fetch_optional(connection).await
}

/// Locks an associate by login name. Returns its key; `None` if there is no associate of that name.
pub(super) async fn lock_associate(connection: &mut PgConnection, name: &str) -> Result<Option<i32>, sqlx::Error> {
    let locked =
        sqlx::query_scalar!("SELECT associate_id FROM associate WHERE lower(name) = lower($1) FOR NO KEY UPDATE", name);
    locked.fetch_optional(connection).await
}
