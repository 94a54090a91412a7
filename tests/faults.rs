//! Faults of the database and its network under load. In every test, an acknowledged save is stored whole and once, any
//! other request gets 503 or 504, and after the fault the server recovers with a whole pool.
//!
//! A fault lasts until requests of the load were affected by it, not for a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::client::{TJE0, http_client};
use crate::support::proxy::Proxy;
use crate::support::wait::{is_met, wait_until, within_limit};
use crate::support::{DataDir, Program, SAVE, Server, TestDatabase};

/// The server's time limit of a request, in seconds.
const REQUEST_TIMEOUT: &str = "2";
/// A time limit that no request exceeds: for tests in which every save must succeed.
const NO_REQUEST_TIMEOUT: &str = "60";
/// The limit of the server's connections to the database.
const DATABASE_CONNECTIONS: i64 = 8;
/// The path of a method that reads.
const GET: &str = "/api/v1/Agents/ErpSync/GetConnection";
/// The number of clients that send requests at once.
const CLIENTS: usize = 12;
/// The pause of a client after a save. Without it, the load of one test takes all cores from the others.
const PAUSE: Duration = Duration::from_millis(20);

/// Clients that create connections, one after another, until they are stopped.
struct Load {
    done: Arc<AtomicBool>,
    /// The number of saves answered with 200 so far.
    saved: Arc<AtomicUsize>,
    /// The number of saves answered with another status so far.
    failed: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<Vec<Sent>>>,
}

struct Sent {
    name: String,
    /// The new id, if the response was 200.
    saved: Option<i64>,
}

impl Load {
    fn start(program: &Program) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let (saved, failed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let clients = (0..CLIENTS).map(|client| {
            let (saved_count, failed_count) = (Arc::clone(&saved), Arc::clone(&failed));
            let (url, done) = (format!("{}://{}{SAVE}", program.scheme, program.address), Arc::clone(&done));
            tokio::spawn(async move {
                let http = http_client();
                let mut sent = Vec::new();
                while !done.load(Ordering::Relaxed) {
                    let name = format!("load {client} {}", sent.len());
                    let connection = json!({ "ErpConnectorId": 403, "DisplayName": name,
                        "ConfigFields": { "a": "1", "b": "2" }, "UserGroupAccessIds": [185, 350] });
                    let request = http.post(&url).header("Authorization", TJE0);
                    let request = request.header("Content-Type", "application/json");
                    let answer = request.body(json!({ "Connection": connection }).to_string()).send().await.unwrap();
                    let status = answer.status().as_u16();
                    assert!([200, 503, 504].contains(&status), "{status}: {}", answer.text().await.unwrap());
                    let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
                    let saved = (status == 200).then(|| answer["ErpConnectionId"].as_i64().unwrap());
                    sent.push(Sent { name, saved });
                    let count = if saved.is_some() { &saved_count } else { &failed_count };
                    count.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(PAUSE).await;
                }
                sent
            })
        });
        Load { clients: clients.collect(), done, saved, failed }
    }

    /// Waits until `count` more saves succeed.
    async fn wait_for_saves(&self, count: usize) {
        let target = self.saved.load(Ordering::Relaxed) + count;
        wait_until("more saves", async || self.saved.load(Ordering::Relaxed) >= target).await;
    }

    /// Waits until as many more responses have come as there are clients.
    async fn wait_for_responses(&self) {
        let responses = || self.saved.load(Ordering::Relaxed) + self.failed.load(Ordering::Relaxed);
        let target = responses() + CLIENTS;
        wait_until("more responses", async || responses() >= target).await;
    }

    /// Waits until one more save fails.
    async fn wait_for_failure(&self) {
        let target = self.failed.load(Ordering::Relaxed) + 1;
        wait_until("a failed save", async || self.failed.load(Ordering::Relaxed) >= target).await;
    }

    /// Stops the clients and checks the rows of their saves. Returns the numbers of saves that succeeded and failed.
    async fn stop(self, database: &TestDatabase) -> (usize, usize) {
        self.done.store(true, Ordering::Relaxed);
        let sent: Vec<_> = join_all(self.clients).await.into_iter().flat_map(Result::unwrap).collect();
        let stored: Value = database
            .value(
                "SELECT coalesce(jsonb_object_agg(name, found), '{}') FROM (
                    SELECT display_name AS name, jsonb_agg(jsonb_build_array(
                        erp_connection_id,
                        (SELECT count(*) FROM connection_config_field AS f
                         WHERE f.erp_connection_id = c.erp_connection_id),
                        (SELECT count(*) FROM erp_connection_access AS a
                         WHERE a.erp_connection_id = c.erp_connection_id)
                    )) AS found
                    FROM erp_connection AS c WHERE display_name LIKE 'load %' GROUP BY display_name
                 ) AS stored",
            )
            .await;
        for Sent { name, saved } in &sent {
            match (saved, stored.get(name)) {
                (Some(id), stored) => assert_eq!(stored, Some(&json!([[id, 2, 2]])), "{name}: whole, and once"),
                // A failed save may have taken effect, but whole and once.
                (None, Some(stored)) => {
                    assert_eq!(stored.as_array().map(Vec::len), Some(1), "{name}: {stored}");
                    assert_eq!((&stored[0][1], &stored[0][2]), (&json!(2), &json!(2)), "{name}: {stored}");
                }
                (None, None) => {}
            }
        }
        let saved = sent.iter().filter(|sent| sent.saved.is_some()).count();
        (saved, sent.len() - saved)
    }
}

