//! A PostgreSQL of the server's own: an installed one, started in the data directory as a child process, stopped
//! with the server, and started again should it die.
//!
//! It listens on a Unix socket only, in a folder that only its user can enter. What a crash leaves behind is cleaned
//! up by the next start.

mod binaries;
mod cluster;
#[cfg(feature = "download")]
mod download;
mod error;
mod left_overs;
mod owner;
mod postmaster;
mod socket;

use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{Connection, PgConnection};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use cluster::Cluster;
pub use error::Error;
use owner::Owner;
use postmaster::{Launch, Postmaster};

/// The role and the database of the server.
const NAME: &str = "erpsync";
/// The superuser, for an operator's eyes.
const SUPERUSER: &str = "postgres";
/// How long it may take until there is a socket.
const READY_TIMEOUT: Duration = Duration::from_mins(2);

/// What to start.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where everything lives; made if it is not there. One server at a time.
    pub data_dir: PathBuf,
    /// The folder of `postgres` and `initdb`; without it, the newest installed ones.
    pub pg_bin: Option<PathBuf>,
    /// `max_connections` of the database.
    pub max_connections: u32,
    /// Further settings, as `name=value`; they win.
    pub settings: Vec<String>,
}

/// A running PostgreSQL.
#[derive(Debug)]
pub struct Embedded {
    socket: PathBuf,
    stop: watch::Sender<bool>,
    supervisor: JoinHandle<()>,
    /// Locked for as long as the server lives, however it ends.
    _lock: File,
}

impl Embedded {
    /// Finds the programs, takes the data directory for itself, cleans up what a crash has left, makes the database
    /// where there is none, starts it, and waits until it answers.
    ///
    /// # Errors
    /// One line that names what is wrong and what helps.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let began = Instant::now();
        let data_dir = make_data_dir(&options.data_dir)?;
        let lock = take(&data_dir).await?;
        let owner = Owner::of_database()?;
        let found = Cluster::version_in(&data_dir)?;
        let binaries = binaries::find(options.pg_bin.as_deref(), found, &data_dir).await?;
        let (cluster, is_new) = Cluster::open(&data_dir, &binaries, &owner).await?;
        let socket = socket::directory(&data_dir, &owner)?;
        left_overs::end(&cluster.path, &socket).await?;
        let launch = Launch {
            program: binaries.postgres(),
            cluster,
            owner,
            socket: socket.clone(),
            log: data_dir.join("postgresql.log"),
            max_connections: options.max_connections,
            settings: options.settings,
        };
        let mut postmaster = launch.start()?;
        if let Err(error) = wait_until_ready(&mut postmaster, &socket).await {
            postmaster.stop().await;
            return Err(error);
        }
        if let Err(error) = make_database(&socket).await {
            postmaster.stop().await;
            return Err(Error::Database(error));
        }
        tracing::info!(
            version = binaries.version,
            directory = %data_dir.display(),
            socket = %socket.display(),
            is_new,
            ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "PostgreSQL started"
        );
        let (stop, stopped) = watch::channel(false);
        let supervisor = tokio::spawn(supervise(launch, postmaster, stopped));
        Ok(Embedded { socket, stop, supervisor, _lock: lock })
    }

    /// How to connect to the database of the server that has the data directory now; none where no server has it.
    #[must_use]
    pub fn of_running(data_dir: &Path) -> Option<PgConnectOptions> {
        let data_dir = data_dir.canonicalize().ok()?;
        let lock = File::options().read(true).write(true).open(data_dir.join("lock")).ok()?;
        matches!(lock.try_lock(), Err(fs::TryLockError::WouldBlock)).then_some(())?;
        let socket = socket::directory(&data_dir, &Owner::of_database().ok()?).ok()?;
        Some(connect_options(&socket).username(NAME).database(NAME))
    }

    /// How to connect as the server's role to its database; through the socket.
    #[must_use]
    pub fn connect_options(&self) -> PgConnectOptions {
        connect_options(&self.socket).username(NAME).database(NAME)
    }

    /// Stops it: connections are ended, what was committed is safe. Takes a second, at most a quarter of a minute.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(problem) = self.supervisor.await {
            tracing::error!(%problem, "the supervisor of PostgreSQL failed");
        }
        let _ = fs::remove_dir(&self.socket);
    }
}

fn make_data_dir(path: &Path) -> Result<PathBuf, Error> {
    fs::create_dir_all(path).and_then(|()| path.canonicalize()).map_err(|cause| Error::file(path, cause))
}

