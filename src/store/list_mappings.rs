//! Which item of a list in the ERP system is which item of a list in the CRM system.

use super::{Failure, Pool};

/// The items of one field's list.
#[derive(Debug)]
pub struct ListMapping {
    /// The field.
    pub erp_field_id: i32,
    /// The items' keys in the ERP system, each once, and in the CRM system. They replace those that are there; where
    /// there are none given, those stay.
    pub items: Option<Vec<(String, i32)>>,
}

/// Stores the items of several fields' lists, all of them or none. Where `mappings` has fields that are none of the
/// connection's, nothing is stored and these are given.
///
/// # Errors
/// See [`Failure`].
pub async fn save(
    pool: &Pool,
    erp_connection_id: i32,
    mappings: &[ListMapping],
    caller: i32,
) -> Result<Vec<i32>, Failure> {
    let fields: Vec<i32> = mappings.iter().map(|mapping| mapping.erp_field_id).collect();
    let mut transaction = pool.begin().await?;
    // Locked in the order of their keys: saves of the same lists take turns.
    let known = sqlx::query_scalar!(
        "SELECT f.erp_field_id FROM erp_field AS f
         JOIN erp_connection_actor_type AS t USING (erp_connection_actor_type_id)
         WHERE f.erp_field_id = ANY ($1) AND t.erp_connection_id = $2 ORDER BY f.erp_field_id FOR NO KEY UPDATE OF f",
        &fields,
        erp_connection_id
    )
    .fetch_all(&mut *transaction)
    .await?;
    let unknown: Vec<i32> = fields.iter().copied().filter(|field| known.binary_search(field).is_err()).collect();
    if !unknown.is_empty() {
        return Ok(unknown);
    }
    let replaced = || mappings.iter().filter_map(|list| Some((list.erp_field_id, list.items.as_ref()?)));
    let items = || replaced().flat_map(|(field, items)| items.iter().map(move |item| (field, item)));
    let fields: Vec<i32> = replaced().map(|(field, _)| field).collect();
    let field_of_item: Vec<i32> = items().map(|(field, _)| field).collect();
    let erp_keys: Vec<&str> = items().map(|(_, (erp, _))| erp.as_str()).collect();
    let crm_keys: Vec<i32> = items().map(|(_, (_, crm))| *crm).collect();
    sqlx::query!(
        "DELETE FROM erp_list_item_mapping AS m WHERE m.erp_field_id = ANY ($1) AND NOT EXISTS (
            SELECT FROM unnest($2::int[], $3::text[]) AS given(field, item)
            WHERE given.field = m.erp_field_id AND given.item = m.erp_item_key
         )",
        &fields,
        &field_of_item,
        &erp_keys as &[&str]
    )
    .execute(&mut *transaction)
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
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(unknown)
}
