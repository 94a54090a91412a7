//! Saves and reads that wait for the database at the same time share a statement.

use std::collections::BTreeSet;
use std::sync::Arc;

use erpsync::store::Pool;
use erpsync::store::connections::Reader;
use erpsync::store::pool::Hosts;
use erpsync::store::read_connection::{Find, Read, Shared, find};
use erpsync::store::sharing::SharedStatement;
use serde_json::{Value, json};
use sqlx::PgConnection;
use tokio::task::JoinHandle;

use crate::support::admin::{ADMIN, samples};
use crate::support::client::TJE0;
use crate::support::wait::wait_until;
use crate::support::{Answer, Server};

/// The lock that the trigger of [`block_updates`] takes.
const ADVISORY_LOCK: i32 = 7;

/// A server with one connection to the database, which is busy: a save waits there for the row lock of connection 816.
struct BusyServer {
    server: Arc<Server>,
    /// The session that holds the row lock, in a transaction.
    holder: PgConnection,
    /// The save that waits for the lock.
    first: JoinHandle<Answer>,
    /// Other connections.
    ids: Vec<i64>,
}

impl BusyServer {
    /// Starts a server, on a database with `count` further connections.
    async fn start_with_connections(count: usize) -> Self {
        // Deliveries use the connection as well.
        let one = ["--database-connections", "1", "--connector-deliveries", "false"];
        let server = Arc::new(Server::start_with(&[&ADMIN[..], &one].concat()).await);
        let ids = create(&server, count).await;
        let holder = lock(&server, 816).await;
        let first = save(&server, json!({ "ErpConnectionId": 816, "DisplayName": "first" }));
        server.database.wait_for_blocked_sessions(1).await;
        BusyServer { server, holder, first, ids }
    }

    /// Returns requests that change the name of each of the other connections.
    fn renamed(&self, name: &str) -> Vec<Value> {
        self.ids.iter().map(|id| json!({ "ErpConnectionId": id, "DisplayName": name })).collect()
    }

    /// Starts saves. When this returns, all of them wait for the connection to the database.
    async fn save_all(&self, connections: &[Value]) -> Vec<JoinHandle<Answer>> {
        let requests = connections.iter().map(|connection| (TJE0, json!({ "Connection": connection })));
        self.start_all("SaveConnection", requests).await
    }

