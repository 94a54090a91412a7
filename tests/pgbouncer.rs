//! `PgBouncer` in transaction mode between server and database. Needs `pgbouncer`, which CI installs:
//! `cargo test -- --ignored pgbouncer`.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use futures::future::join_all;
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::support::client::{TJE0, TJE1};
use crate::support::proxy::Proxy;
use crate::support::wait::{is_met, wait_until};
use crate::support::{Program, SAVE, Server, TestDatabase};

/// A running `PgBouncer`. Killed when it goes out of scope.
struct Bouncer {
    child: Child,
    port: u16,
    _directory: TempDir,
}

impl Bouncer {
    /// Starts `PgBouncer` with fewer connections to the database than the server has to `PgBouncer`, so that transactions
    /// share them.
    async fn start(database_port: u16) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let path = |name: &str| -> PathBuf { directory.path().join(name) };
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={database_port} user=erpsync\n\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = any\nauth_file = {}\npool_mode = transaction\ndefault_pool_size = 3\n\
             logfile = {}\n",
            path("users").display(),
            path("log").display()
        );
        std::fs::write(path("users"), "\"erpsync\" \"\"\n").unwrap();
        std::fs::write(path("pgbouncer.ini"), settings).unwrap();
        let mut command = Command::new("pgbouncer");
        command.arg(path("pgbouncer.ini")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if rustix::process::getuid().is_root() {
            // PgBouncer refuses to run as root.
            std::os::unix::fs::chown(directory.path(), Some(UNPRIVILEGED), Some(UNPRIVILEGED)).unwrap();
            command.uid(UNPRIVILEGED).gid(UNPRIVILEGED);
        }
        let child = command.spawn().expect("pgbouncer is installed");
        let listens = is_met(async || TcpStream::connect(("127.0.0.1", port)).await.is_ok()).await;
        assert!(listens, "{:?}", std::fs::read_to_string(path("log")));
        Bouncer { child, port, _directory: directory }
    }
}

const UNPRIVILEGED: u32 = 65534;

impl Drop for Bouncer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs pgbouncer"]
async fn the_server_works_behind_pgbouncer_in_transaction_mode() {
    // The database authenticates this process's user by peer credentials, but not PgBouncer's.
    let proxy = Proxy::start().await;
    let bouncer = Bouncer::start(proxy.port).await;
    let database = TestDatabase::empty().await;
    let url = format!("postgres://erpsync@127.0.0.1:{}/{}?sslmode=disable", bouncer.port, database.name());
    // The check of each connection runs in the pooler's way, too.
    let url = format!("{url}&target_session_attrs=read-write");
    let pooled = ["--database-url", &url, "--transaction-pooling", "true"];
    // The schema and the demo data are added through PgBouncer, too.
    let done = crate::support::program::run(&[&["demo"], &pooled[..]].concat());
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let program = Program::start(&pooled);
    let server = Server { program, database };

    for _ in 0..5 {
        let answers = join_all((0..40).map(|_| server.program.save_sample())).await;
        assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    }
    let counted: i32 = server.database.value("SELECT updated_count FROM erp_connection").await;
    assert_eq!(counted, 200);
    let created = join_all((0..20).map(|_| async { server.saved(&json!({ "ErpConnectorId": 403 })).await })).await;
    let found: Vec<_> = server.called("GetAllConnections", &json!({})).await.as_array().unwrap().clone();
    assert_eq!(found.len(), created.len(), "the sample is flagged as deleted");
    assert_eq!(server.call(TJE1, "SaveConnection", &json!({ "Connection": {} })).await.status, 403);
    assert_eq!(server.call(TJE0, "SaveConnection", &json!({ "Connection": {} })).await.status, 400);
    // A refusal in a transaction leaves no open transaction behind.
    let orders = json!({ "ErpConnectionIds": [816, 1] });
    assert_eq!(server.call(TJE0, "SaveErpConnectionSyncPriorities", &orders).await.status, 400);
    let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'";
    wait_until("the end of every transaction", async || server.database.value::<i64>(open).await == 0).await;
    assert!((1..=3).contains(&server.database.server_connections().await));
    assert_eq!(server.program.post(SAVE, r#"{"Connection":{"ErpConnectionId":816}}"#).await.status, 200);
}
