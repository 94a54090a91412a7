//! The command line, and nothing else.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::CommandFactory;
use erpsync::config::{self, Command, CommandLine, Config};
use erpsync::database::Database;
use erpsync::server::Stop;
use erpsync::{administration, demo, doctor, openapi, server, telemetry};

fn main() -> ExitCode {
    let CommandLine { command, serve, .. } = CommandLine::read();
    let done = match command.unwrap_or(Command::Serve(Box::new(serve))) {
        Command::Serve(settings) => start(&settings.database, server::run(&settings)),
        Command::Migrate(settings) => start(&settings, unless_interrupted(migrate(&settings))),
        Command::Demo(settings) => start(&settings, unless_interrupted(add_demo_data(&settings))),
        Command::Healthcheck(settings) => healthcheck(settings.admin_listen.unwrap_or(settings.listen)),
        Command::Doctor(settings) => start(&settings.database, doctor::run(&settings)),
        Command::Config(Config::Check(check)) => check_settings(&check),
        Command::Config(Config::Example) => print(&config::manual::example()),
        Command::Completions { shell } => print(&completions(shell)),
        Command::Man { dir: Some(dir) } => write_manuals(&dir),
        Command::Man { dir: None } => manual(),
        Command::Openapi(settings) => print_document(&settings),
        Command::Associate(command) => administer(administration::Command::Associate(command)),
        Command::Group(command) => administer(administration::Command::Group(command)),
        Command::App(command) => administer(administration::Command::App(command)),
        Command::Ticket(command) => administer(administration::Command::Ticket(command)),
        Command::Token(command) => administer(administration::Command::Token(command)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("erpsync: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn administer(command: administration::Command) -> Result<(), String> {
    let settings = command.common().database.clone();
    start(&settings, unless_interrupted(command.run()))
}

fn start(settings: &config::Database, work: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let _telemetry = telemetry::start(settings)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|problem| format!("no runtime: {problem}"))?;
    runtime.block_on(work)
}

/// For work that does not look after signals itself: dropped halfway, it takes a database of our own down with it.
async fn unless_interrupted(work: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let mut stop = Stop::on_signals()?;
    tokio::select! {
        done = work => done,
        () = stop.asked(1) => Err("interrupted".to_owned()),
    }
}

async fn migrate(settings: &config::Database) -> Result<(), String> {
    Database::open_or_join(settings).await?.close().await;
    println!("The schema is up to date.");
    Ok(())
}

async fn add_demo_data(settings: &config::Database) -> Result<(), String> {
    let database = Database::open_or_join(settings).await?;
    let done = demo::insert(&database.pool).await;
    database.close().await;
    done?;
    println!(
        "The demo data is there. Its passwords are published: tje0/Tje0 (administrator), tje1/Tje1.\n\
         With them, a server starts on an address that is not loopback only with --demo."
    );
    Ok(())
}

fn print_document(settings: &config::Openapi) -> Result<(), String> {
    let document = server::documented::document(&settings.path_prefix);
    let document = if settings.postman { openapi::postman::collection(&document) } else { document };
    print(&openapi::text(&document))
}

fn print(text: &str) -> Result<(), String> {
    let written = std::io::stdout().write_all(text.as_bytes());
    written.map_err(|problem| format!("standard output: {problem}"))
}

fn check_settings(check: &config::Check) -> Result<(), String> {
    server::check(&check.serve)?;
    print(&check.in_force)
}

fn completions(shell: clap_complete::Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut CommandLine::command(), "erpsync", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

fn manual() -> Result<(), String> {
    let rendered = clap_mangen::Man::new(CommandLine::command()).render(&mut std::io::stdout());
    rendered.map_err(|problem| format!("standard output: {problem}"))
}

fn write_manuals(dir: &Path) -> Result<(), String> {
    let written = std::fs::create_dir_all(dir).and_then(|()| clap_mangen::generate_to(CommandLine::command(), dir));
    written.map_err(|problem| format!("{}: {problem}", dir.display()))
}

/// Asks a server on this machine for its readiness, in place of curl, which a small image does not have.
fn healthcheck(mut listen: SocketAddr) -> Result<(), String> {
    const PATIENCE: Duration = Duration::from_secs(3);
    if listen.ip().is_unspecified() {
        listen.set_ip(if listen.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() });
    }
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&listen, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(stream, "GET /health/ready HTTP/1.1\r\nHost: {listen}\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = ask().map_err(|problem| format!("no answer from {listen}: {problem}"))?;
    if answer.starts_with("HTTP/1.1 200 ") {
        return Ok(());
    }
    Err(format!("{listen} is not ready: {}", answer.lines().next().unwrap_or_default()))
}
