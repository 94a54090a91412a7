//! Data directories of servers with an embedded database.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::Pid;
use tempfile::TempDir;

use super::Program;
use super::postgres::{copy_prepared_data_dir, root};
use super::program::run;

/// A data directory in a folder of its own. The database in it ends when this goes out of scope.
pub struct DataDir(TempDir);

impl DataDir {
    /// Creates a folder without a data directory: the server makes it at its first start.
    pub fn new() -> Self {
        DataDir(tempfile::tempdir_in(root()).unwrap())
    }

    /// Creates a data directory whose database has the schema and no data, as after `erpsync migrate`. A copy takes a
    /// tenth of the time of `initdb`.
    pub fn prepared() -> Self {
        let data_dir = Self::new();
        copy_prepared_data_dir(&data_dir.path());
        data_dir
    }

    /// The folder around the data directory.
    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    /// The path of the data directory.
    pub fn path(&self) -> PathBuf {
        self.folder().join("data")
    }

    /// The path as an argument of the program.
    pub fn argument(&self) -> String {
        self.path().to_str().unwrap().to_owned()
    }

    /// Starts a server on it.
    pub fn start(&self) -> Program {
        Program::start(&["--data-dir", &self.argument()])
    }

    /// The path of the database's PID file.
    pub fn pid_file(&self) -> PathBuf {
        self.path().join("postgres/postmaster.pid")
    }

    /// The id of the running postmaster.
    pub fn postmaster(&self) -> Pid {
        let file = fs::read_to_string(self.pid_file()).unwrap();
        Pid::from_raw(file.lines().next().unwrap().parse().unwrap()).unwrap()
    }

    /// The number of PostgreSQL processes whose working directory is in it.
    pub fn processes(&self) -> usize {
        let cluster = self.path().join("postgres").canonicalize().unwrap();
        let processes = fs::read_dir("/proc").unwrap().flatten();
        processes.filter(|process| fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == cluster)).count()
    }
}

impl Drop for DataDir {
    /// A killed server leaves its database running. A short run of another one ends both.
    fn drop(&mut self) {
        if self.pid_file().exists() {
            run(&["migrate", "--data-dir", &self.argument()]);
        }
    }
}
