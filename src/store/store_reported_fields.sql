-- Creates or updates the fields of an actor type as the connector describes them. Settings of an administrator are kept.
-- A new field is mapped to the CRM field of its name, unless another field of the actor type is mapped to that.
--
-- $1 erp_connection_actor_type_id   $2 field keys, without duplicates   $3, $4 display names, descriptions
-- $5 field types   $6 list names   $7 default values   $8 maximum lengths   $9 access   $10 searchable
-- $11 CRM fields of their names (blank: none)   $12 caller
INSERT INTO erp_field AS f (
    erp_connection_actor_type_id, erp_field_key, display_name, display_description, field_type, list_name, default_value,
    max_length, access, searchable, crm_field_key, rank, registered_associate_id, updated_associate_id
)
SELECT
    $1, given.key, given.name, given.description, given.field_type, given.list_name, given.default_value,
    given.max_length, given.access, given.searchable,
    CASE WHEN EXISTS (
        SELECT FROM erp_field AS other
        WHERE other.erp_connection_actor_type_id = $1 AND upper(other.crm_field_key) = given.crm_field_key
    ) THEN '' ELSE given.crm_field_key END,
    (SELECT coalesce(max(rank), 0) FROM erp_field WHERE erp_connection_actor_type_id = $1) + given.place, $12, $12
FROM unnest(
    $2::text[], $3::text[], $4::text[], $5::smallint[], $6::text[], $7::text[], $8::int[], $9::smallint[], $10::bool[],
    $11::text[]
) WITH ORDINALITY AS given (
    key, name, description, field_type, list_name, default_value, max_length, access, searchable, crm_field_key, place
)
ON CONFLICT ON CONSTRAINT erp_field_key DO UPDATE SET
    display_name = excluded.display_name, display_description = excluded.display_description,
    field_type = excluded.field_type, list_name = excluded.list_name, default_value = excluded.default_value,
    max_length = excluded.max_length, access = excluded.access, searchable = excluded.searchable,
    missing_in_erp = false, updated = statement_timestamp(), updated_associate_id = $12,
    updated_count = f.updated_count + 1
WHERE (
    f.display_name, f.display_description, f.field_type, f.list_name, f.default_value, f.max_length, f.access,
    f.searchable, f.missing_in_erp
) IS DISTINCT FROM (
    excluded.display_name, excluded.display_description, excluded.field_type, excluded.list_name,
    excluded.default_value, excluded.max_length, excluded.access, excluded.searchable, false
)
