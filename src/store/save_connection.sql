-- Saves a connection. The function of migration 0007 has the parameters and the results.
SELECT
    1::bigint AS "number!", outcome AS "outcome!", saved_id, saved_connector_id, saved_connection_id, saved_timestamp,
    kept_keys AS "kept_keys?: Vec<String>", kept_values AS "kept_values?: Vec<Option<String>>",
    kept_user_groups AS "kept_user_groups?: Vec<i32>", kept_associates AS "kept_associates?: Vec<i32>",
    unknown_connector, unknown_user_groups AS "unknown_user_groups?: Vec<i32>",
    unknown_associates AS "unknown_associates?: Vec<i32>"
FROM save_connection_1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
