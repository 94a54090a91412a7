//! One PostgreSQL for all tests of a run, without fsync, and in memory on machines with a tmpfs.
//!
//! cargo-nextest runs each test in a process of its own. Therefore a keeper process runs PostgreSQL: for as long as any
//! test process holds a shared lock, and a few seconds longer.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock, mpsc};
use std::time::{Duration, Instant};

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use erpsync::database::embedded::{Embedded, Options};
use erpsync::store::Pool;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::wait::wait_until;

const KEEPER: &str = "ERPSYNC_TEST_KEEPER";
/// The folder of the data directory that is copied.
const PREPARED: &str = "prepared";
/// The condition on a row of `pg_stat_activity` that the session waits for a lock. Unlike `wait_event_type`, it also
/// holds while the session looks for a deadlock.
pub const IS_BLOCKED: &str = "cardinality(pg_blocking_pids(pid)) > 0";
/// How long the keeper waits for another test process.
const IDLE: Duration = Duration::from_secs(10);

/// The entry point of the keeper, if its variable is set, and otherwise a test of the shared PostgreSQL.
#[test]
fn the_shared_postgresql_is_private_and_not_durable() {
    let runtime = Runtime::new().unwrap();
    if let Some(directory) = std::env::var_os(KEEPER) {
        runtime.block_on(keep(Path::new(&directory)));
        return;
    }
    runtime.block_on(async {
        let mut connection = PgConnection::connect_with(&admin("postgres")).await.unwrap();
        for (setting, expected) in [("fsync", "off"), ("listen_addresses", "")] {
            let show = AssertSqlSafe(format!("SHOW {setting}"));
            let value: String = sqlx::query_scalar(show).fetch_one(&mut connection).await.unwrap();
            assert_eq!(value, expected, "{setting}");
        }
    });
}

/// A database of one test. Dropped when it goes out of scope.
pub struct TestDatabase {
    name: String,
    /// The connection of the test's own statements. To open one for each of them costs the tests more than the statements.
    connection: tokio::sync::Mutex<Option<PgConnection>>,
}

impl TestDatabase {
    /// Creates a database with the schema and the demo data.
    pub async fn with_demo_data() -> Self {
        Self::create("TEMPLATE erpsync_template").await
    }

    /// Creates a database without tables.
    pub async fn empty() -> Self {
        Self::create("TEMPLATE template0").await
    }

    /// Creates a database with the schema and the demo data whose files are in `folder`.
    pub async fn on_disk(folder: &Path) -> Self {
        let name = format!("disk_{}", Uuid::new_v4().simple());
        administer(format!("CREATE TABLESPACE {name} LOCATION '{}'", folder.display())).await;
        Self::create(&format!("TEMPLATE erpsync_template TABLESPACE {name}")).await
    }

    async fn create(how: &str) -> Self {
        let name = format!("test_{}", Uuid::new_v4().simple());
        administer(format!("CREATE DATABASE {name} OWNER erpsync {how}")).await;
        TestDatabase { name, connection: tokio::sync::Mutex::default() }
    }

    /// Returns the URL for `--database-url`.
    pub fn url(&self) -> String {
        format!("postgres://erpsync@localhost/{}?host={}", self.name, socket_directory())
    }

