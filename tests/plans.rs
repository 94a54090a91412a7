//! Plans of statements on a database whose statistics are missing or out of date.
//!
//! Statements are planned once for each connection to the database. A plan from the time when the tables were empty, or
//! had a handful of rows, must still go by keys when they have grown. The tests look at PostgreSQL's own counters of
//! rows and pages read, while the server answers requests.

use futures::future::join_all;
use serde_json::json;

use crate::support::client::{TJE0, TJE1};
use crate::support::{Program, Server, TestDatabase};

/// How often each request is sent to the grown database.
const REPETITIONS: i64 = 5;
/// The most rows, and the most pages, that the requests read of one table in each repetition. They need a quarter, which
/// varies with the dead rows that are not removed yet. A table has at least 4,000 rows.
const LIMIT: i64 = 500;

/// Adds rows to every table that a request reads.
const GROW: &str = "
    SET session_replication_role = replica;
    INSERT INTO user_group (user_group_id, name) SELECT id, 'g' || id FROM generate_series(1001, 5000) AS id;
    INSERT INTO associate (associate_id, name, user_group_id) SELECT id, 'a' || id, id
        FROM generate_series(1001, 5000) AS id;
    INSERT INTO associate_user_group SELECT id, 1 + id FROM generate_series(1001, 4999) AS id;
    INSERT INTO application (name, secret_hash) SELECT 'p' || id, sha256(id::text::bytea)
        FROM generate_series(1001, 5000) AS id;
    INSERT INTO credential (kind, secret_hash, associate_id, valid_to)
        SELECT 'ticket', sha256(id::text::bytea), id, now() + interval '1 hour' FROM generate_series(1001, 5000) AS id;
    INSERT INTO erp_connector (erp_connector_id, registered_associate_id, updated_associate_id)
        SELECT id, 1, 1 FROM generate_series(1001, 5000) AS id;
    INSERT INTO erp_connection (
        erp_connection_id, erp_connector_id, connection_id, registered_associate_id, updated_associate_id
    ) SELECT id, id, 'c' || id, 1, 1 FROM generate_series(1001, 5000) AS id;
    INSERT INTO erp_connection_access (
        erp_connection_id, user_group_id, associate_id, registered_associate_id, updated_associate_id
    ) SELECT id, CASE WHEN by_group THEN id END, CASE WHEN NOT by_group THEN id END, 1, 1
        FROM generate_series(1001, 5000) AS id, (VALUES (true), (false)) AS given(by_group);
    INSERT INTO erp_connection_access (erp_connection_id, user_group_id, registered_associate_id, updated_associate_id)
        SELECT id, 1, 1, 1 FROM generate_series(1001, 5000) AS id;
    INSERT INTO connection_config_field (
        erp_connection_id, field_key, field_value, registered_associate_id, updated_associate_id
    ) SELECT id, key || repeat('-', 200), 'v', 1, 1
        FROM generate_series(1001, 5000) AS id, (VALUES ('a'), ('b')) AS given(key);
    INSERT INTO erp_connection_actor_type (
        erp_connection_actor_type_id, erp_connection_id, actor_type_erp, registered_associate_id, updated_associate_id
    ) SELECT id, id, 1, 1, 1 FROM generate_series(1001, 5000) AS id;
    INSERT INTO erp_field (
        erp_connection_actor_type_id, erp_field_key, display_name, crm_field_key, rank, registered_associate_id,
        updated_associate_id
    ) SELECT id, key || repeat('-', 200), key, 'crm' || id, 1, 1, 1
        FROM generate_series(1001, 5000) AS id, (VALUES ('a'), ('b')) AS given(key);
    INSERT INTO erp_list_item_mapping (
        erp_field_id, erp_item_key, crm_item_key, registered_associate_id, updated_associate_id
    ) SELECT erp_field_id, repeat('-', 200), 1, 1, 1 FROM erp_field";

