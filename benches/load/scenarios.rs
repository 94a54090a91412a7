//! The scenarios.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::client::{self, Measured};
use super::fixture::{Fixture, POOL, PROGRAM, server_command};
use super::report::{median, ratio};
use super::server::Server;
use super::{Plan, builds, deliveries, fresh, growth, pgbench, requests};

/// Runs the scenarios of the plan.
pub async fn run(plan: &Plan) {
    let fixture = Fixture::start().await;
    for on in [true, false] {
        fixture.synchronous_commit(on).await;
        let what = if on { "on" } else { "off" };
        println!("\nsynchronous_commit {what}");
        println!(
            "| scenario | clients | pgbench/s | server/s | ratio (spread) | p50 ms | p99 ms |\n|---|---|---|---|---|---|---|"
        );
        let server = Server::start(&mut server_command(&fixture.url()));
        let ticket = issue(&fixture.url(), "ticket");
        let ticket = format!("SOTicket {ticket}");
        for (scenario, script, requests) in [
            ("update", pgbench::update(&fixture), requests::updates(&ticket)),
            ("create", pgbench::create(&fixture), requests::creates(&ticket)),
            ("floor", pgbench::floor(&fixture), requests::updates(&ticket)),
            ("transaction", pgbench::transaction(&fixture), requests::updates(&ticket)),
            ("changes", pgbench::floor(&fixture), requests::updates_with_changes(&ticket)),
        ] {
            for clients in [1, POOL, 32] {
                if plan.has(scenario) {
                    compare_with_pgbench(plan, &fixture, scenario, &script, &server, &requests, clients).await;
                }
            }
        }
        if plan.has("read") && !on {
            compare_with_pgbench(
                plan,
                &fixture,
                "read",
                &pgbench::read(&fixture),
                &server,
                &requests::reads(&ticket),
                32,
            )
            .await;
        }
        if let Some(program) = &plan.against {
            builds::run(plan, &fixture, &server, &ticket, program).await;
        }
        if !on {
            compare_variants(plan, &fixture, &server, &ticket).await;
        }
        server.stop();
    }
    if plan.has("fresh") {
        fresh::run(plan, &fixture).await;
    }
    if plan.has("deliveries") {
        deliveries::run(plan, &fixture).await;
    }
    if plan.has("growth") {
        growth::run(plan, &fixture).await;
    }
    if plan.has("start") {
        start(&fixture);
    }
    if plan.has("memory") {
        memory(&fixture).await;
    }
    if plan.has("statements") {
        statements(&fixture).await;
    }
    if plan.has("instructions") {
        instructions(&fixture).await;
    }
    fixture.stop().await;
}

/// Issues a ticket or a token of the demo administrator.
pub fn issue(database_url: &str, kind: &str) -> String {
    issue_to("tje0", database_url, kind)
}

/// Issues a ticket of the demo administrator with this build of the program.
pub fn issue_with(program: &str, database_url: &str) -> String {
    run_issue(program, "ticket", "tje0", database_url)
}

/// Issues a ticket or a token of an associate.
pub fn issue_to(associate: &str, database_url: &str, kind: &str) -> String {
    run_issue(PROGRAM, kind, associate, database_url)
}

