//! Two PostgreSQL clusters under Patroni, with etcd.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

use super::client::http_client;
use super::standby::{Postgres, free_port, processes_in};
use super::wait::wait_until;

/// The seconds until the lease of a dead primary ends; Patroni accepts no fewer.
const TTL: u32 = 20;

/// A Patroni with its PostgreSQL. Both are killed when it goes out of scope.
pub struct Node {
    name: &'static str,
    /// The port of PostgreSQL on the loopback address.
    pub port: u16,
    /// The port of Patroni's REST API.
    pub rest_port: u16,
    process: Option<Child>,
    folder: TempDir,
}

impl Node {
    fn new(name: &'static str, postgres: &Postgres, etcd_port: u16) -> Self {
        let node = Node { name, port: free_port(), rest_port: free_port(), process: None, folder: postgres.folder() };
        let rest = format!("127.0.0.1:{}", node.rest_port);
        let address = format!("127.0.0.1:{}", node.port);
        // JSON is YAML, too.
        let settings = json!({
            "scope": "erpsync",
            "name": name,
            "restapi": { "listen": rest, "connect_address": rest },
            "etcd3": { "host": format!("127.0.0.1:{etcd_port}") },
            "bootstrap": {
                "dcs": {
                    "ttl": TTL,
                    "loop_wait": 1,
                    "retry_timeout": 3,
                    "synchronous_mode": true,
                    "postgresql": { "use_pg_rewind": true, "parameters": { "synchronous_commit": "on" } },
                },
                "initdb": [{ "encoding": "UTF8" }, { "locale": "C" }, "data-checksums"],
                "pg_hba": ["host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"],
            },
            "postgresql": {
                "listen": address,
                "connect_address": address,
                "data_dir": node.data(),
                "bin_dir": postgres.directory(),
                "pgpass": node.folder.path().join("pgpass"),
                "authentication": { "superuser": { "username": "postgres" }, "replication": { "username": "postgres" } },
                "basebackup": [{ "checkpoint": "fast" }],
                "parameters": { "unix_socket_directories": "" },
            },
            "watchdog": { "mode": "off" },
        });
        fs::write(node.folder.path().join("patroni.yml"), settings.to_string()).unwrap();
        node
    }

    /// Starts Patroni, which starts PostgreSQL.
    pub fn start(&mut self, postgres: &Postgres) {
        let log = File::options().create(true).append(true).open(self.log_path()).unwrap();
        let mut command = postgres.command("patroni");
        command.arg(self.folder.path().join("patroni.yml")).stdout(log.try_clone().unwrap()).stderr(log);
        self.process = Some(command.spawn().expect("patroni is installed"));
    }

    /// Kills Patroni and every process of PostgreSQL with SIGKILL, as if the machine failed.
    pub fn kill(&mut self) {
        let Some(mut patroni) = self.process.take() else { return };
        patroni.kill().unwrap();
        patroni.wait().unwrap();
        for process in processes_in(&self.data()) {
            let _ = kill_process(process, Signal::KILL);
        }
    }

    /// Returns whether Patroni answers 200 on `path`.
    pub async fn is(&self, path: &str) -> bool {
        let answer = http_client().get(format!("http://127.0.0.1:{}{path}", self.rest_port)).send().await;
        answer.is_ok_and(|answer| answer.status() == 200)
    }

    /// Connects to a database as the superuser.
    pub async fn connect(&self, database: &str) -> PgConnection {
        let options = PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(self.port);
        let options = options.ssl_mode(PgSslMode::Disable).username("postgres").database(database);
        PgConnection::connect_with(&options).await.unwrap()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}: {}", self.name, fs::read_to_string(self.log_path()).unwrap_or_default());
        }
        self.kill();
    }
}

/// Two nodes and the etcd in which they agree on the primary.
pub struct Patroni {
    /// The node that was the primary at the start, and the standby.
    pub nodes: [Node; 2],
    /// The programs of PostgreSQL.
    pub postgres: Postgres,
    etcd: Child,
    _etcd_folder: TempDir,
}

impl Patroni {
    /// Starts etcd and both nodes, with an empty database `erpsync`.
    pub async fn start() -> Self {
        let postgres = Postgres::find().await;
        let (folder, client_port, peer_port) = (postgres.folder(), free_port(), free_port());
        let (client, peer) = (format!("http://127.0.0.1:{client_port}"), format!("http://127.0.0.1:{peer_port}"));
        let log = File::create(folder.path().join("log")).unwrap();
        let mut command = postgres.command("etcd");
        command.arg("--data-dir").arg(folder.path().join("data"));
        command.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
        command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
        command.args(["--initial-cluster", &format!("default={peer}")]);
        let etcd = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().expect("etcd is installed");
        let nodes = ["a", "b"].map(|name| Node::new(name, &postgres, client_port));
        let mut patroni = Patroni { nodes, postgres, etcd, _etcd_folder: folder };
        let health = format!("{client}/health");
        wait_until("etcd", async || http_client().get(&health).send().await.is_ok()).await;
        let [one, other] = &mut patroni.nodes;
        one.start(&patroni.postgres);
        wait_until("a primary", async || one.is("/primary").await).await;
        for create in ["CREATE ROLE erpsync LOGIN", "CREATE DATABASE erpsync OWNER erpsync"] {
            sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut one.connect("postgres").await).await.unwrap();
        }
        other.start(&patroni.postgres);
        patroni.wait_for_synchronous_standby().await;
        patroni
    }

    /// Waits until one node is the synchronous standby of the other.
    pub async fn wait_for_synchronous_standby(&self) {
        let [one, other] = &self.nodes;
        wait_until("a synchronous standby", async || {
            (one.is("/primary").await && other.is("/synchronous").await)
                || (other.is("/primary").await && one.is("/synchronous").await)
        })
        .await;
    }

    /// Returns the indices of the primary and of the other node.
    pub async fn primary_first(&self) -> (usize, usize) {
        if self.nodes[0].is("/primary").await { (0, 1) } else { (1, 0) }
    }

    /// Makes the primary and the standby change places.
    pub async fn switch_over(&self) {
        let (primary, standby) = self.primary_first().await;
        let (primary, standby) = (&self.nodes[primary], &self.nodes[standby]);
        let request = json!({ "leader": primary.name, "candidate": standby.name });
        let request =
            http_client().post(format!("http://127.0.0.1:{}/switchover", primary.rest_port)).body(request.to_string());
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }
}

impl Drop for Patroni {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            node.kill();
        }
        let _ = kill_process(Pid::from_child(&self.etcd), Signal::KILL);
        let _ = self.etcd.wait();
    }
}