/// Sends one of each request that has to go by keys.
async fn call_each_method(server: &Server, [ticket, ticket_of_few]: [&str; 2]) {
    let fields = json!({ "a": "1", "c": "2" });
    let lists = json!([1, 185]);
    for id in [816, 0] {
        let connection = json!({
            "ErpConnectionId": id, "ErpConnectorId": 403, "ConfigFields": fields, "UserGroupAccessIds": lists,
            "AssociateAccessIds": [463, 920], "AllAccess": false, "Active": id == 0
        });
        server.saved(&connection).await;
    }
    // With one connection to the database, most of these share a transaction.
    let existing = (1001..1006).map(|id| json!({ "ErpConnectionId": id, "ErpConnectorId": 403 }));
    join_all(existing.map(async |connection| server.saved(&connection).await)).await;
    // What is not sent is kept, and read from the database.
    server.saved(&json!({ "ErpConnectionId": 816 })).await;
    let ids = json!({ "ErpConnectionId": 816 });
    for authorization in [TJE1, ticket] {
        let answer = server.call(authorization, "GetConnection", &ids).await;
        assert_eq!(answer.json()["ErpConnectionId"], 816, "{}", answer.text);
    }
    // The associate sees no more than the connections that these requests have created.
    let list = server.call(ticket_of_few, "GetAllConnections", &json!({})).await.json();
    assert!((2..20).contains(&list.as_array().unwrap().len()), "{list}");
    let mapping = json!({
        "ErpConnectionId": 816, "ActorTypeErp": "Customer", "ActorTypeCrm": "Contact",
        "FieldMappings": [{ "ErpFieldKey": "a", "CrmFieldKey": "name" }, { "ErpFieldKey": "b", "CrmFieldKey": "x_b" }]
    });
    let saved = server.called("SaveActorTypeMapping", &json!({ "Mapping": mapping })).await;
    let field = saved["FieldMappings"][0]["ErpFieldId"].as_i64().unwrap();
    server.called("GetActorTypeMapping", &json!({ "ErpConnectionId": 816, "ActorType": "Customer" })).await;
    server.called("GetDefaultValueInfo", &json!({ "ErpFieldId": field })).await;
    let item = json!({ "ErpListItemId": "item", "CrmListItem": { "Id": 1 } });
    let list = json!({ "ErpFieldId": field, "ErpCrmListItemMappings": [item] });
    for (method, body) in [
        ("ToggleErpConnectionActive", ids),
        ("SaveDefaultValueInfo", json!({ "ErpSyncDefaultValue": { "ErpFieldId": field, "Mandatory": true } })),
        (
            "MoveErpFieldItem",
            json!({ "ErpConnectionId": 816, "ErpActorType": "Customer", "ErpFieldId": field, "Direction": 1 }),
        ),
        (
            "SaveConnectionListMappings",
            json!({ "ListMapping": { "ErpConnectionId": 816, "ErpListItemMappings": [list] } }),
        ),
        ("GetConnectionListMappings", json!({ "ErpConnectionId": 816 })),
        ("SupportsAdvancedSearch", json!({ "ErpConnectionId": 816, "ErpActorType": "Customer" })),
        ("SaveErpSyncConnectorEntity", json!({ "ErpConnectorId": 411, "DisplayName": "changed" })),
        ("CanDeleteErpSyncConnectorEntity", json!({ "ErpSyncConnectorId": 403 })),
    ] {
        let answer = server.call(TJE0, method, &body).await;
        assert!([200, 204].contains(&answer.status), "{method}: {}", answer.text);
    }
}

/// The tables of which the requests have read more than they need, with the rows and pages read.
const EXCESS: &str = "
    SELECT coalesce(string_agg(concat_ws(' ', relname, seq_tup_read, idx_rows, pages), '; '), '')
    FROM pg_stat_user_tables
    JOIN (SELECT relid, heap_blks_read + heap_blks_hit + idx_blks_read + idx_blks_hit AS pages FROM pg_statio_user_tables)
        AS io USING (relid)
    JOIN (SELECT relid, sum(idx_tup_read)::int8 AS idx_rows FROM pg_stat_user_indexes GROUP BY relid) AS i USING (relid)
    WHERE greatest(seq_tup_read, idx_rows, pages) > ";

fn ticket(associate: &str, database_url: &str) -> String {
    let issued = crate::support::program::run(&["ticket", "issue", associate, "--database-url", database_url]);
    format!("SOTicket {}", String::from_utf8(issued.stdout).unwrap().trim())
}

