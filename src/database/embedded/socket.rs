//! The directory of the embedded PostgreSQL's Unix socket.

use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::error::Error;
use super::run_as::SystemUser;

/// The port, which is part of the socket's name.
pub const PORT: u16 = 5432;

/// Returns the path of the socket in its directory.
pub fn file(directory: &Path) -> PathBuf {
    directory.join(format!(".s.PGSQL.{PORT}"))
}

/// Returns the path of the socket's lock file, which holds the process id of the postmaster.
pub fn lock_file(directory: &Path) -> PathBuf {
    directory.join(format!(".s.PGSQL.{PORT}.lock"))
}

/// Returns the socket directory of a data directory, and creates it if it is missing.
///
/// It is not inside the data directory: the path of a socket is limited to 107 bytes, and the user that runs
/// PostgreSQL may be unable to enter the data directory.
pub fn directory(data_dir: &Path, system_user: &SystemUser) -> Result<PathBuf, Error> {
    let digest = Sha256::digest(data_dir.as_os_str().as_bytes());
    let name =
        format!("erpsync-{}-{:02x}{:02x}{:02x}{:02x}", system_user.uid, digest[0], digest[1], digest[2], digest[3]);
    // Not in $XDG_RUNTIME_DIR, which is removed when the user logs out.
    let path = Path::new("/tmp").join(name);
    create(&path, system_user)?;
    Ok(path)
}

/// Creates the socket directory, or checks it if it exists. Cleaners of `/tmp` may remove it between two starts.
pub fn create(path: &Path, system_user: &SystemUser) -> Result<(), Error> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => system_user.chown(path)?,
        Err(cause) if cause.kind() == ErrorKind::AlreadyExists => {}
        Err(cause) => return Err(Error::file(path, cause)),
    }
    // Every user may write to /tmp: the path may be another user's directory, or a link.
    let found = fs::symlink_metadata(path).map_err(|cause| Error::file(path, cause))?;
    if !found.is_dir() || found.uid() != system_user.uid || found.mode() & 0o777 != 0o700 {
        return Err(Error::unusable(
            path,
            format!("it is not a directory that only {} can enter: remove it", system_user.name),
        ));
    }
    Ok(())
}
