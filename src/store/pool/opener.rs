//! Opens connections to the host of the database that takes writes.

use std::io::ErrorKind;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, Error, PgConnection, Row};

use super::errors::{is_connection_lost, is_read_only, is_transient_connect_error};
use super::hosts::{self, Hosts, TargetSession};

/// Opens connections, and remembers which host they lead to.
#[derive(Debug)]
pub struct Opener {
    hosts: Hosts,
    /// The host that is tried first: the one that answered last.
    first: AtomicUsize,
    /// The host of the last connection; beyond the hosts before the first one.
    serving: AtomicUsize,
    /// The generation of the connections to each host. Older connections are not used again.
    generations: Vec<AtomicU64>,
}

/// Where a connection leads to.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    host: usize,
    generation: u64,
}

impl Opener {
    /// Creates an opener.
    pub fn new(hosts: Hosts) -> Self {
        let generations = hosts.options.iter().map(|_| AtomicU64::new(0)).collect();
        Opener { hosts, first: AtomicUsize::new(0), serving: AtomicUsize::new(usize::MAX), generations }
    }

    /// Opens a connection to the first host that can be used, beginning with the one that answered last.
    ///
    /// # Errors
    /// A transient one, unless the error of each host is final.
    pub async fn open(&self) -> Result<(PgConnection, Origin), Error> {
        self.open_to(self.hosts.target).await
    }

    /// Opens a connection as [`open`](Self::open) does, but if there are several hosts, always to one that takes writes.
    ///
    /// # Errors
    /// As `open`.
    pub async fn open_to_write(&self) -> Result<(PgConnection, Origin), Error> {
        let is_any = self.hosts.target == TargetSession::Any && self.hosts.options.len() > 1;
        self.open_to(if is_any { TargetSession::ReadWrite } else { self.hosts.target }).await
    }

    async fn open_to(&self, target: TargetSession) -> Result<(PgConnection, Origin), Error> {
        let count = self.hosts.options.len();
        let first = self.first.load(Ordering::Relaxed);
        let mut failures = Vec::new();
        for host in (0..count).map(|turn| (first + turn) % count) {
            let generation = self.generations[host].load(Ordering::Relaxed);
            let mut attempt = Attempt { opener: self, host, is_successful: false };
            // Boxed, as the future of each statement would be as large otherwise.
            match Box::pin(self.open_host(&self.hosts.options[host], target)).await {
                Ok(connection) => {
                    attempt.is_successful = true;
                    self.first.store(host, Ordering::Relaxed);
                    if self.serving.swap(host, Ordering::Relaxed) != host && count > 1 {
                        let host = hosts::address(&self.hosts.options[host]);
                        tracing::info!(host, "database connections lead to this host");
                    }
                    return Ok((connection, Origin { host, generation }));
                }
                Err(error) => failures.push((host, error)),
            }
        }
        Err(self.combined(failures))
    }

    /// Returns the address of each host, and the reason why it takes no writes, if there is one.
    pub async fn survey(&self) -> Vec<(String, Result<(), String>)> {
        let mut found = Vec::new();
        for options in &self.hosts.options {
            let opened = match self.open_host(options, TargetSession::ReadWrite).await {
                Ok(connection) => connection.close().await,
                Err(error) => Err(error),
            };
            found.push((hosts::address(options), opened.map_err(|error| reason(&error))));
        }
        found
    }

    /// Opens a connection to one host, and checks that it is the kind of host that connections may lead to.
    async fn open_host(&self, options: &PgConnectOptions, target: TargetSession) -> Result<PgConnection, Error> {
        self.within_limit(async {
            let mut connection = PgConnection::connect_with(options).await?;
            let Some(check) = target.check() else { return Ok(connection) };
            let setting = sqlx::raw_sql(check).fetch_one(&mut connection).await?;
            if setting.try_get_unchecked::<String, _>(0)? != "on" {
                return Ok(connection);
            }
            connection.close().await?;
            Err(Error::Io(std::io::Error::new(ErrorKind::ReadOnlyFilesystem, "it takes no writes, as a standby")))
        })
        .await
    }

    /// Runs `work` within the time limit of one host, if there is one.
    pub async fn within_limit<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let Some(limit) = self.hosts.connect_timeout else { return work.await };
        tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(Error::Io(ErrorKind::TimedOut.into())))
    }

    /// Returns the error of a database of which no host can be used.
    fn combined(&self, mut failures: Vec<(usize, Error)>) -> Error {
        if failures.len() == 1 || failures.iter().all(|(_, error)| !is_transient_connect_error(error)) {
            return failures.swap_remove(0).1;
        }
        let describe = |(host, error): &(usize, Error)| {
            format!("{}: {}", hosts::address(&self.hosts.options[*host]), reason(error))
        };
        let failures: Vec<_> = failures.iter().map(describe).collect();
        Error::Io(std::io::Error::other(format!("no host can be used: {}", failures.join("; "))))
    }

    /// Returns whether a connection may be used again.
    pub fn is_current(&self, origin: Origin) -> bool {
        self.generations[origin.host].load(Ordering::Relaxed) == origin.generation
    }

    /// Takes note of the error of a statement. Returns whether its connection must be closed.
    ///
    /// If the host takes no writes, or is one of several and may be dead, its other connections are not used again
    /// either.
    pub fn note_error(&self, origin: Origin, error: &Error) -> bool {
        if is_read_only(error) {
            self.pass_over(origin.host);
            self.retire(origin);
            return true;
        }
        let is_lost = is_connection_lost(error);
        if is_lost {
            self.suspect(origin);
        }
        is_lost
    }

    /// If there are several hosts, makes the connections to one that may be dead not be used again.
    pub fn suspect(&self, origin: Origin) {
        if self.hosts.options.len() > 1 {
            self.retire(origin);
        }
    }

    /// Ends the generation of a connection. Connections that were opened since are not affected.
    fn retire(&self, Origin { host, generation }: Origin) {
        let current = &self.generations[host];
        let _ = current.compare_exchange(generation, generation + 1, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Makes another host than this one be tried first.
    fn pass_over(&self, host: usize) {
        let next = (host + 1) % self.hosts.options.len();
        let _ = self.first.compare_exchange(host, next, Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// Returns the reason why a host cannot be used.
fn reason(error: &Error) -> String {
    match error {
        Error::Io(problem) => problem.to_string(),
        error => error.to_string(),
    }
}

/// An attempt to open a connection to a host. If it fails or is given up, the next attempt begins with another host.
struct Attempt<'a> {
    opener: &'a Opener,
    host: usize,
    is_successful: bool,
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if !self.is_successful {
            self.opener.pass_over(self.host);
        }
    }
}
