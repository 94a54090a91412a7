-- Returns the connections of which their connectors have still to be told, or were not told because the attempts were given
-- up, ordered by key.
--
-- $1 maximum number of connections
--
-- OFFSET 0 prevents the planner from turning the look-up into a join.
SELECT
    c.erp_connection_id, c.erp_connector_id, c.connection_id, c.deleted,
    to_char(c.updated AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "updated!",
    CASE
        WHEN d.leased_until >= clock_timestamp() THEN 'running'
        WHEN d.erp_connection_id IS NULL OR d.fields_due OR d.delivered_count < c.updated_count THEN 'waiting'
        ELSE 'given up'
    END AS "state!",
    coalesce(d.fields_due AND d.delivered_count >= c.updated_count, false) AS "only_fields!",
    coalesce(d.attempts, 0) AS "attempts!", coalesce(d.problem, '') AS "problem!"
FROM erp_connection AS c LEFT JOIN LATERAL (
    SELECT * FROM connector_delivery AS d WHERE d.erp_connection_id = c.erp_connection_id OFFSET 0
) AS d ON true
WHERE d.erp_connection_id IS NULL OR d.fields_due OR d.delivered_count < c.updated_count OR d.problem <> ''
ORDER BY c.erp_connection_id
LIMIT $1