    /// Returns the name of the database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Connects to the database as its superuser.
    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect_with(&admin(&self.name)).await.unwrap()
    }

    /// Terminates every connection to the database.
    pub async fn terminate_connections(&self) {
        administer(format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}' AND pid <> pg_backend_pid()",
            self.name
        ))
        .await;
    }

    /// Makes new connections to the database log their statements.
    pub async fn log_statements(&self) {
        administer(format!("ALTER DATABASE {} SET log_statement = 'all'", self.name)).await;
    }

    /// Returns the first lines of the statements logged so far.
    pub fn logged_statements(&self) -> Vec<String> {
        let log = std::fs::read_to_string(directory().join("data/postgresql.log")).unwrap();
        let start = format!("{} LOG:  ", self.name);
        log.lines().filter_map(|line| line.strip_prefix(&start)).map(ToOwned::to_owned).collect()
    }

    /// Runs statements.
    pub async fn execute(&self, sql: &str) {
        let mut connection = self.connection.lock().await;
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(self.checked(&mut connection).await).await.unwrap();
    }

    /// Returns the single value of a query.
    pub async fn value<T>(&self, sql: &str) -> T
    where
        T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    {
        let mut connection = self.connection.lock().await;
        // A statement that is not kept prepared is planned for the tables as they are.
        let query = sqlx::query_scalar(AssertSqlSafe(sql)).persistent(false);
        query.fetch_one(self.checked(&mut connection).await).await.unwrap()
    }

    /// Returns the connection of the test's own statements, or a new one if it is lost.
    async fn checked<'c>(&self, connection: &'c mut Option<PgConnection>) -> &'c mut PgConnection {
        let is_lost = match connection {
            Some(open) => open.ping().await.is_err(),
            None => true,
        };
        if is_lost {
            *connection = Some(self.connect().await);
        }
        connection.as_mut().unwrap()
    }

    /// Returns the number of connections that the server has to the database.
    pub async fn server_connections(&self) -> i64 {
        let connections = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'erpsync'";
        self.value(connections).await
    }

    /// Waits until at least `count` sessions wait for a lock.
    pub async fn wait_for_blocked_sessions(&self, count: i64) {
        let blocked = format!(
            "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND backend_type = 'client backend' AND {IS_BLOCKED}"
        );
        let event = format!("{count} sessions that wait for a lock");
        wait_until(&event, async || self.value::<i64>(&blocked).await >= count).await;
    }

    /// Waits until no more than `count` sessions are left. A session reports its statistics when it ends, at the latest.
    pub async fn wait_for_sessions(&self, count: i64) {
        let sessions = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
        wait_until("the end of the sessions", async || self.value::<i64>(sessions).await <= count).await;
    }

    /// Resets the counters of the statistics, on a database with `sessions` sessions besides the test's own. The test's own
    /// ends first, as it would report what it has done so far after the reset.
    pub async fn reset_statistics(&self, sessions: i64) {
        if let Some(connection) = self.connection.lock().await.take() {
            connection.close().await.unwrap();
        }
        self.wait_for_sessions(sessions).await;
        self.execute("SELECT pg_stat_reset()").await;
    }

    /// Returns the rows that a save can change, as one text to compare.
    pub async fn contents(&self) -> String {
        self.value(
            "SELECT concat(
                (SELECT jsonb_agg(c ORDER BY c.erp_connection_id) FROM erp_connection c),
                (SELECT jsonb_agg(a ORDER BY a.erp_connection_access_id) FROM erp_connection_access a),
                (SELECT jsonb_agg(f ORDER BY f.connection_config_field_id) FROM connection_config_field f))",
        )
        .await
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let dropped = start_administering(format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        // The runtime of the test cannot be waited on here. That of the administration runs on a thread of its own.
        let _ = dropped.recv();
    }
}

/// Runs statements that do not belong to the database of a test.
async fn administer(sql: String) {
    let done = start_administering(sql);
    tokio::task::spawn_blocking(move || done.recv().unwrap()).await.unwrap();
}

/// Starts statements on a thread of their own, with a connection that is kept for the next ones. The result is received
/// when they have ended; nothing is received if they fail.
fn start_administering(sql: String) -> mpsc::Receiver<()> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    static IDLE_CONNECTIONS: Mutex<Vec<PgConnection>> = Mutex::new(Vec::new());
    let runtime = RUNTIME
        .get_or_init(|| tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap());
    let (sender, receiver) = mpsc::channel();
    runtime.spawn(async move {
        let idle = IDLE_CONNECTIONS.lock().unwrap().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => PgConnection::connect_with(&admin("postgres")).await.unwrap(),
        };
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        IDLE_CONNECTIONS.lock().unwrap().push(connection);
        sender.send(())
    });
    receiver
}