/// Plans every statement while the tables are small, lets them grow, and checks the work of further requests.
async fn check_that_plans_go_by_keys(preparation: &str, arguments: &[&str]) {
    let database = TestDatabase::with_demo_data().await;
    // The statistics stay as they are.
    database
        .execute(
            "DO $$ DECLARE name text; BEGIN
                FOR name IN SELECT relname FROM pg_stat_user_tables LOOP
                    EXECUTE format('ALTER TABLE %I SET (autovacuum_enabled = false)', name);
                END LOOP;
            END $$",
        )
        .await;
    database.execute(preparation).await;
    let url = database.url();
    let tickets = ["tje1", "demo463"].map(|associate| ticket(associate, &url));
    let tickets = tickets.each_ref().map(String::as_str);
    // One connection to the database, which keeps the plans.
    // Deliveries read all connections, page by page.
    let only_requests = ["--database-connections", "1", "--connector-deliveries", "false"];
    let program = Program::start(&[&["--database-url", &url], &only_requests[..], arguments].concat());
    let server = Server { program, database };
    call_each_method(&server, tickets).await;

    server.database.execute(GROW).await;
    server.database.reset_statistics(1).await;
    for _ in 0..REPETITIONS {
        call_each_method(&server, tickets).await;
    }

    let Server { program, database } = server;
    drop(program);
    database.wait_for_sessions(0).await;
    let excess: String = database.value(&format!("{EXCESS} {}", REPETITIONS * LIMIT)).await;
    assert_eq!(excess, "", "{preparation:?}, {arguments:?}: table, rows by scans, rows by index, pages");
}

#[tokio::test]
async fn plans_from_empty_tables_go_by_keys() {
    check_that_plans_go_by_keys("SELECT 1", &[]).await;
}

#[tokio::test]
async fn plans_from_small_tables_go_by_keys() {
    check_that_plans_go_by_keys("ANALYZE", &[]).await;
}

#[tokio::test]
async fn plans_behind_a_transaction_pooler_go_by_keys() {
    check_that_plans_go_by_keys("ANALYZE", &["--transaction-pooling", "true"]).await;
}

#[tokio::test]
async fn a_list_of_several_pages_reads_each_row_a_few_times() {
    /// The most rows that a list reads of one table, for each listed connection. Each of its three access rows is read for
    /// the rights, when the order is read and again for the page, and for the lists of ids.
    const LIMIT: i64 = 12;
    for authorization in [TJE0, TJE1] {
        let server = Server::start_with(&["--database-connections", "1", "--connector-deliveries", "false"]).await;
        // The statement is planned for small tables.
        server.call(authorization, "GetAllConnections", &json!({})).await;
        server.database.execute(GROW).await;
        server.database.reset_statistics(1).await;
        let answer = server.call(authorization, "GetAllConnections", &json!({})).await;
        let listed = answer.json().as_array().unwrap().len();
        assert!(listed >= 4000);

        let Server { program, database } = server;
        drop(program);
        database.wait_for_sessions(0).await;
        let excess: String = database
            .value(&format!(
                "SELECT coalesce(string_agg(concat_ws(' ', relname, idx_rows + seq_tup_read), '; '), '')
                 FROM pg_stat_user_tables
                 JOIN (SELECT relid, sum(idx_tup_read)::int8 AS idx_rows FROM pg_stat_user_indexes GROUP BY relid) AS i
                     USING (relid)
                 WHERE idx_rows + seq_tup_read > {LIMIT} * {listed}"
            ))
            .await;
        assert_eq!(excess, "", "table and rows read");
    }
}

#[tokio::test]
async fn the_list_of_a_few_connections_goes_by_keys_where_the_others_have_the_same_access() {
    let database = TestDatabase::with_demo_data().await;
    database.execute(GROW).await;
    database
        .execute(
            "DELETE FROM erp_connection_access;
             INSERT INTO erp_connection_access (
                erp_connection_id, user_group_id, associate_id, registered_associate_id, updated_associate_id
             ) SELECT id, user_group, associate, 1, 1
             FROM generate_series(1001, 5000) AS id, (VALUES (1, NULL::int), (NULL, 920)) AS given(user_group, associate)
             UNION ALL SELECT 1001, NULL, 463, 1, 1",
        )
        .await;
    // Index-only scans are likeliest after it.
    database.execute("VACUUM ANALYZE").await;
    let url = database.url();
    let ticket = ticket("demo463", &url);
    let only_requests = ["--database-connections", "1", "--connector-deliveries", "false"];
    let program = Program::start(&[&["--database-url", &url], &only_requests[..]].concat());
    let server = Server { program, database };
    server.call(&ticket, "GetAllConnections", &json!({})).await;
    server.database.reset_statistics(1).await;
    for _ in 0..REPETITIONS {
        let list = server.call(&ticket, "GetAllConnections", &json!({})).await.json();
        assert_eq!(list[1]["ErpConnectionId"], 1001, "{list}");
    }

    let Server { program, database } = server;
    drop(program);
    database.wait_for_sessions(0).await;
    // The index that begins with the connection has 34 pages, the look-ups read 25.
    let excess: String = database.value(&format!("{EXCESS} {}", REPETITIONS * 40)).await;
    assert_eq!(excess, "", "table, rows by scans, rows by index, pages");
}
