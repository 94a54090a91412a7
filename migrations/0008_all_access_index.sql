-- The list of an ordinary associate has all connections with all_access, which no other index finds.
--
-- Servers of the previous release run on with the index. Saves wait while it is built, reads do not: less than a second
-- with a million connections. CONCURRENTLY is not possible, as migrations are applied in one transaction.
CREATE INDEX erp_connection_all_access_idx ON erp_connection (erp_connection_id) WHERE all_access AND NOT deleted;
