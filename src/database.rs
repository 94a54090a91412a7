//! Opens the database: an external PostgreSQL given by `DATABASE_URL`, or an embedded one.

pub mod embedded;

use std::time::{Duration, Instant};

use sqlx::{ConnectOptions, Connection};

use crate::config;
use crate::store::pool::Hosts;
use crate::store::pool::errors::is_transient_connect_error;
use crate::store::{self, Pool};
use embedded::Embedded;

/// The time-out for opening one connection at start.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the start retries while an external database cannot be reached.
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// How long statements in flight may take at shutdown.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// Connections of the embedded database beyond the pool's: psql, backups, other commands of this program.
const SPARE_CONNECTIONS: u32 = 12;

/// An open database, and the embedded server behind it if this process started one.
#[derive(Debug)]
pub struct Database {
    /// The connection pool.
    pub pool: Pool,
    embedded: Option<Embedded>,
}

impl Database {
    /// Opens the database, starting the embedded server if no URL is set, and applies pending migrations.
    ///
    /// # Errors
    /// One line that names the cause.
    pub async fn open(settings: &config::Database) -> Result<Self, String> {
        let opened = match Target::of(settings)? {
            Target::External(hosts) => Self::open_external(hosts, settings).await,
            // Starting a server in a data directory that is in use fails, and names the other process.
            Target::Running(_) | Target::Stopped => Self::start_embedded(settings).await,
        };
        opened?.migrated().await
    }

    /// Opens the database as [`open`](Self::open) does, but attaches to the embedded server of another process if one
    /// is running in the data directory.
    ///
    /// # Errors
    /// One line that names the cause.
    pub async fn open_or_attach(settings: &config::Database) -> Result<Self, String> {
        let opened = match Target::of(settings)? {
            Target::External(hosts) => Self::open_external(hosts, settings).await,
            Target::Running(hosts) => Self::attach(hosts).await,
            Target::Stopped => Self::start_embedded(settings).await,
        };
        opened?.migrated().await
    }

    /// Whether this process started an embedded server for the database.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }

    async fn open_external(hosts: Hosts, settings: &config::Database) -> Result<Self, String> {
        let address = hosts.address();
        let pool = open_pool(hosts, settings.database_connections, settings.transaction_pooling).await;
        let pool = pool.map_err(|problem| format!("the database {address} cannot be opened: {problem}"))?;
        tracing::info!(database = address, "database opened");
        Ok(Database { pool, embedded: None })
    }

    /// Connects to the embedded server that another process runs.
    async fn attach(hosts: Hosts) -> Result<Self, String> {
        let pool = open_pool(hosts, 1, false).await;
        let pool = pool.map_err(|problem| format!("the running server's database cannot be opened: {problem}"))?;
        Ok(Database { pool, embedded: None })
    }

    async fn start_embedded(settings: &config::Database) -> Result<Self, String> {
        let embedded = Embedded::start(embedded::Options {
            data_dir: settings.data_dir.clone(),
            pg_bin: settings.pg_bin.clone(),
            max_connections: settings.database_connections + SPARE_CONNECTIONS,
            settings: Vec::new(),
        });
        let embedded = embedded.await.map_err(|problem| problem.to_string())?;
        match open_pool(embedded.connect_options().into(), settings.database_connections, false).await {
            Ok(pool) => Ok(Database { pool, embedded: Some(embedded) }),
            Err(problem) => {
                embedded.stop().await;
                Err(format!("the embedded database cannot be opened: {problem}"))
            }
        }
    }

    /// Applies pending migrations, and closes the database if one fails.
    async fn migrated(self) -> Result<Self, String> {
        match store::migrate(&self.pool).await {
            Ok(()) => Ok(self),
            Err(problem) => {
                self.close().await;
                Err(format!("the schema cannot be migrated: {problem}"))
            }
        }
    }

    /// Closes the pool and stops the embedded server.
    pub async fn close(self) {
        // Abandoned requests may still wait for a response of the database.
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, self.pool.close()).await;
        if let Some(embedded) = self.embedded {
            embedded.stop().await;
        }
    }
}

