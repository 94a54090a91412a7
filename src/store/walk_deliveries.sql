-- Reads a page of all connections, in the order of their keys. Returns its last key, the number of connections that wait,
-- and those of them that can be attempted now.
--
-- $1 last key of the page before   $2 number of connections on a page
--
-- OFFSET 0 prevents the planner from turning the look-up into a join, which would read the whole table for each page.
WITH page AS MATERIALIZED (
    SELECT c.erp_connection_id, c.erp_connector_id, c.updated_count FROM erp_connection AS c
    WHERE c.erp_connection_id > $1 ORDER BY c.erp_connection_id LIMIT $2
),
waiting AS MATERIALIZED (
    SELECT page.erp_connection_id, page.erp_connector_id,
        d.erp_connection_id IS NULL OR d.leased_until < clock_timestamp()
            AND (d.next_attempt <= clock_timestamp() OR d.attempted_count < page.updated_count) AS is_ready
    FROM page LEFT JOIN LATERAL (
        SELECT * FROM connector_delivery AS d WHERE d.erp_connection_id = page.erp_connection_id OFFSET 0
    ) AS d ON true
    WHERE d.erp_connection_id IS NULL OR d.fields_due OR d.delivered_count < page.updated_count
)
SELECT
    (SELECT max(erp_connection_id) FROM page) AS last,
    (SELECT count(*) FROM waiting) AS "waiting!",
    ARRAY(SELECT erp_connection_id FROM waiting WHERE is_ready ORDER BY erp_connection_id) AS "connections!",
    ARRAY(SELECT erp_connector_id FROM waiting WHERE is_ready ORDER BY erp_connection_id) AS "connectors!"
