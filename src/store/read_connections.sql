-- Connections with their access lists, as far as the reader may see them, in the order in which they are synced.
--
-- $1 the id, with config fields (null: all, without)   $2 those that are flagged as deleted too
-- $3 sees all   $4 the reader's associate   $5 his primary user group
SELECT
    c.erp_connection_id, c.erp_connector_id, c.display_name, c.display_description, c.active, c.connection_id,
    c.most_recent_timestamp, c.deleted, c.all_access,
    CASE WHEN $1::int IS NOT NULL THEN ARRAY(
        SELECT f.field_key::text FROM connection_config_field AS f
        WHERE f.erp_connection_id = c.erp_connection_id ORDER BY f.field_key
    ) END AS config_keys,
    CASE WHEN $1::int IS NOT NULL THEN ARRAY(
        SELECT f.field_value::text FROM connection_config_field AS f
        WHERE f.erp_connection_id = c.erp_connection_id ORDER BY f.field_key
    ) END AS "config_values: Vec<Option<String>>",
    ARRAY(
        SELECT a.user_group_id FROM erp_connection_access AS a
        WHERE a.erp_connection_id = c.erp_connection_id AND a.user_group_id IS NOT NULL ORDER BY a.user_group_id
    ) AS "user_group_ids!",
    ARRAY(
        SELECT a.associate_id FROM erp_connection_access AS a
        WHERE a.erp_connection_id = c.erp_connection_id AND a.associate_id IS NOT NULL ORDER BY a.associate_id
    ) AS "associate_ids!"
FROM erp_connection AS c
WHERE ($1::int IS NULL OR c.erp_connection_id = $1)
    AND ($2::bool OR NOT c.deleted)
    AND ($3::bool OR c.all_access OR EXISTS (
        SELECT FROM erp_connection_access AS a
        WHERE a.erp_connection_id = c.erp_connection_id AND a.can_connect AND (
            a.associate_id = $4
            OR a.user_group_id = $5
            OR a.user_group_id IN (SELECT g.user_group_id FROM associate_user_group AS g WHERE g.associate_id = $4)
        )
    ))
ORDER BY c.sync_rank, c.erp_connection_id
