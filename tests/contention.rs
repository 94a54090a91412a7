//! Many clients that change the same rows: no deadlock, and nothing that is told as an error of the server.

use std::time::{SystemTime, UNIX_EPOCH};

use futures::future::join_all;
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::support::client::TJE0;
use crate::support::{Answer, Server, TestDatabase};

const CLIENTS: usize = 24;
const CONNECTIONS: usize = 31;
const CONNECTORS: usize = 8;

/// A generator of pseudo-random numbers (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }

    fn shuffled<T: Copy>(&mut self, values: &[T]) -> Vec<T> {
        let mut values = values.to_vec();
        for last in (1..values.len()).rev() {
            values.swap(last, self.below(last + 1));
        }
        values
    }
}

/// Returns the seed of the random calls: the environment's `SEED`, or else a new one. A seed repeats the calls of each
/// client, but not the order in which the calls of different clients meet.
fn seed() -> u64 {
    let given = std::env::var("SEED").ok().map(|seed| seed.parse().unwrap());
    given.unwrap_or_else(|| u64::from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos()))
}

/// Returns the number of calls of each client: the environment's `CALLS`, or else 40.
fn calls_of_each() -> usize {
    std::env::var("CALLS").map_or(40, |calls| calls.parse().unwrap())
}

/// A connection with the keys of its fields.
struct Connection {
    id: i64,
    fields: Vec<i64>,
}

fn mapping(connection: i64, keys: &[&str]) -> Value {
    let fields: Value = keys.iter().map(|key| json!({ "ErpFieldKey": key, "SyncToCrm": true })).collect();
    json!({ "Mapping": {
        "ErpConnectionId": connection, "IsActive": true, "ActorTypeErp": "Customer", "ActorTypeCrm": "Contact",
        "FieldMappings": fields
    } })
}

const FIELD_KEYS: [&str; 4] = ["a", "b", "c", "d"];

async fn create_connections(server: &Server) -> Vec<Connection> {
    let create = async |_| {
        let created = server.saved(&json!({ "ErpConnectorId": 403 })).await;
        let id = created["ErpConnectionId"].as_i64().unwrap();
        let saved = server.called("SaveActorTypeMapping", &mapping(id, &FIELD_KEYS)).await;
        let fields = saved["FieldMappings"].as_array().unwrap().iter();
        Connection { id, fields: fields.map(|field| field["ErpFieldId"].as_i64().unwrap()).collect() }
    };
    join_all((0..CONNECTIONS).map(create)).await
}

async fn create_connectors(server: &Server) -> Vec<i64> {
    let create = async |number| {
        let name = format!("connector {number}");
        let created = server.called("SaveErpSyncConnectorEntity", &json!({ "DisplayName": name })).await;
        created["ErpConnectorId"].as_i64().unwrap()
    };
    join_all((0..CONNECTORS).map(create)).await
}

