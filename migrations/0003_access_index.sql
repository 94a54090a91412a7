-- A save looks up all access rows of its connection at once, which the two partial indexes do not serve.
CREATE INDEX erp_connection_access_erp_connection_id_idx ON erp_connection_access (erp_connection_id);
