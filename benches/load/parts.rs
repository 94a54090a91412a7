//! What is measured, part by part.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::client::{self, Measured};
use super::report::{median, ratio};
use super::server::Server;
use super::yard::Yard;
use super::{Plan, pgbench, requests};

const PROGRAM: &str = env!("CARGO_BIN_EXE_erpsync");
/// Connections to the database, of the server and of pgbench alike.
const POOL: usize = 8;

/// Runs the parts that are asked for.
pub async fn run(plan: &Plan) {
    let yard = Yard::start(PROGRAM).await;
    for on in [true, false] {
        yard.synchronous_commit(on).await;
        let what = if on { "on" } else { "off" };
        println!("\nsynchronous_commit {what}");
        println!(
            "| part | clients | pgbench/s | server/s | ratio (spread) | p50 ms | p99 ms |\n|---|---|---|---|---|---|---|"
        );
        let server = Server::start(&mut program(&yard));
        let ticket = issued(&yard, "ticket");
        let ticket = format!("SOTicket {ticket}");
        for (part, script, requests) in [
            ("update", pgbench::update(&yard), requests::updates(&ticket)),
            ("create", pgbench::create(&yard), requests::creates(&ticket)),
        ] {
            for clients in [1, POOL, 32] {
                if plan.has(part) {
                    against_pgbench(plan, &yard, part, &script, &server, &requests, clients).await;
                }
            }
        }
        if plan.has("read") && !on {
            against_pgbench(plan, &yard, "read", &pgbench::read(&yard), &server, &requests::reads(&ticket), 32).await;
        }
        if !on {
            among_themselves(plan, &yard, &server, &ticket).await;
        }
        server.stop();
    }
    if plan.has("start") {
        start(&yard);
    }
    if plan.has("memory") {
        memory(&yard).await;
    }
    if plan.has("statements") {
        statements(&yard).await;
    }
    if plan.has("instructions") {
        instructions(&yard).await;
    }
    yard.stop().await;
}

fn program(yard: &Yard) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["--listen", "127.0.0.1:0", "--database-url", &yard.url(), "--log", "warn"]);
    command.args(["--database-connections", &POOL.to_string()]);
    command
}

