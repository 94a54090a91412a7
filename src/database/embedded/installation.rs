//! An installation of PostgreSQL: the directory of its executables, and their release.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest supported release, also of an external database.
pub const OLDEST_RELEASE: u32 = 14;

/// The executables of one PostgreSQL release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    directory: PathBuf,
    /// The version, such as `15.18`.
    pub version: String,
    /// The major version, such as 15.
    pub release: u32,
}

impl Installation {
    /// Returns the installation in a directory of executables.
    ///
    /// # Errors
    /// One line with the reason why it cannot be used.
    pub fn in_directory(directory: &Path) -> Result<Self, String> {
        // PostgreSQL finds its libraries relative to the executable, not to a link to it.
        let postgres = directory.join("postgres").canonicalize().map_err(|_| "postgres is missing".to_owned())?;
        let directory = postgres.parent().unwrap_or(directory).to_owned();
        if !directory.join("initdb").is_file() {
            return Err("initdb is missing".into());
        }
        let version_of = |name: &str| {
            let output = Command::new(directory.join(name)).arg("--version").output();
            let output = output.map_err(|problem| format!("{name} does not run: {problem}"))?;
            if !output.status.success() {
                return Err(format!("{name} does not run: {}", String::from_utf8_lossy(&output.stderr).trim()));
            }
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        };
        version_of("initdb")?;
        let (version, release) =
            parse_version(&version_of("postgres")?).ok_or_else(|| "postgres prints no version".to_owned())?;
        if release < OLDEST_RELEASE {
            return Err(format!("PostgreSQL {version} is too old"));
        }
        Ok(Installation { directory, version, release })
    }

    /// The server.
    pub fn postgres(&self) -> PathBuf {
        self.directory.join("postgres")
    }

    /// The program that initializes a cluster.
    pub fn initdb(&self) -> PathBuf {
        self.directory.join("initdb")
    }

    /// Returns the newest of several installations, or the newest of one release.
    pub fn newest(installations: &[Self], release: Option<u32>) -> Option<Self> {
        let key = |version: &str| -> Vec<u32> { version.split('.').map(|part| part.parse().unwrap_or(0)).collect() };
        let matching = installations.iter().filter(|found| release.is_none_or(|release| found.release == release));
        matching.max_by_key(|found| key(&found.version)).cloned()
    }
}

/// Parses the output of `postgres --version`: `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` is version 15.18
/// of release 15.
fn parse_version(output: &str) -> Option<(String, u32)> {
    let version = output.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
    let release = version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
    Some((version.to_owned(), release))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installation(version: &str) -> Installation {
        let (version, release) = parse_version(version).expect("a version");
        Installation { directory: PathBuf::from(&version), version, release }
    }

    #[test]
    fn version_output_is_parsed() {
        let output = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n";
        assert_eq!(parse_version(output), Some(("15.18".into(), 15)));
        assert_eq!(parse_version("postgres (PostgreSQL) 19beta1"), Some(("19beta1".into(), 19)));
        assert_eq!(parse_version("postgres"), None);
    }

    #[test]
    fn newest_installation_of_a_release_is_selected() {
        let installations = ["14.20", "16.9", "16.10", "15.1"].map(installation);
        assert_eq!(Installation::newest(&installations, None), Some(installation("16.10")));
        assert_eq!(Installation::newest(&installations, Some(14)), Some(installation("14.20")));
        assert_eq!(Installation::newest(&installations, Some(17)), None);
    }
}
