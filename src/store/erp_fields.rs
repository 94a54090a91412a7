//! ERP actor types and their fields, and the default values of fields. Enumerations are stored as numbers.

use super::locks::lock_connection_of_field;
use super::{Failure, Pool};

/// An ERP actor type of a connection, and the CRM actor type that it is mapped to.
#[derive(Clone, Copy, Debug)]
pub struct ActorType {
    /// Primary key.
    pub erp_connection_actor_type_id: i32,
    /// The actor type on the ERP side.
    pub actor_type_erp: i16,
    /// The actor type on the CRM side; 0 if it is not mapped.
    pub actor_type_crm: i16,
    /// In use.
    pub is_active: bool,
}

/// A field of an ERP actor type.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of the vendor's table")]
pub struct Field {
    /// Primary key.
    pub erp_field_id: i32,
    /// Key of its connection.
    pub erp_connection_id: i32,
    /// Its actor type on the ERP side.
    pub actor_type_erp: i16,
    /// The CRM actor type that its actor type is mapped to.
    pub actor_type_crm: i16,
    /// Its key in the ERP system.
    pub erp_field_key: String,
    /// Multi-language text.
    pub display_name: String,
    /// Multi-language text.
    pub display_description: String,
    /// The type of its values.
    pub field_type: i16,
    /// The connector's list of its values.
    pub list_name: String,
    /// The connector's default value.
    pub default_value: String,
    /// The most characters; 0 for no limit.
    pub max_length: i32,
    /// Optional, mandatory or read-only.
    pub access: i16,
    /// The connector does not list the field any more.
    pub missing_in_erp: bool,
    /// A new actor gets `first_sync_default_value`.
    pub has_first_sync_default_value: bool,
    /// The value of a new actor.
    pub first_sync_default_value: String,
    /// The user who creates an actor is asked for the value.
    pub prompt_user: bool,
    /// The user has to give a value.
    pub mandatory: bool,
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
    /// Its place among the fields of its actor type.
    pub rank: i32,
    /// The CRM list of its values.
    pub list_reference: String,
    /// Another connection, not flagged as deleted, has a field that is mapped to the same CRM field.
    pub already_mapped: bool,
}

/// Returns the actor types of a connection, or the one of that number.
///
/// # Errors
/// See [`Failure`].
pub async fn actor_types(
    pool: &Pool,
    erp_connection_id: i32,
    actor_type_erp: Option<i16>,
) -> Result<Vec<ActorType>, Failure> {
    let found = sqlx::query_as!(
        ActorType,
        "SELECT erp_connection_actor_type_id, actor_type_erp, actor_type_crm, is_active
         FROM erp_connection_actor_type
         WHERE erp_connection_id = $1 AND ($2::smallint IS NULL OR actor_type_erp = $2) ORDER BY actor_type_erp",
        erp_connection_id,
        actor_type_erp
    );
    Ok(found.fetch_all(pool).await?)
}

/// A selection of fields.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    /// The fields of a connection.
    Connection(i32),
    /// The fields of an actor type of a connection.
    ActorType(i32, i16),
    /// The field of this key.
    Field(i32),
}

/// Returns fields in the order of their actor types and ranks.
///
/// # Errors
/// See [`Failure`].
pub async fn fields(pool: &Pool, which: Which) -> Result<Vec<Field>, Failure> {
    let (connection, actor_type, field) = match which {
        Which::Connection(connection) => (Some(connection), None, None),
        Which::ActorType(connection, actor_type) => (Some(connection), Some(actor_type), None),
        Which::Field(field) => (None, None, Some(field)),
    };
    let found = sqlx::query_file_as!(Field, "src/store/read_fields.sql", connection, actor_type, field);
    Ok(found.fetch_all(pool).await?)
}

/// Returns whether a field of an actor type is one that a search can restrict.
///
/// # Errors
/// See [`Failure`].
pub async fn has_searchable_field(pool: &Pool, erp_connection_id: i32, actor_type_erp: i16) -> Result<bool, Failure> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (
            SELECT FROM erp_field WHERE searchable AND erp_connection_actor_type_id = (
                SELECT erp_connection_actor_type_id FROM erp_connection_actor_type
                WHERE erp_connection_id = $1 AND actor_type_erp = $2
            )
         ) AS "exists!""#,
        erp_connection_id,
        actor_type_erp
    );
    Ok(found.fetch_one(pool).await?)
}

/// The value that a field of a new actor gets.
#[derive(Debug)]
pub struct DefaultValue<'v> {
    /// Key of the field.
    pub erp_field_id: i32,
    /// A new actor gets `first_sync_default_value`.
    pub has_first_sync_default_value: bool,
    /// At most 254 characters.
    pub first_sync_default_value: &'v str,
    /// The user who creates an actor is asked for the value.
    pub prompt_user: bool,
    /// The user has to give a value.
    pub mandatory: bool,
}

/// Stores the default value of a field. Returns whether the field exists.
///
/// # Errors
/// See [`Failure`].
pub async fn save_default(pool: &Pool, default: &DefaultValue<'_>, caller: i32) -> Result<bool, Failure> {
    let saved = pool.transaction(|mut transaction| async move {
        if !lock_connection_of_field(&mut transaction, default.erp_field_id).await? {
            return Ok(false);
        }
        sqlx::query!(
            "UPDATE erp_field SET has_first_sync_default_value = $2, first_sync_default_value = $3, prompt_user = $4,
                mandatory = $5, updated = statement_timestamp(), updated_associate_id = $6,
                updated_count = updated_count + 1
             WHERE erp_field_id = $1",
            default.erp_field_id,
            default.has_first_sync_default_value,
            default.first_sync_default_value,
            default.prompt_user,
            default.mandatory,
            caller
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(true)
    });
    Ok(saved.await?)
}