/// Waits until a save succeeds. From then on the pool is whole: of 32 saves at once, more than it has connections, none
/// fails. Saves that exceed the server's time limit, as on a busy machine, are sent again.
async fn wait_for_recovery(program: &Program) {
    let recovers = is_met(async || program.save_sample().await.status == 200).await;
    assert!(recovers, "no recovery: {}", program.log());
    wait_until("32 saves within the time limit", async || {
        let answers = join_all((0..32).map(|_| program.save_sample())).await;
        assert!(
            answers.iter().all(|answer| [200, 504].contains(&answer.status)),
            "a connection of the pool is broken: {answers:?}"
        );
        answers.iter().all(|answer| answer.status == 200)
    })
    .await;
}

/// Waits until every connection of the pool is open. A connection that is being opened when a fault closes it fails the
/// save that waits for it.
async fn wait_for_whole_pool(program: &Program, database: &TestDatabase) {
    wait_until("an open pool", async || {
        // Saves take turns and leave a part of the pool to other methods.
        join_all((0..32).map(|_| program.post(GET, r#"{"ErpConnectionId":816}"#))).await;
        database.server_connections().await >= DATABASE_CONNECTIONS
    })
    .await;
}

/// Runs a server under load behind a proxy and causes a fault three times, each until the load was affected by it.
async fn survives(fault: impl Fn(&Proxy), request_timeout: &str) -> Survived {
    let proxy = Proxy::start().await;
    let database = TestDatabase::with_demo_data().await;
    let program = Program::start(&["--database-url", &proxy.url(&database), "--request-timeout", request_timeout]);
    let load = Load::start(&program);
    for _ in 0..3 {
        wait_for_whole_pool(&program, &database).await;
        load.wait_for_saves(CLIENTS).await;
        fault(&proxy);
        load.wait_for_responses().await;
        proxy.restore();
        wait_for_recovery(&program).await;
    }
    let (saved, failed) = load.stop(&database).await;
    assert!(saved > 20, "{saved} saved, {failed} failed");
    let open = database.server_connections().await;
    assert!((1..=DATABASE_CONNECTIONS).contains(&open), "{open} connections");
    Survived { failed, retried: program.log().matches("lost during a save").count() }
}

struct Survived {
    failed: usize,
    /// The number of saves that lost their connection.
    retried: usize,
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_to_the_database_are_closed_and_refused() {
    assert!(survives(Proxy::refuse, REQUEST_TIMEOUT).await.retried > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_to_the_database_are_reset() {
    assert!(survives(Proxy::reset, REQUEST_TIMEOUT).await.retried > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_to_the_database_are_closed_once() {
    let survived = survives(Proxy::close_once, NO_REQUEST_TIMEOUT).await;
    assert!(survived.retried > 0);
    assert_eq!(survived.failed, 0, "retried on a new connection");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_network_to_the_database_stalls() {
    survives(Proxy::stall, REQUEST_TIMEOUT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_network_loses_the_responses_of_the_database() {
    survives(Proxy::drop_responses, REQUEST_TIMEOUT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_to_the_database_are_half_closed() {
    assert!(survives(Proxy::half_close, REQUEST_TIMEOUT).await.retried > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_network_to_the_database_is_slow() {
    survives(Proxy::slow_down, REQUEST_TIMEOUT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_backends_are_terminated_repeatedly() {
    let server = Server::start_with(&["--request-timeout", NO_REQUEST_TIMEOUT]).await;
    let load = Load::start(&server.program);
    for _ in 0..10 {
        load.wait_for_saves(2 * CLIENTS).await;
        server.database.terminate_connections().await;
    }
    wait_for_recovery(&server.program).await;
    let (saved, failed) = load.stop(&server.database).await;
    assert!(saved > 50 && failed < saved / 10, "{saved} saved, {failed} failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_has_no_free_connections() {
    let server = Server::start_with(&["--request-timeout", REQUEST_TIMEOUT]).await;
    let limit = |limit: i32| format!("ALTER DATABASE {} CONNECTION LIMIT {limit}", server.database.name());
    // The limit does not count superusers, such as the tests.
    server.database.execute(&limit(2)).await;
    server.database.terminate_connections().await;
    let load = Load::start(&server.program);
    load.wait_for_saves(2 * CLIENTS).await;
    assert!(server.database.server_connections().await <= 2);
    server.database.execute(&limit(0)).await;
    server.database.terminate_connections().await;
    load.wait_for_failure().await;
    let none = server.program.save_sample().await;
    assert!([503, 504].contains(&none.status), "{none:?}");
    server.database.execute(&limit(-1)).await;
    wait_for_recovery(&server.program).await;
    let (saved, failed) = load.stop(&server.database).await;
    assert!(saved > 20 && failed > 0, "{saved} saved, {failed} failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_is_restarted_in_immediate_mode() {
    let data_dir = DataDir::prepared();
    let program = Program::start(&["--data-dir", &data_dir.argument(), "--request-timeout", REQUEST_TIMEOUT]);
    let load = Load::start(&program);
    for _ in 0..2 {
        load.wait_for_saves(2 * CLIENTS).await;
        // The signal of `pg_ctl stop -m immediate`. The server restarts PostgreSQL itself.
        let pid = data_dir.postmaster();
        kill_process(pid, Signal::QUIT).unwrap();
        let is_restarted = async || {
            let current = std::fs::read_to_string(data_dir.pid_file()).unwrap_or_default();
            current.lines().next().is_some_and(|line| line.parse() != Ok(pid.as_raw_nonzero().get()))
        };
        wait_until("a new postmaster", is_restarted).await;
        // PostgreSQL replays its write-ahead log first.
        wait_until("a ready server", async || program.get("/health/ready").await.status == 200).await;
        wait_for_recovery(&program).await;
    }
    load.done.store(true, Ordering::Relaxed);
    let sent: Vec<_> = join_all(load.clients).await.into_iter().flat_map(Result::unwrap).collect();
    let (saved, failed): (Vec<_>, Vec<_>) = sent.iter().partition(|sent| sent.saved.is_some());
    assert!(saved.len() > 20, "{} saved", saved.len());
    let body = json!({ "IncludeDeleted": true }).to_string();
    let all = program.post("/api/v1/Agents/ErpSync/GetAllConnections", &body).await.json();
    let names = |name: &str| all.as_array().unwrap().iter().filter(|found| found["DisplayName"] == name).count();
    for sent in saved {
        assert_eq!(names(&sent.name), 1, "{} was acknowledged with {:?}", sent.name, sent.saved);
    }
    for sent in failed {
        assert!(names(&sent.name) <= 1, "{}", sent.name);
    }
}

/// A file system in memory of 24 MB. Unmounted when it goes out of scope.
struct SmallDisk {
    path: std::path::PathBuf,
}

impl SmallDisk {
    fn mount(owner: &str) -> Self {
        let path = std::env::temp_dir().join(format!("erpsync-disk-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        let options = format!("size=24m,uid={owner},mode=700");
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(&path);
        assert!(mount.status().unwrap().success(), "mounting needs root");
        SmallDisk { path }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("--lazy").arg(&self.path).status();
        let _ = std::fs::remove_dir(&self.path);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root, to mount a small disk"]
async fn the_disk_of_the_database_is_full() {
    // The user that the database runs as.
    let owner = std::fs::metadata(crate::support::postgres::socket_directory()).unwrap();
    let disk = SmallDisk::mount(&std::os::unix::fs::MetadataExt::uid(&owner).to_string());
    let database = TestDatabase::on_disk(&disk.path).await;
    let program = Program::start(&["--database-url", &database.url(), "--request-timeout", REQUEST_TIMEOUT]);
    let server = Server { program, database };
    let load = Load::start(&server.program);
    load.wait_for_saves(2 * CLIENTS).await;
    let filler = disk.path.join("filler");
    let mut full = std::fs::File::create(&filler).unwrap();
    while std::io::Write::write_all(&mut full, &[1; 4096]).is_ok() {}
    let big = json!({ "ErpConnectorId": 403, "ConfigFields": { "a": "x".repeat(1000), "b": "y".repeat(1000) } });
    let refused = within_limit("a full disk", async {
        loop {
            let answer = server.save(&big).await;
            if answer.status != 200 {
                return answer;
            }
        }
    })
    .await;
    refused.assert_service_error(503, "SoDbAccessException", &[]);
    std::fs::remove_file(&filler).unwrap();
    drop(full);
    wait_for_recovery(&server.program).await;
    let (saved, _) = load.stop(&server.database).await;
    assert!(saved > 20);
}
