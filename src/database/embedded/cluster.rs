//! The database cluster: the directory of the database's files.

use std::fs::{self, File, Permissions};
use std::io::{ErrorKind, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::io::{FdFlags, fcntl_setfd};

use super::connect::{NAME, SUPERUSER};
use super::error::Error;
use super::installation::Installation;
use super::run_as::{SystemUser, current_user_name};

/// The name of the cluster's directory in the data directory.
const DIRECTORY: &str = "postgres";
/// The suffix of a cluster that is being initialized. The directory is renamed when it is complete.
const TEMPORARY_SUFFIX: &str = ".new";

/// A database cluster.
#[derive(Debug)]
pub struct Cluster {
    /// The directory.
    pub path: PathBuf,
    access: Access,
}

/// How the user that runs PostgreSQL reaches the cluster's directory.
#[derive(Debug)]
enum Access {
    ByPath,
    /// By an inherited file descriptor: only root may enter a directory above, such as root's home.
    ByDescriptor(File),
}

impl Cluster {
    /// Returns the PostgreSQL release of the cluster in `data_dir`, or `None` if it has no cluster.
    pub fn release_in(data_dir: &Path) -> Result<Option<u32>, Error> {
        let path = data_dir.join(DIRECTORY).join("PG_VERSION");
        match fs::read_to_string(&path) {
            Ok(text) => {
                let text = text.trim();
                text.parse().map(Some).map_err(|_| Error::unusable(&path, format!("not a release: '{text}'")))
            }
            Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(Error::file(&path, cause)),
        }
    }

    /// Opens the cluster in `data_dir`, or initializes one. Returns whether it is new.
    pub async fn open(
        data_dir: &Path,
        installation: &Installation,
        system_user: &SystemUser,
    ) -> Result<(Self, bool), Error> {
        let path = data_dir.join(DIRECTORY);
        let is_new = !path.join("PG_VERSION").exists();
        if is_new {
            if fs::read_dir(&path).is_ok_and(|mut entries| entries.next().is_some()) {
                return Err(Error::unusable(&path, "it is not empty, and not a database: move it away"));
            }
            remove_temporary(data_dir);
            // With the process id: initdb of a process that was killed may still be writing to its own directory.
            let temporary = data_dir.join(format!("{DIRECTORY}.{}{TEMPORARY_SUFFIX}", std::process::id()));
            initialize(&path, &temporary, installation, system_user).await?;
            // The new name must be durable before the data is.
            File::open(data_dir)
                .and_then(|directory| directory.sync_all())
                .map_err(|cause| Error::file(data_dir, cause))?;
        }
        let cluster = Self::at(path, system_user)?;
        cluster.write_authentication_rules(system_user)?;
        Ok((cluster, is_new))
    }

    fn at(path: PathBuf, system_user: &SystemUser) -> Result<Self, Error> {
        if system_user.can_reach(&path) {
            return Ok(Cluster { path, access: Access::ByPath });
        }
        let descriptor = File::open(&path).map_err(|cause| Error::file(&path, cause))?;
        // Without close-on-exec, the child process inherits the descriptor under the same number.
        fcntl_setfd(&descriptor, FdFlags::empty()).map_err(|cause| Error::file(&path, cause.into()))?;
        Ok(Cluster { path, access: Access::ByDescriptor(descriptor) })
    }

    /// Returns the path of the directory as PostgreSQL is given it.
    pub fn pgdata(&self) -> PathBuf {
        match &self.access {
            Access::ByPath => self.path.clone(),
            Access::ByDescriptor(descriptor) => PathBuf::from(format!("/proc/self/fd/{}", descriptor.as_raw_fd())),
        }
    }

    /// Writes `pg_hba.conf` and `pg_ident.conf`: peer authentication on the socket, for root, the current user and the
    /// user that runs PostgreSQL.
    fn write_authentication_rules(&self, system_user: &SystemUser) -> Result<(), Error> {
        let mut users = vec!["root".to_owned(), system_user.name.clone(), current_user_name()?];
        users.sort();
        users.dedup();
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let map = |user: &String| format!("erpsync {0} {NAME}\nerpsync {0} {SUPERUSER}\n", quoted(user));
        for (file, text) in [
            ("pg_hba.conf", format!("local all {NAME},{SUPERUSER} peer map=erpsync\n")),
            ("pg_ident.conf", users.iter().map(map).collect()),
        ] {
            let path = self.path.join(file);
            replace_file(&path, &text, system_user).map_err(|cause| Error::file(&path, cause))?;
        }
        Ok(())
    }
}

/// Replaces a file in the cluster's directory.
///
/// If this process is root, the directory belongs to another user and cannot be trusted: no link in it is followed. The
/// file is created anew, its owner is changed by its descriptor, and it is renamed into place.
fn replace_file(path: &Path, text: &str, system_user: &SystemUser) -> std::io::Result<()> {
    let temporary = path.with_extension("new");
    match fs::remove_file(&temporary) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => return Err(cause),
        _ => {}
    }
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(text.as_bytes())?;
    if system_user.is_other {
        fchown(&file, Some(system_user.uid), Some(system_user.gid))?;
    }
    fs::rename(temporary, path)
}

/// Removes the clusters that earlier starts did not complete. Errors are ignored.
fn remove_temporary(data_dir: &Path) {
    let is_temporary = |name: &str| name.starts_with(DIRECTORY) && name.ends_with(TEMPORARY_SUFFIX);
    for entry in fs::read_dir(data_dir).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(is_temporary) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Initializes a cluster in the directory `temporary`, and renames it to `path` when it is complete.
async fn initialize(
    path: &Path,
    temporary: &Path,
    installation: &Installation,
    system_user: &SystemUser,
) -> Result<(), Error> {
    let failed = |cause| Error::file(temporary, cause);
    match fs::remove_dir_all(temporary) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => return Err(failed(cause)),
        _ => {}
    }
    tracing::info!(version = installation.version, directory = %path.display(), "initializing a new database");
    fs::create_dir(temporary).map_err(failed)?;
    fs::set_permissions(temporary, Permissions::from_mode(0o700)).map_err(failed)?;
    system_user.chown(temporary)?;
    let cluster = Cluster::at(temporary.to_owned(), system_user)?;
    let program = installation.initdb();
    let mut initdb = std::process::Command::new(&program);
    initdb
        .arg("--pgdata")
        .arg(cluster.pgdata())
        .args(["--username", SUPERUSER, "--auth", "reject", "--encoding", "UTF8", "--locale", "C"])
        .args(["--data-checksums", "--no-instructions"])
        .current_dir("/")
        .stdin(Stdio::null());
    system_user.apply_to(&mut initdb);
    let output = tokio::process::Command::from(initdb).kill_on_drop(true).output().await;
    let output = output.map_err(|cause| Error::program(&program, cause))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<_> = stderr.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        return Err(Error::program(&program, lines.join(" ")));
    }
    fs::rename(temporary, path).map_err(failed)
}
