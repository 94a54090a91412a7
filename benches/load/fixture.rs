//! The database of the measurements: a PostgreSQL on disk, with connections to save.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use erpsync::database::embedded::{Embedded, Options};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};

/// The key of the first connection to save. The others follow it.
pub const FIRST_ID: i32 = 10_001;
/// The number of connections to save.
pub const CONNECTIONS: i32 = 1_000;

/// The program under measurement.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_erpsync");
/// The connections to the database, of the server and of pgbench alike.
pub const POOL: usize = 8;

/// The URL of a connector that is away: nothing listens on this port.
pub const AWAY: &str = "http://127.0.0.1:1/Connector.svc";

/// The name of the main database.
const DATABASE: &str = "erpsync";

/// A running PostgreSQL, whose main database has the schema, the demo data and connections to save.
pub struct Fixture {
    embedded: Embedded,
    directory: tempfile::TempDir,
}

impl Fixture {
    /// Starts PostgreSQL with default settings, except that statements are counted.
    pub async fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let embedded = Embedded::start(Options {
            data_dir: directory.path().join("data"),
            pg_bin: None,
            max_connections: 100,
            settings: vec!["shared_preload_libraries=pg_stat_statements".to_owned()],
        });
        let fixture = Fixture { embedded: embedded.await.expect("PostgreSQL starts"), directory };
        fixture.prepare(PROGRAM, DATABASE);
        fixture.execute(DATABASE, &insert_connections(CONNECTIONS)).await;
        // The demo connector would do its work on the same machine.
        fixture.set_connector_url(DATABASE, AWAY).await;
        fixture.execute_as_superuser(DATABASE, "CREATE EXTENSION pg_stat_statements").await;
        fixture
    }

    /// Creates a further database with the schema and the demo data, whose connectors are away. Its statistics are as in a new database, and stay
    /// so: autovacuum is off.
    pub async fn create_database(&self, name: &str) {
        self.create_database_with(PROGRAM, name).await;
        self.set_connector_url(name, AWAY).await;
        let tables = "DO $$ DECLARE name text; BEGIN
                FOR name IN SELECT relname FROM pg_stat_user_tables LOOP
                    EXECUTE format('ALTER TABLE %I SET (autovacuum_enabled = false)', name);
                END LOOP;
            END $$";
        self.execute(name, tables).await;
    }

    /// Creates a further database with the schema and the demo data of this build of the program.
    pub async fn create_database_with(&self, program: &str, name: &str) {
        self.execute_as_superuser(DATABASE, &format!("CREATE DATABASE {name} OWNER erpsync")).await;
        self.prepare(program, name);
    }

    /// Sets the URL of all connectors of a database.
    pub async fn set_connector_url(&self, database: &str, url: &str) {
        self.execute(database, &format!("UPDATE erp_connector SET url = '{url}'")).await;
    }

    /// Drops a database made by [`Fixture::create_database`].
    pub async fn drop_database(&self, name: &str) {
        self.execute_as_superuser(DATABASE, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
    }

    fn prepare(&self, program: &str, database: &str) {
        for command in ["migrate", "demo"] {
            let output = Command::new(program).args([command, "--database-url", &self.url_of(database)]).output();
            let output = output.expect("the program runs");
            assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }

    /// Returns the URL of the main database.
    pub fn url(&self) -> String {
        self.url_of(DATABASE)
    }

    /// Returns the URL of a database.
    pub fn url_of(&self, database: &str) -> String {
        format!("postgres://erpsync@localhost/{database}?host={}", self.socket())
    }

    /// Returns the directory of PostgreSQL's socket.
    pub fn socket(&self) -> String {
        self.options().get_socket().expect("a socket").display().to_string()
    }

    fn options(&self) -> PgConnectOptions {
        self.embedded.connect_options()
    }

    /// Writes a file.
    pub fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, content).expect("a file");
        path
    }

    /// Sets whether a commit waits until the change is on disk.
    pub async fn synchronous_commit(&self, on: bool) {
        let value = if on { "on" } else { "off" };
        self.execute_as_superuser(DATABASE, &format!("ALTER ROLE erpsync SET synchronous_commit = {value}")).await;
    }

    /// Restores the state in which each measurement begins.
    pub async fn reset(&self) {
        self.reset_database(DATABASE).await;
    }

    /// Restores the state in which each measurement on this database begins.
    pub async fn reset_database(&self, database: &str) {
        for table in ["erp_connection_access", "connection_config_field", "erp_connection"] {
            let delete = format!("DELETE FROM {table} WHERE erp_connection_id > 100000");
            self.execute_as_superuser(database, &delete).await;
        }
        let vacuum = "VACUUM (ANALYZE) erp_connection, erp_connection_access, connection_config_field";
        self.execute_as_superuser(database, vacuum).await;
        self.execute_as_superuser(database, "CHECKPOINT").await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    /// Executes statements in a database as the program's role.
    pub async fn execute(&self, database: &str, statements: &str) {
        let mut connection: PgConnection = self.options().database(database).connect().await.expect("a connection");
        sqlx::raw_sql(sqlx::AssertSqlSafe(statements.to_owned())).execute(&mut connection).await.expect("statements");
    }

    /// Executes a statement in a database as the superuser.
    pub async fn execute_as_superuser(&self, database: &str, statement: &str) {
        let options = self.options().username("postgres").database(database);
        let mut connection = options.connect().await.expect("a connection");
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.expect("a statement");
    }

    /// Returns the rows of a query in the main database.
    pub async fn rows(&self, query: &str) -> Vec<(String, i64)> {
        let mut connection = self.options().username("postgres").connect().await.expect("a connection");
        sqlx::query_as(sqlx::AssertSqlSafe(query.to_owned())).fetch_all(&mut connection).await.expect("rows")
    }

    /// Stops PostgreSQL.
    pub async fn stop(self) {
        self.embedded.stop().await;
    }
}

/// Returns the statements that add `count` connections without config fields and access rows.
pub fn insert_connections(count: i32) -> String {
    format!(
        "INSERT INTO erp_connection (
            erp_connection_id, erp_connector_id, display_name, connection_id, active, registered_associate_id,
            updated_associate_id
         )
         SELECT id, 403, 'c' || id, 'c' || id, true, associate_id, associate_id
         FROM generate_series({FIRST_ID}, {FIRST_ID} + {count} - 1) AS id, associate WHERE name = 'tje0';
         SELECT setval(pg_get_serial_sequence('erp_connection', 'erp_connection_id'), 100000)"
    )
}

/// Returns the command that starts the server on a database.
pub fn server_command(database_url: &str) -> Command {
    server_command_of(PROGRAM, database_url)
}

/// Returns the command that starts the server of this build of the program.
pub fn server_command_of(program: &str, database_url: &str) -> Command {
    let mut command = Command::new(program);
    command.args(["--listen", "127.0.0.1:0", "--database-url", database_url, "--log", "warn"]);
    command.args(["--database-connections", &POOL.to_string()]);
    command
}
