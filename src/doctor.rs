//! `erpsync doctor`: checks the settings, the addresses and the database, and changes nothing.

use std::fmt::Display;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use rustix::process::{Resource, getrlimit};

use crate::config::Serve;
use crate::database::embedded::OLDEST_RELEASE;
use crate::store::{Pool, associates, state};
use crate::{database, demo, server};

/// Clock skew in seconds beyond which an issuer's tokens seem expired or not yet valid.
const MAX_CLOCK_SKEW: f64 = 5.0;
/// Free bytes below which the disk of the embedded database is reported as nearly full.
const MIN_FREE_SPACE: u64 = 256 * 1024 * 1024;
/// Open files besides connections: the log, the listeners, those of the runtime.
const OTHER_FILES: u64 = 64;

/// Runs the checks and prints one line for each: `ok`, `warn` or `FAIL`, the name of the check, and its result.
///
/// # Errors
/// The number of checks that failed.
pub async fn run(settings: &Serve) -> Result<(), String> {
    let mut report = Report::default();
    match server::check(settings) {
        Ok(()) => report.ok("settings", "valid"),
        Err(problem) => report.fail("settings", problem),
    }
    for (name, address) in [("listen", Some(settings.network.listen)), ("admin-listen", settings.network.admin_listen)]
    {
        if let Some(address) = address {
            check_address(&mut report, name, address);
        }
    }
    check_open_files(&mut report, settings);
    for (address, usable) in database::survey(&settings.database).await.unwrap_or_default() {
        match usable {
            Ok(()) => report.ok("database host", format!("{address} takes writes")),
            Err(problem) => report.warn("database host", format!("{address}: {problem}")),
        }
    }
    match database::inspect(&settings.database).await {
        Ok(Some((pool, described))) => {
            report.ok("database", described);
            check_database(&mut report, &pool, settings).await;
            pool.close().await;
        }
        Ok(None) => {
            check_data_dir(&mut report, &settings.database.data_dir);
            report.warn("demo logins", "not checked, the embedded database is not running");
        }
        Err(problem) => report.fail("database", problem),
    }
    report.result()
}

#[derive(Default)]
struct Report {
    failed: u32,
}

impl Report {
    #[expect(clippy::unused_self, reason = "called like `fail`")]
    fn ok(&self, name: &str, result: impl Display) {
        println!("ok    {name}: {result}");
    }

    #[expect(clippy::unused_self, reason = "called like `fail`")]
    fn warn(&self, name: &str, result: impl Display) {
        println!("warn  {name}: {result}");
    }

    fn fail(&mut self, name: &str, result: impl Display) {
        self.failed += 1;
        println!("FAIL  {name}: {result}");
    }

    fn result(self) -> Result<(), String> {
        match self.failed {
            0 => Ok(()),
            1 => Err("one check has failed".to_owned()),
            failed => Err(format!("{failed} checks have failed")),
        }
    }
}

fn check_address(report: &mut Report, name: &str, address: SocketAddr) {
    match TcpListener::bind(address) {
        Ok(_) => report.ok(name, format!("{address} is free")),
        Err(problem) if problem.kind() == std::io::ErrorKind::AddrInUse => {
            report.warn(name, format!("{address} is in use, as it should be if the server is running"));
        }
        Err(problem) => report.fail(name, format!("{address}: {problem}")),
    }
}

fn check_open_files(report: &mut Report, settings: &Serve) {
    let needed =
        u64::from(settings.limits.max_connections) + u64::from(settings.database.database_connections) + OTHER_FILES;
    match getrlimit(Resource::Nofile).maximum {
        Some(limit) if limit < needed => {
            report.warn(
                "open files",
                format!("the limit is {limit}; --max-connections and --database-connections may need {needed}"),
            );
        }
        limit => report.ok("open files", limit.map_or("no limit".to_owned(), |limit| format!("the limit is {limit}"))),
    }
}

async fn check_database(report: &mut Report, pool: &Pool, settings: &Serve) {
    let connections = settings.database.database_connections;
    let state = match state::read(pool).await {
        Ok(state) => state,
        Err(failure) => return report.fail("database", failure),
    };
    let release = format!("PostgreSQL {}.{}", state.version / 10_000, state.version % 10_000);
    if u32::try_from(state.version / 10_000).is_ok_and(|release| release < OLDEST_RELEASE) {
        report.fail("release", format!("{release}, and {OLDEST_RELEASE} is the oldest supported one"));
    } else {
        report.ok("release", release);
    }
    if state.is_read_only {
        report.fail("writing", "the database is read-only, as a standby is");
    }
    if state.max_connections < i32::try_from(connections).unwrap_or(i32::MAX) {
        let limit = state.max_connections;
        report.fail("connections", format!("--database-connections {connections}, and the database accepts {limit}"));
    } else {
        report.ok("connections", format!("{connections} of the {} that the database accepts", state.max_connections));
    }
    if state.seconds_ahead.abs() > MAX_CLOCK_SKEW {
        report.warn("clock", format!("the database's clock is {:.1} s ahead of this machine's", state.seconds_ahead));
    } else {
        report.ok("clock", "the clocks of the database and of this machine agree");
    }
    if !state.unknown_migrations.is_empty() {
        report.fail(
            "schema",
            format!(
                "a later release has applied migrations {:?}, which this one does not know",
                state.unknown_migrations
            ),
        );
    } else if state.missing_migrations.is_empty() {
        report.ok("schema", "up to date");
    } else {
        report.warn(
            "schema",
            format!("migrations {:?} are missing; the server applies them when it starts", state.missing_migrations),
        );
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
            if settings.network.is_public() && !settings.authentication.demo {
                report.fail(
                    "demo logins",
                    format!("{live}; without --demo the server refuses {}", settings.network.listen),
                );
            } else {
                report.warn("demo logins", live);
            }
        }
        Err(failure) => report.fail("demo logins", failure),
    }
}

/// Checks the embedded database while it is not running.
fn check_data_dir(report: &mut Report, data_dir: &Path) {
    report.ok("database", format!("embedded, in {}; not running", data_dir.display()));
    // A missing directory will be created on the disk of its nearest existing ancestor.
    let full = std::path::absolute(data_dir).unwrap_or_else(|_| data_dir.to_owned());
    let existing: Option<PathBuf> = full.ancestors().find(|directory| directory.is_dir()).map(Path::to_owned);
    let Some(space) = existing.and_then(|directory| rustix::fs::statvfs(&directory).ok()) else {
        return report.warn("disk", "the free space cannot be determined");
    };
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    let message = format!("{} MB are free", free / 1_000_000);
    if free < MIN_FREE_SPACE { report.warn("disk", message) } else { report.ok("disk", message) }
}
