-- Takes the lease of a connection that waits, and returns the state to tell its connector. No row if the connection does
-- not wait, or not yet, or another server has the lease.
--
-- $1 connection   $2 server   $3 length of the lease in seconds
WITH claimed AS (
    INSERT INTO connector_delivery AS d (erp_connection_id, lease_holder, leased_until)
    SELECT c.erp_connection_id, $2::text, clock_timestamp() + make_interval(secs => $3::float8)
    FROM erp_connection AS c WHERE c.erp_connection_id = $1
    ON CONFLICT (erp_connection_id) DO UPDATE SET
        lease_holder = excluded.lease_holder, leased_until = excluded.leased_until
    WHERE d.leased_until < clock_timestamp()
        AND (d.fields_due
            OR d.delivered_count < (SELECT c.updated_count FROM erp_connection AS c WHERE c.erp_connection_id = $1))
        AND (d.next_attempt <= clock_timestamp()
            OR d.attempted_count < (SELECT c.updated_count FROM erp_connection AS c WHERE c.erp_connection_id = $1))
    RETURNING d.erp_connection_id, d.delivered_count, d.fields_due, d.fields_source, d.attempted_count, d.attempts,
        d.refusals
)
SELECT
    c.erp_connection_id AS "erp_connection_id!", c.erp_connector_id AS "erp_connector_id!",
    c.connection_id AS "connection_id!", c.deleted AS "deleted!", c.updated_associate_id AS "updated_associate_id!",
    c.updated_count AS "updated_count!",
    (SELECT r.url FROM erp_connector AS r WHERE r.erp_connector_id = c.erp_connector_id) AS "url!",
    ARRAY(
        SELECT f.field_key FROM connection_config_field AS f
        WHERE f.erp_connection_id = c.erp_connection_id ORDER BY f.field_key
    ) AS "config_keys!: Vec<String>",
    ARRAY(
        SELECT f.field_value FROM connection_config_field AS f
        WHERE f.erp_connection_id = c.erp_connection_id ORDER BY f.field_key
    ) AS "config_values!: Vec<Option<String>>",
    claimed.delivered_count AS "delivered_count!", claimed.fields_due AS "fields_due!",
    claimed.fields_source AS "fields_source?", claimed.attempted_count AS "attempted_count!",
    claimed.attempts AS "attempts!", claimed.refusals AS "refusals!"
FROM claimed, LATERAL (
    SELECT * FROM erp_connection AS c WHERE c.erp_connection_id = claimed.erp_connection_id OFFSET 0
) AS c
