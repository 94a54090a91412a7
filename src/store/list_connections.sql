-- Returns the connections that are visible to the reader, in sync order, with their access rows and without config
-- fields.
--
-- $1 include connections flagged as deleted   $2 reader sees all connections   $3 reader's associate
SELECT
    c.erp_connection_id, c.erp_connector_id, c.display_name, c.display_description, c.active, c.connection_id,
    c.most_recent_timestamp, c.deleted, c.all_access,
    ARRAY(
        SELECT a.user_group_id FROM erp_connection_access AS a
        WHERE a.erp_connection_id = c.erp_connection_id AND a.user_group_id IS NOT NULL ORDER BY a.user_group_id
    ) AS "user_group_ids!",
    ARRAY(
        SELECT a.associate_id FROM erp_connection_access AS a
        WHERE a.erp_connection_id = c.erp_connection_id AND a.associate_id IS NOT NULL ORDER BY a.associate_id
    ) AS "associate_ids!"
FROM erp_connection AS c
WHERE ($1::bool OR NOT c.deleted)
    AND (
        $2::bool OR c.all_access OR EXISTS (
            SELECT FROM erp_connection_access AS a
            WHERE a.erp_connection_id = c.erp_connection_id AND a.can_connect
                AND (a.associate_id = $3 OR a.user_group_id IN (
                    SELECT user_group_id FROM associate WHERE associate_id = $3
                    UNION ALL
                    SELECT user_group_id FROM associate_user_group WHERE associate_id = $3
                ))
        )
    )
ORDER BY c.sync_rank, c.erp_connection_id
