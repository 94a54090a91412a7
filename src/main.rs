//! The command line of `erpsync`: parses the settings and runs the subcommand.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory;
use erpsync::config::{self, Command, CommandLine, ConfigCommand, ConnectorCommand};
use erpsync::database::Database;
use erpsync::server::ShutdownSignal;
use erpsync::{
    administration, connector_check, connector_journal, demo, doctor, healthcheck, openapi, server, telemetry,
};

fn main() -> ExitCode {
    let CommandLine { command, serve, .. } = CommandLine::read();
    let result = match command.unwrap_or(Command::Serve(Box::new(serve))) {
        Command::Serve(settings) => block_on(&settings.log, server::run(&settings)),
        Command::Migrate(settings) => block_on(&settings.log, until_interrupted(migrate(&settings.database))),
        Command::Demo(settings) => block_on(&settings.log, until_interrupted(add_demo_data(&settings.database))),
        Command::DemoConnector(settings) => block_on(&settings.log, server::demo_connector::run(&settings)),
        Command::Healthcheck(settings) => healthcheck::run(&settings),
        Command::Doctor(settings) => block_on(&settings.log, doctor::run(&settings)),
        Command::Config(ConfigCommand::Check(check)) => check_settings(&check),
        Command::Config(ConfigCommand::Example) => print(&config::manual::example()),
        Command::Completions { shell } => print(&completions(shell)),
        Command::Man { dir: Some(dir) } => write_manual_pages(&dir),
        Command::Man { dir: None } => print_manual_page(),
        Command::Openapi(settings) => print_openapi(&settings),
        Command::Associate(command) => administer(administration::Command::Associate(command)),
        Command::Group(command) => administer(administration::Command::Group(command)),
        Command::App(command) => administer(administration::Command::App(command)),
        Command::Connector(ConnectorCommand::Check(settings)) => {
            block_on(&settings.log, connector_check::run(&settings))
        }
        Command::Connector(ConnectorCommand::Journal(settings)) => {
            block_on(&settings.log, until_interrupted(connector_journal::run(&settings)))
        }
        Command::ConnectorApp(command) => administer(administration::Command::ConnectorApp(command)),
        Command::Ticket(command) => administer(administration::Command::Ticket(command)),
        Command::Token(command) => administer(administration::Command::Token(command)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // `eprintln!` panics if the output is closed.
            let _ = writeln!(std::io::stderr(), "erpsync: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn administer(command: administration::Command) -> Result<(), String> {
    let log = command.common().log.clone();
    block_on(&log, until_interrupted(command.run()))
}

/// Starts the log and runs a command to completion.
fn block_on(log: &config::Log, command: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let _telemetry = telemetry::start(log)?;
    let runtime = tokio::runtime::Runtime::new();
    runtime.map_err(|problem| format!("the runtime cannot be started: {problem}"))?.block_on(command)
}

/// Runs a command that handles no signals itself. Dropping it stops the embedded database that it started.
async fn until_interrupted(command: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let mut shutdown = ShutdownSignal::install()?;
    tokio::select! {
        result = command => result,
        () = shutdown.received(1) => Err("interrupted".to_owned()),
    }
}

async fn migrate(settings: &config::Database) -> Result<(), String> {
    Database::open_or_attach(settings).await?.close().await;
    println!("The schema is up to date.");
    Ok(())
}

async fn add_demo_data(settings: &config::Database) -> Result<(), String> {
    let database = Database::open_or_attach(settings).await?;
    let result = demo::insert(&database.pool).await;
    database.close().await;
    result?;
    println!(
        "The demo data is in the database. Its passwords are published: tje0/Tje0 (administrator), tje1/Tje1.\n\
         A server on an address that is not loopback does not start with them unless --demo is given."
    );
    Ok(())
}

fn print_openapi(settings: &config::OpenapiArgs) -> Result<(), String> {
    let prefix = &settings.path_prefix;
    let document = if settings.json_only {
        server::openapi::json_only_document(prefix)
    } else {
        server::openapi::document(prefix)
    };
    let printed = if settings.postman { openapi::postman::collection(&document) } else { document };
    print(&openapi::text(&printed))
}

fn print(text: &str) -> Result<(), String> {
    std::io::stdout().write_all(text.as_bytes()).map_err(|problem| format!("standard output: {problem}"))
}

fn check_settings(check: &config::CheckArgs) -> Result<(), String> {
    server::check(&check.serve)?;
    print(&check.effective)
}

fn completions(shell: clap_complete::Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut CommandLine::command(), "erpsync", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

fn print_manual_page() -> Result<(), String> {
    let rendered = clap_mangen::Man::new(CommandLine::command()).render(&mut std::io::stdout());
    rendered.map_err(|problem| format!("standard output: {problem}"))
}

fn write_manual_pages(dir: &Path) -> Result<(), String> {
    let written = std::fs::create_dir_all(dir).and_then(|()| clap_mangen::generate_to(CommandLine::command(), dir));
    written.map_err(|problem| format!("{}: {problem}", dir.display()))
}