fn run_issue(program: &str, kind: &str, associate: &str, database_url: &str) -> String {
    let output = Command::new(program).args([kind, "issue", associate, "--database-url", database_url]).output();
    let output = output.expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

/// Runs the load generator on a thread of its own.
pub async fn load(server: &Server, requests: &[Vec<u8>], clients: usize, time: Duration) -> Measured {
    let (address, requests) = (server.address.clone(), requests.to_vec());
    tokio::task::spawn_blocking(move || client::run(&address, &requests, clients, time)).await.expect("a load")
}

async fn compare_with_pgbench(
    plan: &Plan,
    fixture: &Fixture,
    scenario: &str,
    script: &Path,
    server: &Server,
    requests: &[Vec<u8>],
    clients: usize,
) {
    let (mut baseline, mut ours, mut p50, mut p99) = (vec![], vec![], vec![], vec![]);
    load(server, requests, clients, Duration::from_millis(500)).await;
    for _ in 0..plan.rounds {
        fixture.reset().await;
        baseline.push(pgbench::run(fixture, script, clients.min(POOL), plan.time));
        fixture.reset().await;
        let measured = load(server, requests, clients, plan.time).await;
        ours.push(measured.per_second);
        p50.push(measured.p50);
        p99.push(measured.p99);
    }
    println!(
        "| {scenario} | {clients} | {:.0} | {:.0} | {} | {:.2} | {:.2} |",
        median(&baseline),
        median(&ours),
        ratio(&ours, &baseline),
        median(&p50),
        median(&p99)
    );
}

/// Compares credentials and formats with a ticket and JSON, and the program with the minimal handler: 32 clients, updates.
async fn compare_variants(plan: &Plan, fixture: &Fixture, server: &Server, ticket: &str) {
    let bearer = format!("Bearer {}", issue(&fixture.url(), "token"));
    let ticket_as_json = requests::updates(ticket);
    for (scenario, requests) in [
        ("bearer", requests::updates(&bearer)),
        ("basic", requests::updates(requests::BASIC)),
        ("xml", requests::updates_in_xml(ticket)),
    ] {
        if plan.has(scenario) {
            let scenario = format!("{scenario} to a ticket and JSON");
            compare(plan, fixture, &scenario, (server, &requests), (server, &ticket_as_json)).await;
        }
    }
    if plan.has("bare") {
        let this = std::env::current_exe().expect("this program");
        let bare = Server::start(Command::new(this).args(["--bare", &fixture.url()]));
        let reads = requests::reads(ticket);
        compare(plan, fixture, "updates to a bare handler's", (server, &ticket_as_json), (&bare, &ticket_as_json))
            .await;
        compare(plan, fixture, "reads to a bare handler's", (server, &reads), (&bare, &reads)).await;
        bare.stop();
    }
}

async fn compare(plan: &Plan, fixture: &Fixture, scenario: &str, of: (&Server, &[Vec<u8>]), to: (&Server, &[Vec<u8>])) {
    let (mut ours, mut theirs) = (vec![], vec![]);
    for (server, requests) in [of, to] {
        load(server, requests, 32, Duration::from_millis(500)).await;
    }
    for _ in 0..plan.rounds {
        fixture.reset().await;
        theirs.push(load(to.0, to.1, 32, plan.time).await.per_second);
        fixture.reset().await;
        ours.push(load(of.0, of.1, 32, plan.time).await.per_second);
    }
    println!("{scenario}: {}", ratio(&ours, &theirs));
}

/// Measures the time from the start of the program until it listens, on a database whose schema is up to date.
fn start(fixture: &Fixture) {
    let times: Vec<f64> = (0..9)
        .map(|_| {
            let began = Instant::now();
            let server = Server::start(&mut server_command(&fixture.url()));
            let milliseconds = began.elapsed().as_secs_f64() * 1000.0;
            server.stop();
            milliseconds
        })
        .collect();
    let most = times.iter().copied().fold(0.0, f64::max);
    println!("\nready after {:.0} ms; the maximum of {} starts is {most:.0} ms", median(&times), times.len());
}

/// Measures resident memory: idle, under load, and after a million requests.
async fn memory(fixture: &Fixture) {
    let server = Server::start(&mut server_command(&fixture.url()));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let idle = server.memory();
    let requests = requests::reads(&format!("SOTicket {}", issue(&fixture.url(), "ticket")));
    let mut sent = 0.0;
    let mut seen: Vec<f64> = Vec::new();
    while sent < 1_000_000.0 {
        let measured = load(&server, &requests, 32, Duration::from_secs(10)).await;
        sent += measured.per_second * 10.0;
        seen.push(server.memory());
    }
    let most = seen.iter().copied().fold(0.0, f64::max);
    let (early, late) = (seen.first().copied().unwrap_or_default(), server.memory());
    println!(
        "\nmemory: idle {idle:.1} MB; after 10 s of load {early:.1} MB; the maximum {most:.1} MB; after {sent:.0} requests {late:.1} MB"
    );
    server.stop();
}

/// Counts the processor's instructions per request with callgrind, as the difference of two runs.
async fn instructions(fixture: &Fixture) {
    const FEW: usize = 200;
    const MANY: usize = 1200;
    if !Command::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success()) {
        println!("\ninstructions: valgrind is not installed");
        return;
    }
    let ticket = format!("SOTicket {}", issue(&fixture.url(), "ticket"));
    let count = async |requests: &[Vec<u8>], number: usize| -> i64 {
        let mut command = Command::new("valgrind");
        command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", PROGRAM, "--listen", "127.0.0.1:0"]);
        command.args(["--database-url", &fixture.url(), "--log", "warn"]).stderr(Stdio::piped());
        let server = Server::start(&mut command);
        // The search for demo logins after the start is not part of a request.
        tokio::time::sleep(Duration::from_secs(15)).await;
        client::some(&server.address, requests, number).await;
        let output = server.stop_and_read_stderr();
        let line = output.lines().find_map(|line| line.split_once("Collected :")).expect("a count").1;
        line.trim().parse().expect("a number")
    };
    println!("\ninstructions a request, in thousands:");
    for (name, requests) in [
        ("SaveConnection, ticket, JSON", requests::updates(&ticket)),
        ("SaveConnection, Basic, JSON", requests::updates(requests::BASIC)),
        ("SaveConnection, ticket, XML", requests::updates_in_xml(&ticket)),
        ("GetConnection, ticket, JSON", requests::reads(&ticket)),
    ] {
        let per_request =
            (count(&requests, MANY).await - count(&requests, FEW).await) / i64::try_from(MANY - FEW).expect("some");
        println!("{:>8}  {name}", per_request / 1000);
    }
}

/// Counts the statements of a save with `pg_stat_statements`.
async fn statements(fixture: &Fixture) {
    let server = Server::start(&mut server_command(&fixture.url()));
    let requests = requests::updates(&format!("SOTicket {}", issue(&fixture.url(), "ticket")));
    load(&server, &requests, POOL, Duration::from_millis(500)).await;
    fixture.execute_as_superuser("erpsync", "SELECT pg_stat_statements_reset()").await;
    let measured = load(&server, &requests, POOL, Duration::from_secs(1)).await;
    println!("\nstatements of the role erpsync in a second with {:.0} saves:", measured.per_second);
    let rows = fixture.rows(
        "SELECT left(regexp_replace(query, '\\s+', ' ', 'g'), 60), calls FROM pg_stat_statements
         WHERE userid = 'erpsync'::regrole ORDER BY calls DESC LIMIT 5",
    );
    for (query, calls) in rows.await {
        println!("{calls:>8}  {query}");
    }
    server.stop();
}