/// A random call of a method that writes.
fn random_call(random: &mut Random, connections: &[Connection], connectors: &[i64]) -> (String, Value) {
    let Connection { id, fields } = &connections[random.below(connections.len())];
    let connector = random.one_of(connectors);
    let subset = |random: &mut Random, values: &[i64]| {
        let count = random.below(values.len() + 1);
        random.shuffled(values)[..count].to_vec()
    };
    let (method, body) = match random.below(16) {
        0..=3 => {
            let mut connection = json!({
                "ErpConnectionId": id, "ErpConnectorId": random.one_of(&[0, connector]), "Active": random.below(2) == 0,
                "ConfigFields": { "a": random.below(9).to_string(), random.one_of(&["b", "c", "d"]): "x" },
                "UserGroupAccessIds": subset(random, &[1, 185, 350]), "AssociateAccessIds": subset(random, &[463, 920])
            });
            if random.below(2) == 0 {
                // Often that of another connection.
                connection["ConnectionId"] = json!(format!("name {}", random.below(2 * CONNECTIONS)));
            }
            ("SaveConnection", json!({ "Connection": connection }))
        }
        4 => ("SaveConnection", json!({ "Connection": { "ErpConnectorId": connector } })),
        5 => ("DeleteConnection", json!({ "ErpConnectionId": id })),
        6 => ("ToggleErpConnectionActive", json!({ "ErpConnectionId": id })),
        7 | 8 => {
            let mut ids: Vec<i64> = connections.iter().map(|connection| connection.id).collect();
            ids.push(0);
            ("SaveErpConnectionSyncPriorities", json!({ "ErpConnectionIds": random.shuffled(&ids) }))
        }
        9 => {
            let keys = random.shuffled(&FIELD_KEYS);
            ("SaveActorTypeMapping", mapping(*id, &keys))
        }
        10 => {
            let item = json!({ "ErpListItemId": "item", "CrmListItem": { "Id": 1 + random.below(9) } });
            let items = if random.below(2) == 0 { json!([item]) } else { json!([]) };
            let lists: Value = subset(random, fields)
                .iter()
                .map(|field| json!({ "ErpFieldId": field, "ErpCrmListItemMappings": items }))
                .collect();
            let mapping = json!({ "ErpConnectionId": id, "ErpListItemMappings": lists });
            ("SaveConnectionListMappings", json!({ "ListMapping": mapping }))
        }
        11 => {
            let rule = json!({ "ErpFieldId": random.one_of(fields), "Mandatory": random.below(2) == 0 });
            ("SaveDefaultValueInfo", json!({ "ErpSyncDefaultValue": rule }))
        }
        12 => {
            let (field, direction) = (random.one_of(fields), random.one_of(&[-1, 1]));
            (
                "MoveErpFieldItem",
                json!({ "ErpConnectionId": id, "ErpActorType": "Customer", "ErpFieldId": field, "Direction": direction }),
            )
        }
        13 => {
            let deleted = random.below(4) == 0;
            (
                "SaveErpSyncConnectorEntity",
                json!({ "ErpConnectorId": connector, "DisplayName": "changed", "Deleted": deleted }),
            )
        }
        14 => {
            let method = format!("DeleteErpSyncConnectorEntity?ErpSyncConnectorEntityId={connector}");
            return (method, Value::Null);
        }
        _ if random.below(2) == 0 => ("ChangeEngineStatus", json!({ "Run": random.below(2) == 0 })),
        _ => ("ChangeEngineInterval", json!({ "Interval": format!("00:0{}:00", 1 + random.below(9)) })),
    };
    (method.to_owned(), body)
}

