-- Saves and deletions that connectors are told of. The state of a connection that its connector has to be told is the
-- connection itself: it is waiting as long as its updated_count is above delivered_count, or it has no row here. So a
-- save writes nothing more, those of servers of the previous release included. Only deliveries write this table, and
-- changes of a connection that its connector is not told of.
--
-- No index finds the connections that wait: it would have an entry for each value of updated_count, and no update of a
-- connection could stay on its page any more. Servers walk the connections instead, in the order of their keys.
--
-- No foreign keys, as each of them would lock a row of the table that it refers to.
CREATE TABLE connector_delivery (
    erp_connection_id integer PRIMARY KEY,
    delivered_count integer NOT NULL DEFAULT -1,     -- updated_count of the state that is told, or given up
    fields_due boolean NOT NULL DEFAULT false,       -- the connector is told, and its fields are still to be read
    fields_source bytea,                             -- SHA-256 of the settings with which the fields were read
    attempted_count integer NOT NULL DEFAULT -1,     -- updated_count of the state that was attempted last
    attempts integer NOT NULL DEFAULT 0,             -- failed attempts of that state, or to read its fields
    refusals integer NOT NULL DEFAULT 0,             -- those of them to which the connector responded
    next_attempt timestamptz NOT NULL DEFAULT '-infinity', -- that state is not attempted before
    problem text NOT NULL DEFAULT '',                -- why the last attempt failed; blank: it succeeded
    lease_holder text,                               -- server that is telling the connector
    leased_until timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 80); -- room for an update to stay on its page

-- Connectors are not told of the connections that exist: none was told by an earlier release, and a connector that does
-- not know a connection says so when it is called. A connection that is saved while this statement runs is told.
INSERT INTO connector_delivery (erp_connection_id, delivered_count)
SELECT erp_connection_id, updated_count FROM erp_connection;

-- The connector lists the field among those that a search can restrict.
ALTER TABLE erp_field ADD COLUMN searchable boolean NOT NULL DEFAULT false;