/// A ticket or a token of the demo administrator.
fn issued(yard: &Yard, kind: &str) -> String {
    let done = Command::new(PROGRAM).args([kind, "issue", "tje0", "--database-url", &yard.url()]).output();
    let done = done.expect("the program runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("text").trim().to_owned()
}

/// Sends the load from a thread of its own.
async fn load(server: &Server, requests: &[Vec<u8>], clients: usize, time: Duration) -> Measured {
    let (address, requests) = (server.address.clone(), requests.to_vec());
    tokio::task::spawn_blocking(move || client::run(&address, &requests, clients, time)).await.expect("a load")
}

async fn against_pgbench(
    plan: &Plan,
    yard: &Yard,
    part: &str,
    script: &Path,
    server: &Server,
    requests: &[Vec<u8>],
    clients: usize,
) {
    let (mut yardstick, mut ours, mut p50, mut p99) = (vec![], vec![], vec![], vec![]);
    load(server, requests, clients, Duration::from_millis(500)).await;
    for _ in 0..plan.rounds {
        yard.settle().await;
        yardstick.push(pgbench::run(yard, script, clients.min(POOL), plan.time));
        yard.settle().await;
        let measured = load(server, requests, clients, plan.time).await;
        ours.push(measured.per_second);
        p50.push(measured.p50);
        p99.push(measured.p99);
    }
    println!(
        "| {part} | {clients} | {:.0} | {:.0} | {} | {:.2} | {:.2} |",
        median(&yardstick),
        median(&ours),
        ratio(&ours, &yardstick),
        median(&p50),
        median(&p99)
    );
}

/// The server against itself, and against a bare handler: 32 clients, updates.
async fn among_themselves(plan: &Plan, yard: &Yard, server: &Server, ticket: &str) {
    let bearer = format!("Bearer {}", issued(yard, "token"));
    let ticket_as_json = requests::updates(ticket);
    for (part, requests) in [
        ("bearer", requests::updates(&bearer)),
        ("basic", requests::updates(requests::BASIC)),
        ("xml", requests::updates_in_xml(ticket)),
    ] {
        if plan.has(part) {
            against(plan, yard, part, (server, &requests), (server, &ticket_as_json)).await;
        }
    }
    if plan.has("bare") {
        let this = std::env::current_exe().expect("this program");
        let bare = Server::start(Command::new(this).args(["--bare", &yard.url()]));
        against(plan, yard, "the program to a bare handler", (server, &ticket_as_json), (&bare, &ticket_as_json)).await;
        bare.stop();
    }
}

async fn against(plan: &Plan, yard: &Yard, part: &str, of: (&Server, &[Vec<u8>]), to: (&Server, &[Vec<u8>])) {
    let (mut ours, mut theirs) = (vec![], vec![]);
    for (server, requests) in [of, to] {
        load(server, requests, 32, Duration::from_millis(500)).await;
    }
    for _ in 0..plan.rounds {
        yard.settle().await;
        theirs.push(load(to.0, to.1, 32, plan.time).await.per_second);
        yard.settle().await;
        ours.push(load(of.0, of.1, 32, plan.time).await.per_second);
    }
    println!("{part} to a ticket and JSON: {}", ratio(&ours, &theirs));
}

/// From the start of the program until it says that it listens, on a database whose schema is up to date.
fn start(yard: &Yard) {
    let times: Vec<f64> = (0..9)
        .map(|_| {
            let began = Instant::now();
            let server = Server::start(&mut program(yard));
            let milliseconds = began.elapsed().as_secs_f64() * 1000.0;
            server.stop();
            milliseconds
        })
        .collect();
    let most = times.iter().copied().fold(0.0, f64::max);
    println!("\nready after {:.0} ms; the most of {} starts {most:.0} ms", median(&times), times.len());
}

/// Resident memory: idle, under load, and after a million requests.
async fn memory(yard: &Yard) {
    let server = Server::start(&mut program(yard));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let idle = server.memory();
    let requests = requests::reads(&format!("SOTicket {}", issued(yard, "ticket")));
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
        "\nmemory: idle {idle:.1} MB; after 10 s of load {early:.1} MB; the most {most:.1} MB; after {sent:.0} requests {late:.1} MB"
    );
    server.stop();
}

/// How many instructions of the processor a request takes, as callgrind counts them: the difference of two runs.
async fn instructions(yard: &Yard) {
    const FEW: usize = 200;
    const MANY: usize = 1200;
    if !Command::new("valgrind").arg("--version").output().is_ok_and(|done| done.status.success()) {
        println!("\ninstructions: valgrind is not installed");
        return;
    }
    let ticket = format!("SOTicket {}", issued(yard, "ticket"));
    let count = async |requests: &[Vec<u8>], number: usize| -> i64 {
        let mut command = Command::new("valgrind");
        command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", PROGRAM, "--listen", "127.0.0.1:0"]);
        command.args(["--database-url", &yard.url(), "--log", "warn"]).stderr(Stdio::piped());
        let server = Server::start(&mut command);
        // It looks for demo logins behind its start.
        tokio::time::sleep(Duration::from_secs(15)).await;
        client::some(&server.address, requests, number).await;
        let said = server.last_words();
        let line = said.lines().find_map(|line| line.split_once("Collected :")).expect("a count").1;
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

/// How many statements a save is, as the database counts them.
async fn statements(yard: &Yard) {
    let server = Server::start(&mut program(yard));
    let requests = requests::updates(&format!("SOTicket {}", issued(yard, "ticket")));
    load(&server, &requests, POOL, Duration::from_millis(500)).await;
    yard.as_superuser("SELECT pg_stat_statements_reset()").await;
    let measured = load(&server, &requests, POOL, Duration::from_secs(1)).await;
    println!("\nstatements of the role erpsync in a second with {:.0} saves:", measured.per_second);
    let rows = yard.rows(
        "SELECT left(regexp_replace(query, '\\s+', ' ', 'g'), 60), calls FROM pg_stat_statements
         WHERE userid = 'erpsync'::regrole ORDER BY calls DESC LIMIT 5",
    );
    for (query, calls) in rows.await {
        println!("{calls:>8}  {query}");
    }
    server.stop();
}
