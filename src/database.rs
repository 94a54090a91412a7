//! Where the pool comes from: `DATABASE_URL`, or a PostgreSQL of the server's own.

pub mod embedded;

use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};

use crate::config;
use crate::store;
use crate::store::Pool;
use crate::store::pool::is_coming_up;
use embedded::Embedded;

/// How long a connection may take to open when the server starts.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a given database may take to come up when the server starts.
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// How long statements in flight may take when the server stops.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// Connections besides the pool's: psql, backups, another command of this program.
const SPARE_CONNECTIONS: u32 = 12;

/// An open database, with the server behind it where that is our own.
#[derive(Debug)]
pub struct Database {
    /// The connections.
    pub pool: Pool,
    embedded: Option<Embedded>,
}

impl Database {
    /// Opens the database and brings its schema up to date.
    ///
    /// # Errors
    /// One line that names what is wrong.
    pub async fn open(settings: &config::Database) -> Result<Self, String> {
        let database = Self::connect(settings).await?;
        match database.prepare().await {
            Ok(()) => Ok(database),
            Err(problem) => {
                database.close().await;
                Err(problem)
            }
        }
    }

    /// The same beside a running server, whose own database it is then.
    ///
    /// # Errors
    /// One line that names what is wrong.
    pub async fn open_or_join(settings: &config::Database) -> Result<Self, String> {
        let is_given = given(settings)?.is_some();
        let Some(options) = Embedded::of_running(&settings.data_dir).filter(|_| !is_given) else {
            return Self::open(settings).await;
        };
        let pool = open_pool(options, 1, false).await;
        let pool = pool.map_err(|problem| format!("the running server's database cannot be opened: {problem}"))?;
        let database = Database { pool, embedded: None };
        database.prepare().await?;
        Ok(database)
    }

    async fn connect(settings: &config::Database) -> Result<Self, String> {
        if let Some(options) = given(settings)? {
            let described = describe(&options);
            let pool = open_pool(options, settings.database_connections, settings.transaction_pooling).await;
            let pool = pool.map_err(|problem| format!("the database {described} cannot be opened: {problem}"))?;
            tracing::info!(database = described, "database open");
            return Ok(Database { pool, embedded: None });
        }
        let embedded = Embedded::start(embedded::Options {
            data_dir: settings.data_dir.clone(),
            pg_bin: settings.pg_bin.clone(),
            max_connections: settings.database_connections + SPARE_CONNECTIONS,
            settings: Vec::new(),
        });
        let embedded = embedded.await.map_err(|problem| problem.to_string())?;
        match open_pool(embedded.connect_options(), settings.database_connections, false).await {
            Ok(pool) => Ok(Database { pool, embedded: Some(embedded) }),
            Err(problem) => {
                embedded.stop().await;
                Err(format!("the server's own database cannot be opened: {problem}"))
            }
        }
    }

    async fn prepare(&self) -> Result<(), String> {
        let migrated = store::migrate(&self.pool).await;
        migrated.map_err(|problem| format!("the schema cannot be brought up to date: {problem}"))?;
        Ok(())
    }

    /// Whether the server behind the database is an embedded one that this process started.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }

    /// Closes the connections and stops the server's own database.
    pub async fn close(self) {
        // Requests that were given up may still wait for an answer.
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, self.pool.close()).await;
        if let Some(embedded) = self.embedded {
            embedded.stop().await;
        }
    }
}

/// Whether the settings can be read.
///
/// # Errors
/// One line that names the setting or the file.
pub fn check(settings: &config::Database) -> Result<(), String> {
    given(settings).map(drop)
}

/// A way to the database as it is, to look at it: nothing is started or changed. None where the server's own database
/// does not run.
///
/// # Errors
/// One line, where the database is away.
pub async fn look(settings: &config::Database) -> Result<Option<(Pool, String)>, String> {
    let (options, is_pooled) = match given(settings)? {
        Some(options) => (options, settings.transaction_pooling),
        None => match Embedded::of_running(&settings.data_dir) {
            Some(options) => (options, false),
            None => return Ok(None),
        },
    };
    let described = describe(&options);
    let pool = Pool::new(options.application_name("erpsync").disable_statement_logging(), 1, is_pooled);
    try_out(&pool).await.map_err(|problem| format!("{described}: {problem}"))?;
    Ok(Some((pool, described)))
}

/// The database that is given; none where the server is to have one of its own.
fn given(settings: &config::Database) -> Result<Option<PgConnectOptions>, String> {
    let Some(url) = settings.database_url.as_ref().filter(|url| !url.is_empty()) else { return Ok(None) };
    if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
        return Err("the database URL does not begin with postgres://".to_owned());
    }
    let options = url.parse::<PgConnectOptions>();
    let options = options.map_err(|problem| format!("the database URL cannot be read: {problem}"))?;
    let Some(file) = &settings.database_password_file else { return Ok(Some(options)) };
    let password = std::fs::read_to_string(file).map_err(|problem| format!("{}: {problem}", file.display()))?;
    Ok(Some(options.password(password.trim_end_matches(['\r', '\n']))))
}

fn describe(options: &PgConnectOptions) -> String {
    format!("{}:{}/{}", options.get_host(), options.get_port(), options.get_database().unwrap_or_default())
}

async fn open_pool(options: PgConnectOptions, connections: u32, is_pooled: bool) -> Result<Pool, sqlx::Error> {
    // Parameters of statements hold what callers send: none of it belongs in a log.
    let options = options.application_name("erpsync").disable_statement_logging();
    let pool = Pool::new(options, connections as usize, is_pooled);
    let began = Instant::now();
    while let Err(problem) = try_out(&pool).await {
        if !is_coming_up(&problem) || began.elapsed() > START_TIMEOUT {
            return Err(problem);
        }
        tracing::warn!(%problem, "the database is not there yet");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    Ok(pool)
}

async fn try_out(pool: &Pool) -> Result<(), sqlx::Error> {
    let connection = tokio::time::timeout(OPEN_TIMEOUT, pool.connect()).await;
    let connection = connection.map_err(|_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))?;
    connection?.close().await
}
