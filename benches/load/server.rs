//! A server under load: the program, or the bare handler.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

/// A running server. Killed when it goes out of scope.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: String,
}

impl Server {
    /// Starts it and waits until it says where it listens.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stdin(Stdio::null()).spawn().expect("a server");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        let address = line.trim().rsplit("http://").next().expect("an address").to_owned();
        assert!(address.contains(':'), "the server did not start: {line}");
        Server { child, address }
    }

    /// Its resident memory, in megabytes.
    pub fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
    }

    /// Asks it to stop, and gives what it says on standard error to its end.
    pub fn last_words(mut self) -> String {
        let mut error = self.child.stderr.take().expect("piped");
        self.ask_to_stop();
        let mut said = String::new();
        error.read_to_string(&mut said).expect("text");
        said
    }

    /// Asks it to stop, and waits.
    pub fn stop(mut self) {
        self.ask_to_stop();
        self.child.wait().expect("its end");
    }

    fn ask_to_stop(&self) {
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
