//! Mappings between the fields of ERP actor types and CRM fields. Enumerations are stored as numbers.

use std::collections::{HashMap, HashSet};

use sqlx::{Error, PgConnection};

use super::locks::lock_connection;
use super::{Failure, Pool};

/// A mapping to save.
#[derive(Debug)]
pub struct Mapping {
    /// Key of the connection.
    pub erp_connection_id: i32,
    /// The actor type on the ERP side.
    pub actor_type_erp: i16,
    /// The actor type on the CRM side; 0 if it is not mapped.
    pub actor_type_crm: i16,
    /// In use.
    pub is_active: bool,
    /// Fields to save; others are left unchanged.
    pub fields: Vec<FieldMapping>,
}

/// The mapping of a field.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of the vendor's table")]
pub struct FieldMapping {
    /// Key of the field; used if `erp_field_key` is blank.
    pub erp_field_id: i32,
    /// Key of the field in the ERP system. A field that does not exist is created.
    pub erp_field_key: String,
    /// The type of its values.
    pub field_type: i16,
    /// Optional, mandatory or read-only.
    pub access: i16,
    /// The CRM field; blank if it is not mapped.
    pub crm_field_key: String,
    /// Changes are synced to the CRM system.
    pub sync_to_crm: bool,
    /// Changes are synced to the ERP system.
    pub sync_to_erp: bool,
    /// Shown with the CRM entity.
    pub show_in_gui: bool,
    /// Shown in searches.
    pub show_in_search: bool,
}

/// The result of [`save`].
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The mapping is stored.
    Saved,
    /// Nothing is stored: the connection does not exist.
    NoConnection,
    /// Nothing is stored: the field at this index has no key, and its id belongs to no field of the actor type.
    UnknownField(usize),
    /// Nothing is stored: the field at this index repeats an earlier one.
    Repeated(usize),
}

/// Stores a mapping, all of it or nothing.
///
/// # Errors
/// See [`Failure`].
pub async fn save(pool: &Pool, mapping: &Mapping, caller: i32) -> Result<Outcome, Failure> {
    let outcome = pool.transaction(|mut transaction| async move {
        if !lock_connection(&mut transaction, mapping.erp_connection_id).await? {
            return Ok(Outcome::NoConnection);
        }
        let stored = stored_keys(&mut transaction, mapping).await?;
        let keys = match resolve_keys(&mapping.fields, &stored) {
            Ok(keys) => keys,
            Err(refused) => return Ok(refused),
        };
        let actor_type = save_actor_type(&mut transaction, mapping, caller).await?;
        save_fields(&mut transaction, actor_type, &keys, &mapping.fields, caller).await?;
        transaction.commit().await?;
        Ok(Outcome::Saved)
    });
    Ok(outcome.await?)
}

/// Returns the stored fields of the actor type: primary key, and key in the ERP system.
async fn stored_keys(connection: &mut PgConnection, mapping: &Mapping) -> Result<HashMap<i32, String>, Error> {
    let stored = sqlx::query!(
        "SELECT erp_field_id, erp_field_key FROM erp_field WHERE erp_connection_actor_type_id = (
            SELECT erp_connection_actor_type_id FROM erp_connection_actor_type
            WHERE erp_connection_id = $1 AND actor_type_erp = $2
         )",
        mapping.erp_connection_id,
        mapping.actor_type_erp
    )
    .fetch_all(connection)
    .await?;
    Ok(stored.into_iter().map(|field| (field.erp_field_id, field.erp_field_key)).collect())
}

/// Returns the key of each field in the ERP system: the sent one, or if it is blank, that of the stored field.
fn resolve_keys(fields: &[FieldMapping], stored: &HashMap<i32, String>) -> Result<Vec<String>, Outcome> {
    let mut seen = HashSet::new();
    let resolve = |(index, field): (usize, &FieldMapping)| {
        let key = match field.erp_field_key.as_str() {
            "" => stored.get(&field.erp_field_id).ok_or(Outcome::UnknownField(index))?.clone(),
            key => key.to_owned(),
        };
        if seen.insert(key.clone()) { Ok(key) } else { Err(Outcome::Repeated(index)) }
    };
    fields.iter().enumerate().map(resolve).collect()
}

