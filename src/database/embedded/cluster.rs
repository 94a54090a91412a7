//! The database's files: what PostgreSQL calls a cluster.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::io::{FdFlags, fcntl_setfd};

use super::binaries::Binaries;
use super::owner::{Owner, own_name};
use super::{Error, NAME, SUPERUSER};

/// The folder in the data directory.
const FOLDER: &str = "postgres";
/// How the names end under which new clusters are made; renamed when they are whole.
const UNFINISHED: &str = ".new";

/// The database's files.
#[derive(Debug)]
pub struct Cluster {
    /// Where they are.
    pub path: PathBuf,
    reached: Reached,
}

/// How the database's user gets at its files.
#[derive(Debug)]
enum Reached {
    ByPath,
    /// Through the open folder: the data directory can lie in one that only root may enter, as root's home.
    ByHandle(File),
}

impl Cluster {
    /// The release that the cluster in `data_dir` is of; none where there is none yet.
    pub fn version_in(data_dir: &Path) -> Result<Option<u32>, Error> {
        let path = data_dir.join(FOLDER).join("PG_VERSION");
        match fs::read_to_string(&path) {
            Ok(version) => {
                let version = version.trim();
                version.parse().map(Some).map_err(|_| Error::program(&path, format!("no release: '{version}'")))
            }
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(Error::file(&path, cause)),
        }
    }

    /// Opens the cluster in `data_dir`, and makes it where there is none; whether it did.
    pub async fn open(data_dir: &Path, binaries: &Binaries, owner: &Owner) -> Result<(Self, bool), Error> {
        let path = data_dir.join(FOLDER);
        let is_new = !path.join("PG_VERSION").exists();
        if is_new {
            if fs::read_dir(&path).is_ok_and(|mut inside| inside.next().is_some()) {
                return Err(Error::program(&path, "it holds something that is no database: move it away"));
            }
            remove_unfinished(data_dir);
            // Of this process's own: the programs of one that was killed may write on for a moment.
            let unfinished = data_dir.join(format!("{FOLDER}.{}{UNFINISHED}", std::process::id()));
            make(&path, &unfinished, binaries, owner).await?;
            // The name is on the disk before anything is stored under it.
            File::open(data_dir).and_then(|folder| folder.sync_all()).map_err(|cause| Error::file(data_dir, cause))?;
        }
        let cluster = Self::at(path, owner)?;
        cluster.write_access_rules(owner)?;
        Ok((cluster, is_new))
    }

    fn at(path: PathBuf, owner: &Owner) -> Result<Self, Error> {
        if owner.reaches(&path) {
            return Ok(Cluster { path, reached: Reached::ByPath });
        }
        let handle = File::open(&path).map_err(|cause| Error::file(&path, cause))?;
        // Without close-on-exec: the child has it under the same number.
        fcntl_setfd(&handle, FdFlags::empty()).map_err(|cause| Error::file(&path, cause.into()))?;
        Ok(Cluster { path, reached: Reached::ByHandle(handle) })
    }

    /// The name that PostgreSQL is given for it.
    pub fn name(&self) -> PathBuf {
        match &self.reached {
            Reached::ByPath => self.path.clone(),
            Reached::ByHandle(handle) => PathBuf::from(format!("/proc/self/fd/{}", handle.as_raw_fd())),
        }
    }

    /// Lets in by the socket, and only root and the two users concerned: the kernel tells PostgreSQL who they are.
    fn write_access_rules(&self, owner: &Owner) -> Result<(), Error> {
        let mut users = vec!["root".to_owned(), owner.name.clone(), own_name()?];
        users.sort();
        users.dedup();
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let allow = |user: &String| format!("erpsync {0} {NAME}\nerpsync {0} {SUPERUSER}\n", quoted(user));
        for (file, text) in [
            ("pg_hba.conf", format!("local all {NAME},{SUPERUSER} peer map=erpsync\n")),
            ("pg_ident.conf", users.iter().map(allow).collect()),
        ] {
            let path = self.path.join(file);
            replace(&path, &text, owner).map_err(|cause| Error::file(&path, cause))?;
        }
        Ok(())
    }
}

/// Writes a file into the database's folder. That is another user's where this process is root, so nothing there is
/// followed or trusted: the file is made new, given away by its handle, and renamed into place.
fn replace(path: &Path, text: &str, owner: &Owner) -> std::io::Result<()> {
    let unfinished = path.with_extension("new");
    match fs::remove_file(&unfinished) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => return Err(cause),
        _ => {}
    }
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    if owner.is_other {
        fchown(&file, Some(owner.uid), Some(owner.gid))?;
    }
    fs::rename(unfinished, path)
}

/// Removes what earlier starts have not finished, as far as that goes.
fn remove_unfinished(data_dir: &Path) {
    let is_unfinished = |name: &str| name.starts_with(FOLDER) && name.ends_with(UNFINISHED);
    for entry in fs::read_dir(data_dir).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(is_unfinished) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Makes a new cluster in `unfinished`, so that a crash leaves nothing that looks like one.
async fn make(path: &Path, unfinished: &Path, binaries: &Binaries, owner: &Owner) -> Result<(), Error> {
    let failed = |cause| Error::file(unfinished, cause);
    match fs::remove_dir_all(unfinished) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => return Err(failed(cause)),
        _ => {}
    }
    tracing::info!(version = binaries.version, directory = %path.display(), "making a new database");
    fs::create_dir(unfinished).map_err(failed)?;
    fs::set_permissions(unfinished, Permissions::from_mode(0o700)).map_err(failed)?;
    owner.own(unfinished)?;
    let cluster = Cluster::at(unfinished.to_owned(), owner)?;
    let program = binaries.initdb();
    let mut initdb = std::process::Command::new(&program);
    initdb
        .arg("--pgdata")
        .arg(cluster.name())
        .args(["--username", SUPERUSER, "--auth", "reject", "--encoding", "UTF8", "--locale", "C"])
        .args(["--data-checksums", "--no-instructions"])
        .current_dir("/")
        .stdin(Stdio::null());
    owner.lend(&mut initdb);
    let output = tokio::process::Command::from(initdb).kill_on_drop(true).output().await;
    let output = output.map_err(|cause| Error::program(&program, cause))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said: Vec<_> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        return Err(Error::program(&program, said.join(" ")));
    }
    fs::rename(unfinished, path).map_err(failed)
}
