-- Returns several connections, each as read_connection.sql does, with an element of each parameter for each of them.
--
-- $1 erp_connection_id    $2 reader sees all connections
-- $3 reader's associate   $4 stamp of the reader's rights
SELECT
    given.number AS "number!", given.is_stale AS "is_stale!",
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
FROM (
    SELECT r.*, coalesce(s.stamp <> r.stamp, false) AS is_stale
    FROM unnest($1::int[], $2::bool[], $3::int[], $4::bigint[]) WITH ORDINALITY
        AS r (erp_connection_id, sees_all, associate_id, stamp, number)
    CROSS JOIN security_stamp AS s WHERE s.security_stamp_id = 1
) AS given
LEFT JOIN erp_connection AS c ON NOT given.is_stale AND c.erp_connection_id = given.erp_connection_id
    AND (given.sees_all OR NOT c.deleted AND (
        c.all_access
        OR EXISTS (
            SELECT FROM erp_connection_access AS a
            WHERE a.erp_connection_id = c.erp_connection_id AND a.can_connect
                AND (a.associate_id = given.associate_id OR a.user_group_id IN (
                    SELECT user_group_id FROM associate WHERE associate_id = given.associate_id
                    UNION ALL
                    SELECT user_group_id FROM associate_user_group WHERE associate_id = given.associate_id
                ))
        )
    ))
