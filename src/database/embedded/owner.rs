//! Who runs the database. PostgreSQL refuses to run as root, so for root it is another user.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

use super::Error;

/// A user of this machine.
#[derive(Clone, Debug)]
pub struct Owner {
    /// The login name.
    pub name: String,
    /// The user's id.
    pub uid: u32,
    /// The user's own group.
    pub gid: u32,
    /// Whether this process has to become that user.
    pub is_other: bool,
}

impl Owner {
    /// This user; for root, `postgres`, else `nobody`.
    pub fn of_database() -> Result<Self, Error> {
        let uid = rustix::process::geteuid().as_raw();
        if uid != 0 {
            let gid = rustix::process::getegid().as_raw();
            return Ok(Owner { name: own_name()?, uid, gid, is_other: false });
        }
        let path = Path::new("/etc/passwd");
        let users = fs::read_to_string(path).map_err(|cause| Error::file(path, cause))?;
        let find = |wanted: &str| users.lines().find_map(|line| Owner::parse(line).filter(|user| user.name == wanted));
        find("postgres").or_else(|| find("nobody")).ok_or_else(|| {
            Error::program(path, "PostgreSQL cannot run as root, and there is no user postgres or nobody")
        })
    }

    /// A line of /etc/passwd.
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        (uid != 0).then_some(Owner { name, uid, gid, is_other: true })
    }

    /// Gives a file to this user.
    pub fn own(&self, path: &Path) -> Result<(), Error> {
        if !self.is_other {
            return Ok(());
        }
        chown(path, Some(self.uid), Some(self.gid)).map_err(|cause| Error::file(path, cause))
    }

    /// Makes `command` run as this user, in a process group of its own: Ctrl-C in a terminal is for the server, which
    /// finishes its requests before it stops the database. Nothing of the environment is passed on.
    pub fn lend(&self, command: &mut Command) {
        use std::os::unix::process::CommandExt;
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env_clear().env("PATH", path).env("LC_ALL", "C").process_group(0);
        if self.is_other {
            // With another user's id, the standard library drops root's groups as well.
            command.uid(self.uid).gid(self.gid);
        }
    }

    /// Whether this user can get at `path` by its name: every folder above it must let him through.
    pub fn reaches(&self, path: &Path) -> bool {
        !self.is_other
            || path.ancestors().skip(1).all(|folder| {
                fs::metadata(folder).is_ok_and(|folder| {
                    let bit = match () {
                        () if folder.uid() == self.uid => 0o100,
                        () if folder.gid() == self.gid => 0o010,
                        () => 0o001,
                    };
                    folder.mode() & bit != 0
                })
            })
    }
}

/// The name of this process's user, as PostgreSQL's peer authentication will see it.
pub fn own_name() -> Result<String, Error> {
    let id = Path::new("id");
    let output = Command::new(id).arg("-un").output().map_err(|cause| Error::program(id, cause))?;
    let name = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if !output.status.success() || name.is_empty() {
        return Err(Error::program(id, "this process's user has no name, which PostgreSQL needs"));
    }
    Ok(name)
}
