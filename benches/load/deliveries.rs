//! Saves whose connector is told of them, compared with saves of which no connector is told.

use super::Plan;
use super::fixture::{AWAY, CONNECTIONS, Fixture, PROGRAM, insert_connections, server_command};
use super::report::{median, ratio};
use super::requests;
use super::scenarios::{issue, load};
use super::server::Server;

/// The number of clients.
const CLIENTS: usize = 32;

/// A connector that is told, or not.
struct Case {
    name: &'static str,
    database: &'static str,
    /// The URL of the connector.
    url: &'static str,
    /// Whether connectors are told of saves.
    tells: bool,
}

const CASES: [Case; 3] = [
    Case { name: "no connector is told", database: "told_none", url: "app://demo", tells: false },
    Case { name: "the connector is away", database: "told_away", url: AWAY, tells: true },
    Case { name: "the server's own demo connector", database: "told_demo", url: "app://demo", tells: true },
];

/// Measures updates. Each case has a database of its own.
pub async fn run(plan: &Plan, fixture: &Fixture) {
    for case in &CASES {
        fixture.create_database_with(PROGRAM, case.database).await;
        fixture.execute(case.database, &insert_connections(CONNECTIONS)).await;
        fixture.set_connector_url(case.database, case.url).await;
    }
    let mut results = CASES.map(|_| vec![]);
    for _ in 0..plan.rounds {
        for (case, results) in CASES.iter().zip(&mut results) {
            results.push(measure(plan, fixture, case).await);
        }
    }
    println!("\nupdates, {CLIENTS} clients\n| connector | saves/s | ratio (spread) |\n|---|---|---|");
    for (case, saves) in CASES.iter().zip(&results) {
        println!("| {} | {:.0} | {} |", case.name, median(saves), ratio(saves, &results[0]));
        fixture.drop_database(case.database).await;
    }
}

async fn measure(plan: &Plan, fixture: &Fixture, case: &Case) -> f64 {
    fixture.reset_database(case.database).await;
    let url = fixture.url_of(case.database);
    let mut command = server_command(&url);
    command.args(["--connector-deliveries", if case.tells { "true" } else { "false" }]);
    let server = Server::start(&mut command);
    let updates = requests::updates_on_demo_connector(&format!("SOTicket {}", issue(&url, "ticket")));
    load(&server, &updates, CLIENTS, plan.time / 4).await;
    let saves = load(&server, &updates, CLIENTS, plan.time).await.per_second;
    server.stop();
    saves
}
