-- Saves several connections in one transaction, each with the function of migration 0007. A connection whose row is
-- locked by another transaction is left out: it has no row in the result.
--
-- $1 to $12 have an element for each connection. $13 to $16 have the elements of all connections one after another:
-- config keys and values, user groups, associates. The elements of a connection begin at its number in $17, $19, $21 and
-- end at its number in $18, $20, $22; null if it keeps what is stored.
WITH unlocked AS MATERIALIZED (
    SELECT c.erp_connection_id FROM erp_connection AS c WHERE c.erp_connection_id = ANY ($3)
    FOR NO KEY UPDATE SKIP LOCKED
)
SELECT
    given.number AS "number!", outcome AS "outcome!", saved_id, saved_connector_id, saved_connection_id, saved_timestamp,
    kept_keys AS "kept_keys?: Vec<String>", kept_values AS "kept_values?: Vec<Option<String>>",
    kept_user_groups AS "kept_user_groups?: Vec<i32>", kept_associates AS "kept_associates?: Vec<i32>",
    unknown_connector, unknown_user_groups AS "unknown_user_groups?: Vec<i32>",
    unknown_associates AS "unknown_associates?: Vec<i32>"
FROM unnest(
    $1::int[], $2::bigint[], $3::int[], $4::int[], $5::text[], $6::text[], $7::bool[], $8::text[], $9::text[], $10::text[],
    $11::bool[], $12::bool[], $17::int[], $18::int[], $19::int[], $20::int[], $21::int[], $22::int[]
) WITH ORDINALITY AS given (
    caller, stamp, id, connector_id, name, description, active, connection_id, new_connection_id, most_recent_timestamp,
    all_access, deleted, fields_begin, fields_end, groups_begin, groups_end, associates_begin, associates_end, number
), save_connection_1(
    given.caller, given.stamp, given.id, given.connector_id, given.name, given.description, given.active,
    given.connection_id, given.new_connection_id, given.most_recent_timestamp, given.all_access, given.deleted,
    ($13::text[])[given.fields_begin:given.fields_end], ($14::text[])[given.fields_begin:given.fields_end],
    ($15::int[])[given.groups_begin:given.groups_end], ($16::int[])[given.associates_begin:given.associates_end]
)
WHERE given.id = 0
    OR given.id IN (SELECT u.erp_connection_id FROM unlocked AS u)
    OR NOT EXISTS (SELECT FROM erp_connection AS c WHERE c.erp_connection_id = given.id)
ORDER BY given.number
