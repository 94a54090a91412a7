//! What can keep the server's own database from running, in words that name the cure.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why there is no database.
#[derive(Debug)]
pub enum Error {
    /// Another server has the data directory.
    InUse {
        /// The directory.
        data_dir: PathBuf,
        /// The other server's process id.
        holder: String,
    },
    /// No PostgreSQL is installed, and none could be fetched.
    NoPostgres {
        /// The release that is needed; none: 14 or later.
        major: Option<u32>,
        /// Why none could be fetched.
        why: String,
    },
    /// The data is of another release than what is installed.
    OtherRelease {
        /// The directory.
        data_dir: PathBuf,
        /// The release of the data.
        data: u32,
        /// The release that is installed.
        installed: u32,
    },
    /// The folder that was named has no usable PostgreSQL.
    NotPostgres(PathBuf, String),
    /// A file or folder cannot be used.
    File(PathBuf, io::Error),
    /// A program cannot be run, or failed.
    Program(PathBuf, String),
    /// PostgreSQL ended while it was starting; the end of its log.
    Ended(String),
    /// Processes of an earlier run do not go away.
    LeftOvers(PathBuf),
    /// The running database refuses what it must do.
    Database(sqlx::Error),
}

impl Error {
    pub(super) fn file(path: &Path, cause: io::Error) -> Self {
        Error::File(path.to_owned(), cause)
    }

    pub(super) fn program(path: &Path, problem: impl fmt::Display) -> Self {
        Error::Program(path.to_owned(), problem.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::InUse { data_dir, holder } => write!(
                f,
                "the data directory {} is in use by the server with process id {holder}: stop it, or give this one another --data-dir",
                data_dir.display()
            ),
            Error::NoPostgres { major: None, why } => write!(
                f,
                "no PostgreSQL was found ({why}): install PostgreSQL 14 or later, or set DATABASE_URL to one that runs"
            ),
            Error::NoPostgres { major: Some(major), why } => write!(
                f,
                "the data directory needs PostgreSQL {major}, which was not found ({why}): install it, or set DATABASE_URL to another database"
            ),
            Error::OtherRelease { data_dir, data, installed } => write!(
                f,
                "the data directory {} is of PostgreSQL {data}, and PostgreSQL {installed} is installed: install PostgreSQL {data}, or use another --data-dir",
                data_dir.display()
            ),
            Error::NotPostgres(folder, why) => write!(
                f,
                "{} has no usable PostgreSQL ({why}): name the folder of postgres and initdb, 14 or later",
                folder.display()
            ),
            Error::File(path, cause) => write!(f, "{} cannot be used: {cause}", path.display()),
            Error::Program(path, problem) => write!(f, "{} failed: {problem}", path.display()),
            Error::Ended(last_words) => write!(f, "PostgreSQL did not start: {last_words}"),
            Error::LeftOvers(cluster) => write!(
                f,
                "processes of an earlier run still use {} and do not end: end them by hand",
                cluster.display()
            ),
            Error::Database(cause) => write!(f, "PostgreSQL started, but cannot be used: {cause}"),
        }
    }
}

impl std::error::Error for Error {}
