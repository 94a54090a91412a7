//! Whether a connection is in use.

use super::{Failure, Pool};

/// What switching came to.
#[derive(Debug)]
pub enum Outcome {
    /// It is stored: whether the connection is in use now.
    Switched(bool),
    /// There is no such connection.
    Unknown,
    /// Nothing is stored.
    Blocked(Obstacles),
}

/// What keeps a connection from being taken into use.
#[derive(Debug)]
pub struct Obstacles {
    /// It is flagged as deleted.
    pub is_deleted: bool,
    /// Its connector is.
    pub connector_is_deleted: bool,
    /// Fields of active kinds of actors that must have a value and are synced in no direction.
    pub fields: Vec<Field>,
}

/// A field of a kind of actor.
#[derive(Debug)]
pub struct Field {
    /// Its kind of actor.
    pub actor_type_erp: i16,
    /// Multi-language.
    pub display_name: String,
}

/// Takes a connection into use, or out of it.
///
/// # Errors
/// See [`Failure`].
pub async fn toggle(pool: &Pool, erp_connection_id: i32, caller: i32) -> Result<Outcome, Failure> {
    let mut transaction = pool.begin().await?;
    let connection = sqlx::query!(
        "SELECT c.active, c.deleted, r.deleted AS connector_is_deleted
         FROM erp_connection AS c JOIN erp_connector AS r USING (erp_connector_id)
         WHERE c.erp_connection_id = $1 FOR NO KEY UPDATE OF c",
        erp_connection_id
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(connection) = connection else { return Ok(Outcome::Unknown) };
    if !connection.active {
        let fields = sqlx::query_as!(
            Field,
            "SELECT t.actor_type_erp, f.display_name
             FROM erp_connection_actor_type AS t JOIN erp_field AS f USING (erp_connection_actor_type_id)
             WHERE t.erp_connection_id = $1 AND t.is_active AND NOT f.missing_in_erp
                AND f.access = 1 AND NOT f.sync_to_crm AND NOT f.sync_to_erp
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
    transaction.commit().await?;
    Ok(Outcome::Switched(!connection.active))
}
