-- The statement with which releases before migration 0007 save a connection.
--
-- $1 erp_connection_id (0: create)   $2 connector (0: keep)   $3, $4 name, description
-- $5 active                          $6 connection_id (null: keep, or $15 on create)
-- $7 timestamp (null: keep)          $8 all access            $9 deleted
-- $10, $11 config keys, values       $12 user groups          $13 associates    (null: keep)
-- $14 caller                         $15 connection_id of a new connection that is sent without one
-- $16 stamp of the caller's rights: if it has changed, nothing is stored
WITH before AS MATERIALIZED (
    SELECT erp_connection_id, erp_connector_id, updated_count FROM erp_connection WHERE erp_connection_id = $1
),
kept_connector AS MATERIALIZED (
    SELECT FROM before WHERE $2::int IN (0, before.erp_connector_id)
),
-- Locked, so that the connector is not deleted concurrently.
new_connector AS MATERIALIZED (
    SELECT FROM erp_connector
    WHERE erp_connector_id = $2 AND NOT deleted AND NOT EXISTS (SELECT FROM kept_connector)
    FOR SHARE
),
unknown AS MATERIALIZED (
    SELECT
        -- A connection may keep a connector that has been flagged as deleted since.
        NOT EXISTS (SELECT FROM kept_connector) AND NOT EXISTS (SELECT FROM new_connector) AS connector,
        ARRAY(
            SELECT id FROM unnest($12::int[]) AS given(id)
            WHERE NOT EXISTS (SELECT FROM user_group WHERE user_group_id = id OFFSET 0)
        ) AS user_groups,
        ARRAY(
            SELECT id FROM unnest($13::int[]) AS given(id)
            WHERE NOT EXISTS (SELECT FROM associate WHERE associate_id = id OFFSET 0)
        ) AS associates
),
rights AS MATERIALIZED (
    SELECT FROM security_stamp WHERE security_stamp_id = 1 AND stamp = $16
),
-- Checked before a row is locked: a save that violates the unique constraint would wait, with its own row locked, for
-- the transaction that changes the other connection.
duplicate AS MATERIALIZED (
    SELECT FROM erp_connection WHERE connection_id = $6 AND erp_connection_id <> $1
),
accepted AS MATERIALIZED (
    SELECT FROM unknown, rights
    WHERE NOT connector AND user_groups = '{}' AND associates = '{}' AND NOT EXISTS (SELECT FROM duplicate)
),
created AS (
    INSERT INTO erp_connection (
        erp_connector_id, display_name, display_description, active, connection_id, most_recent_timestamp,
        all_access, deleted, registered_associate_id, updated_associate_id
    )
    SELECT $2, $3, $4, $5, coalesce($6, $15), coalesce($7, ''), $8, $9, $14, $14
    FROM accepted
    WHERE NOT EXISTS (SELECT FROM before)
    RETURNING erp_connection_id, erp_connector_id, connection_id, most_recent_timestamp
),
changed AS (
    UPDATE erp_connection AS c SET
        erp_connector_id = coalesce(nullif($2, 0), c.erp_connector_id),
        display_name = $3,
        display_description = $4,
        active = $5,
        connection_id = coalesce($6, c.connection_id),
        most_recent_timestamp = coalesce($7, c.most_recent_timestamp),
        all_access = $8,
        deleted = $9,
        updated = statement_timestamp(),
        updated_associate_id = $14,
        updated_count = c.updated_count + 1
    FROM before, accepted
    WHERE c.erp_connection_id = $1 AND c.updated_count = before.updated_count
    RETURNING c.erp_connection_id, c.erp_connector_id, c.connection_id, c.most_recent_timestamp
),
saved AS (
    SELECT * FROM created UNION ALL SELECT * FROM changed
),
config AS MATERIALIZED (
    SELECT key, value FROM unnest($10::text[], $11::text[]) AS given(key, value)
),
config_removed AS (
    DELETE FROM connection_config_field AS f
    WHERE f.erp_connection_id = (SELECT erp_connection_id FROM saved)
        AND $10 IS NOT NULL
        AND f.field_key NOT IN (SELECT key FROM config)
),
config_changed AS (
    UPDATE connection_config_field AS f SET
        field_value = config.value,
        updated = statement_timestamp(),
        updated_associate_id = $14,
        updated_count = f.updated_count + 1
    FROM config
    WHERE f.erp_connection_id = (SELECT erp_connection_id FROM saved)
        AND f.field_key = config.key
        AND f.field_value IS DISTINCT FROM config.value
),
config_added AS (
    INSERT INTO connection_config_field (
        erp_connection_id, field_key, field_value, registered_associate_id, updated_associate_id
    )
    SELECT saved.erp_connection_id, config.key, config.value, $14, $14
    FROM saved, config
    WHERE config.key NOT IN (
        SELECT field_key FROM connection_config_field
        WHERE erp_connection_id = (SELECT erp_connection_id FROM saved)
    )
),
access_removed AS (
    DELETE FROM erp_connection_access AS a
    WHERE a.erp_connection_id = (SELECT erp_connection_id FROM saved)
        AND (
            ($12 IS NOT NULL AND a.user_group_id IS NOT NULL
                AND NOT EXISTS (SELECT FROM unnest($12) AS given(id) WHERE given.id = a.user_group_id))
            OR ($13 IS NOT NULL AND a.associate_id IS NOT NULL
                AND NOT EXISTS (SELECT FROM unnest($13) AS given(id) WHERE given.id = a.associate_id))
        )
),
access_added AS (
    INSERT INTO erp_connection_access (
        erp_connection_id, user_group_id, associate_id, registered_associate_id, updated_associate_id
    )
    SELECT saved.erp_connection_id, given.user_group_id, given.associate_id, $14, $14
    FROM saved, (
        SELECT id AS user_group_id, NULL::int AS associate_id FROM unnest($12) AS groups(id)
        WHERE id NOT IN (
            SELECT user_group_id FROM erp_connection_access
            WHERE erp_connection_id = (SELECT erp_connection_id FROM saved) AND user_group_id IS NOT NULL
        )
        UNION ALL
        SELECT NULL::int, id FROM unnest($13) AS associates(id)
        WHERE id NOT IN (
            SELECT associate_id FROM erp_connection_access
            WHERE erp_connection_id = (SELECT erp_connection_id FROM saved) AND associate_id IS NOT NULL
        )
    ) AS given
)
SELECT
    NOT EXISTS (SELECT FROM rights) AS is_stale,
    EXISTS (SELECT FROM before) AS found,
    EXISTS (SELECT FROM duplicate) AS is_duplicate,
    unknown.connector AS unknown_connector,
    unknown.user_groups AS unknown_user_groups,
    unknown.associates AS unknown_associates,
    saved.erp_connection_id AS erp_connection_id,
    saved.erp_connector_id AS erp_connector_id,
    saved.connection_id AS connection_id,
    saved.most_recent_timestamp AS most_recent_timestamp,
    -- Kept rows are read from the snapshot. They are current, because a save that was overtaken returns no row.
    CASE WHEN $10 IS NULL THEN ARRAY(
        SELECT field_key FROM connection_config_field AS f
        WHERE f.erp_connection_id = saved.erp_connection_id ORDER BY field_key
    ) END AS kept_config_keys,
    CASE WHEN $10 IS NULL THEN ARRAY(
        SELECT field_value FROM connection_config_field AS f
        WHERE f.erp_connection_id = saved.erp_connection_id ORDER BY field_key
    ) END AS kept_config_values,
    CASE WHEN $12 IS NULL THEN ARRAY(
        SELECT user_group_id FROM erp_connection_access AS a
        WHERE a.erp_connection_id = saved.erp_connection_id AND user_group_id IS NOT NULL ORDER BY user_group_id
    ) END AS kept_user_group_ids,
    CASE WHEN $13 IS NULL THEN ARRAY(
        SELECT associate_id FROM erp_connection_access AS a
        WHERE a.erp_connection_id = saved.erp_connection_id AND associate_id IS NOT NULL ORDER BY associate_id
    ) END AS kept_associate_ids
FROM unknown LEFT JOIN saved ON true
