-- Returns one connection with its config fields and access rows. The result is always one row: without an
-- erp_connection_id if the connection does not exist or is hidden from the reader.
--
-- $1 erp_connection_id    $2 reader sees all connections
-- $3 reader's associate   $4 stamp of the reader's rights (null: the rights are not cached)
SELECT
    1::bigint AS "number!", s.is_stale AS "is_stale!",
    c.erp_connection_id AS "erp_connection_id?", c.erp_connector_id AS "erp_connector_id?",
    c.display_name AS "display_name?", c.display_description AS "display_description?", c.active AS "active?",
    c.connection_id AS "connection_id?", c.most_recent_timestamp AS "most_recent_timestamp?", c.deleted AS "deleted?",
    c.all_access AS "all_access?",
    ARRAY(
        SELECT f.field_key FROM connection_config_field AS f
        WHERE f.erp_connection_id = c.erp_connection_id ORDER BY f.field_key
    ) AS "config_keys!: Vec<String>",
    ARRAY(
        SELECT f.field_value FROM connection_config_field AS f
        WHERE f.erp_connection_id = c.erp_connection_id ORDER BY f.field_key
    ) AS "config_values!: Vec<Option<String>>",
    ARRAY(
        SELECT a.user_group_id FROM erp_connection_access AS a
        WHERE a.erp_connection_id = c.erp_connection_id AND a.user_group_id IS NOT NULL ORDER BY a.user_group_id
    ) AS "user_group_ids!",
    ARRAY(
        SELECT a.associate_id FROM erp_connection_access AS a
        WHERE a.erp_connection_id = c.erp_connection_id AND a.associate_id IS NOT NULL ORDER BY a.associate_id
    ) AS "associate_ids!"
FROM (SELECT coalesce(stamp <> $4, false) AS is_stale FROM security_stamp WHERE security_stamp_id = 1) AS s
LEFT JOIN erp_connection AS c ON NOT s.is_stale AND c.erp_connection_id = $1
    AND ($2::bool OR NOT c.deleted AND (
        c.all_access
        OR EXISTS (
            SELECT FROM erp_connection_access AS a
            WHERE a.erp_connection_id = c.erp_connection_id AND a.can_connect
                AND (a.associate_id = $3 OR a.user_group_id IN (
                    SELECT user_group_id FROM associate WHERE associate_id = $3
                    UNION ALL
                    SELECT user_group_id FROM associate_user_group WHERE associate_id = $3
                ))
        )
    ))
