//! Errors of the embedded PostgreSQL. Each message names the remedy.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::installation::OLDEST_RELEASE;

/// The reason why the embedded PostgreSQL is not available.
#[derive(Debug)]
pub enum Error {
    /// Another server uses the data directory.
    InUse {
        /// The data directory.
        data_dir: PathBuf,
        /// The process id of the other server.
        process_id: String,
    },
    /// No PostgreSQL is installed, and none could be downloaded.
    NoPostgres {
        /// The release that the data requires. `None` if the data directory is new: then [`OLDEST_RELEASE`] or later is required.
        release: Option<u32>,
        /// Why none could be downloaded.
        reason: String,
    },
    /// The data belongs to another release than the installed one.
    OtherRelease {
        /// The data directory.
        data_dir: PathBuf,
        /// The release of the data.
        data: u32,
        /// The release that is installed.
        installed: u32,
    },
    /// The directory given by `--pg-bin` has no usable PostgreSQL, for this reason.
    NotPostgres(PathBuf, String),
    /// A file or directory cannot be used.
    File(PathBuf, io::Error),
    /// The content or the state of a file or directory makes it unusable, for this reason.
    Unusable(PathBuf, String),
    /// A program cannot be run, or failed.
    Program(PathBuf, String),
    /// PostgreSQL exited during its start. Holds the end of its log.
    Exited(String),
    /// Processes of an earlier run do not exit.
    Orphans(PathBuf),
    /// A statement or connection of the preparation failed.
    Database(sqlx::Error),
}

impl Error {
    /// A file or directory cannot be used.
    #[must_use]
    pub fn file(path: &Path, cause: io::Error) -> Self {
        Error::File(path.to_owned(), cause)
    }

    /// The content or the state of a file or directory makes it unusable, for this reason.
    pub fn unusable(path: &Path, reason: impl fmt::Display) -> Self {
        Error::Unusable(path.to_owned(), reason.to_string())
    }

    /// A program cannot be run, or failed.
    pub fn program(path: &Path, problem: impl fmt::Display) -> Self {
        Error::Program(path.to_owned(), problem.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::InUse { data_dir, process_id } => write!(
                f,
                "the data directory {} is in use by the server with process id {process_id}: stop that server, or \
                 choose another --data-dir",
                data_dir.display()
            ),
            Error::NoPostgres { release: None, reason } => write!(
                f,
                "no PostgreSQL was found ({reason}): install PostgreSQL {OLDEST_RELEASE} or later, or set DATABASE_URL to \
                 a running PostgreSQL"
            ),
            Error::NoPostgres { release: Some(release), reason } => write!(
                f,
                "the data directory requires PostgreSQL {release}, which was not found ({reason}): install it, or set \
                 DATABASE_URL to another database"
            ),
            Error::OtherRelease { data_dir, data, installed } => write!(
                f,
                "the data directory {} is of PostgreSQL {data}, but PostgreSQL {installed} is installed: install \
                 PostgreSQL {data}, or choose another --data-dir",
                data_dir.display()
            ),
            Error::NotPostgres(directory, reason) => write!(
                f,
                "{} has no usable PostgreSQL ({reason}): choose the directory of postgres and initdb, {OLDEST_RELEASE} or \
                 later",
                directory.display()
            ),
            Error::File(path, cause) => write!(f, "{} cannot be used: {cause}", path.display()),
            Error::Unusable(path, reason) => write!(f, "{} cannot be used: {reason}", path.display()),
            Error::Program(path, problem) => write!(f, "{} failed: {problem}", path.display()),
            Error::Exited(log_tail) => write!(f, "PostgreSQL did not start: {log_tail}"),
            Error::Orphans(cluster) => write!(
                f,
                "processes of an earlier run still use {} and do not exit: kill them by hand",
                cluster.display()
            ),
            Error::Database(cause) => write!(f, "PostgreSQL started, but cannot be used: {cause}"),
        }
    }
}

impl std::error::Error for Error {}