fn admin(database: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass().socket(socket_directory()).username("postgres").database(database)
}

/// Returns the directory of the shared PostgreSQL's socket. Starts PostgreSQL if it does not run.
pub fn socket_directory() -> &'static str {
    static SOCKET_DIRECTORY: OnceLock<String> = OnceLock::new();
    SOCKET_DIRECTORY.get_or_init(|| {
        let directory = directory();
        std::fs::create_dir_all(&directory).unwrap();
        let users = lock_file(&directory.join("users"));
        users.lock_shared().unwrap();
        // The lock is held until the process ends.
        std::mem::forget(users);
        let starting = lock_file(&directory.join("starting"));
        starting.lock().unwrap();
        if !directory.join("ready").exists() || !keeper_lives(&directory) {
            start_keeper(&directory);
        }
        std::fs::read_to_string(directory.join("ready")).unwrap()
    })
}

/// Returns the directory of the shared PostgreSQL. It differs for each build of the tests, as the schema may.
fn directory() -> PathBuf {
    let mut hasher = DefaultHasher::new();
    let program = std::env::current_exe().unwrap();
    program.hash(&mut hasher);
    program.metadata().unwrap().modified().unwrap().hash(&mut hasher);
    root().join(format!("erpsync-test-{}-{:x}", rustix::process::getuid().as_raw(), hasher.finish()))
}

/// Returns the data directory of the shared PostgreSQL, which belongs to the user that runs PostgreSQL.
pub fn data_directory() -> PathBuf {
    socket_directory();
    directory().join("data/postgres")
}

/// Returns the folder of the databases: in memory if there is enough of it.
pub fn root() -> PathBuf {
    let memory = Path::new("/dev/shm");
    // Containers often have one of 64 MB, which is too small.
    let is_large = rustix::fs::statvfs(memory).is_ok_and(|size| size.f_blocks * size.f_frsize >= 1 << 30);
    if is_large { memory.to_owned() } else { std::env::temp_dir() }
}

fn lock_file(path: &Path) -> File {
    File::options().create(true).append(true).open(path).unwrap()
}

fn keeper_lives(directory: &Path) -> bool {
    lock_file(&directory.join("keeper")).try_lock().is_err()
}

/// Removes the data that killed keepers of earlier builds have left, as it may be in memory.
fn remove_abandoned_data() {
    let prefix = format!("erpsync-test-{}-", rustix::process::getuid().as_raw());
    for entry in std::fs::read_dir(root()).unwrap().flatten() {
        let path = entry.path();
        let is_ours = entry.file_name().to_string_lossy().starts_with(&prefix) && path.join("starting").exists();
        // A keeper is started with this lock held.
        if is_ours && lock_file(&path.join("starting")).try_lock().is_ok() && !keeper_lives(&path) {
            for folder in ["data", PREPARED] {
                let _ = std::fs::remove_dir_all(path.join(folder));
            }
        }
    }
}

