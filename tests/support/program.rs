//! The built program as a child process.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::client::http_client;
use super::wait::is_met;

/// The loopback address with a port that the system chooses.
const LOOPBACK: &str = "127.0.0.1:0";

/// A running server. Killed when it goes out of scope.
pub struct Program {
    child: Child,
    /// `http` or `https`.
    pub scheme: String,
    /// The address of the listener, as `127.0.0.1:<port>`.
    pub address: String,
    directory: TempDir,
    /// The HTTP client for requests to it.
    pub http: reqwest::Client,
}

/// Returns a command of the program, without the settings in the environment of the tests.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_erpsync"));
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        // The directory of the PostgreSQL programs depends on the machine.
        if name_text != "ERPSYNC_PG_BIN" && (name_text.starts_with("ERPSYNC_") || name_text == "DATABASE_URL") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs the program until it ends.
pub fn run(arguments: &[&str]) -> Output {
    command().args(arguments).stdin(Stdio::null()).output().unwrap()
}

impl Program {
    /// Starts the server on a free port, and waits until it listens.
    pub fn start(arguments: &[&str]) -> Self {
        Self::try_start(arguments).unwrap_or_else(|log| panic!("the server did not start: {log}"))
    }

    /// Starts the server with an environment.
    #[cfg(feature = "opentelemetry")]
    pub fn start_in(environment: &[(&str, &str)], arguments: &[&str]) -> Self {
        Self::launch(Some(LOOPBACK), environment, arguments)
            .unwrap_or_else(|log| panic!("the server did not start: {log}"))
    }

    /// Starts the server on a free port. Returns its log if it ends instead.
    pub fn try_start(arguments: &[&str]) -> Result<Self, String> {
        Self::launch(Some(LOOPBACK), &[], arguments)
    }

    /// Starts the server on the address `listen`.
    pub fn start_on(listen: &str, arguments: &[&str]) -> Self {
        Self::launch(Some(listen), &[], arguments).unwrap_or_else(|log| panic!("the server did not start: {log}"))
    }

    /// Starts the server with an environment, and on the address `listen` if given. Returns its log if it ends instead.
    pub fn launch(listen: Option<&str>, environment: &[(&str, &str)], arguments: &[&str]) -> Result<Self, String> {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        let mut child = command()
            .args(listen.map(|listen| ["--listen", listen]).iter().flatten())
            .args(arguments)
            // An argument overrides the environment.
            .env("ERPSYNC_LOG", "debug,sqlx::postgres::notice=warn")
            .env("ERPSYNC_LOG_FORMAT", "json")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut first_line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first_line).unwrap();
        let origin = first_line.trim().strip_prefix("erpsync listens on ");
        let Some((scheme, address)) = origin.and_then(|origin| origin.split_once("://")) else {
            child.wait().unwrap();
            return Err(std::fs::read_to_string(&log).unwrap());
        };
        let (scheme, address) = (scheme.to_owned(), address.to_owned());
        Ok(Program { child, scheme, address, directory, http: http_client() })
    }

    /// Returns the process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    fn log_path(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    /// Returns the log so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap()
    }

    /// Waits until the log contains `text`.
    pub async fn wait_for_log(&self, text: &str) {
        assert!(is_met(async || self.log().contains(text)).await, "no {text:?} in the log: {}", self.log());
    }

    /// Sends a signal to the process.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(i32::try_from(self.pid()).unwrap()).unwrap(), signal).unwrap();
    }

    /// Whether the process is running.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until the process ends.
    pub async fn wait_for_exit(&mut self) -> ExitStatus {
        assert!(is_met(async || !self.is_running()).await, "still running: {}", self.log());
        self.child.wait().unwrap()
    }

    /// Kills the process with SIGKILL.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}
