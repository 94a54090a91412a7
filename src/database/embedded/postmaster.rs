//! The running PostgreSQL: starting it, asking it to stop, and noticing that it ended.

use std::convert::Infallible;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use super::cluster::Cluster;
use super::owner::Owner;
use super::{Error, socket};

/// The log is started anew past this many bytes.
const MAX_LOG_BYTES: u64 = 1024 * 1024;

/// All that it takes to start PostgreSQL, any number of times.
#[derive(Debug)]
pub struct Launch {
    /// `postgres`.
    pub program: PathBuf,
    /// Its files.
    pub cluster: Cluster,
    /// Who runs it.
    pub owner: Owner,
    /// The folder of its socket.
    pub socket: PathBuf,
    /// What it says goes here.
    pub log: PathBuf,
    /// How many connections it takes.
    pub max_connections: u32,
    /// Further settings, as `name=value`; they win.
    pub settings: Vec<String>,
}

impl Launch {
    /// Starts it; it answers a moment later.
    pub fn start(&self) -> Result<Postmaster, Error> {
        socket::make(&self.socket, &self.owner)?;
        self.shorten_log();
        // Appended to, so that what is written after a cut begins at the beginning.
        let log = File::options().create(true).append(true).open(&self.log);
        let log = log.map_err(|cause| Error::file(&self.log, cause))?;
        let mut command = std::process::Command::new(&self.program);
        command.arg("-D").arg(self.cluster.name()).current_dir("/");
        let settings = [
            "listen_addresses=".to_owned(),
            format!("port={}", socket::PORT),
            format!("unix_socket_directories={}", self.socket.display()),
            "unix_socket_permissions=0700".to_owned(),
            format!("max_connections={}", self.max_connections),
            // What was answered is on the disk, whatever happens next.
            "fsync=on".to_owned(),
            "full_page_writes=on".to_owned(),
            "synchronous_commit=on".to_owned(),
            "timezone=UTC".to_owned(),
            "log_timezone=UTC".to_owned(),
            "log_checkpoints=off".to_owned(),
            // The longer form gives the contents of rows.
            "log_error_verbosity=terse".to_owned(),
            // A refused save is no news, and its statement is long.
            "log_min_error_statement=panic".to_owned(),
        ];
        for setting in settings.iter().chain(&self.settings) {
            command.arg("-c").arg(setting);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.owner.lend(&mut command);
        let child = Command::from(command).spawn().map_err(|cause| Error::program(&self.program, cause))?;
        Ok(Postmaster { child, log: self.log.clone() })
    }

    fn shorten_log(&self) {
        if fs::metadata(&self.log).is_ok_and(|log| log.len() > MAX_LOG_BYTES) {
            let cut = File::options().write(true).open(&self.log).and_then(|log| log.set_len(0));
            if let Err(problem) = cut {
                tracing::warn!(%problem, log = %self.log.display(), "the log cannot be cut");
            }
        }
    }

    /// Keeps the log from growing without end.
    pub async fn keep_log_short(&self) -> Infallible {
        loop {
            tokio::time::sleep(Duration::from_mins(1)).await;
            self.shorten_log();
        }
    }
}

/// A running PostgreSQL.
#[derive(Debug)]
pub struct Postmaster {
    child: Child,
    log: PathBuf,
}

impl Postmaster {
    /// Waits until it ends by itself; the end of its log.
    pub async fn end(&mut self) -> String {
        let status = self.child.wait().await;
        let status = status.map_or_else(|problem| problem.to_string(), |status| status.to_string());
        format!("{} ({status})", last_words(&self.log))
    }

    /// Whether it has ended by itself; then the end of its log.
    pub fn ended(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok().flatten()?;
        Some(format!("{} ({status})", last_words(&self.log)))
    }

    /// Stops it: a fast shut-down, and harder ones where that takes too long.
    pub async fn stop(&mut self) {
        for (signal, patience) in [(Signal::INT, 10), (Signal::QUIT, 5), (Signal::KILL, 5)] {
            self.signal(signal);
            if tokio::time::timeout(Duration::from_secs(patience), self.child.wait()).await.is_ok() {
                return;
            }
            tracing::warn!(?signal, "PostgreSQL does not stop");
        }
    }

    fn signal(&self, signal: Signal) {
        // No id: it has ended.
        let id = self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(id) = id {
            let _ = kill_process(id, signal);
        }
    }
}

impl Drop for Postmaster {
    /// Nobody may be left to stop it in order; it shuts down by itself once it is told.
    fn drop(&mut self) {
        self.signal(Signal::INT);
    }
}

/// The last lines of the log, in one.
fn last_words(log: &Path) -> String {
    const BYTES: u64 = 600;
    let read = || -> std::io::Result<String> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(BYTES)))?;
        let mut end = Vec::new();
        file.read_to_end(&mut end)?;
        Ok(String::from_utf8_lossy(&end).into_owned())
    };
    let end = read().unwrap_or_default();
    let lines: Vec<_> = end.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(3)..].join(" ")
}