/// Checks the database URL and the password file without connecting.
///
/// # Errors
/// One line that names the setting or the file.
pub fn validate(settings: &config::Database) -> Result<(), String> {
    external(settings).map(drop)
}

/// Connects to the database for inspection, without starting or changing anything.
///
/// Returns the pool and the database's address, or `None` if the database is an embedded one that is not running.
///
/// # Errors
/// One line if the database cannot be reached.
pub async fn inspect(settings: &config::Database) -> Result<Option<(Pool, String)>, String> {
    let (hosts, is_pooled) = match Target::of(settings)? {
        Target::External(hosts) => (hosts, settings.transaction_pooling),
        Target::Running(hosts) => (hosts, false),
        Target::Stopped => return Ok(None),
    };
    let address = hosts.address();
    let pool = new_pool(hosts, 1, is_pooled);
    test_connection(&pool).await.map_err(|problem| format!("{address}: {problem}"))?;
    Ok(Some((pool, address)))
}

/// Returns the address of each host of the external database, and the reason why it takes no writes, if there is one.
/// Returns nothing if the URL does not name several hosts.
///
/// # Errors
/// As [`validate`].
pub async fn survey(settings: &config::Database) -> Result<Vec<(String, Result<(), String>)>, String> {
    match external(settings)? {
        Some(hosts) if hosts.options.len() > 1 => Ok(new_pool(hosts, 1, settings.transaction_pooling).survey().await),
        _ => Ok(Vec::new()),
    }
}

/// The database that the settings name, and how to connect to it.
enum Target {
    /// The PostgreSQL of the database URL.
    External(Hosts),
    /// The embedded PostgreSQL, which another process runs.
    Running(Hosts),
    /// The embedded PostgreSQL, which no process runs.
    Stopped,
}

impl Target {
    fn of(settings: &config::Database) -> Result<Self, String> {
        if let Some(hosts) = external(settings)? {
            return Ok(Target::External(hosts));
        }
        let running = Embedded::options_of_running(&settings.data_dir);
        Ok(running.map_or(Target::Stopped, |options| Target::Running(options.into())))
    }
}

/// Returns how to connect to the external database, or `None` if no URL is set.
fn external(settings: &config::Database) -> Result<Option<Hosts>, String> {
    let Some(url) = settings.database_url.as_ref().filter(|url| !url.is_empty()) else { return Ok(None) };
    let hosts = url.parse::<Hosts>();
    let hosts = hosts.map_err(|problem| format!("the database URL is invalid: {problem}"))?;
    let Some(file) = &settings.database_password_file else { return Ok(Some(hosts)) };
    let password = std::fs::read_to_string(file).map_err(|problem| format!("{}: {problem}", file.display()))?;
    Ok(Some(hosts.map(|options| options.password(password.trim_end_matches(['\r', '\n'])))))
}

fn new_pool(hosts: Hosts, connections: u32, is_pooled: bool) -> Pool {
    // The parameters of statements hold data of requests, which must not be logged.
    let hosts = hosts.map(|options| options.application_name("erpsync").disable_statement_logging());
    Pool::new(hosts, connections as usize, is_pooled)
}

/// Creates a pool once the database accepts connections.
async fn open_pool(hosts: Hosts, connections: u32, is_pooled: bool) -> Result<Pool, sqlx::Error> {
    let pool = new_pool(hosts, connections, is_pooled);
    let began = Instant::now();
    while let Err(problem) = test_connection(&pool).await {
        if !is_transient_connect_error(&problem) || began.elapsed() > START_TIMEOUT {
            return Err(problem);
        }
        tracing::warn!(%problem, "the database cannot be reached yet; retrying");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    Ok(pool)
}

async fn test_connection(pool: &Pool) -> Result<(), sqlx::Error> {
    let connection = tokio::time::timeout(CONNECT_TIMEOUT, pool.connect()).await;
    let connection = connection.map_err(|_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))?;
    connection?.close().await
}
