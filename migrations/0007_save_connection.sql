-- Saves a connection with its config fields and access rows: all of it or nothing. A parameter that is null keeps what
-- is stored, except caller and new_connection_id. Id lists and keys are ascending and without duplicates.
--
-- The row lock comes first. Each later statement of the function sees the changes that the lock waited for, so that
-- saves of one connection take effect one after another. Rows that a save does not change are not written.
--
-- The name ends in the number of its interface: a release that needs another one adds a function, because servers of
-- the release before it may still call this one during a rolling restart.
CREATE FUNCTION save_connection_1(
    caller integer,                 -- key of the associate who saves
    caller_stamp bigint,            -- stamp under which the caller's rights were read
    given_id integer,               -- connection to update; 0 or a key of no row creates one
    given_connector_id integer,     -- 0 keeps the stored one
    given_name text,
    given_description text,
    given_active boolean,
    given_connection_id text,
    new_connection_id text,         -- for a new connection, if given_connection_id is null
    given_timestamp text,
    given_all_access boolean,
    given_deleted boolean,
    given_keys text[],              -- config fields
    given_values text[],
    given_user_groups integer[],
    given_associates integer[],
    OUT outcome text,               -- created, updated, or why nothing is stored: stale, unknown, duplicate
    OUT saved_id integer,
    OUT saved_connector_id integer,
    OUT saved_connection_id text,
    OUT saved_timestamp text,
    OUT kept_keys text[],           -- config fields and access rows, if the caller has not given them
    OUT kept_values text[],
    OUT kept_user_groups integer[],
    OUT kept_associates integer[],
    OUT unknown_connector boolean,  -- references of an unknown outcome
    OUT unknown_user_groups integer[],
    OUT unknown_associates integer[]
) LANGUAGE plpgsql AS $$
DECLARE
    is_current boolean;
    is_stored boolean;
    stored_connector_id integer;
    stored_connection_id text;
    stored_keys text[];
    stored_values text[];
    stored_user_groups integer[];
    stored_associates integer[];