    /// Starts calls of a method. When this returns, all of them wait for the connection to the database.
    async fn start_all(
        &self,
        method: &'static str,
        requests: impl IntoIterator<Item = (&'static str, Value)>,
    ) -> Vec<JoinHandle<Answer>> {
        let waiting_requests = format!("erpsync_requests_waiting{{method=\"{method}\"}}");
        let mut calls = Vec::new();
        for (authorization, body) in requests {
            let server = Arc::clone(&self.server);
            calls.push(tokio::spawn(async move { server.call(authorization, method, &body).await }));
            // The first one has the turn and waits for the connection, the others wait for their turn.
            let waiting = calls.len() - 1;
            wait_until("a waiting call", async || {
                let samples = samples(&self.server.program).await;
                samples["erpsync_database_pool_waiting"] == "1" && samples[&waiting_requests] == waiting.to_string()
            })
            .await;
        }
        calls
    }

    /// Ends the transaction that holds the row lock of connection 816.
    async fn unlock(self) -> Arc<Server> {
        unlock(self.holder).await;
        assert_eq!(self.first.await.unwrap().status, 200);
        self.server
    }
}

/// Locks the row of a connection in a transaction of its own.
async fn lock(server: &Server, id: i64) -> PgConnection {
    let mut holder = server.database.connect().await;
    sqlx::query("BEGIN").execute(&mut holder).await.unwrap();
    let lock = "SELECT FROM erp_connection WHERE erp_connection_id = $1 FOR UPDATE";
    sqlx::query(lock).bind(id).execute(&mut holder).await.unwrap();
    holder
}

async fn unlock(mut holder: PgConnection) {
    sqlx::query("ROLLBACK").execute(&mut holder).await.unwrap();
}

/// Starts a save.
fn save(server: &Arc<Server>, connection: Value) -> JoinHandle<Answer> {
    let server = Arc::clone(server);
    tokio::spawn(async move { server.save(&connection).await })
}

async fn statuses(saves: Vec<JoinHandle<Answer>>) -> Vec<u16> {
    let answers = futures::future::join_all(saves).await;
    answers.into_iter().map(|answer| answer.unwrap().status).collect()
}

/// Creates connections, and returns their ids.
async fn create(server: &Server, count: usize) -> Vec<i64> {
    let mut ids = Vec::new();
    for number in 0..count {
        let connection = json!({
            "ErpConnectorId": 403, "ConnectionId": format!("id {number}"), "DisplayName": "created", "AllAccess": false,
            "ConfigFields": { "a": number.to_string(), "b": null }, "UserGroupAccessIds": [185], "AssociateAccessIds": [463]
        });
        ids.push(server.saved(&connection).await["ErpConnectionId"].as_i64().unwrap());
    }
    ids
}

/// Returns how often connections named `name` were updated, and the number of transactions that wrote them last.
async fn updates(server: &Server, name: &str) -> (Vec<i32>, i64) {
    let of_rows = format!("FROM erp_connection WHERE display_name = '{name}'");
    let counts = format!("SELECT array_agg(updated_count ORDER BY erp_connection_id) {of_rows}");
    let transactions = format!("SELECT count(DISTINCT xmin::text) {of_rows}");
    (server.database.value(&counts).await, server.database.value(&transactions).await)
}

/// Returns the number of calls of a method that shared a statement.
async fn shared(server: &Server, method: &str) -> String {
    samples(&server.program).await[&format!("erpsync_requests_shared_total{{method=\"{method}\"}}")].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn saves_that_wait_share_a_transaction_and_each_has_its_own_outcome() {
    let busy = BusyServer::start_with_connections(4).await;
    let [kept, cleared, replaced, unknown] = busy.ids[..] else { panic!("{:?}", busy.ids) };
    let name = "shared";
    let requests = [
        json!({ "ErpConnectionId": kept, "DisplayName": name }),
        json!({ "ErpConnectionId": cleared, "DisplayName": name, "ConfigFields": {}, "UserGroupAccessIds": [],
            "AssociateAccessIds": [] }),
        json!({ "ErpConnectionId": replaced, "DisplayName": name, "ConfigFields": { "b": "2", "c": null },
            "UserGroupAccessIds": [350, 1], "AssociateAccessIds": [920], "ConnectionId": "other" }),
        json!({ "ErpConnectionId": unknown, "DisplayName": name, "ErpConnectorId": 5, "UserGroupAccessIds": [6, 1],
            "AssociateAccessIds": [7] }),
        json!({ "ErpConnectorId": 403, "DisplayName": name, "ConfigFields": { "new": "1" }, "AssociateAccessIds": [463] }),
        json!({ "ErpConnectorId": 403, "DisplayName": name, "ConnectionId": "id 0" }),
        json!({ "ErpConnectorId": 411, "DisplayName": name, "ConnectionId": "twice" }),
        json!({ "ErpConnectorId": 411, "DisplayName": name, "ConnectionId": "twice" }),
    ];
    let saves = busy.save_all(&requests).await;
    let server = busy.unlock().await;
    let answers: Vec<_> = futures::future::join_all(saves).await.into_iter().map(|answer| answer.unwrap()).collect();

    let members = |answer: &Answer| {
        let stored = answer.json();
        json!([
            stored["ConnectionId"],
            stored["ConfigFields"],
            stored["UserGroupAccessIds"],
            stored["AssociateAccessIds"]
        ])
    };
    assert_eq!(members(&answers[0]), json!(["id 0", { "a": "0", "b": null }, [185], [463]]));
    assert_eq!(members(&answers[1]), json!(["id 1", {}, [], []]));
    assert_eq!(members(&answers[2]), json!(["other", { "b": "2", "c": null }, [1, 350], [920]]));
    let unknown = ["no connector 5", "no user group 6", "no associate 7"];
    answers[3].assert_service_error(400, "SoValidationException", &unknown);
    assert_eq!(members(&answers[4])[1], json!({ "new": "1" }));
    answers[5].assert_service_error(409, "SoDuplicateException", &["'id 0'"]);
    assert_eq!(members(&answers[6])[0], "twice");
    answers[7].assert_service_error(409, "SoDuplicateException", &["'twice'"]);

    for answer in [0, 1, 2, 4, 6].map(|index| &answers[index]) {
        let id = &answer.json()["ErpConnectionId"];
        let read = server.called("GetConnection", &json!({ "ErpConnectionId": id })).await;
        assert_eq!(read, answer.json(), "what is answered is stored");
    }
    assert_eq!(updates(&server, name).await, (vec![1, 1, 1, 0, 0], 1), "one transaction");
    assert_eq!(shared(&server, "SaveConnection").await, "8");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_that_waits_for_a_lock_holds_up_none_that_share_its_transaction() {
    let busy = BusyServer::start_with_connections(3).await;
    let locked = busy.ids[1];
    let holder = lock(&busy.server, locked).await;
    let mut saves = busy.save_all(&busy.renamed("shared")).await;
    let server = busy.unlock().await;
    let waiting = saves.remove(1);
    assert_eq!(statuses(saves).await, [200, 200]);
    assert!(!waiting.is_finished());
    server.database.wait_for_blocked_sessions(1).await;
    unlock(holder).await;
    assert_eq!(statuses(vec![waiting]).await, [200]);
    assert_eq!(updates(&server, "shared").await, (vec![1, 1, 1], 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn saves_of_one_connection_do_not_share_a_transaction() {
    let busy = BusyServer::start_with_connections(1).await;
    let id = busy.ids[0];
    let request = |name: &str| json!({ "ErpConnectionId": id, "DisplayName": name });
    let saves = busy.save_all(&[request("1"), request("2"), request("3")]).await;
    let server = busy.unlock().await;
    assert_eq!(statuses(saves).await, [200, 200, 200]);
    assert_eq!(updates(&server, "3").await, (vec![3], 1), "in the order in which they came");
    assert_eq!(shared(&server, "SaveConnection").await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_that_fails_in_the_database_fails_alone() {
    let busy = BusyServer::start_with_connections(3).await;
    let fail = "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
        CREATE TRIGGER fail BEFORE UPDATE ON erp_connection FOR EACH ROW WHEN (NEW.connection_id = 'id 1')
        EXECUTE FUNCTION fail()";
    busy.server.database.execute(fail).await;
    let saves = busy.save_all(&busy.renamed("shared")).await;
    let server = busy.unlock().await;
    assert_eq!(statuses(saves).await, [200, 500, 200]);
    assert_eq!(updates(&server, "shared").await, (vec![1, 1], 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn saves_whose_transaction_loses_its_connection_are_sent_again() {
    let busy = BusyServer::start_with_connections(3).await;
    let barrier = block_updates(&busy.server).await;
    let saves = busy.save_all(&busy.renamed("shared")).await;
    let server = busy.unlock().await;
    server.database.wait_for_blocked_sessions(1).await;
    let terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'erpsync'";
    server.database.execute(terminate).await;
    unblock_updates(barrier).await;
    assert_eq!(statuses(saves).await, [200, 200, 200]);
    assert_eq!(updates(&server, "shared").await, (vec![1, 1, 1], 3), "sent again, each alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn saves_go_on_when_the_client_of_the_one_that_took_them_along_disconnects() {
    let busy = BusyServer::start_with_connections(3).await;
    let barrier = block_updates(&busy.server).await;
    let mut saves = busy.save_all(&busy.renamed("shared")).await;
    let server = busy.unlock().await;
    server.database.wait_for_blocked_sessions(1).await;
    saves.remove(0).abort();
    unblock_updates(barrier).await;
    assert_eq!(statuses(saves).await, [200, 200]);
    assert_eq!(updates(&server, "shared").await, (vec![1, 1, 1], 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_whose_client_disconnects_leaves_the_queue() {
    let busy = BusyServer::start_with_connections(3).await;
    let mut saves = busy.save_all(&busy.renamed("shared")).await;
    saves.remove(1).abort();
    wait_until("a shorter queue", async || {
        samples(&busy.server.program).await["erpsync_requests_waiting{method=\"SaveConnection\"}"] == "1"
    })
    .await;
    let server = busy.unlock().await;
    assert_eq!(statuses(saves).await, [200, 200]);
    assert_eq!(updates(&server, "shared").await, (vec![1, 1], 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_save_has_a_transaction_of_its_own() {
    let busy = BusyServer::start_with_connections(2).await;
    let small = busy.save_all(&busy.renamed("shared")).await;
    let fields: serde_json::Map<_, _> = (0..65).map(|number| (number.to_string(), json!("x"))).collect();
    let large = save(&busy.server, json!({ "ErpConnectorId": 403, "DisplayName": "shared", "ConfigFields": fields }));
    wait_until("a large save that waits for the connection", async || {
        samples(&busy.server.program).await["erpsync_database_pool_waiting"] == "2"
    })
    .await;
    let server = busy.unlock().await;
    assert_eq!(statuses(small).await, [200, 200]);
    assert_eq!(statuses(vec![large]).await, [200]);
    assert_eq!(updates(&server, "shared").await, (vec![1, 1, 0], 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_that_wait_share_a_statement_and_each_has_its_own_result() {
    let busy = BusyServer::start_with_connections(2).await;
    let delete = format!("UPDATE erp_connection SET deleted = true WHERE erp_connection_id = {}", busy.ids[1]);
    busy.server.database.execute(&delete).await;
    let ids = [816, busy.ids[0], busy.ids[1], 5, busy.ids[0]];
    let requests = ids.map(|id| (TJE0, json!({ "ErpConnectionId": id })));
    let reads = busy.start_all("GetConnection", requests.clone()).await;
    let server = busy.unlock().await;
    for ((caller, request), read) in requests.iter().zip(futures::future::join_all(reads).await) {
        let read = read.unwrap();
        assert_eq!(read.json().is_null(), request["ErpConnectionId"] == 5, "{}", read.text);
        assert_eq!(read.text, server.call(caller, "GetConnection", request).await.text, "as alone");
    }
    assert_eq!(shared(&server, "GetConnection").await, "5");
}

#[tokio::test]
async fn each_read_of_a_shared_statement_has_the_rights_of_its_caller() {
    let server = Server::start().await;
    let ids = create(&server, 5).await;
    let rights = format!(
        "UPDATE erp_connection SET all_access = true WHERE erp_connection_id = {};
         UPDATE erp_connection SET deleted = true, all_access = true WHERE erp_connection_id = {};
         UPDATE erp_connection_access SET can_connect = false WHERE erp_connection_id = {};
         DELETE FROM erp_connection_access WHERE erp_connection_id = {}",
        ids[0], ids[1], ids[2], ids[3]
    );
    server.database.execute(&rights).await;
    let associates: Vec<i32> = server.database.value("SELECT array_agg(associate_id) FROM associate").await;
    let stamp: i64 = server.database.value("SELECT stamp FROM security_stamp").await;
    let mut finds = Vec::new();
    for id in ids.iter().map(|id| i32::try_from(*id).unwrap()).chain([816, 5]) {
        for associate_id in &associates {
            for sees_all in [true, false] {
                for stamp in [None, Some(stamp), Some(stamp + 1)] {
                    let reader = Reader { associate_id: *associate_id, sees_all };
                    finds.push(Arc::new(Find { erp_connection_id: id, reader, stamp }));
                }
            }
        }
    }
    let pool = Pool::new(server.database.url().parse::<Hosts>().unwrap(), 1, false);
    let together = Shared::execute(&mut server.database.connect().await, &finds).await.unwrap();
    assert_eq!(together.len(), finds.len());
    let mut outcomes = BTreeSet::new();
    for (request, read) in finds.iter().zip(together) {
        let alone = find(&pool, **request).await.unwrap();
        assert_eq!(format!("{:?}", read.unwrap()), format!("{alone:?}"), "{request:?}");
        outcomes.insert(match alone {
            Read::Stale => "stale",
            Read::Done(None) => "none",
            Read::Done(Some(_)) => "some",
        });
    }
    assert_eq!(outcomes.len(), 3, "{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_whose_rights_have_changed_while_it_waited_is_authenticated_again() {
    let busy = BusyServer::start_with_connections(2).await;
    let requests = busy.ids.iter().map(|id| (TJE0, json!({ "ErpConnectionId": id })));
    let reads = busy.start_all("GetConnection", requests).await;
    let BusyServer { server, holder, first, .. } = busy;
    server.database.execute("UPDATE associate SET administrator = false WHERE name = 'tje0'").await;
    unlock(holder).await;
    assert_eq!(first.await.unwrap().status, 403);
    for read in futures::future::join_all(reads).await {
        assert_eq!(read.unwrap().text, "null", "an ordinary associate does not see it");
    }
    assert!(shared(&server, "GetConnection").await.parse::<u32>().unwrap() >= 2);
}

/// Makes updates of connections named `shared` wait, until [`unblock_updates`].
async fn block_updates(server: &Server) -> PgConnection {
    let block = format!(
        "CREATE FUNCTION block() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM pg_advisory_xact_lock_shared({ADVISORY_LOCK}); RETURN NEW; END $$;
        CREATE TRIGGER block BEFORE UPDATE ON erp_connection FOR EACH ROW WHEN (NEW.display_name = 'shared')
        EXECUTE FUNCTION block()"
    );
    server.database.execute(&block).await;
    let mut barrier = server.database.connect().await;
    sqlx::query("SELECT pg_advisory_lock($1)").bind(i64::from(ADVISORY_LOCK)).execute(&mut barrier).await.unwrap();
    barrier
}

async fn unblock_updates(mut barrier: PgConnection) {
    sqlx::query("SELECT pg_advisory_unlock_all()").execute(&mut barrier).await.unwrap();
}
