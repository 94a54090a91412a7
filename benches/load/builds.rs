//! The program compared with another build of it, such as that of the previous release.
//!
//! Each build has a database of its own in the same PostgreSQL, with its own schema.

use super::Plan;
use super::fixture::{CONNECTIONS, Fixture, insert_connections, server_command_of};
use super::report::ratio;
use super::requests;
use super::scenarios::{issue_with, load};
use super::server::Server;

/// Returns the requests of a scenario, with this `Authorization` header.
type Requests = fn(&str) -> Vec<Vec<u8>>;

/// The number of clients.
const CLIENTS: usize = 32;

/// Compares the named scenarios. `server` runs on the main database, with this ticket.
pub async fn run(plan: &Plan, fixture: &Fixture, server: &Server, ticket: &str, program: &str) {
    const NAME: &str = "other";
    fixture.create_database_with(program, NAME).await;
    fixture.execute(NAME, &insert_connections(CONNECTIONS)).await;
    let url = fixture.url_of(NAME);
    let other = Server::start(&mut server_command_of(program, &url));
    let other_ticket = format!("SOTicket {}", issue_with(program, &url));
    let scenarios: [(&str, Requests); 4] = [
        ("update", requests::updates),
        ("create", requests::creates),
        ("changes", requests::updates_with_changes),
        ("read", requests::reads),
    ];
    for (scenario, requests) in scenarios {
        if !plan.has(scenario) {
            continue;
        }
        let (ours, theirs) = (requests(ticket), requests(&other_ticket));
        let (mut of, mut to) = (vec![], vec![]);
        for _ in 0..plan.rounds {
            fixture.reset_database(NAME).await;
            to.push(load(&other, &theirs, CLIENTS, plan.time).await.per_second);
            fixture.reset().await;
            of.push(load(server, &ours, CLIENTS, plan.time).await.per_second);
        }
        println!("{scenario} to that of {program}: {}", ratio(&of, &to));
    }
    other.stop();
    fixture.drop_database(NAME).await;
}
