-- Returns the fields of ERP actor types, ordered by actor type and rank, and whether another connection maps the same
-- CRM field.
--
-- $1 connection   $2 ERP actor type (null: all)   or $3 field, with $1 null
--
-- Each table is looked up by key; OFFSET 0 prevents the planner from turning a look-up into a join (see
-- save_connection.sql).
SELECT
    f.erp_field_id, t.erp_connection_id, t.actor_type_erp, t.actor_type_crm, f.erp_field_key, f.display_name,
    f.display_description, f.field_type, f.list_name, f.default_value, f.max_length, f.access, f.missing_in_erp,
    f.has_first_sync_default_value, f.first_sync_default_value, f.prompt_user, f.mandatory, f.crm_field_key,
    f.sync_to_crm, f.sync_to_erp, f.show_in_gui, f.show_in_search, f.rank, f.list_reference,
    EXISTS (
        SELECT FROM erp_field AS other
        -- The condition is repeated for the other field, so that the partial index on mapped fields applies.
        WHERE f.crm_field_key <> '' AND other.crm_field_key <> '' AND other.crm_field_key = f.crm_field_key AND EXISTS (
            SELECT FROM erp_connection_actor_type AS o
            WHERE o.erp_connection_actor_type_id = other.erp_connection_actor_type_id
                AND o.actor_type_crm = t.actor_type_crm AND o.erp_connection_id <> t.erp_connection_id
                AND NOT (SELECT deleted FROM erp_connection AS c WHERE c.erp_connection_id = o.erp_connection_id)
            OFFSET 0
        )
        OFFSET 0
    ) AS "already_mapped!"
FROM erp_field AS f
JOIN erp_connection_actor_type AS t USING (erp_connection_actor_type_id)
WHERE f.erp_connection_actor_type_id = ANY (ARRAY(
        SELECT erp_connection_actor_type_id FROM erp_connection_actor_type
        WHERE erp_connection_id = $1 AND ($2::smallint IS NULL OR actor_type_erp = $2)
        UNION ALL
        SELECT erp_connection_actor_type_id FROM erp_field WHERE erp_field_id = $3
    ))
    AND ($3::int IS NULL OR f.erp_field_id = $3)
ORDER BY t.actor_type_erp, f.rank, f.erp_field_id
