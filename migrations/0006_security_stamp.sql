-- Servers remember what a caller may do. A statement that relies on it names the stamp under which it was read, and
-- does nothing where that has changed: so a change counts from its commit on, on every server, without a second
-- statement that asks.

CREATE TABLE security_stamp (
    security_stamp_id integer PRIMARY KEY DEFAULT 1 CHECK (security_stamp_id = 1),
    stamp bigint NOT NULL DEFAULT 1
);

INSERT INTO security_stamp DEFAULT VALUES;

CREATE FUNCTION change_security_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE security_stamp SET stamp = stamp + 1;
    RETURN NULL;
END $$;

CREATE TRIGGER associate_security_stamp AFTER UPDATE OR DELETE OR TRUNCATE ON associate
    FOR EACH STATEMENT EXECUTE FUNCTION change_security_stamp();
CREATE TRIGGER application_security_stamp AFTER UPDATE OR DELETE OR TRUNCATE ON application
    FOR EACH STATEMENT EXECUTE FUNCTION change_security_stamp();
CREATE TRIGGER credential_truncated_security_stamp AFTER TRUNCATE ON credential
    FOR EACH STATEMENT EXECUTE FUNCTION change_security_stamp();

-- Not where an expired one is cleared away, or a live one is renewed.
CREATE TRIGGER credential_deleted_security_stamp AFTER DELETE ON credential
    FOR EACH ROW WHEN (old.valid_to > now()) EXECUTE FUNCTION change_security_stamp();
CREATE TRIGGER credential_changed_security_stamp AFTER UPDATE ON credential
    FOR EACH ROW WHEN (
        new.valid_to < old.valid_to
        OR (new.kind, new.secret_hash, new.xsrf_hash, new.associate_id, new.application_id)
            IS DISTINCT FROM (old.kind, old.secret_hash, old.xsrf_hash, old.associate_id, old.application_id)
    )
    EXECUTE FUNCTION change_security_stamp();

-- Who may use which connection: by a row of his own, of his primary group, or of one of his further groups.
CREATE VIEW erp_connection_user AS
    SELECT erp_connection_id, associate_id FROM erp_connection_access WHERE can_connect AND associate_id IS NOT NULL
    UNION ALL
    SELECT access.erp_connection_id, member.associate_id
    FROM erp_connection_access AS access JOIN associate AS member USING (user_group_id) WHERE access.can_connect
    UNION ALL
    SELECT access.erp_connection_id, member.associate_id
    FROM erp_connection_access AS access JOIN associate_user_group AS member USING (user_group_id)
    WHERE access.can_connect;
