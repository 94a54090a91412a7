//! The system user that runs PostgreSQL. PostgreSQL refuses to run as root, so root runs it as another user.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::error::Error;

/// The id of the unprivileged user on Linux.
const UNPRIVILEGED_UID: u32 = 65534;

/// A user of this machine.
#[derive(Clone, Debug)]
pub struct SystemUser {
    /// The login name.
    pub name: String,
    /// The user id.
    pub uid: u32,
    /// The id of the primary group.
    pub gid: u32,
    /// Whether this process runs as another user, and has to switch.
    pub is_other: bool,
}

impl SystemUser {
    /// Returns the user that runs PostgreSQL: the current user, or for root `postgres`, or else the unprivileged user.
    pub fn for_postgres() -> Result<Self, Error> {
        let uid = rustix::process::geteuid().as_raw();
        if uid != 0 {
            let gid = rustix::process::getegid().as_raw();
            return Ok(SystemUser { name: current_user_name()?, uid, gid, is_other: false });
        }
        let path = Path::new("/etc/passwd");
        let passwd = fs::read_to_string(path).map_err(|cause| Error::file(path, cause))?;
        let users: Vec<_> = passwd.lines().filter_map(SystemUser::parse).collect();
        let postgres = users.iter().find(|user| user.name == "postgres");
        let unprivileged = || users.iter().find(|user| user.uid == UNPRIVILEGED_UID);
        postgres.or_else(unprivileged).cloned().ok_or_else(|| {
            let problem =
                "PostgreSQL cannot run as root, and neither the user postgres nor an unprivileged user exists";
            Error::unusable(path, problem)
        })
    }

    /// Parses a line of /etc/passwd. Returns `None` for root.
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        (uid != 0).then_some(SystemUser { name, uid, gid, is_other: true })
    }

    /// Makes this user the owner of a file.
    pub fn chown(&self, path: &Path) -> Result<(), Error> {
        if !self.is_other {
            return Ok(());
        }
        chown(path, Some(self.uid), Some(self.gid)).map_err(|cause| Error::file(path, cause))
    }

    /// Makes `command` run as this user, with a clean environment and in a process group of its own: Ctrl-C in a
    /// terminal must reach the server only, which finishes its requests before it stops the database.
    pub fn apply_to(&self, command: &mut Command) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env_clear().env("PATH", path).env("LC_ALL", "C").process_group(0);
        if self.is_other {
            // The standard library drops the supplementary groups of root with the user id.
            command.uid(self.uid).gid(self.gid);
        }
    }

    /// Whether this user may enter every directory above `path`.
    pub fn can_reach(&self, path: &Path) -> bool {
        let may_enter = |directory: &fs::Metadata| {
            let execute_bit = if directory.uid() == self.uid {
                0o100
            } else if directory.gid() == self.gid {
                0o010
            } else {
                0o001
            };
            directory.mode() & execute_bit != 0
        };
        !self.is_other
            || path.ancestors().skip(1).all(|directory| fs::metadata(directory).is_ok_and(|found| may_enter(&found)))
    }
}

/// Returns the name of the user of this process, as PostgreSQL's peer authentication sees it.
pub fn current_user_name() -> Result<String, Error> {
    let id = Path::new("id");
    let output = Command::new(id).arg("-un").output().map_err(|cause| Error::program(id, cause))?;
    let name = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if !output.status.success() || name.is_empty() {
        return Err(Error::program(id, "the user of this process has no name, which PostgreSQL requires"));
    }
    Ok(name)
}
