//! Detects and cleans up after a crash: an orphaned postmaster, orphaned backend processes, stale PID files.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::error::Error;
use super::socket;

/// Ends every PostgreSQL process of an earlier run in the cluster, and removes the stale files in the cluster's and the
/// socket's directories.
///
/// Processes are recognized by their working directory, which is the cluster's for all of PostgreSQL's processes.
/// Without `/proc` nothing is done; PostgreSQL then refuses to start beside a process that its PID file names.
pub async fn clean_up(cluster: &Path, socket_dir: &Path) -> Result<(), Error> {
    if fs::read_dir("/proc").is_err() {
        return Ok(());
    }
    let postmaster = postmaster_of(cluster);
    let directory = cluster.canonicalize().map_err(|cause| Error::file(cluster, cause))?;
    let orphans = || processes_in(&directory, postmaster);
    // A fast shutdown first, then an immediate one, after which the next start recovers as after a crash.
    for (to_postmaster, to_backends, seconds) in
        [(Signal::INT, Signal::TERM, 10), (Signal::QUIT, Signal::QUIT, 5), (Signal::KILL, Signal::KILL, 5)]
    {
        let running = orphans();
        if running.is_empty() {
            break;
        }
        tracing::warn!(processes = running.len(), signal = ?to_postmaster, "ending a PostgreSQL of an earlier run");
        let has_postmaster = postmaster.is_some_and(|postmaster| running.contains(&postmaster));
        // In a fast shutdown, the postmaster ends its backends itself.
        let to_backends = (to_backends != Signal::TERM || !has_postmaster).then_some(to_backends);
        for process in running {
            let signal = if Some(process) == postmaster { Some(to_postmaster) } else { to_backends };
            if let Some(signal) = signal {
                // Fails if the process has exited meanwhile.
                let _ = kill_process(process, signal);
            }
        }
        let began = Instant::now();
        while !orphans().is_empty() && began.elapsed() < Duration::from_secs(seconds) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    if !orphans().is_empty() {
        return Err(Error::Orphans(cluster.to_owned()));
    }
    // PostgreSQL does not start if the process id in a stale file belongs to another program by now.
    for stale in [cluster.join("postmaster.pid"), socket::lock_file(socket_dir), socket::file(socket_dir)] {
        match fs::remove_file(&stale) {
            Err(cause) if cause.kind() != ErrorKind::NotFound => return Err(Error::file(&stale, cause)),
            _ => {}
        }
    }
    Ok(())
}

/// Returns the process id in the cluster's PID file.
fn postmaster_of(cluster: &Path) -> Option<Pid> {
    let file = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    let id = file.lines().next()?.trim().parse().ok()?;
    // A negative number stands for a single-user PostgreSQL.
    (id > 0).then(|| Pid::from_raw(id))?
}

/// Returns the PostgreSQL processes whose working directory is `cluster`.
///
/// The working directory of another user's process is readable with a capability only. Without it, only the process
/// that the PID file names is recognized.
fn processes_in(cluster: &Path, postmaster: Option<Pid>) -> Vec<Pid> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let is_orphan = |process: &Path, id: Pid| {
        let works_here = match fs::read_link(process.join("cwd")) {
            Ok(directory) => directory == cluster,
            Err(cause) => cause.kind() == ErrorKind::PermissionDenied && Some(id) == postmaster,
        };
        works_here && fs::read_to_string(process.join("comm")).is_ok_and(|name| name.trim() == "postgres")
    };
    let id = |process: &fs::DirEntry| Pid::from_raw(process.file_name().to_str()?.parse().ok()?);
    processes.filter_map(|process| id(&process).filter(|id| is_orphan(&process.path(), *id))).collect()
}
