//! Activation and deactivation of connections.

use super::locks::lock_connection;
use super::{Failure, Pool};

/// The result of [`toggle`].
#[derive(Debug)]
pub enum Outcome {
    /// Stored; whether the connection is active now.
    Switched(bool),
    /// The connection does not exist.
    Unknown,
    /// Nothing is stored.
    Blocked(Obstacles),
}

/// The reasons why a connection cannot be activated.
#[derive(Debug)]
pub struct Obstacles {
    /// The connection is flagged as deleted.
    pub is_deleted: bool,
    /// The connector is flagged as deleted.
    pub connector_is_deleted: bool,
    /// Mandatory fields of active actor types that are synced in no direction.
    pub fields: Vec<Field>,
}

/// A field of an actor type.
#[derive(Debug)]
pub struct Field {
    /// The actor type on the ERP side.
    pub actor_type_erp: i16,
    /// Multi-language text.
    pub display_name: String,
}

/// Activates a connection, or deactivates an active one.
///
/// # Errors
/// See [`Failure`].
pub async fn toggle(pool: &Pool, erp_connection_id: i32, caller: i32) -> Result<Outcome, Failure> {
    let outcome = pool.transaction(|mut transaction| async move {
        if !lock_connection(&mut transaction, erp_connection_id).await? {
            return Ok(Outcome::Unknown);
        }
        let connection = sqlx::query!(
            r#"SELECT active, deleted, (
                SELECT deleted FROM erp_connector AS r WHERE r.erp_connector_id = c.erp_connector_id
               ) AS "connector_is_deleted!"
               FROM erp_connection AS c WHERE erp_connection_id = $1"#,
            erp_connection_id
        )
        .fetch_one(&mut *transaction)
        .await?;
        if !connection.active {
            // OFFSET 0 keeps the subquery from becoming a join, which could read whole tables.
            let fields = sqlx::query_as!(
                Field,
                "SELECT t.actor_type_erp, f.display_name
                 FROM erp_connection_actor_type AS t, LATERAL (
                    SELECT erp_field_id, display_name, rank FROM erp_field AS f
                    WHERE f.erp_connection_actor_type_id = t.erp_connection_actor_type_id AND NOT missing_in_erp
                        AND access = 1 AND NOT sync_to_crm AND NOT sync_to_erp
                    OFFSET 0
                 ) AS f
                 WHERE t.erp_connection_id = $1 AND t.is_active
                 ORDER BY t.actor_type_erp, f.rank, f.erp_field_id",
                erp_connection_id
            )
            .fetch_all(&mut *transaction)
            .await?;
            if connection.deleted || connection.connector_is_deleted || !fields.is_empty() {
                let (is_deleted, connector_is_deleted) = (connection.deleted, connection.connector_is_deleted);
                return Ok(Outcome::Blocked(Obstacles { is_deleted, connector_is_deleted, fields }));
            }
        }
        sqlx::query!(
            "UPDATE erp_connection SET active = NOT active, updated = statement_timestamp(), updated_associate_id = $2,
                updated_count = updated_count + 1
             WHERE erp_connection_id = $1",
            erp_connection_id,
            caller
        )
        .execute(&mut *transaction)
        .await?;
        // The connector is not told of this change. A state that it has not been told of yet stays one.
        sqlx::query!(
            "UPDATE connector_delivery SET delivered_count = delivered_count + 1
             WHERE erp_connection_id = $1 AND delivered_count = (
                SELECT updated_count - 1 FROM erp_connection WHERE erp_connection_id = $1
             )",
            erp_connection_id
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(Outcome::Switched(!connection.active))
    });
    Ok(outcome.await?)
}
