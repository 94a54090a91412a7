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
    if fs::read_dir("/proc").is_err() {
        // Nobody can be seen here. PostgreSQL itself refuses to start beside another, by the files that it left.
        return Ok(());
    }
    let postmaster = postmaster_of(cluster);
    let folder = cluster.canonicalize().map_err(|cause| Error::file(cluster, cause))?;
    let processes_in = |_: &Path| processes_in(&folder, postmaster);
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
    let id = file.lines().next()?.trim().parse().ok()?;
    // PostgreSQL writes a negative one while it runs for a single user.
    (id > 0).then(|| Pid::from_raw(id))?
}

/// The PostgreSQL processes whose working folder is `cluster`. Where a process does not let us see its folder, as
/// without the capability for it, it is the one that the cluster's own file names.
fn processes_in(cluster: &Path, postmaster: Option<Pid>) -> Vec<Pid> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let is_ours = |process: &Path, id: Pid| {
        let works_here = match fs::read_link(process.join("cwd")) {
            Ok(folder) => folder == cluster,
            Err(cause) => cause.kind() == std::io::ErrorKind::PermissionDenied && Some(id) == postmaster,
        };
        works_here && fs::read_to_string(process.join("comm")).is_ok_and(|name| name.trim() == "postgres")
    };
    let id = |process: &fs::DirEntry| Pid::from_raw(process.file_name().to_str()?.parse().ok()?);
    processes.filter_map(|process| id(&process).filter(|id| is_ours(&process.path(), *id))).collect()
}
