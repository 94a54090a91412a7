//! The growth of costs with the number of connections, of the elements of one connection, and of associates and tickets.
//!
//! The table that grows is filled in a database of its own for each size. Measurements of the sizes alternate. The ratio
//! of a size is its median latency to that of the smallest size, measured in the same round.

use std::time::{Duration, Instant};

use futures::future::join_all;

use super::fixture::{FIRST_ID, Fixture, server_command};
use super::report::{median, ratio};
use super::scenarios::{issue, issue_to, load};
use super::server::Server;
use super::{Plan, client, requests};

/// The longest time of a measurement.
const TIME: Duration = Duration::from_secs(1);
/// The config field and the access rows of each connection, as the updates send them.
const CONFIG_FIELD: &str = "\"ConfigFields1\":\"est\"";
/// The number of connections that requests choose from at random.
const RANDOM: i64 = 5_000;

/// One size of a table.
struct Size {
    number: i64,
    server: Server,
    /// The requests, each of which a row of the report is about.
    kinds: Vec<(&'static str, Vec<Vec<u8>>)>,
}

/// Measures all three.
pub async fn run(plan: &Plan, fixture: &Fixture) {
    let mut sizes = Vec::new();
    for number in [1_000, 100_000, 1_000_000] {
        sizes.push(connections(fixture, number).await);
    }
    report(plan, "connections", &sizes, false).await;
    memory(&sizes[1].server).await;
    stop(fixture, sizes).await;

    let (fields, rows) = elements(fixture).await;
    report(plan, "config fields of one connection", &fields, true).await;
    report(plan, "access rows of one connection", &rows, true).await;
    stop(fixture, fields.into_iter().chain(rows).collect()).await;

    let mut sizes = Vec::new();
    for number in [10, 1_000, 100_000] {
        sizes.push(associates(fixture, number).await);
    }
    report(plan, "associates, and tickets", &sizes, false).await;
    stop(fixture, sizes).await;
}

/// Creates a database, fills it, and starts a server on it.
async fn start(fixture: &Fixture, name: &str, fill: &str) -> Server {
    fixture.create_database(name).await;
    // Foreign keys are not checked, which takes most of the time.
    fixture.execute_as_superuser(name, &format!("SET session_replication_role = replica; {fill}")).await;
    fixture.execute_as_superuser(name, "VACUUM (ANALYZE)").await;
    // Connectors are told of none of the connections that were added.
    let told = "INSERT INTO connector_delivery (erp_connection_id, delivered_count)
        SELECT erp_connection_id, updated_count FROM erp_connection ON CONFLICT DO NOTHING";
    fixture.execute(name, told).await;
    fixture.execute_as_superuser(name, "CHECKPOINT").await;
    Server::start(&mut server_command(&fixture.url_of(name)))
}

async fn stop(fixture: &Fixture, sizes: Vec<Size>) {
    for size in sizes {
        size.server.stop();
    }
    for name in fixture.rows("SELECT datname::text, 0::int8 FROM pg_database WHERE datname LIKE 'growth%'").await {
        fixture.drop_database(&name.0).await;
    }
}

async fn connections(fixture: &Fixture, number: i64) -> Size {
    let name = format!("growth_{number}");
    let ids = format!("generate_series({FIRST_ID}, {FIRST_ID} + {number} - 1) AS id");
    // The ordinary associate `tje1` sees five of them.
    let fill = format!(
        "INSERT INTO erp_connection (
            erp_connection_id, erp_connector_id, display_name, connection_id, active, registered_associate_id,
            updated_associate_id
         ) SELECT id, 403, 'c' || id, 'c' || id, true, 1, 1 FROM {ids};
         INSERT INTO connection_config_field (
            erp_connection_id, field_key, field_value, registered_associate_id, updated_associate_id
         ) SELECT id, 'ConfigFields1', 'est', 1, 1 FROM {ids};
         INSERT INTO erp_connection_access (
            erp_connection_id, user_group_id, associate_id, registered_associate_id, updated_associate_id
         ) SELECT id, user_group, associate, 1, 1
         FROM {ids}, (VALUES (185, NULL::int), (NULL, 463)) AS given(user_group, associate);
         INSERT INTO erp_connection_access (
            erp_connection_id, associate_id, registered_associate_id, updated_associate_id
         ) SELECT {FIRST_ID} - 1 + {number} / 5 * place, associate_id, 1, 1
         FROM associate, generate_series(1, 5) AS place WHERE name = 'tje1'"
    );
    let server = start(fixture, &name, &fill).await;
    let url = fixture.url_of(&name);
    let administrator = format!("SOTicket {}", issue(&url, "ticket"));
    let associate = format!("SOTicket {}", issue_to("tje1", &url, "ticket"));
    // A linear congruence visits each connection once, in an order in which neighbours are far apart.
    let random = |place: i64| FIRST_ID + i32::try_from(place * 617_039 % number).expect("a key");
    let random = || (0..RANDOM.min(number)).map(random);
    let kinds = vec![
        ("save", random().map(|id| requests::update(&administrator, id, CONFIG_FIELD, "185", "463")).collect()),
        ("read", random().map(|id| requests::read(&administrator, id)).collect()),
        ("list of an associate who sees five", vec![requests::list(&associate)]),
    ];
    Size { number, server, kinds }
}

