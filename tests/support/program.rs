//! The built program, started as an operator starts it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::client::http_client;
use super::wait::is_met;

/// A free port of loopback.
const LOOPBACK: &str = "127.0.0.1:0";

/// A running server. Killed when it goes out of scope.
pub struct Program {
    child: Child,
    /// `http` or `https`.
    pub scheme: String,
    /// Where it listens, as `127.0.0.1:<port>`.
    pub address: String,
    directory: TempDir,
    /// For requests.
    pub http: reqwest::Client,
}

/// The program with an environment that has no setting of the caller's.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_erpsync"));
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        // The folder of the PostgreSQL programs belongs to the machine, not to a test.
        if name_text != "ERPSYNC_PG_BIN" && (name_text.starts_with("ERPSYNC_") || name_text == "DATABASE_URL") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs the program to its end.
pub fn run(arguments: &[&str]) -> Output {
    command().args(arguments).stdin(Stdio::null()).output().unwrap()
}

impl Program {
    /// Starts the server on a free port, and waits until it listens.
    pub fn start(arguments: &[&str]) -> Self {
        Self::try_start(arguments).unwrap_or_else(|log| panic!("the server did not start: {log}"))
    }

    /// The same with an environment.
    #[cfg(feature = "opentelemetry")]
    pub fn start_in(environment: &[(&str, &str)], arguments: &[&str]) -> Self {
        Self::launch(Some(LOOPBACK), environment, arguments)
            .unwrap_or_else(|log| panic!("the server did not start: {log}"))
    }

    /// The same, for a server that may end instead; then its standard error.
    pub fn try_start(arguments: &[&str]) -> Result<Self, String> {
        Self::launch(Some(LOOPBACK), &[], arguments)
    }

    /// Starts the server on `listen` in place of a free port of loopback.
    pub fn start_on(listen: &str, arguments: &[&str]) -> Self {
        Self::launch(Some(listen), &[], arguments).unwrap_or_else(|log| panic!("the server did not start: {log}"))
    }

    /// Starts the server with an environment, and on `listen` where given; returns its log where it ends instead.
    pub fn launch(listen: Option<&str>, environment: &[(&str, &str)], arguments: &[&str]) -> Result<Self, String> {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        let mut child = command()
            .args(listen.map(|listen| ["--listen", listen]).iter().flatten())
            .args(arguments)
            // Weaker than an argument.
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

    /// The process's id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    fn log_path(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap()
    }

    /// Waits until the log has `text`.
    pub async fn wait_for_log(&self, text: &str) {
        assert!(is_met(async || self.log().contains(text)).await, "no {text:?} in the log: {}", self.log());
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(i32::try_from(self.pid()).unwrap()).unwrap(), signal).unwrap();
    }

    /// Whether it is still there.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until the process ends.
    pub async fn wait_for_exit(&mut self) -> ExitStatus {
        assert!(is_met(async || !self.is_running()).await, "still running: {}", self.log());
        self.child.wait().unwrap()
    }

    /// kill -9.
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