/// Creates or updates the row of the actor type. Returns its key.
async fn save_actor_type(connection: &mut PgConnection, mapping: &Mapping, caller: i32) -> Result<i32, Error> {
    let saved = sqlx::query_scalar!(
        "INSERT INTO erp_connection_actor_type AS t (
            erp_connection_id, actor_type_erp, actor_type_crm, is_active, registered_associate_id, updated_associate_id
         )
         VALUES ($1, $2, $3, $4, $5, $5)
         ON CONFLICT ON CONSTRAINT erp_connection_actor_type_key DO UPDATE SET
            actor_type_crm = $3, is_active = $4, updated = statement_timestamp(), updated_associate_id = $5,
            updated_count = t.updated_count + 1
         RETURNING erp_connection_actor_type_id",
        mapping.erp_connection_id,
        mapping.actor_type_erp,
        mapping.actor_type_crm,
        mapping.is_active,
        caller
    );
    saved.fetch_one(connection).await
}

async fn save_fields(
    connection: &mut PgConnection,
    actor_type: i32,
    keys: &[String],
    fields: &[FieldMapping],
    caller: i32,
) -> Result<(), Error> {
    fn column<T>(fields: &[FieldMapping], of: impl Fn(&FieldMapping) -> T) -> Vec<T> {
        fields.iter().map(of).collect()
    }
    sqlx::query_file!(
        "src/store/save_fields.sql",
        actor_type,
        keys,
        &column(fields, |field| field.field_type),
        &column(fields, |field| field.access),
        &column(fields, |field| field.crm_field_key.clone()),
        &column(fields, |field| field.sync_to_crm),
        &column(fields, |field| field.sync_to_erp),
        &column(fields, |field| field.show_in_gui),
        &column(fields, |field| field.show_in_search),
        caller,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Identifies a field by its connection, its actor type on the ERP side, and its key.
#[derive(Clone, Copy, Debug)]
pub struct FieldPath {
    /// Key of the connection.
    pub erp_connection_id: i32,
    /// The actor type on the ERP side.
    pub actor_type_erp: i16,
    /// Key of the field.
    pub erp_field_id: i32,
}

/// Moves a field by `offset` places among the fields of its actor type, at most to the first or last place. Returns
/// whether the field exists.
///
/// # Errors
/// See [`Failure`].
pub async fn move_field(pool: &Pool, field: FieldPath, offset: i32, caller: i32) -> Result<bool, Failure> {
    let moved = pool.transaction(|mut transaction| async move {
        lock_connection(&mut transaction, field.erp_connection_id).await?;
        let mut order = sqlx::query_scalar!(
            "SELECT erp_field_id FROM erp_field WHERE erp_connection_actor_type_id = (
                SELECT erp_connection_actor_type_id FROM erp_connection_actor_type
                WHERE erp_connection_id = $1 AND actor_type_erp = $2
             ) ORDER BY rank, erp_field_id",
            field.erp_connection_id,
            field.actor_type_erp
        )
        .fetch_all(&mut *transaction)
        .await?;
        let Some(from) = order.iter().position(|id| *id == field.erp_field_id) else { return Ok(false) };
        let to = from.saturating_add_signed(isize::try_from(offset).unwrap_or_default()).min(order.len() - 1);
        let moved = order.remove(from);
        order.insert(to, moved);
        // The first condition lets the planner look up the fields by key.
        sqlx::query!(
            "UPDATE erp_field AS f SET rank = given.rank, updated = statement_timestamp(), updated_associate_id = $2,
                updated_count = f.updated_count + 1
             FROM unnest($1::int[]) WITH ORDINALITY AS given(erp_field_id, rank)
             WHERE f.erp_field_id = ANY ($1) AND f.erp_field_id = given.erp_field_id AND f.rank <> given.rank",
            &order,
            caller
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(true)
    });
    Ok(moved.await?)
}
