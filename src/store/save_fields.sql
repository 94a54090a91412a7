-- Creates or updates the mappings of fields. New fields are ranked last, and are named by their keys until the connector
-- sends their names.
--
-- $1 erp_connection_actor_type_id   $2 field keys, without duplicates   $3, $4 field types, access
-- $5 CRM field keys                 $6, $7 sync to CRM, sync to ERP     $8, $9 show in GUI, show in search
-- $10 caller
INSERT INTO erp_field AS f (
    erp_connection_actor_type_id, erp_field_key, display_name, field_type, access, crm_field_key, sync_to_crm,
    sync_to_erp, show_in_gui, show_in_search, rank, registered_associate_id, updated_associate_id
)
SELECT
    $1, given.key, given.key, given.field_type, given.access, given.crm_field_key, given.to_crm, given.to_erp,
    given.in_gui, given.in_search,
    (SELECT coalesce(max(rank), 0) FROM erp_field WHERE erp_connection_actor_type_id = $1) + given.place, $10, $10
FROM unnest(
    $2::text[], $3::smallint[], $4::smallint[], $5::text[], $6::bool[], $7::bool[], $8::bool[], $9::bool[]
) WITH ORDINALITY AS given(key, field_type, access, crm_field_key, to_crm, to_erp, in_gui, in_search, place)
ON CONFLICT ON CONSTRAINT erp_field_key DO UPDATE SET
    field_type = excluded.field_type, access = excluded.access, crm_field_key = excluded.crm_field_key,
    sync_to_crm = excluded.sync_to_crm, sync_to_erp = excluded.sync_to_erp, show_in_gui = excluded.show_in_gui,
    show_in_search = excluded.show_in_search, updated = statement_timestamp(), updated_associate_id = $10,
    updated_count = f.updated_count + 1
WHERE (f.field_type, f.access, f.crm_field_key, f.sync_to_crm, f.sync_to_erp, f.show_in_gui, f.show_in_search)
    IS DISTINCT FROM (
        excluded.field_type, excluded.access, excluded.crm_field_key, excluded.sync_to_crm, excluded.sync_to_erp,
        excluded.show_in_gui, excluded.show_in_search
    )