BEGIN
    SELECT c.erp_connector_id, c.connection_id INTO stored_connector_id, stored_connection_id
    FROM erp_connection AS c WHERE c.erp_connection_id = given_id FOR NO KEY UPDATE;
    is_stored := FOUND;

    SELECT
        (SELECT s.stamp FROM security_stamp AS s WHERE s.security_stamp_id = 1) = caller_stamp,
        ARRAY(
            SELECT a.user_group_id FROM erp_connection_access AS a
            WHERE a.erp_connection_id = given_id AND a.user_group_id IS NOT NULL ORDER BY a.user_group_id
        ),
        ARRAY(
            SELECT a.associate_id FROM erp_connection_access AS a
            WHERE a.erp_connection_id = given_id AND a.associate_id IS NOT NULL ORDER BY a.associate_id
        ),
        coalesce(array_agg(f.field_key), '{}'), coalesce(array_agg(f.field_value), '{}')
    INTO is_current, stored_user_groups, stored_associates, stored_keys, stored_values
    FROM (
        SELECT o.field_key, o.field_value FROM connection_config_field AS o
        WHERE o.erp_connection_id = given_id ORDER BY o.field_key
    ) AS f;

    IF NOT is_current THEN
        outcome := 'stale';
        RETURN;
    END IF;

    -- A connection may keep a connector that has been flagged as deleted since. A new one is locked, so that it is not
    -- deleted concurrently.
    unknown_connector := false;
    IF NOT is_stored OR given_connector_id NOT IN (0, stored_connector_id) THEN
        PERFORM FROM erp_connector AS c WHERE c.erp_connector_id = given_connector_id AND NOT c.deleted FOR SHARE;
        unknown_connector := NOT FOUND;
    END IF;
    unknown_user_groups := '{}';
    IF given_user_groups <> stored_user_groups THEN
        unknown_user_groups := ARRAY(
            SELECT given.id FROM unnest(given_user_groups) AS given(id)
            WHERE NOT EXISTS (SELECT FROM user_group AS g WHERE g.user_group_id = given.id OFFSET 0)
        );
    END IF;
    unknown_associates := '{}';
    IF given_associates <> stored_associates THEN
        unknown_associates := ARRAY(
            SELECT given.id FROM unnest(given_associates) AS given(id)
            WHERE NOT EXISTS (SELECT FROM associate AS a WHERE a.associate_id = given.id OFFSET 0)
        );
    END IF;
    IF unknown_connector OR unknown_user_groups <> '{}' OR unknown_associates <> '{}' THEN
        outcome := 'unknown';
        RETURN;
    END IF;

    -- The unique constraint alone would do, but its violation is written to PostgreSQL's log as an error.
    IF given_connection_id IS DISTINCT FROM stored_connection_id
        AND EXISTS (SELECT FROM erp_connection AS c WHERE c.connection_id = given_connection_id)
    THEN
        outcome := 'duplicate';
        RETURN;
    END IF;

    IF is_stored THEN
        outcome := 'updated';
        UPDATE erp_connection AS c SET
            erp_connector_id = coalesce(nullif(given_connector_id, 0), c.erp_connector_id),
            display_name = given_name,
            display_description = given_description,
            active = given_active,
            connection_id = coalesce(given_connection_id, c.connection_id),
            most_recent_timestamp = coalesce(given_timestamp, c.most_recent_timestamp),
            all_access = given_all_access,
            deleted = given_deleted,
            updated = statement_timestamp(),
            updated_associate_id = caller,
            updated_count = c.updated_count + 1
        WHERE c.erp_connection_id = given_id
        RETURNING c.erp_connection_id, c.erp_connector_id, c.connection_id, c.most_recent_timestamp
        INTO saved_id, saved_connector_id, saved_connection_id, saved_timestamp;
    ELSE
        outcome := 'created';
        INSERT INTO erp_connection AS c (
            erp_connector_id, display_name, display_description, active, connection_id, most_recent_timestamp,
            all_access, deleted, registered_associate_id, updated_associate_id
        ) VALUES (
            given_connector_id, given_name, given_description, given_active,
            coalesce(given_connection_id, new_connection_id), coalesce(given_timestamp, ''), given_all_access,
            given_deleted, caller, caller
        )
        RETURNING c.erp_connection_id, c.erp_connector_id, c.connection_id, c.most_recent_timestamp
        INTO saved_id, saved_connector_id, saved_connection_id, saved_timestamp;
    END IF;

    IF given_keys IS NULL THEN
        kept_keys := stored_keys;
        kept_values := stored_values;
    ELSIF given_keys <> stored_keys OR given_values <> stored_values THEN
        IF stored_keys <> '{}' THEN
            DELETE FROM connection_config_field AS f
            WHERE f.erp_connection_id = saved_id AND f.field_key NOT IN (SELECT unnest(given_keys));
        END IF;
        INSERT INTO connection_config_field AS f (
            erp_connection_id, field_key, field_value, registered_associate_id, updated_associate_id
        )
        SELECT saved_id, given.key, given.value, caller, caller
        FROM unnest(given_keys, given_values) AS given(key, value)
        ON CONFLICT ON CONSTRAINT connection_config_field_key DO UPDATE SET
            field_value = excluded.field_value, updated = statement_timestamp(), updated_associate_id = caller,
            updated_count = f.updated_count + 1
        WHERE f.field_value IS DISTINCT FROM excluded.field_value;
    END IF;

    IF given_user_groups IS NULL THEN
        kept_user_groups := stored_user_groups;
        given_user_groups := stored_user_groups;
    END IF;
    IF given_associates IS NULL THEN
        kept_associates := stored_associates;
        given_associates := stored_associates;
    END IF;
    IF given_user_groups <> stored_user_groups OR given_associates <> stored_associates THEN
        IF stored_user_groups <> '{}' OR stored_associates <> '{}' THEN
            DELETE FROM erp_connection_access AS a
            WHERE a.erp_connection_id = saved_id AND CASE
                WHEN a.associate_id IS NULL THEN a.user_group_id NOT IN (SELECT unnest(given_user_groups))
                ELSE a.associate_id NOT IN (SELECT unnest(given_associates))
            END;
        END IF;
        INSERT INTO erp_connection_access (
            erp_connection_id, user_group_id, associate_id, registered_associate_id, updated_associate_id
        )
        SELECT saved_id, id, NULL, caller, caller FROM unnest(given_user_groups) AS user_groups(id)
        WHERE id NOT IN (SELECT unnest(stored_user_groups))
        UNION ALL
        SELECT saved_id, NULL, id, caller, caller FROM unnest(given_associates) AS associates(id)
        WHERE id NOT IN (SELECT unnest(stored_associates));
    END IF;
END $$;

-- The program alone writes the audit columns, with the key of a caller whom it has just authenticated. Each of these
-- foreign keys costs every new row a look-up, and a lock on the row of the associate, more than half of the look-ups of
-- a new connection.
ALTER TABLE erp_connection
    DROP CONSTRAINT erp_connection_registered_associate_id_fkey,
    DROP CONSTRAINT erp_connection_updated_associate_id_fkey;
ALTER TABLE erp_connection_access
    DROP CONSTRAINT erp_connection_access_registered_associate_id_fkey,
    DROP CONSTRAINT erp_connection_access_updated_associate_id_fkey;
ALTER TABLE connection_config_field
    DROP CONSTRAINT connection_config_field_registered_associate_id_fkey,
    DROP CONSTRAINT connection_config_field_updated_associate_id_fkey;
