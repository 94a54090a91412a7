//! The process of a server under load: the program, or the minimal handler.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

/// A running server. Killed when it goes out of scope.
pub struct Server {
    child: Child,
    /// The address on which it listens.
    pub address: String,
}

impl Server {
    /// Starts the server and waits until it prints its address.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stdin(Stdio::null()).spawn().expect("a server");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        let address = line.trim().rsplit("http://").next().expect("an address").to_owned();
        assert!(address.contains(':'), "the server did not start: {line}");
        Server { child, address }
    }

    /// Returns its resident memory in megabytes.
    pub fn memory(&self) -> f64 {
        self.status("VmRSS:")
    }

    /// Returns the maximum of its resident memory in megabytes.
    pub fn peak_memory(&self) -> f64 {
        self.status("VmHWM:")
    }

    /// Makes [`Server::peak_memory`] begin again.
    pub fn reset_peak_memory(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").expect("the peak is reset");
    }

    fn status(&self, name: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a status");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("its memory");
        line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
    }

    /// Stops it and returns what it has written to standard error.
    pub fn stop_and_read_stderr(mut self) -> String {
        let mut error = self.child.stderr.take().expect("piped");
        self.terminate();
        let mut output = String::new();
        error.read_to_string(&mut output).expect("text");
        output
    }

    /// Stops it and waits for its end.
    pub fn stop(mut self) {
        self.terminate();
        self.child.wait().expect("its end");
    }

    fn terminate(&self) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.child.id()).expect("a pid")).expect("a pid");
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("a signal");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
