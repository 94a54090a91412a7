//! The embedded PostgreSQL as the rest of the program sees it: start, connect, stop.

use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::cluster::Cluster;
use super::error::Error;
use super::postmaster::{Launcher, Postmaster};
use super::run_as::SystemUser;
use super::{connect, locate, orphans, socket};

/// The settings of an embedded PostgreSQL.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory of the database's files, created if it is missing. One server may use it at a time.
    pub data_dir: PathBuf,
    /// The directory of `postgres` and `initdb`. Without it, the newest installed release is used.
    pub pg_bin: Option<PathBuf>,
    /// PostgreSQL's `max_connections`.
    pub max_connections: u32,
    /// Further PostgreSQL settings as `name=value`. They override the others.
    pub settings: Vec<String>,
}

/// A running embedded PostgreSQL.
#[derive(Debug)]
pub struct Embedded {
    socket_dir: PathBuf,
    stop: watch::Sender<bool>,
    supervisor: JoinHandle<()>,
    /// Locks the data directory until the process exits, however it exits.
    _lock: File,
}

impl Embedded {
    /// Starts PostgreSQL and waits until it accepts connections.
    ///
    /// Locks the data directory, cleans up after a crash, and initializes the cluster, the role and the database if
    /// they are missing.
    ///
    /// # Errors
    /// One line that names the cause and the remedy.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let began = Instant::now();
        let data_dir = create_data_dir(&options.data_dir)?;
        let lock = lock_data_dir(&data_dir).await?;
        let system_user = SystemUser::for_postgres()?;
        let release = Cluster::release_in(&data_dir)?;
        let installation = locate::find(options.pg_bin.as_deref(), release, &data_dir).await?;
        let (cluster, is_new) = Cluster::open(&data_dir, &installation, &system_user).await?;
        let socket_dir = socket::directory(&data_dir, &system_user)?;
        orphans::clean_up(&cluster.path, &socket_dir).await?;
        let launcher = Launcher {
            program: installation.postgres(),
            cluster,
            system_user,
            socket_dir: socket_dir.clone(),
            log: data_dir.join("postgresql.log"),
            max_connections: options.max_connections,
            settings: options.settings,
        };
        let mut postmaster = launcher.launch()?;
        if let Err(error) = prepare(&mut postmaster, &socket_dir).await {
            postmaster.stop().await;
            return Err(error);
        }
        tracing::info!(
            version = installation.version,
            directory = %data_dir.display(),
            socket = %socket_dir.display(),
            is_new,
            ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "PostgreSQL started"
        );
        let (stop, stop_requested) = watch::channel(false);
        let supervisor = tokio::spawn(supervise(launcher, postmaster, stop_requested));
        Ok(Embedded { socket_dir, stop, supervisor, _lock: lock })
    }

    /// Returns how to connect to the embedded server that another process runs in `data_dir`, or `None` if no process
    /// does.
    #[must_use]
    pub fn options_of_running(data_dir: &Path) -> Option<PgConnectOptions> {
        let data_dir = data_dir.canonicalize().ok()?;
        let lock = File::options().read(true).write(true).open(data_dir.join("lock")).ok()?;
        matches!(lock.try_lock(), Err(fs::TryLockError::WouldBlock)).then_some(())?;
        let socket_dir = socket::directory(&data_dir, &SystemUser::for_postgres().ok()?).ok()?;
        Some(connect::options(&socket_dir))
    }

    /// Returns how to connect to the server's database through the socket.
    #[must_use]
    pub fn connect_options(&self) -> PgConnectOptions {
        connect::options(&self.socket_dir)
    }

    /// Stops PostgreSQL: connections are closed, and committed transactions are safe. Takes about a second, and 20
    /// seconds at most.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(problem) = self.supervisor.await {
            tracing::error!(%problem, "the supervisor of PostgreSQL failed");
        }
        let _ = fs::remove_dir(&self.socket_dir);
    }
}

fn create_data_dir(path: &Path) -> Result<PathBuf, Error> {
    fs::create_dir_all(path).and_then(|()| path.canonicalize()).map_err(|cause| Error::file(path, cause))
}

/// Locks the data directory against a second server. The kernel releases the lock when the process exits, so a crash
/// leaves no stale lock.
async fn lock_data_dir(data_dir: &Path) -> Result<File, Error> {
    // A process that was just killed may hold the lock for another moment.
    const TIMEOUT: Duration = Duration::from_secs(1);
    let path = data_dir.join("lock");
    let failed = |cause| Error::file(&path, cause);
    let mut lock = File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    let began = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => break,
            Err(fs::TryLockError::WouldBlock) if began.elapsed() < TIMEOUT => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(fs::TryLockError::WouldBlock) => {
                let mut process_id = String::new();
                let _ = lock.read_to_string(&mut process_id);
                let process_id = process_id.trim().to_owned();
                return Err(Error::InUse { data_dir: data_dir.to_owned(), process_id });
            }
            Err(fs::TryLockError::Error(cause)) => return Err(failed(cause)),
        }
    }
    let write_process_id = |lock: &mut File| {
        lock.set_len(0)?;
        lock.rewind()?;
        writeln!(lock, "{}", std::process::id())
    };
    write_process_id(&mut lock).map_err(failed)?;
    Ok(lock)
}

async fn prepare(postmaster: &mut Postmaster, socket_dir: &Path) -> Result<(), Error> {
    postmaster.wait_until_ready().await?;
    connect::create_database(socket_dir).await.map_err(Error::Database)
}

/// Restarts PostgreSQL after an unexpected exit, with increasing delays, until a stop is requested.
async fn supervise(launcher: Launcher, mut postmaster: Postmaster, mut stop: watch::Receiver<bool>) {
    const MIN_DELAY: Duration = Duration::from_millis(50);
    const MAX_DELAY: Duration = Duration::from_secs(5);
    let mut delay = MIN_DELAY;
    loop {
        let running_since = Instant::now();
        let log_tail = tokio::select! {
            log_tail = postmaster.wait() => log_tail,
            () = stop_requested(&mut stop) => {
                postmaster.stop().await;
                return;
            }
            never = launcher.keep_log_short() => match never {},
        };
        tracing::error!(log_tail, "PostgreSQL exited unexpectedly; restarting it");
        if running_since.elapsed() > Duration::from_mins(1) {
            delay = MIN_DELAY;
        }
        loop {
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                () = stop_requested(&mut stop) => return,
            }
            delay = (delay * 2).min(MAX_DELAY);
            // Backend processes may outlive their postmaster for a moment, and keep a new one from starting.
            let cleaned = orphans::clean_up(&launcher.cluster.path, &launcher.socket_dir).await;
            match cleaned.and_then(|()| launcher.launch()) {
                Ok(restarted) => {
                    postmaster = restarted;
                    break;
                }
                Err(problem) => tracing::error!(%problem, "PostgreSQL cannot be restarted"),
            }
        }
    }
}

/// Waits until a stop is requested, or until the [`Embedded`] is dropped.
async fn stop_requested(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}
