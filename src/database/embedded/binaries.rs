//! Where PostgreSQL's programs come from: an installation, what was fetched before, or what can be fetched now.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Error;

/// The oldest release that is taken.
const OLDEST: u32 = 14;

/// The programs of one release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    folder: PathBuf,
    /// As the programs give it, `15.18`.
    pub version: String,
    major: u32,
}

impl Binaries {
    /// The server.
    pub fn postgres(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    /// The program that makes a cluster.
    pub fn initdb(&self) -> PathBuf {
        self.folder.join("initdb")
    }

    /// Looks at a folder; one line where it has no programs that can be used.
    pub fn in_folder(folder: &Path) -> Result<Self, String> {
        // Links lead to where the rest of the installation is.
        let postgres = folder.join("postgres").canonicalize().map_err(|_| "there is no postgres".to_owned())?;
        let folder = postgres.parent().unwrap_or(folder).to_owned();
        if !folder.join("initdb").is_file() {
            return Err("there is no initdb".into());
        }
        let version_of = |name: &str| {
            let output = Command::new(folder.join(name)).arg("--version").output();
            let output = output.map_err(|problem| format!("{name} does not run: {problem}"))?;
            if !output.status.success() {
                return Err(format!("{name} does not run: {}", String::from_utf8_lossy(&output.stderr).trim()));
            }
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        };
        version_of("initdb")?;
        let said = version_of("postgres")?;
        let (version, major) = parse_version(&said).ok_or_else(|| "postgres does not tell its version".to_owned())?;
        if major < OLDEST {
            return Err(format!("PostgreSQL {version} is too old"));
        }
        Ok(Binaries { folder, version, major })
    }
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` is version 15.18 of release 15.
fn parse_version(said: &str) -> Option<(String, u32)> {
    let version = said.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
    let major = version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
    Some((version.to_owned(), major))
}

/// Finds the programs for the cluster in `data_dir`, which is of release `cluster` where there is one.
///
/// A `named` folder is the only one that counts. Else the newest installed programs, those fetched before, or those
/// that can be fetched; a cluster takes its own release only.
pub async fn find(named: Option<&Path>, cluster: Option<u32>, data_dir: &Path) -> Result<Binaries, Error> {
    let other_release =
        |data, found: &Binaries| Error::OtherRelease { data_dir: data_dir.to_owned(), data, installed: found.major };
    if let Some(folder) = named {
        let found = Binaries::in_folder(folder).map_err(|why| Error::NotPostgres(folder.to_owned(), why))?;
        return match cluster {
            Some(data) if data != found.major => Err(other_release(data, &found)),
            _ => Ok(found),
        };
    }
    let installed = installed();
    if let Some(found) = newest(&installed, cluster) {
        return Ok(found);
    }
    if let Some(found) = newest(&cached(), cluster) {
        return Ok(found);
    }
    let why = match fetch(cluster).await {
        Ok(found) => return Ok(found),
        Err(why) => why,
    };
    Err(match (cluster, newest(&installed, None)) {
        (Some(data), Some(found)) => {
            tracing::warn!(why, release = data, "the data's own release of PostgreSQL cannot be fetched");
            other_release(data, &found)
        }
        (major, _) => Error::NoPostgres { major, why },
    })
}

fn newest(found: &[Binaries], wanted: Option<u32>) -> Option<Binaries> {
    let key = |version: &str| -> Vec<u32> { version.split('.').map(|part| part.parse().unwrap_or(0)).collect() };
    let fits = found.iter().filter(|found| wanted.is_none_or(|wanted| found.major == wanted));
    fits.max_by_key(|found| key(&found.version)).cloned()
}

fn usable(folders: impl IntoIterator<Item = PathBuf>) -> Vec<Binaries> {
    folders.into_iter().filter_map(|folder| Binaries::in_folder(&folder).ok()).collect()
}

/// What is installed: on PATH, where Debian keeps each release, and where `pg_config` says.
fn installed() -> Vec<Binaries> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).collect::<Vec<_>>();
    let debian = folders_in(Path::new("/usr/lib/postgresql")).into_iter().map(|release| release.join("bin"));
    let told = Command::new("pg_config").arg("--bindir").output().ok().filter(|output| output.status.success());
    let told = told.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    // Never what lies in the working directory: that may be anybody's, and this process root.
    usable(on_path.into_iter().chain(debian).chain(told).filter(|folder| folder.is_absolute()))
}

/// What was fetched before.
fn cached() -> Vec<Binaries> {
    usable(cache().map(|cache| folders_in(&cache)).unwrap_or_default().into_iter().map(|version| version.join("bin")))
}

/// Where fetched programs are kept. The database's user must reach them, so for root it is not root's home.
pub fn cache() -> Option<PathBuf> {
    if rustix::process::geteuid().is_root() {
        return Some(PathBuf::from("/var/lib/erpsync/postgresql"));
    }
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = set("XDG_DATA_HOME").or_else(|| set("HOME").map(|home| home.join(".local/share")));
    data.map(|data| data.join("erpsync/postgresql"))
}

fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let is_finished = |path: &PathBuf| path.extension() != Some(OsStr::new("new"));
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).filter(is_finished).collect()
}

#[cfg(feature = "download")]
async fn fetch(major: Option<u32>) -> Result<Binaries, String> {
    super::download::fetch(major).await
}

#[cfg(not(feature = "download"))]
#[expect(clippy::unused_async, reason = "with the feature it waits")]
async fn fetch(_: Option<u32>) -> Result<Binaries, String> {
    Err("this program was built without the feature that fetches one".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(version: &str) -> Binaries {
        let (version, major) = parse_version(version).expect("a version");
        Binaries { folder: PathBuf::from(&version), version, major }
    }

    #[test]
    fn versions_are_read_as_postgres_tells_them() {
        let said = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n";
        assert_eq!(parse_version(said), Some(("15.18".into(), 15)));
        assert_eq!(parse_version("postgres (PostgreSQL) 19beta1"), Some(("19beta1".into(), 19)));
        assert_eq!(parse_version("postgres"), None);
    }

    #[test]
    fn the_newest_wins_and_a_cluster_takes_its_own_release() {
        let found = ["14.20", "16.9", "16.10", "15.1"].map(release);
        assert_eq!(newest(&found, None), Some(release("16.10")));
        assert_eq!(newest(&found, Some(14)), Some(release("14.20")));
        assert_eq!(newest(&found, Some(17)), None);
    }
}