/// Ends the server and returns how many deadlocks PostgreSQL has found in its database.
async fn deadlocks(server: Server) -> i64 {
    let Server { program, database } = server;
    // A session reports its counters when it ends, at the latest.
    drop(program);
    database.wait_for_sessions(0).await;
    database.value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").await
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_changes_of_the_same_rows_end_in_no_deadlock() {
    let (seed, calls_of_each) = (seed(), calls_of_each());
    println!("SEED={seed}");
    // A connection to the database for each client, as a client that waits too long for one gets 503.
    let server = Server::start_with(&["--database-connections", "32", "--request-timeout", "600"]).await;
    let (connections, connectors) = (create_connections(&server).await, create_connectors(&server).await);
    let run_client = async |number: usize| {
        let mut random = Random(seed.wrapping_add(u64::try_from(number).unwrap() << 32));
        let mut failures = Vec::new();
        let mut successes = 0;
        for _ in 0..calls_of_each {
            let (method, body) = random_call(&mut random, &connections, &connectors);
            let answer = server.call(TJE0, &method, &body).await;
            match answer.status {
                500.. => failures.push(format!("{method}: {}", answer.text)),
                200..300 => successes += 1,
                _ => {}
            }
        }
        (failures, successes)
    };
    let results = join_all((0..CLIENTS).map(run_client)).await;
    let failures: Vec<_> = results.iter().flat_map(|(failures, _)| failures).collect();
    assert!(failures.is_empty(), "SEED={seed}: {failures:#?}");
    let successes: usize = results.iter().map(|(_, successes)| successes).sum();
    assert!(successes > CLIENTS * calls_of_each / 2, "SEED={seed}: {successes} calls have succeeded");
    assert_eq!(deadlocks(server).await, 0, "SEED={seed}");
}

/// Locks a connection until the end of the session's transaction.
async fn lock_connection(session: &mut PgConnection, id: i64) {
    let lock = format!("SELECT FROM erp_connection WHERE erp_connection_id = {id} FOR UPDATE");
    sqlx::raw_sql(sqlx::AssertSqlSafe(lock)).execute(session).await.unwrap();
}

#[tokio::test]
async fn a_transaction_that_loses_a_deadlock_is_run_again() {
    let server = Server::start_with(&["--request-timeout", "600"]).await;
    let create = async || server.saved(&json!({ "ErpConnectorId": 403 })).await["ErpConnectionId"].as_i64().unwrap();
    // The server locks connections in ascending order: 816, `middle`, `last`.
    let (middle, last) = (create().await, create().await);
    let (mut gate, mut rival) = (server.database.connect().await, server.database.connect().await);
    sqlx::raw_sql("BEGIN").execute(&mut gate).await.unwrap();
    lock_connection(&mut gate, middle).await;
    // PostgreSQL aborts the session that finds the deadlock. A session looks for one once, `deadlock_timeout` after it
    // began to wait. This one never does.
    sqlx::raw_sql("SET deadlock_timeout = '1h'; BEGIN").execute(&mut rival).await.unwrap();
    lock_connection(&mut rival, last).await;

    let order = json!({ "ErpConnectionIds": [last, middle, 816] });
    let save = server.call(TJE0, "SaveErpConnectionSyncPriorities", &order);
    let wait_for_816 = async {
        server.database.wait_for_blocked_sessions(1).await;
        lock_connection(&mut rival, 816).await;
        sqlx::raw_sql("COMMIT").execute(&mut rival).await.unwrap();
    };
    // The server's wait for `last` completes the cycle. It begins after the other waits, so the server finds the deadlock.
    let open_gate = async {
        server.database.wait_for_blocked_sessions(2).await;
        sqlx::raw_sql("COMMIT").execute(&mut gate).await.unwrap();
    };
    let (answer, (), ()) = tokio::join!(save, wait_for_816, open_gate);
    assert_eq!(answer.status, 200, "{}", answer.text);
    server.program.wait_for_log("aborted because of a concurrent one").await;
    drop((gate, rival));
    assert_eq!(deadlocks(server).await, 1);
}

/// Lets statements that write fail as after a serialization failure, as often as the sequence `failures` says.
const FAIL: &str = "
    CREATE SEQUENCE failures;
    GRANT ALL ON failures TO erpsync;
    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('failures') <= 0 THEN RAISE EXCEPTION 'could not serialize' USING ERRCODE = '40001'; END IF;
        RETURN NULL;
    END $$;
    ALTER SEQUENCE failures MINVALUE -1000000;
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT relname FROM pg_stat_user_tables LOOP
            EXECUTE format('CREATE TRIGGER fail BEFORE INSERT OR UPDATE OR DELETE ON %I EXECUTE FUNCTION fail()', name);
        END LOOP;
    END $$";

async fn fail_next(database: &TestDatabase, times: u32) {
    // The value after this one is the first that is drawn.
    database.execute(&format!("SELECT setval('failures', -{times})")).await;
}

#[tokio::test]
async fn each_write_is_run_again_after_a_serialization_failure() {
    let server = Server::start().await;
    let saved = server.called("SaveActorTypeMapping", &mapping(816, &FIELD_KEYS)).await;
    let field = saved["FieldMappings"][0]["ErpFieldId"].as_i64().unwrap();
    server.database.execute(FAIL).await;
    let list = json!({ "ErpFieldId": field, "ErpCrmListItemMappings": [{ "ErpListItemId": "a", "CrmListItem": { "Id": 1 } }] });
    for (method, body) in [
        ("SaveConnection", json!({ "Connection": { "ErpConnectionId": 816, "ConfigFields": { "a": "b" } } })),
        ("SaveConnection", json!({ "Connection": { "ErpConnectorId": 403, "ConnectionId": "chosen" } })),
        ("ToggleErpConnectionActive", json!({ "ErpConnectionId": 816 })),
        ("SaveErpConnectionSyncPriorities", json!({ "ErpConnectionIds": [816, 0] })),
        ("SaveActorTypeMapping", mapping(816, &["a", "e"])),
        (
            "SaveConnectionListMappings",
            json!({ "ListMapping": { "ErpConnectionId": 816, "ErpListItemMappings": [list] } }),
        ),
        ("SaveDefaultValueInfo", json!({ "ErpSyncDefaultValue": { "ErpFieldId": field, "Mandatory": true } })),
        (
            "MoveErpFieldItem",
            json!({ "ErpConnectionId": 816, "ErpActorType": "Customer", "ErpFieldId": field, "Direction": 1 }),
        ),
        ("DeleteConnection", json!({ "ErpConnectionId": 816 })),
        ("SaveErpSyncConnectorEntity", json!({ "ErpConnectorId": 411, "DisplayName": "changed" })),
        ("SaveErpSyncConnectorEntity", json!({ "DisplayName": "created" })),
        ("DeleteErpSyncConnectorEntity?ErpSyncConnectorEntityId=411", Value::Null),
        ("ChangeEngineStatus", json!({ "Run": true })),
        ("ChangeEngineInterval", json!({ "Interval": "00:01:00" })),
    ] {
        fail_next(&server.database, 3).await;
        let answer = server.call(TJE0, method, &body).await;
        assert!([200, 204].contains(&answer.status), "{method}: {}", answer.text);
        let drawn: i64 = server.database.value("SELECT last_value FROM failures").await;
        assert!(drawn > 0, "{method}: no statement has failed");
    }
    let url = server.database.url();
    for command in [
        &["ticket", "issue", "tje0"][..],
        &["associate", "disable", "tje1"],
        &["associate", "enable", "tje1"],
        &["group", "add", "Support"],
        &["app", "add", "Shop"],
    ] {
        fail_next(&server.database, 3).await;
        let done = crate::support::program::run(&[command, &["--database-url", &url]].concat());
        assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

#[tokio::test]
async fn repeated_serialization_failures_are_answered_as_busy() {
    let server = Server::start().await;
    server.database.execute(FAIL).await;
    let before = server.database.contents().await;
    let check = |answer: &Answer| {
        answer.assert_service_error(503, "SoServerException", &["busy"]);
        assert_eq!(answer.header("retry-after"), "1");
    };
    for (method, body) in [
        ("SaveConnection", json!({ "Connection": { "ErpConnectionId": 816 } })),
        ("ToggleErpConnectionActive", json!({ "ErpConnectionId": 816 })),
        ("DeleteConnection", json!({ "ErpConnectionId": 816 })),
    ] {
        fail_next(&server.database, 1000).await;
        check(&server.call(TJE0, method, &body).await);
        let attempts: i64 = server.database.value("SELECT last_value + 1000 FROM failures").await;
        assert_eq!(attempts, 6, "{method}: attempts");
    }
    assert_eq!(server.database.contents().await, before);
    let log = server.program.log();
    assert!(log.contains("serialization failures"), "{log}");
    assert!(!log.contains("database away"), "{log}");
    fail_next(&server.database, 0).await;
    assert_eq!(server.program.save_sample().await.status, 200);
}