async fn elements(fixture: &Fixture) -> (Vec<Size>, Vec<Size>) {
    const SIZES: [i64; 3] = [10, 1_000, 10_000];
    let name = "growth";
    let fill = "INSERT INTO associate (associate_id, name, user_group_id)
        SELECT id, 'a' || id, 1 FROM generate_series(10001, 20000) AS id";
    let first = start(fixture, name, fill).await;
    let ticket = format!("SOTicket {}", issue(&fixture.url_of(name), "ticket"));
    let mut servers = vec![first];
    servers.extend((1..6).map(|_| Server::start(&mut server_command(&fixture.url_of(name)))));
    let (mut fields, mut rows) = (Vec::new(), Vec::new());
    for (number, server) in SIZES.into_iter().chain(SIZES).zip(servers) {
        let is_fields = fields.len() < SIZES.len();
        let last = |place: i64| place == number - 1;
        let update = |changed: bool, id: i32| {
            if is_fields {
                let value = |place| if changed && last(place) { "changed" } else { "a value of 24 characters" };
                let field = |place| format!("\"field{place:06}\":\"{}\"", value(place));
                let fields: Vec<String> = (0..number).map(field).collect();
                requests::update(&ticket, id, &fields.join(","), "", "")
            } else {
                let ids =
                    (0..number).filter(|place| !(changed && last(*place))).map(|place| (10_001 + place).to_string());
                requests::update(&ticket, id, CONFIG_FIELD, "", &ids.collect::<Vec<_>>().join(","))
            }
        };
        // A connection of its own for each kind.
        let [same, alternating, read] = [0, 1, 2].map(|kind| {
            let place = i64::from(kind) + 3 * (number + i64::from(!is_fields));
            i32::try_from(place).expect("a key") + 1_000_000
        });
        fixture.execute(name, &insert(&[same, alternating, read])).await;
        client::some(&server.address, &[update(false, same), update(false, read)], 2).await;
        let kinds = vec![
            ("save that changes nothing", vec![update(false, same)]),
            ("save that changes one", vec![update(true, alternating), update(false, alternating)]),
            ("read", vec![requests::read(&ticket, read)]),
        ];
        let size = Size { number, server, kinds };
        if is_fields { fields.push(size) } else { rows.push(size) }
    }
    (fields, rows)
}

fn insert(ids: &[i32]) -> String {
    format!(
        "INSERT INTO erp_connection (
            erp_connection_id, erp_connector_id, connection_id, registered_associate_id, updated_associate_id
         ) SELECT id, 403, 'c' || id, 1, 1 FROM unnest(ARRAY{ids:?}) AS id"
    )
}