#[expect(clippy::zombie_processes, reason = "the keeper outlives this process")]
fn start_keeper(directory: &Path) {
    use std::os::unix::process::CommandExt;
    remove_abandoned_data();
    let ready = directory.join("ready");
    let _ = std::fs::remove_file(&ready);
    let log = File::create(directory.join("log")).unwrap();
    let mut keeper = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "support::postgres::the_shared_postgresql_is_private_and_not_durable", "--nocapture"])
        .env(KEEPER, directory)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .process_group(0)
        .spawn()
        .unwrap();
    let began = Instant::now();
    while !ready.exists() {
        let ended = keeper.try_wait().unwrap();
        if ended.is_some() || began.elapsed() > Duration::from_mins(5) {
            let log = std::fs::read_to_string(directory.join("log")).unwrap_or_default();
            panic!("the shared PostgreSQL did not start: {log}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Replaces the hashes of the demo passwords by ones of the cheapest parameters. Otherwise a third of the CPU time of
/// the tests is argon2: every server verifies both passwords when it starts. The tests of an embedded database and of
/// the administration verify hashes of the parameters in use.
async fn weaken_password_hashes(pool: &Pool) {
    let cheapest = Params::new(Params::MIN_M_COST, Params::MIN_T_COST, Params::MIN_P_COST, None).unwrap();
    let argon2 = Argon2::new(Algorithm::default(), Version::default(), cheapest);
    for (name, password) in [("tje0", "Tje0"), ("tje1", "Tje1")] {
        let hash = argon2.hash_password(password.as_bytes()).unwrap().to_string();
        let update = "UPDATE associate SET password_hash = $1 WHERE name = $2";
        sqlx::query(update).bind(hash).bind(name).execute(pool).await.unwrap();
    }
}

async fn start(data_dir: PathBuf) -> Embedded {
    // The last two keep PostgreSQL to memory that it has used already.
    let settings = [
        "fsync=off",
        "full_page_writes=off",
        "synchronous_commit=off",
        "log_line_prefix=%d ",
        "max_wal_size=64MB",
        "shared_buffers=32MB",
    ];
    let settings = settings.map(ToOwned::to_owned).to_vec();
    Embedded::start(Options { data_dir, pg_bin: None, max_connections: 400, settings }).await.unwrap()
}

/// Creates the data directory that the tests of embedded databases and the shared server begin with.
async fn prepare_data_dir(directory: &Path) {
    let server = start(directory.join(PREPARED)).await;
    let pool = Pool::new(server.connect_options(), 1, false);
    erpsync::store::migrate(&pool).await.unwrap();
    pool.close().await;
    server.stop().await;
}

/// Copies the data directory of a database that has the schema and no data.
pub fn copy_prepared_data_dir(to: &Path) {
    socket_directory();
    copy(&directory().join(PREPARED), to);
}

/// Copies a folder with the owners and permissions of its files.
fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

async fn keep(directory: &Path) {
    let keeper = lock_file(&directory.join("keeper"));
    keeper.lock().unwrap();
    prepare_data_dir(directory).await;
    copy(&directory.join(PREPARED), &directory.join("data"));
    let server = start(directory.join("data")).await;
    let options = server.connect_options();
    let postgres = Pool::new(options.clone().username("postgres").database("postgres"), 1, false);
    let create = "CREATE DATABASE erpsync_template OWNER erpsync TEMPLATE erpsync";
    sqlx::raw_sql(create).execute(&postgres).await.unwrap();
    postgres.close().await;
    let template = Pool::new(options.clone().database("erpsync_template"), 1, false);
    erpsync::demo::insert(&template).await.unwrap();
    weaken_password_hashes(&template).await;
    template.close().await;

    let socket = options.get_socket().unwrap().to_str().unwrap().to_owned();
    std::fs::write(directory.join("ready.new"), socket).unwrap();
    std::fs::rename(directory.join("ready.new"), directory.join("ready")).unwrap();

    let users = lock_file(&directory.join("users"));
    let mut idle_since = Instant::now();
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        if users.try_lock().is_err() {
            idle_since = Instant::now();
            continue;
        }
        users.unlock().unwrap();
        if idle_since.elapsed() < IDLE {
            continue;
        }
        // A process that starts now waits for this lock, and then starts a new keeper.
        let starting = lock_file(&directory.join("starting"));
        starting.lock().unwrap();
        if users.try_lock().is_err() {
            continue;
        }
        std::fs::remove_file(directory.join("ready")).unwrap();
        users.unlock().unwrap();
        server.stop().await;
        std::fs::remove_dir_all(directory.join("data")).unwrap();
        std::fs::remove_dir_all(directory.join(PREPARED)).unwrap();
        return;
    }
}
