-- The small ERP system of the demo connector. Its tables are empty unless demo data is added, and no other table refers
-- to them, so servers of the previous release run on beside it.

-- One row, whose lock orders the changes: a change that is seen has a lower number than every later one.
CREATE TABLE demo_erp (
    is_single boolean PRIMARY KEY DEFAULT true CHECK (is_single),
    last_change bigint NOT NULL,
    last_key integer NOT NULL
);

CREATE TABLE demo_actor (
    actor_type varchar(31) NOT NULL,
    erp_key varchar(63) NOT NULL,
    parent_actor_type varchar(31),
    parent_erp_key varchar(63),
    field_values jsonb NOT NULL,
    last_modified bigint NOT NULL,
    PRIMARY KEY (actor_type, erp_key)
);

CREATE TABLE demo_list_item (
    list_name varchar(31) NOT NULL,
    item_key varchar(31) NOT NULL,
    rank integer NOT NULL,
    name varchar(254) NOT NULL,
    PRIMARY KEY (list_name, item_key)
);

-- The connections that the connector was told of.
CREATE TABLE demo_connection (
    connection_guid varchar(127) PRIMARY KEY,
    config_fields jsonb NOT NULL
);
