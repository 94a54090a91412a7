//! Mappings between the items of ERP lists and CRM lists.

use sqlx::{Error, PgConnection};

use super::locks::lock_connection;
use super::{Failure, Pool};

/// The mapped items of one field's list.
#[derive(Debug)]
pub struct ListMapping {
    /// Key of the field.
    pub erp_field_id: i32,
    /// The items' keys in the ERP system, without duplicates, and in the CRM system. They replace the stored ones;
    /// `None` keeps those.
    pub items: Option<Vec<(String, i32)>>,
}

/// A mapped item of a field's list.
#[derive(Debug)]
pub struct MappedItem {
    /// Key of the field.
    pub erp_field_id: i32,
    /// Key of the item in the ERP system.
    pub erp_item_key: String,
    /// Key of the item in the CRM system.
    pub crm_item_key: i32,
}

/// Returns the mapped items of fields.
///
/// # Errors
/// See [`Failure`].
pub async fn items(pool: &Pool, fields: &[i32]) -> Result<Vec<MappedItem>, Failure> {
    let found = sqlx::query_as!(
        MappedItem,
        "SELECT erp_field_id, erp_item_key, crm_item_key FROM erp_list_item_mapping WHERE erp_field_id = ANY ($1)
         ORDER BY erp_field_id, erp_item_key",
        fields
    );
    Ok(found.fetch_all(pool).await?)
}

/// Stores the list mappings of several fields, all of them or none.
///
/// Returns the keys of fields that do not belong to the connection. If there are any, nothing is stored.
///
/// # Errors
/// See [`Failure`].
pub async fn save(
    pool: &Pool,
    erp_connection_id: i32,
    mappings: &[ListMapping],
    caller: i32,
) -> Result<Vec<i32>, Failure> {
    let unknown = pool.transaction(|mut transaction| async move {
        lock_connection(&mut transaction, erp_connection_id).await?;
        let unknown = unknown_fields(&mut transaction, erp_connection_id, mappings).await?;
        if unknown.is_empty() {
            replace_items(&mut transaction, mappings, caller).await?;
            transaction.commit().await?;
        }
        Ok(unknown)
    });
    Ok(unknown.await?)
}

async fn unknown_fields(
    connection: &mut PgConnection,
    erp_connection_id: i32,
    mappings: &[ListMapping],
) -> Result<Vec<i32>, Error> {
    let fields: Vec<i32> = mappings.iter().map(|mapping| mapping.erp_field_id).collect();
    let unknown = sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM unnest($1::int[]) WITH ORDINALITY AS given(id, place)
         WHERE (
            SELECT t.erp_connection_id FROM erp_connection_actor_type AS t WHERE t.erp_connection_actor_type_id = (
                SELECT f.erp_connection_actor_type_id FROM erp_field AS f WHERE f.erp_field_id = given.id
            )
         ) IS DISTINCT FROM $2 ORDER BY place"#,
        &fields,
        erp_connection_id
    );
    unknown.fetch_all(connection).await
}

async fn replace_items(connection: &mut PgConnection, mappings: &[ListMapping], caller: i32) -> Result<(), Error> {
    let replaced = || mappings.iter().filter_map(|list| Some((list.erp_field_id, list.items.as_ref()?)));
    let items = || replaced().flat_map(|(field, items)| items.iter().map(move |item| (field, item)));
    let fields: Vec<i32> = replaced().map(|(field, _)| field).collect();
    let field_of_item: Vec<i32> = items().map(|(field, _)| field).collect();
    let erp_keys: Vec<&str> = items().map(|(_, (erp_key, _))| erp_key.as_str()).collect();
    let crm_keys: Vec<i32> = items().map(|(_, (_, crm_key))| *crm_key).collect();
    sqlx::query!(
        "DELETE FROM erp_list_item_mapping AS m WHERE m.erp_field_id = ANY ($1) AND (m.erp_field_id, m.erp_item_key)
            NOT IN (SELECT field, item FROM unnest($2::int[], $3::text[]) AS given(field, item))",
        &fields,
        &field_of_item,
        &erp_keys as &[&str]
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO erp_list_item_mapping AS m (
            erp_field_id, erp_item_key, crm_item_key, registered_associate_id, updated_associate_id
         )
         SELECT field, erp_item, crm_item, $4, $4 FROM unnest($1::int[], $2::text[], $3::int[])
            AS given(field, erp_item, crm_item)
         ON CONFLICT ON CONSTRAINT erp_list_item_mapping_key DO UPDATE SET
            crm_item_key = excluded.crm_item_key, updated = statement_timestamp(), updated_associate_id = $4,
            updated_count = m.updated_count + 1
         WHERE m.crm_item_key <> excluded.crm_item_key",
        &field_of_item,
        &erp_keys as &[&str],
        &crm_keys,
        caller
    )
    .execute(connection)
    .await?;
    Ok(())
}