async fn associates(fixture: &Fixture, number: i64) -> Size {
    let name = format!("growth_{number}");
    let fill = format!(
        "INSERT INTO associate (associate_id, name, user_group_id)
            SELECT id, 'a' || id, 1 FROM generate_series(10001, 10000 + {number}) AS id;
         INSERT INTO credential (kind, secret_hash, associate_id, valid_to)
            SELECT 'ticket', sha256(id::text::bytea), id, now() + interval '1 hour'
            FROM generate_series(10001, 10000 + {number}) AS id;
         {}",
        insert(&[FIRST_ID])
    );
    let server = start(fixture, &name, &fill).await;
    let url = fixture.url_of(&name);
    let associates = (0..10).map(|place| format!("a{}", 10_001 + place * number / 10));
    let tickets: Vec<_> = associates.map(|name| format!("SOTicket {}", issue_to(&name, &url, "ticket"))).collect();
    let ticket = format!("SOTicket {}", issue(&url, "ticket"));
    let kinds = vec![
        ("login by Basic", vec![requests::login(requests::BASIC)]),
        ("login by ticket", tickets.iter().map(|ticket| requests::login(ticket)).collect()),
        ("save", vec![requests::update(&ticket, FIRST_ID, CONFIG_FIELD, "185", "463")]),
    ];
    Size { number, server, kinds }
}

/// Measures each kind of request with one client, the sizes in turns. `per_element` adds the time that each element
/// costs, from the smallest size to the others.
async fn report(plan: &Plan, what: &str, sizes: &[Size], per_element: bool) {
    println!("\nlatency by the number of {what}, one client");
    println!("| | number | p50 ms | ratio (spread) |{}", if per_element { " µs for each more |" } else { "" });
    println!("|---|---|---|---|{}", if per_element { "---|" } else { "" });
    for kind in 0..sizes[0].kinds.len() {
        let mut latencies = vec![Vec::new(); sizes.len()];
        for size in sizes {
            load(&size.server, &size.kinds[kind].1, 1, TIME.min(plan.time) / 2).await;
        }
        for _ in 0..plan.rounds {
            for (size, latencies) in sizes.iter().zip(&mut latencies) {
                latencies.push(load(&size.server, &size.kinds[kind].1, 1, TIME.min(plan.time)).await.p50);
            }
        }
        for (size, measured) in sizes.iter().zip(&latencies) {
            let name = if size.number == sizes[0].number { size.kinds[kind].0 } else { "" };
            let (first, p50) = (median(&latencies[0]), median(measured));
            print!("| {name} | {} | {p50:.2} | {} |", size.number, ratio(measured, &latencies[0]));
            if per_element && size.number > sizes[0].number {
                #[expect(clippy::cast_precision_loss, reason = "a small number")]
                let more = (size.number - sizes[0].number) as f64;
                print!(" {:.2} |", (p50 - first) * 1000.0 / more);
            } else if per_element {
                print!(" |");
            }
            println!();
        }
    }
}

/// Measures how much resident memory grows while lists of all connections are sent.
async fn memory(server: &Server) {
    println!("\nGetAllConnections over 100,000 connections");
    println!("| | readers | MB each | seconds | growth of resident memory in MB |\n|---|---|---|---|---|");
    for (name, media_type, coding, query, readers, is_slow) in [
        ("JSON", "application/json", "identity", "", 1, false),
        ("XML", "application/xml", "identity", "", 1, false),
        ("JSON, `$select`", "application/json", "identity", "?$select=ErpConnectionId,DisplayName", 1, false),
        ("XML, `$select`", "application/xml", "identity", "?$select=ErpConnectionId,DisplayName", 1, false),
        ("JSON, gzip", "application/json", "gzip", "", 1, false),
        ("XML, brotli", "application/xml", "br", "", 1, false),
        ("JSON", "application/json", "identity", "", 8, false),
        ("XML, slow readers", "application/xml", "identity", "", 8, true),
    ] {
        let request = requests::download(requests::BASIC, media_type, coding, query);
        server.reset_peak_memory();
        let (before, began) = (server.memory(), Instant::now());
        let downloads = (0..readers).map(|_| client::download(&server.address, &request, is_slow));
        let bytes = join_all(downloads).await;
        let growth = (server.peak_memory() - before).max(0.0);
        let (megabytes, seconds) = (bytes[0] / 1_000_000, began.elapsed().as_secs_f64());
        println!("| {name} | {readers} | {megabytes} | {seconds:.1} | {growth:.1} |");
    }
}
