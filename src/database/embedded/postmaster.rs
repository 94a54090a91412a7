//! Controls the PostgreSQL child process: launch, readiness, shutdown, unexpected exit.

use std::convert::Infallible;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection, PgConnection};
use tokio::process::{Child, Command};

use super::cluster::Cluster;
use super::connect;
use super::error::Error;
use super::run_as::SystemUser;
use super::socket;

/// The size of the log file past which it is truncated.
const MAX_LOG_BYTES: u64 = 1024 * 1024;
/// How long the socket may take to appear.
const SOCKET_TIMEOUT: Duration = Duration::from_mins(2);

/// Everything that is needed to launch PostgreSQL, any number of times.
#[derive(Debug)]
pub struct Launcher {
    /// The executable `postgres`.
    pub program: PathBuf,
    /// The database's files.
    pub cluster: Cluster,
    /// The user that the process runs as.
    pub system_user: SystemUser,
    /// The directory of the socket.
    pub socket_dir: PathBuf,
    /// The file that receives the log.
    pub log: PathBuf,
    /// PostgreSQL's `max_connections`.
    pub max_connections: u32,
    /// Further PostgreSQL settings as `name=value`. They override the others.
    pub settings: Vec<String>,
}

impl Launcher {
    /// Launches PostgreSQL. It accepts connections a moment later.
    pub fn launch(&self) -> Result<Postmaster, Error> {
        socket::create(&self.socket_dir, &self.system_user)?;
        self.truncate_log();
        // In append mode, writes after a truncation begin at the start of the file.
        let log = File::options().create(true).append(true).open(&self.log);
        let log = log.map_err(|cause| Error::file(&self.log, cause))?;
        let mut command = std::process::Command::new(&self.program);
        command.arg("-D").arg(self.cluster.pgdata()).current_dir("/");
        let settings = [
            "listen_addresses=".to_owned(),
            format!("port={}", socket::PORT),
            format!("unix_socket_directories={}", self.socket_dir.display()),
            "unix_socket_permissions=0700".to_owned(),
            format!("max_connections={}", self.max_connections),
            // A response to a client promises that its transaction is durable.
            "fsync=on".to_owned(),
            "full_page_writes=on".to_owned(),
            "synchronous_commit=on".to_owned(),
            "timezone=UTC".to_owned(),
            "log_timezone=UTC".to_owned(),
            "log_checkpoints=off".to_owned(),
            // The default verbosity logs the values of rows.
            "log_error_verbosity=terse".to_owned(),
            // A rejected save is not an event, and its statement is long.
            "log_min_error_statement=panic".to_owned(),
        ];
        for setting in settings.iter().chain(&self.settings) {
            command.arg("-c").arg(setting);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.system_user.apply_to(&mut command);
        let child = Command::from(command).spawn().map_err(|cause| Error::program(&self.program, cause))?;
        Ok(Postmaster { child, socket_dir: self.socket_dir.clone(), log: self.log.clone() })
    }

    fn truncate_log(&self) {
        if fs::metadata(&self.log).is_ok_and(|log| log.len() > MAX_LOG_BYTES) {
            let truncated = File::options().write(true).open(&self.log).and_then(|log| log.set_len(0));
            if let Err(problem) = truncated {
                tracing::warn!(%problem, log = %self.log.display(), "the log of PostgreSQL cannot be truncated");
            }
        }
    }

    /// Truncates the log whenever it is too large. Never returns.
    pub async fn keep_log_short(&self) -> Infallible {
        loop {
            tokio::time::sleep(Duration::from_mins(1)).await;
            self.truncate_log();
        }
    }
}

/// A running PostgreSQL server process.
#[derive(Debug)]
pub struct Postmaster {
    child: Child,
    socket_dir: PathBuf,
    log: PathBuf,
}

impl Postmaster {
    /// Waits until the server accepts connections.
    ///
    /// # Errors
    /// The server exited, refuses connections, or has no socket after two minutes.
    pub async fn wait_until_ready(&mut self) -> Result<(), Error> {
        let began = Instant::now();
        let options = connect::superuser_options(&self.socket_dir);
        loop {
            match PgConnection::connect_with(&options).await {
                Ok(connection) => {
                    let _ = connection.close().await;
                    return Ok(());
                }
                Err(cause) if !may_become_ready(&cause, began.elapsed()) => return Err(Error::Database(cause)),
                Err(_) => {}
            }
            if let Some(status) = self.child.try_wait().ok().flatten() {
                return Err(Error::Exited(format!("{} ({status})", log_tail(&self.log))));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until the process exits, and returns the end of its log.
    pub async fn wait(&mut self) -> String {
        let status = self.child.wait().await;
        let status = status.map_or_else(|problem| problem.to_string(), |status| status.to_string());
        format!("{} ({status})", log_tail(&self.log))
    }

    /// Stops the process: a fast shutdown, then an immediate one, then SIGKILL, each after the last one's time-out.
    pub async fn stop(&mut self) {
        for (signal, seconds) in [(Signal::INT, 10), (Signal::QUIT, 5), (Signal::KILL, 5)] {
            self.signal(signal);
            if tokio::time::timeout(Duration::from_secs(seconds), self.child.wait()).await.is_ok() {
                return;
            }
            tracing::warn!(?signal, "PostgreSQL does not stop");
        }
    }

    fn signal(&self, signal: Signal) {
        // A process that has exited has no id.
        let id = self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(id) = id {
            let _ = kill_process(id, signal);
        }
    }
}

impl Drop for Postmaster {
    /// Requests a fast shutdown, which needs no further attention.
    fn drop(&mut self) {
        self.signal(Signal::INT);
    }
}

/// Whether the server may still become ready. Recovery after a crash has no time-out.
fn may_become_ready(cause: &sqlx::Error, waited: Duration) -> bool {
    const CANNOT_CONNECT_NOW: &str = "57P03";
    match cause {
        sqlx::Error::Database(refused) => refused.code().is_some_and(|code| code == CANNOT_CONNECT_NOW),
        sqlx::Error::Io(_) => waited < SOCKET_TIMEOUT,
        _ => false,
    }
}

/// Returns the last lines of the log, joined.
fn log_tail(log: &Path) -> String {
    const BYTES: u64 = 600;
    const LINES: usize = 3;
    let read = || -> std::io::Result<String> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(BYTES)))?;
        let mut tail = Vec::new();
        file.read_to_end(&mut tail)?;
        Ok(String::from_utf8_lossy(&tail).into_owned())
    };
    let tail = read().unwrap_or_default();
    let lines: Vec<_> = tail.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(LINES)..].join(" ")
}
