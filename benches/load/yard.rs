//! What everything is measured on: a PostgreSQL on a real disk, with connections to save.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use erpsync::database::embedded::{Embedded, Options};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};

/// The connections to save have these keys, from the first on.
pub const FIRST_ID: i32 = 10_001;
/// So many of them.
pub const CONNECTIONS: i32 = 1_000;

/// A running PostgreSQL with the schema, the demo data, and a thousand connections.
pub struct Yard {
    embedded: Embedded,
    folder: tempfile::TempDir,
}

impl Yard {
    /// Starts it; everything is default but for the counting of statements.
    pub async fn start(program: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let embedded = Embedded::start(Options {
            data_dir: folder.path().join("data"),
            pg_bin: None,
            max_connections: 100,
            settings: vec!["shared_preload_libraries=pg_stat_statements".to_owned()],
        });
        let yard = Yard { embedded: embedded.await.expect("PostgreSQL starts"), folder };
        for command in ["migrate", "demo"] {
            let done = Command::new(program).args([command, "--database-url", &yard.url()]).output();
            let done = done.expect("the program runs");
            assert!(done.status.success(), "{command}: {}", String::from_utf8_lossy(&done.stderr));
        }
        yard.execute(&format!(
            "INSERT INTO erp_connection (
                erp_connection_id, erp_connector_id, display_name, connection_id, active, registered_associate_id,
                updated_associate_id
             )
             SELECT id, 403, 'c' || id, 'c' || id, true, associate_id, associate_id
             FROM generate_series({FIRST_ID}, {FIRST_ID} + {CONNECTIONS} - 1) AS id, associate WHERE name = 'tje0';
             SELECT setval(pg_get_serial_sequence('erp_connection', 'erp_connection_id'), 100000)"
        ))
        .await;
        yard.as_superuser("CREATE EXTENSION pg_stat_statements").await;
        yard
    }

    /// How the program connects to it.
    pub fn url(&self) -> String {
        format!("postgres://erpsync@localhost/erpsync?host={}", self.socket())
    }

    /// The folder of its socket.
    pub fn socket(&self) -> String {
        self.options().get_socket().expect("a socket").display().to_string()
    }

    fn options(&self) -> PgConnectOptions {
        self.embedded.connect_options()
    }

    /// A file that programs of the database may read.
    pub fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).expect("a file");
        path
    }

    /// Whether an answer waits until the change is on the disk.
    pub async fn synchronous_commit(&self, on: bool) {
        let value = if on { "on" } else { "off" };
        self.as_superuser(&format!("ALTER ROLE erpsync SET synchronous_commit = {value}")).await;
    }

    /// Each measurement begins on the same ground.
    pub async fn settle(&self) {
        for table in ["erp_connection_access", "connection_config_field", "erp_connection"] {
            self.as_superuser(&format!("DELETE FROM {table} WHERE erp_connection_id > 100000")).await;
        }
        self.as_superuser("VACUUM (ANALYZE) erp_connection, erp_connection_access, connection_config_field").await;
        self.as_superuser("CHECKPOINT").await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    /// Runs statements as the program's role.
    pub async fn execute(&self, statements: &str) {
        let mut connection: PgConnection = self.options().connect().await.expect("a connection");
        sqlx::raw_sql(sqlx::AssertSqlSafe(statements.to_owned())).execute(&mut connection).await.expect("statements");
    }

    /// Runs a statement as the superuser.
    pub async fn as_superuser(&self, statement: &str) {
        let mut connection = self.options().username("postgres").connect().await.expect("a connection");
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.expect("a statement");
    }

    /// A table of texts.
    pub async fn rows(&self, query: &str) -> Vec<(String, i64)> {
        let mut connection = self.options().username("postgres").connect().await.expect("a connection");
        sqlx::query_as(sqlx::AssertSqlSafe(query.to_owned())).fetch_all(&mut connection).await.expect("rows")
    }

    /// Stops it.
    pub async fn stop(self) {
        self.embedded.stop().await;
    }
}
