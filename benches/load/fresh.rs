//! Saves on a database that was new when the server started, compared with the same after ANALYZE.
//!
//! The server plans its statements while the tables are nearly empty. A ratio near 1 shows that these plans are as good
//! as those made with statistics.

use std::time::Duration;

use super::Plan;
use super::fixture::{FIRST_ID, Fixture, POOL, insert_connections, server_command};
use super::report::{median, ratio};
use super::requests;
use super::scenarios::{issue, load};
use super::server::Server;

/// The time for which connections are created, so that each of the pool's sessions plans the statements.
const WARM_UP: Duration = Duration::from_millis(500);

/// Measures with 5,000 and with 50,000 connections.
pub async fn run(plan: &Plan, fixture: &Fixture) {
    println!("\nupdates on a database that was new when the server started, {POOL} clients");
    println!("| connections | new/s | after ANALYZE/s | ratio (spread) |\n|---|---|---|---|");
    for connections in [5_000, 50_000] {
        let (mut new, mut analyzed) = (vec![], vec![]);
        for _ in 0..plan.rounds {
            let (before, after) = measure(plan, fixture, connections).await;
            new.push(before);
            analyzed.push(after);
        }
        println!("| {connections} | {:.0} | {:.0} | {} |", median(&new), median(&analyzed), ratio(&new, &analyzed));
    }
}

async fn measure(plan: &Plan, fixture: &Fixture, connections: i32) -> (f64, f64) {
    const NAME: &str = "fresh";
    fixture.create_database(NAME).await;
    let url = fixture.url_of(NAME);
    let server = Server::start(&mut server_command(&url));
    let ticket = format!("SOTicket {}", issue(&url, "ticket"));
    load(&server, &requests::creates(&ticket), POOL, WARM_UP).await;
    fixture.execute(NAME, &insert_connections(connections)).await;
    fixture.execute(NAME, &insert_children(connections)).await;
    fixture.execute_as_superuser(NAME, "CHECKPOINT").await;

    let updates = requests::updates(&ticket);
    let new = load(&server, &updates, POOL, plan.time).await.per_second;
    fixture.execute(NAME, "ANALYZE").await;
    fixture.execute_as_superuser(NAME, "CHECKPOINT").await;
    let analyzed = load(&server, &updates, POOL, plan.time).await.per_second;
    server.stop();
    fixture.drop_database(NAME).await;
    (new, analyzed)
}

/// Returns the statements that give each connection the config fields and access rows that the updates send.
fn insert_children(connections: i32) -> String {
    let ids = format!("generate_series({FIRST_ID}, {FIRST_ID} + {connections} - 1) AS id");
    format!(
        "INSERT INTO connection_config_field (
            erp_connection_id, field_key, field_value, registered_associate_id, updated_associate_id
         )
         SELECT id, key, value, 1, 1
         FROM {ids}, (VALUES ('ConfigFields1', 'est'), ('ConfigFields2', 'ducimus')) AS given(key, value);
         INSERT INTO erp_connection_access (
            erp_connection_id, user_group_id, associate_id, registered_associate_id, updated_associate_id
         )
         SELECT id, user_group, associate, 1, 1
         FROM {ids}, (VALUES (185, NULL::int), (350, NULL), (NULL, 463), (NULL, 920)) AS given(user_group, associate)"
    )
}