/// Locks the data directory against a second server. The lock goes with the process, so nothing is left by a crash.
async fn take(data_dir: &Path) -> Result<File, Error> {
    // A process that was killed just now may not be gone yet.
    const PATIENCE: Duration = Duration::from_secs(1);
    let path = data_dir.join("lock");
    let failed = |cause| Error::file(&path, cause);
    let mut lock = File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    let began = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => break,
            Err(fs::TryLockError::WouldBlock) if began.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(fs::TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = lock.read_to_string(&mut holder);
                return Err(Error::InUse { data_dir: data_dir.to_owned(), holder: holder.trim().to_owned() });
            }
            Err(fs::TryLockError::Error(cause)) => return Err(failed(cause)),
        }
    }
    let write = |lock: &mut File| {
        lock.set_len(0)?;
        lock.rewind()?;
        writeln!(lock, "{}", std::process::id())
    };
    write(&mut lock).map_err(failed)?;
    Ok(lock)
}

fn connect_options(socket: &Path) -> PgConnectOptions {
    // Nothing from the environment: PGHOST and its like are about other databases.
    PgConnectOptions::new_without_pgpass().socket(socket).port(socket::PORT).ssl_mode(PgSslMode::Disable)
}

async fn wait_until_ready(postmaster: &mut Postmaster, socket: &Path) -> Result<(), Error> {
    let began = Instant::now();
    let options = connect_options(socket).username(SUPERUSER).database(SUPERUSER);
    loop {
        match PgConnection::connect_with(&options).await {
            Ok(connection) => {
                let _ = connection.close().await;
                return Ok(());
            }
            Err(cause) if !is_starting(&cause, began.elapsed()) => return Err(Error::Database(cause)),
            Err(_) => {}
        }
        if let Some(last_words) = postmaster.ended() {
            return Err(Error::Ended(last_words));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Whether it is worth waiting: for the socket, or for a recovery, which takes as long as it takes.
fn is_starting(cause: &sqlx::Error, waited: Duration) -> bool {
    match cause {
        sqlx::Error::Database(refused) => refused.code().is_some_and(|code| code == "57P03"),
        sqlx::Error::Io(_) => waited < READY_TIMEOUT,
        _ => false,
    }
}

/// Makes the role and the database; a crash between the two is made good by the next start.
async fn make_database(socket: &Path) -> Result<(), sqlx::Error> {
    let options = connect_options(socket).username(SUPERUSER).database(SUPERUSER);
    let mut connection = PgConnection::connect_with(&options).await?;
    let missing = "SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'erpsync'),
        NOT EXISTS (SELECT FROM pg_database WHERE datname = 'erpsync')";
    let (role, database): (bool, bool) = sqlx::query_as(missing).fetch_one(&mut connection).await?;
    if role {
        sqlx::raw_sql("CREATE ROLE erpsync LOGIN").execute(&mut connection).await?;
    }
    if database {
        sqlx::raw_sql("CREATE DATABASE erpsync OWNER erpsync").execute(&mut connection).await?;
    }
    connection.close().await
}

/// Keeps it running until it is asked to stop.
async fn supervise(launch: Launch, mut postmaster: Postmaster, mut stopped: watch::Receiver<bool>) {
    const LONGEST_WAIT: Duration = Duration::from_secs(5);
    let mut wait = Duration::from_millis(50);
    loop {
        let running_since = Instant::now();
        let last_words = tokio::select! {
            last_words = postmaster.end() => last_words,
            () = asked(&mut stopped) => {
                postmaster.stop().await;
                return;
            }
            never = launch.keep_log_short() => match never {},
        };
        tracing::error!(last_words, "PostgreSQL ended on its own; starting it again");
        if running_since.elapsed() > Duration::from_mins(1) {
            wait = Duration::from_millis(50);
        }
        loop {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = asked(&mut stopped) => return,
            }
            wait = (wait * 2).min(LONGEST_WAIT);
            // Its back ends may outlive it for a moment, and a new one does not start beside them.
            let started = left_overs::end(&launch.cluster.path, &launch.socket).await.and_then(|()| launch.start());
            match started {
                Ok(started) => {
                    postmaster = started;
                    break;
                }
                Err(problem) => tracing::error!(%problem, "PostgreSQL does not start"),
            }
        }
    }
}

async fn asked(stopped: &mut watch::Receiver<bool>) {
    // With its sender gone, nobody is left who wants the database.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}
