//! The folder of the database's socket.

use std::fs::{self, DirBuilder};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Error;
use super::owner::Owner;

/// Part of the socket's name, whatever the name of the folder.
pub const PORT: u16 = 5432;

/// The socket in its folder, as PostgreSQL names it.
pub fn file(folder: &Path) -> PathBuf {
    folder.join(format!(".s.PGSQL.{PORT}"))
}

/// The file beside it that names the process.
pub fn lock_file(folder: &Path) -> PathBuf {
    folder.join(format!(".s.PGSQL.{PORT}.lock"))
}

/// Makes the folder that only the database's user can enter. Not in the data directory: a socket's path has a limit
/// of 107 bytes, and the user must be able to reach it.
pub fn directory(data_dir: &Path, owner: &Owner) -> Result<PathBuf, Error> {
    let digest = Sha256::digest(data_dir.as_os_str().as_bytes());
    let name = format!("erpsync-{}-{:02x}{:02x}{:02x}{:02x}", owner.uid, digest[0], digest[1], digest[2], digest[3]);
    // Not in the user's runtime directory, which goes with the login.
    let path = Path::new("/tmp").join(name);
    make(&path, owner)?;
    Ok(path)
}

/// Makes the folder, or makes sure of it: what clears `/tmp` of old things may take it away.
pub fn make(path: &Path, owner: &Owner) -> Result<(), Error> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => owner.own(path)?,
        Err(cause) if cause.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(cause) => return Err(Error::file(path, cause)),
    }
    // Others write to /tmp as well: it may be somebody else's, or a link to another place.
    let found = fs::symlink_metadata(path).map_err(|cause| Error::file(path, cause))?;
    if !found.is_dir() || found.uid() != owner.uid || found.mode() & 0o777 != 0o700 {
        return Err(Error::program(path, format!("it is not a folder that only {} can enter: remove it", owner.name)));
    }
    Ok(())
}
