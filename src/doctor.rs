//! Looks at what the server needs, and says what is wrong; changes nothing.

use std::fmt::Display;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use rustix::process::{Resource, getrlimit};

use crate::config::Serve;
use crate::store::{Pool, associates, state};
use crate::{database, demo, server};

/// The oldest release of PostgreSQL that is supported.
const OLDEST: i32 = 14;
/// Clocks that are further apart than this make tokens of an issuer seem expired, or not yet valid.
const CLOCKS_APART: f64 = 5.0;
/// Less than this free for the server's own database is soon nothing.
const SPACE: u64 = 256 * 1024 * 1024;
/// Files besides the connections: the log, the listeners, the runtime's own.
const OTHER_FILES: u64 = 64;

/// Prints a line a check: `ok`, `warn` or `FAIL`, what was looked at, and what was found.
///
/// # Errors
/// How many have failed.
pub async fn run(settings: &Serve) -> Result<(), String> {
    let mut report = Report::default();
    match server::check(settings) {
        Ok(()) => report.ok("settings", "they go together"),
        Err(problem) => report.fail("settings", problem),
    }
    for (name, address) in [("listen", Some(settings.listen)), ("admin-listen", settings.admin_listen)] {
        if let Some(address) = address {
            look_at_address(&mut report, name, address);
        }
    }
    look_at_files(&mut report, settings);
    match database::look(&settings.database).await {
        Ok(Some((pool, described))) => {
            report.ok("database", described);
            look_at_database(&mut report, &pool, settings).await;
            pool.close().await;
        }
        Ok(None) => look_at_data_dir(&mut report, &settings.database.data_dir),
        Err(problem) => report.fail("database", problem),
    }
    report.result()
}

#[derive(Default)]
struct Report {
    failed: u32,
}

impl Report {
    #[expect(clippy::unused_self, reason = "all three alike")]
    fn ok(&self, name: &str, found: impl Display) {
        println!("ok    {name}: {found}");
    }

    #[expect(clippy::unused_self, reason = "all three alike")]
    fn warn(&self, name: &str, found: impl Display) {
        println!("warn  {name}: {found}");
    }

    fn fail(&mut self, name: &str, found: impl Display) {
        self.failed += 1;
        println!("FAIL  {name}: {found}");
    }

    fn result(self) -> Result<(), String> {
        match self.failed {
            0 => Ok(()),
            1 => Err("one check has failed".to_owned()),
            failed => Err(format!("{failed} checks have failed")),
        }
    }
}

fn look_at_address(report: &mut Report, name: &str, address: SocketAddr) {
    match TcpListener::bind(address) {
        Ok(_) => report.ok(name, format!("{address} is free")),
        Err(problem) if problem.kind() == std::io::ErrorKind::AddrInUse => {
            report.warn(name, format!("{address} is taken: well, if the server is running"));
        }
        Err(problem) => report.fail(name, format!("{address}: {problem}")),
    }
}

fn look_at_files(report: &mut Report, settings: &Serve) {
    let needed =
        u64::from(settings.limits.max_connections) + u64::from(settings.database.database_connections) + OTHER_FILES;
    match getrlimit(Resource::Nofile).maximum {
        Some(limit) if limit < needed => {
            report.warn("open files", format!("{limit} are allowed, and --max-connections may need {needed}"));
        }
        limit => report.ok("open files", limit.map_or("no limit".to_owned(), |limit| format!("{limit} are allowed"))),
    }
}

async fn look_at_database(report: &mut Report, pool: &Pool, settings: &Serve) {
    let connections = settings.database.database_connections;
    let state = match state::look(pool).await {
        Ok(state) => state,
        Err(failure) => return report.fail("database", failure),
    };
    let release = format!("PostgreSQL {}.{}", state.version / 10_000, state.version % 10_000);
    if state.version / 10_000 < OLDEST {
        report.fail("release", format!("{release}, and {OLDEST} is the oldest that will do"));
    } else {
        report.ok("release", release);
    }
    if state.is_read_only {
        report.fail("writing", "the database takes no changes, as a standby does");
    }
    if state.max_connections < i32::try_from(connections).unwrap_or(i32::MAX) {
        let told = format!("--database-connections {connections}, and the database takes {}", state.max_connections);
        report.fail("connections", told);
    } else {
        report.ok("connections", format!("{connections} of the {} that the database takes", state.max_connections));
    }
    if state.seconds_ahead.abs() > CLOCKS_APART {
        report.warn("clock", format!("the database's is {:.1} s ahead of this machine's", state.seconds_ahead));
    } else {
        report.ok("clock", "the database's and this machine's agree");
    }
    if !state.unknown_steps.is_empty() {
        report.fail("schema", format!("a later release was here: steps {:?} are not known", state.unknown_steps));
    } else if state.missing_steps.is_empty() {
        report.ok("schema", "up to date");
    } else {
        report.warn("schema", format!("steps {:?} are missing; the server's start brings them", state.missing_steps));
        return;
    }
    match associates::is_empty(pool).await {
        Ok(false) => {}
        Ok(true) => report.warn("associates", "none: `erpsync associate add NAME --administrator` adds the first"),
        Err(failure) => report.fail("associates", failure),
    }
    match demo::live_logins(pool).await {
        Ok(logins) if logins.is_empty() => report.ok("demo logins", "none is live"),
        Ok(logins) => {
            let live = format!("live, with published passwords: {}", logins.join(", "));
            if settings.is_public() && !settings.demo {
                report.fail("demo logins", format!("{live}; without --demo the server refuses {}", settings.listen));
            } else {
                report.warn("demo logins", live);
            }
        }
        Err(failure) => report.fail("demo logins", failure),
    }
}

/// Of the server's own database, while it is not running.
fn look_at_data_dir(report: &mut Report, data_dir: &Path) {
    report.ok("database", format!("the server's own, in {}; it is not running", data_dir.display()));
    // What is not there yet will be made in the nearest folder that is.
    let full = std::path::absolute(data_dir).unwrap_or_else(|_| data_dir.to_owned());
    let there: Option<PathBuf> = full.ancestors().find(|folder| folder.is_dir()).map(Path::to_owned);
    let Some(space) = there.and_then(|folder| rustix::fs::statvfs(&folder).ok()) else {
        return report.warn("disk", "cannot be told");
    };
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    let told = format!("{} MB are free", free / 1_000_000);
    if free < SPACE { report.warn("disk", told) } else { report.ok("disk", told) }
}
