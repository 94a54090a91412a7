//! PostgreSQL with a standby: clusters on loopback ports, with streaming replication.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

use super::postgres::{TestDatabase, copy_prepared_data_dir, data_directory};
use super::wait::wait_until;

/// Returns a free port of the loopback address.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The programs of PostgreSQL, and the user that runs them: PostgreSQL refuses to run as root.
pub struct Postgres {
    directory: PathBuf,
    user: (u32, u32),
}

impl Postgres {
    /// Finds those of the shared PostgreSQL.
    pub async fn find() -> Self {
        let database = TestDatabase::empty().await;
        let directory: String = database.value("SELECT setting FROM pg_config WHERE name = 'BINDIR'").await;
        let owner = fs::metadata(data_directory()).unwrap();
        Postgres { directory: directory.into(), user: (owner.uid(), owner.gid()) }
    }

    /// Returns the directory of its programs.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns a command of a program on `PATH`, or given by its path, that runs as the user of PostgreSQL.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").stdin(Stdio::null()).process_group(0);
        if rustix::process::geteuid().is_root() {
            command.uid(self.user.0).gid(self.user.1);
        }
        command
    }

    /// Creates a directory that the user of PostgreSQL may enter and change.
    pub fn folder(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        if rustix::process::geteuid().is_root() {
            chown(folder.path(), Some(self.user.0), Some(self.user.1)).unwrap();
        }
        folder
    }
}

/// A cluster. Its processes are killed when it goes out of scope.
pub struct Cluster {
    /// The port on the loopback address.
    pub port: u16,
    /// The name by which a primary knows it as a standby.
    name: &'static str,
    folder: TempDir,
    postmaster: Option<Child>,
}

impl Cluster {
    fn new(postgres: &Postgres, name: &'static str) -> Self {
        Cluster { port: free_port(), name, folder: postgres.folder(), postmaster: None }
    }

    /// Starts a cluster whose database `erpsync` has the schema and no data.
    pub async fn primary(postgres: &Postgres, name: &'static str) -> Self {
        let mut cluster = Self::new(postgres, name);
        copy_prepared_data_dir(&cluster.folder.path().join("data"));
        fs::rename(cluster.folder.path().join("data/postgres"), cluster.data()).unwrap();
        cluster.start(postgres, &[]).await;
        cluster
    }

    /// Starts a synchronous standby of `primary`.
    pub async fn standby_of(primary: &Cluster, postgres: &Postgres, name: &'static str) -> Self {
        let mut cluster = Self::new(postgres, name);
        cluster.follow(primary, postgres).await;
        cluster
    }

    /// Makes the cluster, which must not be running, a synchronous standby of `primary`, by a base backup.
    pub async fn follow(&mut self, primary: &Cluster, postgres: &Postgres) {
        let _ = fs::remove_dir_all(self.data());
        let mut backup = postgres.command(postgres.directory.join("pg_basebackup"));
        backup.args(["-h", "127.0.0.1", "-U", "postgres", "-X", "stream", "-c", "fast", "-N", "-R", "-p"]);
        let done = backup.arg(primary.port.to_string()).arg("-D").arg(self.data()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let source = format!(
            "primary_conninfo=host=127.0.0.1 port={} user=postgres application_name={}",
            primary.port, self.name
        );
        self.start(postgres, &[&source]).await;
        // A commit of the primary waits for this standby from now on, and for none before.
        primary.execute(&format!("ALTER SYSTEM SET synchronous_standby_names = '{}'", self.name)).await;
        primary.execute("SELECT pg_reload_conf()").await;
        let state = format!(
            "SELECT count(*) FROM pg_stat_replication
            WHERE application_name = '{}' AND sync_state = 'sync'",
            self.name
        );
        wait_until("a synchronous standby", async || primary.value::<i64>(&state).await == 1).await;
    }

    async fn start(&mut self, postgres: &Postgres, settings: &[&str]) {
        fs::write(self.data().join("pg_hba.conf"), "host all,replication all 127.0.0.1/32 trust\n").unwrap();
        let port = format!("port={}", self.port);
        let fixed = [
            &*port,
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=100",
            // A killed process leaves its writes to the operating system.
            "fsync=off",
            "synchronous_commit=on",
            "shared_buffers=32MB",
            "max_wal_size=64MB",
        ];
        let log = File::options().create(true).append(true).open(self.log_path()).unwrap();
        let mut command = postgres.command(postgres.directory.join("postgres"));
        command.arg("-D").arg(self.data());
        for setting in fixed.iter().chain(settings) {
            command.args(["-c", setting]);
        }
        self.postmaster = Some(command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap());
        let options = self.options();
        wait_until("a cluster that accepts connections", async || {
            let ended = self.postmaster.as_mut().is_some_and(|child| child.try_wait().unwrap().is_some());
            assert!(!ended, "{}", fs::read_to_string(self.log_path()).unwrap());
            PgConnection::connect_with(&options).await.is_ok()
        })
        .await;
    }

    /// Makes the standby a primary that waits for no standby. Returns when the change is requested.
    pub async fn promote(&self) {
        self.execute("SELECT pg_promote(wait => false)").await;
    }

    /// Kills the postmaster and all other processes of the cluster with SIGKILL.
    pub fn kill(&mut self) {
        let Some(mut postmaster) = self.postmaster.take() else { return };
        // No process is forked after the list of processes is read.
        let _ = kill_process(Pid::from_child(&postmaster), Signal::STOP);
        for process in processes_in(&self.data()) {
            let _ = kill_process(process, Signal::KILL);
        }
        postmaster.wait().unwrap();
    }

    /// Runs statements as the superuser.
    pub async fn execute(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.connect().await).await.unwrap();
    }

    /// Returns the single value of a query.
    pub async fn value<T>(&self, sql: &str) -> T
    where
        T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    {
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut self.connect().await).await.unwrap()
    }

    /// Connects to the database `erpsync` as the superuser.
    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect_with(&self.options()).await.unwrap()
    }

    fn options(&self) -> PgConnectOptions {
        let options = PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(self.port);
        options.ssl_mode(sqlx::postgres::PgSslMode::Disable).username("postgres").database("erpsync")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("cluster")
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Returns the processes whose working directory is `directory`, as that of each process of a cluster is.
pub fn processes_in(directory: &Path) -> Vec<Pid> {
    let Ok(directory) = directory.canonicalize() else { return Vec::new() };
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let processes =
        processes.filter(|process| fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == directory));
    processes.filter_map(|process| Pid::from_raw(process.file_name().to_str()?.parse().ok()?)).collect()
}
