//! Locates PostgreSQL executables: in an installation, among earlier downloads, or by downloading a release.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::Error;
use super::installation::Installation;

/// Finds the executables for the cluster in `data_dir`.
///
/// A directory given as `pg_bin` is the only candidate. Otherwise the newest installed release is used, or else the
/// newest downloaded one, or else a release is downloaded. A cluster that exists requires its own `release`.
///
/// # Errors
/// One line that names the cause and the remedy.
pub async fn find(pg_bin: Option<&Path>, release: Option<u32>, data_dir: &Path) -> Result<Installation, Error> {
    let other_release = |data, found: &Installation| Error::OtherRelease {
        data_dir: data_dir.to_owned(),
        data,
        installed: found.release,
    };
    if let Some(directory) = pg_bin {
        let found =
            Installation::in_directory(directory).map_err(|reason| Error::NotPostgres(directory.to_owned(), reason))?;
        return match release {
            Some(data) if data != found.release => Err(other_release(data, &found)),
            _ => Ok(found),
        };
    }
    let installed = installed();
    if let Some(found) = Installation::newest(&installed, release) {
        return Ok(found);
    }
    let cache = cache_directory();
    if let Some(found) = cache.as_deref().and_then(|cache| Installation::newest(&downloaded(cache), release)) {
        return Ok(found);
    }
    let reason = match download(cache, release).await {
        Ok(found) => return Ok(found),
        Err(reason) => reason,
    };
    Err(match (release, Installation::newest(&installed, None)) {
        (Some(data), Some(found)) => {
            tracing::warn!(reason, release = data, "the PostgreSQL release of the data cannot be downloaded");
            other_release(data, &found)
        }
        (release, _) => Error::NoPostgres { release, reason },
    })
}

/// Returns the installations on PATH, in Debian's directory of releases, and where `pg_config` points.
fn installed() -> Vec<Installation> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).collect::<Vec<_>>();
    let debian = subdirectories(Path::new("/usr/lib/postgresql")).into_iter().map(|release| release.join("bin"));
    let pg_config = Command::new("pg_config").arg("--bindir").output().ok().filter(|output| output.status.success());
    let pg_config = pg_config.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    // Never relative to the working directory: other users may write there, and this process may be root.
    usable(on_path.into_iter().chain(debian).chain(pg_config).filter(|directory| directory.is_absolute()))
}

/// Returns the releases that were downloaded earlier.
fn downloaded(cache: &Path) -> Vec<Installation> {
    usable(subdirectories(cache).into_iter().map(|version| version.join("bin")))
}

fn usable(directories: impl IntoIterator<Item = PathBuf>) -> Vec<Installation> {
    directories.into_iter().filter_map(|directory| Installation::in_directory(&directory).ok()).collect()
}

/// Returns the directory of downloaded releases. For root it is not root's home, which the user that runs PostgreSQL
/// cannot enter.
fn cache_directory() -> Option<PathBuf> {
    if rustix::process::geteuid().is_root() {
        return Some(PathBuf::from("/var/lib/erpsync/postgresql"));
    }
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = variable("XDG_DATA_HOME").or_else(|| variable("HOME").map(|home| home.join(".local/share")));
    data.map(|data| data.join("erpsync/postgresql"))
}

/// Returns the entries of a directory, without those of unfinished downloads.
fn subdirectories(directory: &Path) -> Vec<PathBuf> {
    let is_finished = |path: &PathBuf| path.extension() != Some(OsStr::new("new"));
    std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path()).filter(is_finished).collect()
}

#[cfg(feature = "download")]
async fn download(cache: Option<PathBuf>, release: Option<u32>) -> Result<Installation, String> {
    let cache = cache.ok_or_else(|| "it cannot be downloaded without a home directory".to_owned())?;
    super::download::download(&cache, release).await
}

#[cfg(not(feature = "download"))]
#[expect(clippy::unused_async, reason = "the other variant awaits")]
async fn download(_: Option<PathBuf>, _: Option<u32>) -> Result<Installation, String> {
    Err("this program was built without the feature that downloads it".into())
}
