//! The actor types and fields that a connector reports. Enumerations are stored as numbers.

use sqlx::{Error, PgConnection};

use super::locks::lock_connection;
use super::{Failure, Pool};

/// An actor type that a connector supports.
#[derive(Debug)]
pub struct ReportedType {
    /// The actor type on the ERP side.
    pub actor_type_erp: i16,
    /// The actor type on the CRM side that a new one is mapped to. The names of the fields are those of its fields.
    pub actor_type_crm: i16,
    /// Its fields in their order, without duplicates.
    pub fields: Vec<ReportedField>,
}

/// A field of an actor type.
#[derive(Debug)]
pub struct ReportedField {
    /// Its key in the ERP system; 1 to 254 characters.
    pub erp_field_key: String,
    /// At most 254 characters.
    pub display_name: String,
    /// At most 254 characters.
    pub display_description: String,
    /// The type of its values.
    pub field_type: i16,
    /// At most 254 characters.
    pub list_name: String,
    /// At most 254 characters.
    pub default_value: String,
    /// The most characters; 0 for no limit.
    pub max_length: i32,
    /// Optional, mandatory or read-only.
    pub access: i16,
    /// A search can restrict it.
    pub searchable: bool,
    /// The CRM field with the same name, in upper case; blank if there is none. No other field of the actor type has it.
    pub crm_field_key: String,
}

/// Stores the actor types and fields of a connection, all of them or none. Fields that are not among them are flagged as
/// missing. Returns false, and stores nothing, if the connection does not exist.
///
/// # Errors
/// See [`Failure`].
pub async fn store(pool: &Pool, erp_connection_id: i32, types: &[ReportedType], caller: i32) -> Result<bool, Failure> {
    let stored = pool.transaction(|mut transaction| async move {
        if !lock_connection(&mut transaction, erp_connection_id).await? {
            return Ok(false);
        }
        let mut keys = Vec::new();
        for reported in types {
            let (actor_type, is_mapped) = find_or_create(&mut transaction, erp_connection_id, reported, caller).await?;
            store_fields(&mut transaction, actor_type, &reported.fields, is_mapped, caller).await?;
            keys.push((actor_type, reported));
        }
        flag_missing(&mut transaction, erp_connection_id, &keys, caller).await?;
        transaction.commit().await?;
        Ok(true)
    });
    Ok(stored.await?)
}

/// Returns the key of the row of an actor type, and whether it is mapped to the CRM type whose fields have the names of
/// those reported.
async fn find_or_create(
    connection: &mut PgConnection,
    erp_connection_id: i32,
    reported: &ReportedType,
    caller: i32,
) -> Result<(i32, bool), Error> {
    let found = sqlx::query!(
        "SELECT erp_connection_actor_type_id, actor_type_crm FROM erp_connection_actor_type
         WHERE erp_connection_id = $1 AND actor_type_erp = $2",
        erp_connection_id,
        reported.actor_type_erp
    );
    if let Some(row) = found.fetch_optional(&mut *connection).await? {
        return Ok((row.erp_connection_actor_type_id, row.actor_type_crm == reported.actor_type_crm));
    }
    let created = sqlx::query_scalar!(
        "INSERT INTO erp_connection_actor_type (
            erp_connection_id, actor_type_erp, actor_type_crm, registered_associate_id, updated_associate_id
         ) VALUES ($1, $2, $3, $4, $4) RETURNING erp_connection_actor_type_id",
        erp_connection_id,
        reported.actor_type_erp,
        reported.actor_type_crm,
        caller
    );
    Ok((created.fetch_one(connection).await?, true))
}

async fn store_fields(
    connection: &mut PgConnection,
    actor_type: i32,
    fields: &[ReportedField],
    is_mapped: bool,
    caller: i32,
) -> Result<(), Error> {
    fn column<'f, T>(fields: &'f [ReportedField], of: impl Fn(&'f ReportedField) -> T) -> Vec<T> {
        fields.iter().map(of).collect()
    }
    sqlx::query_file!(
        "src/store/store_reported_fields.sql",
        actor_type,
        &column(fields, |field| field.erp_field_key.as_str()) as _,
        &column(fields, |field| field.display_name.as_str()) as _,
        &column(fields, |field| field.display_description.as_str()) as _,
        &column(fields, |field| field.field_type),
        &column(fields, |field| field.list_name.as_str()) as _,
        &column(fields, |field| field.default_value.as_str()) as _,
        &column(fields, |field| field.max_length),
        &column(fields, |field| field.access),
        &column(fields, |field| field.searchable),
        &column(fields, |field| if is_mapped { field.crm_field_key.as_str() } else { "" }) as _,
        caller,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Flags the fields of a connection that are not reported, by the keys of the rows of their actor types.
async fn flag_missing(
    connection: &mut PgConnection,
    erp_connection_id: i32,
    reported: &[(i32, &ReportedType)],
    caller: i32,
) -> Result<(), Error> {
    let fields = || reported.iter().flat_map(|(key, of)| of.fields.iter().map(move |field| (*key, field)));
    let types: Vec<i32> = fields().map(|(key, _)| key).collect();
    let keys: Vec<&str> = fields().map(|(_, field)| field.erp_field_key.as_str()).collect();
    sqlx::query!(
        "UPDATE erp_field AS f SET missing_in_erp = true, searchable = false, updated = statement_timestamp(),
            updated_associate_id = $4, updated_count = f.updated_count + 1
         WHERE f.erp_connection_actor_type_id = ANY (ARRAY(
                SELECT erp_connection_actor_type_id FROM erp_connection_actor_type WHERE erp_connection_id = $1
            ))
            AND NOT f.missing_in_erp
            AND (f.erp_connection_actor_type_id, f.erp_field_key) NOT IN (
                SELECT given.actor_type, given.key FROM unnest($2::int[], $3::text[]) AS given (actor_type, key)
            )",
        erp_connection_id,
        &types,
        &keys as &[&str],
        caller
    )
    .execute(connection)
    .await?;
    Ok(())
}
