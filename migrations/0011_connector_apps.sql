-- The URLs of connectors that are registered as applications: app://<client id>.
--
-- Servers of the previous release run on with the table: they know no application.
CREATE TABLE connector_app (
    client_id varchar(254) COLLATE "C" PRIMARY KEY CHECK (client_id <> ''),
    url varchar(1023) NOT NULL,
    registered timestamptz NOT NULL DEFAULT now(),
    updated timestamptz NOT NULL DEFAULT now()
);
