-- Returns a page of the connections that are visible to the reader, with their access rows and without config fields.
-- The first page is in sync order, and its first row has the keys of the connections on the further pages, in that
-- order. The rows of a further page are in any order.
--
-- $1 include connections flagged as deleted   $2 reader sees all connections   $3 reader's associate
-- $4 keys of a further page (null: the first page)   $5 number of connections on a page
WITH visible AS MATERIALIZED (
    SELECT c.erp_connection_id, row_number() OVER (ORDER BY c.sync_rank, c.erp_connection_id) AS place
    FROM erp_connection AS c
    -- The candidates, so that the list of an associate who sees a few connections does not read the others. OFFSET 0
    -- prevents the planner from turning a look-up into a join, can_connect from reading the whole of an index that begins
    -- with erp_connection_id.
    WHERE c.erp_connection_id = ANY (CASE
            WHEN $4::int[] IS NOT NULL THEN $4
            WHEN $2::bool THEN ARRAY(SELECT erp_connection_id FROM erp_connection)
            ELSE ARRAY(
                SELECT erp_connection_id FROM erp_connection WHERE all_access AND NOT deleted
                UNION ALL
                SELECT erp_connection_id FROM erp_connection_access WHERE associate_id = $3 AND can_connect
                UNION ALL
                SELECT of_group.erp_connection_id
                FROM (
                    SELECT user_group_id FROM associate WHERE associate_id = $3
                    UNION ALL
                    SELECT user_group_id FROM associate_user_group WHERE associate_id = $3
                ) AS own, LATERAL (
                    SELECT a.erp_connection_id FROM erp_connection_access AS a
                    WHERE a.user_group_id = own.user_group_id AND a.can_connect OFFSET 0
                ) AS of_group
            )
        END)
        AND ($1::bool OR NOT c.deleted)
        AND (
            $2 OR c.all_access OR EXISTS (
                SELECT FROM erp_connection_access AS a
                WHERE a.erp_connection_id = c.erp_connection_id AND a.can_connect
                    AND (a.associate_id = $3 OR a.user_group_id IN (
                        SELECT user_group_id FROM associate WHERE associate_id = $3
                        UNION ALL
                        SELECT user_group_id FROM associate_user_group WHERE associate_id = $3
                    ))
            )
        )
)
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
    ) AS "associate_ids!",
    CASE WHEN v.place = 1 THEN
        ARRAY(SELECT erp_connection_id FROM visible WHERE place > $5::int ORDER BY place)
    END AS further_ids
FROM visible AS v JOIN erp_connection AS c USING (erp_connection_id)
WHERE v.place <= $5
ORDER BY v.place
