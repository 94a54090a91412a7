//! Metrics, and the listener for operators.

use std::collections::BTreeSet;

use reqwest::Method;
use reqwest::header::ACCEPT;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::admin::{ADMIN, admin_address, admin_get, samples};
use crate::support::client::{TJE0, TJE1};
use crate::support::program::run;
use crate::support::wait::wait_until;
use crate::support::{AGENT, Answer, Program, SAVE, Server};

#[tokio::test]
async fn requests_saves_and_wrong_logins_are_counted() {
    let server = Server::start_with(&ADMIN).await;
    let before = samples(&server.program).await;
    for entity in ["connection", "connector"] {
        for outcome in ["created", "updated", "refused"] {
            let sample = format!("erpsync_saves_total{{entity=\"{entity}\",outcome=\"{outcome}\"}}");
            assert_eq!(before[&sample], "0", "{sample}");
        }
    }

    let connection = json!({ "Connection": { "ErpConnectionId": 816 } });
    server.called("SaveConnection", &connection).await;
    let created = json!({ "Connection": { "ErpConnectorId": 411, "DisplayName": "x" } });
    server.called("SaveConnection", &created).await;
    assert_eq!(server.call(TJE1, "SaveConnection", &connection).await.status, 403);
    let unknown = json!({ "Connection": { "ErpConnectorId": 9 } });
    assert_eq!(server.call(TJE0, "SaveConnection", &unknown).await.status, 400);
    server.called("SaveErpSyncConnectorEntity", &json!({ "DisplayName": "x" })).await;
    server.called("SaveErpSyncConnectorEntity", &json!({ "ErpConnectorId": 403 })).await;
    let negative = json!({ "ErpConnectorId": -1 });
    assert_eq!(server.call(TJE0, "SaveErpSyncConnectorEntity", &negative).await.status, 400);
    server.program.send("application/json", connection.to_string(), &[("Accept", "application/xml")]).await;
    server.call(TJE0, "DeleteConnection", &json!({ "ErpConnectionId": 816 })).await;

    for wrong in ["Basic dGplMDp4", "SOTicket 7T:x", "Bearer 8A:Cust00001.x"] {
        assert_eq!(server.call(wrong, "GetAllConnections", &json!({})).await.status, 401);
    }
    let session = server.program.request(Method::POST, SAVE).header("Cookie", "ASP.NET_SessionId=x");
    assert_eq!(session.header("X-XSRF-TOKEN", "x").send().await.unwrap().status(), 401);

    let after = samples(&server.program).await;
    let count = |sample: &str| after.get(sample).map_or("", String::as_str);
    for (sample, expected) in [
        ("erpsync_saves_total{entity=\"connection\",outcome=\"created\"}", "1"),
        ("erpsync_saves_total{entity=\"connection\",outcome=\"updated\"}", "2"),
        ("erpsync_saves_total{entity=\"connection\",outcome=\"refused\"}", "2"),
        ("erpsync_saves_total{entity=\"connector\",outcome=\"created\"}", "1"),
        ("erpsync_saves_total{entity=\"connector\",outcome=\"updated\"}", "1"),
        ("erpsync_saves_total{entity=\"connector\",outcome=\"refused\"}", "1"),
        ("erpsync_requests_total{method=\"SaveConnection\",status=\"200\",format=\"json\"}", "2"),
        ("erpsync_requests_total{method=\"SaveConnection\",status=\"200\",format=\"xml\"}", "1"),
        ("erpsync_requests_total{method=\"SaveConnection\",status=\"403\",format=\"json\"}", "1"),
        ("erpsync_requests_total{method=\"SaveConnection\",status=\"400\",format=\"json\"}", "1"),
        ("erpsync_requests_total{method=\"DeleteConnection\",status=\"204\",format=\"none\"}", "1"),
        ("erpsync_requests_total{method=\"GetAllConnections\",status=\"401\",format=\"json\"}", "3"),
        ("erpsync_request_duration_seconds_count{method=\"SaveConnection\"}", "6"),
        ("erpsync_request_duration_seconds_bucket{le=\"+Inf\",method=\"SaveConnection\"}", "6"),
        ("erpsync_wrong_logins_total{scheme=\"password\"}", "1"),
        ("erpsync_wrong_logins_total{scheme=\"ticket\"}", "1"),
        ("erpsync_wrong_logins_total{scheme=\"token\"}", "1"),
        ("erpsync_wrong_logins_total{scheme=\"session\"}", "1"),
    ] {
        assert_eq!(count(sample), expected, "{sample} in {after:#?}");
    }
    let version = format!("erpsync_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(count(&version), "1");
    let bytes = count("process_resident_memory_bytes").parse::<u64>().unwrap_or_default();
    assert!(bytes > 1_000_000 || !cfg!(target_os = "linux"));
    let seconds: f64 = count("erpsync_request_duration_seconds_sum{method=\"SaveConnection\"}").parse().unwrap();
    assert!(seconds > 0.0);
}

#[tokio::test]
async fn no_value_from_a_request_becomes_a_metric_label() {
    let server = Server::start_with(&ADMIN).await;
    for number in 0..50 {
        let paths =
            [format!("/{number}"), format!("{AGENT}/Method{number}"), format!("{AGENT}/saveconnection/{number}")];
        for path in paths {
            let request = server.program.post_request(&path, "{}").header(ACCEPT, format!("application/x{number}"));
            assert_eq!(request.send().await.unwrap().status(), 404);
        }
        let verb = Method::from_bytes(format!("VERB{number}").as_bytes()).unwrap();
        assert_eq!(server.program.request(verb, SAVE).send().await.unwrap().status(), 401);
    }
    assert_eq!(server.program.post(&format!("{}/?x=1", SAVE.to_ascii_uppercase()), "{}").await.status, 400);
    let after = samples(&server.program).await;
    let requests = after.iter().map(|(sample, value)| (sample.as_str(), value.as_str()));
    let requests: Vec<_> = requests.filter(|(sample, _)| sample.starts_with("erpsync_requests_total")).collect();
    let expected = [
        ("erpsync_requests_total{method=\"SaveConnection\",status=\"400\",format=\"json\"}", "1"),
        ("erpsync_requests_total{method=\"other\",status=\"401\",format=\"json\"}", "50"),
        ("erpsync_requests_total{method=\"other\",status=\"404\",format=\"json\"}", "150"),
    ];
    assert_eq!(requests, expected);
}

#[tokio::test]
async fn metrics_are_served_in_both_prometheus_formats_on_the_admin_listener_only() {
    let server = Server::start_with(&ADMIN).await;
    server.program.save_sample().await;
    let older = admin_get(&server.program, "/metrics").await;
    assert_eq!((older.status, older.header("content-type")), (200, "text/plain; version=0.0.4; charset=utf-8"));
    assert!(older.text.contains("# TYPE erpsync_saves_total counter\n") && !older.text.contains("# EOF"));
    let url = format!("http://{}/metrics", admin_address(&server.program).await);
    let asked = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3";
    let newer = Answer::of(server.program.http.get(&url).header(ACCEPT, asked).send().await.unwrap()).await;
    assert_eq!(newer.header("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(newer.text.contains("# TYPE erpsync_saves counter\n") && newer.text.ends_with("# EOF\n"));

    assert_eq!(admin_get(&server.program, "/health/live").await.text, r#"{"Status":"live"}"#);
    assert_eq!(admin_get(&server.program, "/health/ready").await.status, 200);
    admin_get(&server.program, SAVE).await.assert_framework_error(404, &["No HTTP resource"]);
    let posted = Answer::of(server.program.http.post(&url).send().await.unwrap()).await;
    posted.assert_framework_error(405, &["POST"]);
    assert_eq!(server.program.get("/metrics").await.status, 404, "clients do not see the metrics");
    assert_eq!(server.program.get("/health/ready").await.status, 200);
    let off = Server::start().await;
    assert_eq!(off.program.save_sample().await.status, 200);
    assert!(!off.program.log().contains("metrics and health are served"));
}

#[tokio::test]
async fn the_connection_pool_and_its_timeouts_are_in_the_metrics() {
    // Deliveries use the connection as well.
    let one = ["--database-connections", "1", "--connector-deliveries", "false"];
    let server = Server::start_with(&[&ADMIN[..], &one].concat()).await;
    // The check for demo logins runs in the background, and uses the connection.
    server.program.wait_for_log("published passwords are live").await;
    assert_eq!(server.program.save_sample().await.status, 200);
    let before = samples(&server.program).await;
    for (name, expected) in [("limit", "1"), ("open", "1"), ("idle", "1"), ("in_use", "0"), ("timeouts_total", "0")] {
        assert_eq!(before[&format!("erpsync_database_pool_{name}")], expected, "{name}");
    }
    let mut lock = server.database.connect().await;
    sqlx::raw_sql("BEGIN; LOCK TABLE erp_connection").execute(&mut lock).await.unwrap();
    let waits = server.program.save_sample();
    let rest = async {
        wait_until("a connection in use", async || {
            samples(&server.program).await["erpsync_database_pool_in_use"] == "1"
        })
        .await;
        server.program.save_sample().await.assert_service_error(503, "SoDbAccessException", &["database"]);
        assert_eq!(samples(&server.program).await["erpsync_database_pool_timeouts_total"], "1");
        sqlx::raw_sql("ROLLBACK").execute(&mut lock).await.unwrap();
    };
    assert_eq!(tokio::join!(waits, rest).0.status, 200);
}

#[tokio::test]
async fn the_admin_listener_stops_with_the_server_and_needs_a_free_port() {
    let mut server = Server::start_with(&ADMIN).await;
    let address = admin_address(&server.program).await;
    let mut idle = TcpStream::connect(&address).await.unwrap();
    server.program.signal(rustix::process::Signal::TERM);
    assert_eq!(server.program.wait_for_exit().await.code(), Some(0));
    assert_eq!(idle.read(&mut [0; 1]).await.unwrap_or(0), 0);
    assert!(TcpStream::connect(&address).await.is_err());

    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap().to_string();
    let url = server.database.url();
    let refused = run(&["--database-url", &url, "--listen", "127.0.0.1:0", "--admin-listen", &taken]);
    let problem = String::from_utf8(refused.stderr).unwrap();
    assert_eq!((refused.status.code(), refused.stdout.len()), (Some(1), 0), "{problem}");
    assert!(problem.lines().last().unwrap().starts_with(&format!("erpsync: --admin-listen: cannot listen on {taken}")));
    drop(holder);
}

#[tokio::test]
async fn request_limits_do_not_apply_to_the_admin_listener() {
    let server = Server::start_with(&[&ADMIN[..], &["--max-connections", "1", "--max-requests", "1"]].concat()).await;
    let mut only = TcpStream::connect(&server.program.address).await.unwrap();
    let request = format!("GET {SAVE} HTTP/1.1\r\nHost: x\r\n\r\n");
    only.write_all(request.as_bytes()).await.unwrap();
    assert!(only.read(&mut [0; 1]).await.unwrap() > 0, "this connection is served");
    let mut waiting = TcpStream::connect(&server.program.address).await.unwrap();
    waiting.write_all(request.as_bytes()).await.unwrap();
    for path in ["/metrics", "/health/live", "/health/ready"] {
        assert_eq!(admin_get(&server.program, path).await.status, 200, "{path}");
    }
    assert_eq!(unaccepted_connections(&server.program), 1);
    drop(only);
    assert!(waiting.read(&mut [0; 1]).await.unwrap() > 0, "accepted after the end of the other connection");
}

/// Returns the number of connections to the server that it has not accepted: the receive queue of its listener.
fn unaccepted_connections(program: &Program) -> u32 {
    const LISTEN: &str = "0A";
    let port: u16 = program.address.rsplit_once(':').unwrap().1.parse().unwrap();
    let address = format!("0100007F:{port:04X}");
    let sockets = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let mut rows = sockets.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let listener = rows.find(|row| row[1] == address && row[3] == LISTEN).unwrap();
    u32::from_str_radix(listener[4].split_once(':').unwrap().1, 16).unwrap()
}

/// The table of metrics in docs/operations.md has each metric, and no other.
#[tokio::test]
async fn the_operations_chapter_names_every_metric() {
    let server = Server::start_with(&ADMIN).await;
    server.program.save_sample().await;
    let chapter = include_str!("../docs/operations.md");
    let rows = chapter.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    // Other tables of the chapter have settings and the fields of the log.
    let is_metric = |name: &&str| name.starts_with("erpsync_") || name.starts_with("process_");
    let named: BTreeSet<_> = rows.map(|(name, _)| name).filter(is_metric).collect();
    let text = admin_get(&server.program, "/metrics").await.text;
    let described = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    assert_eq!(named, described.map(|(name, _)| name).collect());
}
