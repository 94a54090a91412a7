//! What a crash leaves behind: a database without its server, back ends without their database, and a file that
//! names a process that is gone, or is another one's by now.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::{Error, socket};

/// Ends every process that works in the cluster, and removes the files that it left there and beside its socket.
///
/// PostgreSQL's processes all work in the cluster's folder, so they are known by that, whatever its files say.
pub async fn end(cluster: &Path, socket: &Path) -> Result<(), Error> {
    let postmaster = postmaster_of(cluster);
    for (to_postmaster, to_others, patience) in [
        // A fast shut-down. A postmaster ends its back ends itself; without it, they are asked to go.
        (Signal::INT, Signal::TERM, 10),
        // An immediate one: the next start recovers, as after a crash.
        (Signal::QUIT, Signal::QUIT, 5),
        (Signal::KILL, Signal::KILL, 5),
    ] {
        let running = processes_in(cluster);
        if running.is_empty() {
            break;
        }
        let whole = postmaster.is_some_and(|postmaster| running.contains(&postmaster));
        tracing::warn!(processes = running.len(), signal = ?to_postmaster, "ending a PostgreSQL of an earlier run");
        for process in running {
            let result = match Some(process) == postmaster {
                true => kill_process(process, to_postmaster),
                false if whole && to_others == Signal::TERM => continue,
                false => kill_process(process, to_others),
            };
            // It may have gone by itself.
            let _ = result;
        }
        let began = Instant::now();
        while !processes_in(cluster).is_empty() && began.elapsed() < Duration::from_secs(patience) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    if !processes_in(cluster).is_empty() {
        return Err(Error::LeftOvers(cluster.to_owned()));
    }
    // The process that they name may be another program's by now; PostgreSQL would not start then.
    for stale in [cluster.join("postmaster.pid"), socket::lock_file(socket), socket::file(socket)] {
        match fs::remove_file(&stale) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => return Err(Error::file(&stale, cause)),
            _ => {}
        }
    }
    Ok(())
}

fn postmaster_of(cluster: &Path) -> Option<Pid> {
    let file = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    Pid::from_raw(file.lines().next()?.trim().parse().ok()?)
}

/// The PostgreSQL processes whose working folder is the cluster. None where the system has no /proc: there PostgreSQL
/// itself refuses to start beside another.
fn processes_in(cluster: &Path) -> Vec<Pid> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let is_ours = |process: &Path| {
        fs::read_link(process.join("cwd")).is_ok_and(|folder| folder == cluster)
            && fs::read_to_string(process.join("comm")).is_ok_and(|name| name.trim() == "postgres")
    };
    processes
        .flatten()
        .filter(|process| is_ours(&process.path()))
        .filter_map(|process| Pid::from_raw(process.file_name().to_str()?.parse().ok()?))
        .collect()
}
