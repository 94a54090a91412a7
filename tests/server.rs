//! The HTTP server: request ids, log lines, compression, slow clients, limits, health checks and shutdown.

use std::io::Write;
use std::time::{Duration, Instant};

use futures::future::{join_all, select_all};
use reqwest::Method;
use rustix::process::{Resource, Signal, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::client::{TJE0, client_builder};
use crate::support::wait::{LIMIT, wait_until, within_limit};
use crate::support::{AGENT, Answer, SAVE, Server, program, seed_request};

#[tokio::test]
async fn every_response_has_a_request_id_and_a_plain_one_is_adopted() {
    let server = Server::start().await;
    let answer = server.program.get("/x").await;
    uuid::Uuid::parse_str(answer.header("x-request-id")).unwrap();

    let longest = "x".repeat(64);
    for id in ["abc-123", longest.as_str()] {
        let request = server.program.post_request(SAVE, &seed_request()).header("X-Request-Id", id);
        assert_eq!(Answer::of(request.send().await.unwrap()).await.header("x-request-id"), id);
    }
    for id in ["two words", "\"quoted\"", &"x".repeat(65), ""] {
        let request = server.program.request(Method::GET, "/x").header("X-Request-Id", id);
        let answer = Answer::of(request.send().await.unwrap()).await;
        uuid::Uuid::parse_str(answer.header("x-request-id")).unwrap();
    }
}

#[tokio::test]
async fn the_log_has_a_line_for_each_request() {
    let server = Server::start().await;
    let request = server.program.post_request(&format!("{SAVE}?secret=query"), &seed_request());
    request.header("X-Request-Id", "find-me").send().await.unwrap();
    server.program.wait_for_log("answered").await;
    let log = server.program.log();
    let line = log.lines().find(|line| line.contains("\"answered\"")).unwrap();
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["fields"]["status"], 200);
    assert!(line["fields"]["us"].as_u64().unwrap() > 0);
    assert_eq!(line["span"]["id"], "find-me");
    assert_eq!(line["span"]["method"], "POST");
    assert_eq!(line["span"]["path"], SAVE);
    assert_eq!(line["span"]["associate"], "tje0");
    assert!(!log.contains("secret=query"));
}

/// Waits for the log line of the request with this id, which must be the only one, and returns it.
async fn log_line(server: &Server, request_id: &str) -> serde_json::Value {
    let mark = format!("\"id\":\"{request_id}\"");
    server.program.wait_for_log(&mark).await;
    let log = server.program.log();
    let lines: Vec<_> = log.lines().filter(|line| line.contains(&mark) && !line.contains("\"DEBUG\"")).collect();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    serde_json::from_str(lines[0]).unwrap()
}

#[tokio::test]
async fn the_log_line_of_a_change_has_the_action_and_the_id() {
    let server = Server::start().await;
    let new = r#"{"Connection": {"ErpConnectorId": 403, "DisplayName": "new"}}"#;
    let unknown = r#"{"Connection": {"ErpConnectionId": 77777, "ErpConnectorId": 403}}"#;
    let cases = [
        ("ToggleErpConnectionActive", r#"{"ErpConnectionId": 816}"#, "connection activated"),
        ("ToggleErpConnectionActive", r#"{"ErpConnectionId": 816}"#, "connection deactivated"),
        ("SaveConnection", &*seed_request(), "connection updated"),
        ("SaveConnection", new, "connection created"),
        ("SaveConnection", unknown, "connection created under a new id, as the sent one is unknown"),
        ("DeleteConnection", r#"{"ErpConnectionId": 816}"#, "connection deleted"),
        ("SaveErpSyncConnectorEntity", r#"{"ErpConnectorId": 403}"#, "connector updated"),
        ("SaveErpConnectionSyncPriorities", r#"{"ErpConnectionIds": [816]}"#, "sync order saved"),
        ("ChangeEngineStatus", r#"{"Run": true}"#, "sync engine switched on"),
    ];
    for (number, (method, body, action)) in cases.into_iter().enumerate() {
        let request_id = format!("change-{number}");
        let request = server.program.post_request(&format!("{AGENT}/{method}"), body);
        let answer = Answer::of(request.header("X-Request-Id", &request_id).send().await.unwrap()).await;
        assert!([200, 204].contains(&answer.status), "{method}: {}", answer.text);
        let line = log_line(&server, &request_id).await;
        assert_eq!(line["span"]["action"], action, "{line}");
        let id = match method {
            "SaveConnection" => answer.json()["ErpConnectionId"].clone(),
            "ToggleErpConnectionActive" | "DeleteConnection" => 816.into(),
            "SaveErpSyncConnectorEntity" => 403.into(),
            _ => serde_json::Value::Null,
        };
        assert_eq!(line["span"]["entity_id"], id, "{line}");
        assert_eq!(line["span"]["associate"], "tje0");
    }
}

#[tokio::test]
async fn the_log_line_of_a_refusal_has_the_reason_without_the_values_of_the_request() {
    let server = Server::start().await;
    let argument = Some("ArgumentException");
    let validation = Some("SoValidationException");
    let json = "application/json";
    let cases = [
        (
            json,
            r#"{"Connection": {"ErpConnectorId": "s3cret"}}"#,
            argument,
            "Connection.ErpConnectorId: expected a 32-bit integer, found '…'",
        ),
        (
            json,
            r#"{"Connection": {"ConfigFields": {"s3cret": 5}}}"#,
            argument,
            "Connection.ConfigFields[…]: expected a string, found an integer",
        ),
        (
            json,
            r#"{"Connection": {"ConfigFields": {"s3cret\u0003": 5}}}"#,
            argument,
            "Connection.ConfigFields[…]: expected a string, found an integer",
        ),
        (json, r#"{"Connection": {"s3cret"}}"#, argument, "The request body is not valid JSON: "),
        ("text/xml", "<a><s3cret></a>", argument, "The request body is not valid XML: …"),
        (
            "text/xml",
            "<a><Connection><ErpConnectorId>s3cret</ErpConnectorId></Connection></a>",
            argument,
            "Connection.ErpConnectorId: expected a 32-bit integer, found '…'",
        ),
        (
            "application/x-www-form-urlencoded",
            "Connection.ConfigFields[s3cret][x]=1",
            argument,
            "Connection.ConfigFields[…]: expected a string, found an object",
        ),
        ("text/s3cret", "x", None, "The request entity's media type '…' is not supported for this resource."),
        (
            "application/json; charset=s3cret",
            "x",
            None,
            "The request entity's charset '…' is not supported for this resource.",
        ),
        (
            json,
            r#"{"Connection": {"ErpConnectorId": 5417}}"#,
            validation,
            "Connection.ErpConnectorId: there is no connector …",
        ),
        (
            json,
            r#"{"Connection": {"ErpConnectorId": 403, "UserGroupAccessIds": [5417]}}"#,
            validation,
            "Connection.UserGroupAccessIds: there is no user group …",
        ),
        (
            json,
            r#"{"Connection": {"ErpConnectionId": -5417}}"#,
            validation,
            "Connection.ErpConnectionId: … is negative",
        ),
    ];
    for (number, (content_type, body, error_type, reason)) in cases.into_iter().enumerate() {
        let request_id = format!("refusal-{number}");
        let headers = [("X-Request-Id", request_id.as_str()), ("X-Other", "s3cret")];
        let answer = server.program.send(content_type, body, &headers).await;
        assert!((400..500).contains(&answer.status), "{body}: {}", answer.text);
        let line = log_line(&server, &request_id).await;
        assert_eq!(line["fields"]["error"].as_str(), error_type, "{line}");
        assert!(line["fields"]["reason"].as_str().unwrap().starts_with(reason), "{line}");
        for sent in ["s3cret", "5417"] {
            assert!(!line.to_string().contains(sent), "{line}");
        }
        for mark in ['\u{2}', '\u{3}'] {
            assert!(!answer.text.contains(mark), "{}", answer.text);
        }
    }

    let duplicate = r#"{"Connection": {"ErpConnectorId": 403, "ConnectionId": "s3cret"}}"#;
    assert_eq!(server.program.post(SAVE, duplicate).await.status, 200);
    let request = server.program.post_request(SAVE, duplicate).header("X-Request-Id", "duplicate");
    assert_eq!(request.send().await.unwrap().status(), 409);
    let line = log_line(&server, "duplicate").await;
    assert_eq!(line["fields"]["reason"], "Connection.ConnectionId: another connection already has '…'.");
    assert_eq!(line["fields"]["error"], "SoDuplicateException");

    let request = server.program.request(Method::POST, SAVE).basic_auth("s3cret", Some("x"));
    assert_eq!(request.header("X-Request-Id", "login").send().await.unwrap().status(), 401);
    let line = log_line(&server, "login").await;
    assert_eq!(line["fields"]["reason"], "login refused: unknown associate or wrong password", "{line}");
    assert_eq!(line["fields"]["address"], "127.0.0.1");
    assert!(!server.program.log().contains("s3cret"));
}

#[tokio::test]
async fn responses_are_compressed_for_clients_that_accept_it() {
    let server = Server::start().await;
    let plain = server.program.save_sample().await;
    for coding in ["gzip", "br"] {
        let raw = client_builder().no_gzip().no_brotli().build().unwrap();
        let request = server.program.post_request(SAVE, &seed_request()).header("Accept-Encoding", coding);
        let answer = raw.execute(request.build().unwrap()).await.unwrap();
        assert_eq!(answer.headers()["content-encoding"], coding);
        assert!(answer.headers().get_all("vary").iter().any(|looked_at| looked_at == "accept-encoding"));
        assert!(answer.bytes().await.unwrap().len() < plain.text.len() / 2);
        // reqwest decompresses responses to requests with its own Accept-Encoding.
        let request = server.program.post_request(SAVE, &seed_request());
        assert_eq!(Answer::of(request.send().await.unwrap()).await.text, plain.text);
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

#[tokio::test]
async fn compressed_bodies_are_limited_by_their_uncompressed_size() {
    let server = Server::start().await;
    let post = |coding: &'static str, body: Vec<u8>| {
        let request = server.program.post_request(SAVE, "").header("Content-Encoding", coding).body(body);
        async { Answer::of(request.send().await.unwrap()).await }
    };
    assert_eq!(post("gzip", gzip(seed_request().as_bytes())).await.status, 200);
    assert_eq!(post("identity", seed_request().into_bytes()).await.status, 200);

    let bomb = gzip(&vec![b' '; 100 * 1024 * 1024]);
    assert!(bomb.len() < 200_000);
    post("gzip", bomb).await.assert_framework_error(413, &["too large"]);

    let mut broken = gzip(seed_request().as_bytes());
    broken.truncate(40);
    post("gzip", broken).await.assert_service_error(400, "ArgumentException", &["cannot be read"]);
    post("gzip", seed_request().into_bytes()).await.assert_service_error(400, "ArgumentException", &["cannot be read"]);
    post("zstd", seed_request().into_bytes()).await.assert_framework_error(415, &["content encoding 'zstd'"]);
}

/// Sends `head`, and then `drip` every 100 ms until the server closes the connection. Returns the response, and the
/// time from the beginning to the end of the connection.
async fn trickle(address: &str, head: &str, drip: &str) -> (String, Duration) {
    let began = Instant::now();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let mut buffer = [0; 1024];
    loop {
        assert!(began.elapsed() < LIMIT, "the connection stays open");
        match tokio::time::timeout(Duration::from_millis(100), stream.read(&mut buffer)).await {
            Ok(Ok(0) | Err(_)) => break,
            Ok(Ok(length)) => answer.extend_from_slice(&buffer[..length]),
            Err(_) => {
                let _ = stream.write_all(drip.as_bytes()).await;
            }
        }
    }
    (String::from_utf8(answer).unwrap(), began.elapsed())
}

#[tokio::test]
async fn slow_requests_are_cut_off() {
    let server = Server::start_with(&["--header-timeout", "1", "--body-timeout", "1"]).await;
    let address = &server.program.address;
    let head = format!("POST {SAVE} HTTP/1.1\r\nHost: x\r\n");
    let body =
        format!("{head}Authorization: {TJE0}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{");
    let (headers, bodies, silent) =
        tokio::join!(trickle(address, &head, "X"), trickle(address, &body, " "), trickle(address, "", ""));
    for (_, took) in [&headers, &bodies, &silent] {
        assert!(*took > Duration::from_millis(800), "{took:?}");
    }
    assert!(bodies.0.starts_with("HTTP/1.1 408 "), "{}", bodies.0);
    assert!(bodies.0.contains("did not arrive in time"), "{}", bodies.0);
    // A busy machine may exceed the time limits.
    wait_until("a save within the time limits", async || server.program.save_sample().await.status == 200).await;
}

#[tokio::test]
async fn oversized_request_heads_are_refused() {
    let server = Server::start().await;
    for (head, refused) in [
        (format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "y".repeat(1_000_000)), "431"),
        (format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: y\r\n".repeat(101)), "431"),
        (format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "y".repeat(100_000)), "414"),
    ] {
        let mut stream = TcpStream::connect(&server.program.address).await.unwrap();
        // The server closes the connection before it has read everything, so that its response may be lost.
        let sent = stream.write_all(head.as_bytes()).await;
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        let cut_off = sent.is_err() || read.is_err();
        assert!(answer.starts_with(&format!("HTTP/1.1 {refused} ")) || answer.is_empty() && cut_off, "{answer}");
    }
    assert_eq!(server.program.save_sample().await.status, 200);
}

#[tokio::test]
async fn requests_past_the_concurrency_limit_are_503() {
    let server = Server::start_with(&["--max-requests", "2", "--body-timeout", "600"]).await;
    let busy = [half_sent(&server).await, half_sent(&server).await];
    let refused = server.program.save_sample().await;
    refused.assert_service_error(503, "SoServerException", &["busy"]);
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(server.program.get("/health/ready").await.status, 200, "health checks need no permit");
    drop(busy);
    let answers = join_all((0..20).map(|_| server.program.post(SAVE, "{}"))).await;
    assert!(answers.iter().all(|answer| answer.status == 400), "permits are released");
}

#[tokio::test]
async fn a_request_past_the_time_limit_is_504_and_stores_nothing() {
    let server = Server::start_with(&["--request-timeout", "1"]).await;
    let mut lock = server.database.connect().await;
    sqlx::raw_sql("BEGIN; LOCK TABLE erp_connection").execute(&mut lock).await.unwrap();
    let answer = server.program.save_sample().await;
    answer.assert_service_error(504, "SoServerException", &["took too long"]);
    sqlx::raw_sql("ROLLBACK").execute(&mut lock).await.unwrap();
    // A busy machine may exceed the time limit again.
    wait_until("a save within the time limit", async || server.program.save_sample().await.status == 200).await;
}

#[tokio::test]
async fn health_checks_need_no_authentication() {
    let server = Server::start().await;
    let live = server.program.get("/health/live").await;
    assert_eq!((live.status, live.text.as_str()), (200, r#"{"Status":"live"}"#));
    let ready = server.program.get("/health/ready").await;
    assert_eq!((ready.status, ready.json()["Status"].as_str()), (200, Some("ready")));

    let healthy = program::run(&["healthcheck", "--listen", &server.program.address]);
    assert!(healthy.status.success(), "{healthy:?}");
    let address = server.program.address.clone();
    drop(server);
    let gone = program::run(&["healthcheck", "--listen", &address]);
    assert_eq!(gone.status.code(), Some(1));
    assert!(String::from_utf8(gone.stderr).unwrap().starts_with("erpsync: no response from"));
}

/// Sends the headers of a request and the first byte of its body. The server processes the request: it has asked for
/// the body.
async fn half_sent(server: &Server) -> TcpStream {
    const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
    let mut stream = TcpStream::connect(&server.program.address).await.unwrap();
    let head = format!(
        "POST {SAVE} HTTP/1.1\r\nHost: x\r\nAuthorization: {TJE0}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        seed_request().len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; CONTINUE.len()];
    within_limit("100 Continue", stream.read_exact(&mut answer)).await.unwrap();
    assert_eq!(answer, CONTINUE);
    stream.write_all(&seed_request().as_bytes()[..1]).await.unwrap();
    stream
}

#[tokio::test]
async fn a_stop_signal_lets_requests_in_flight_finish() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = Server::start().await;
        let mut in_flight = half_sent(&server).await;
        let mut idle = TcpStream::connect(&server.program.address).await.unwrap();
        server.program.signal(signal);
        server.program.wait_for_log("finishing what is in flight").await;
        assert!(TcpStream::connect(&server.program.address).await.is_err(), "no new connections");

        in_flight.write_all(&seed_request().as_bytes()[1..]).await.unwrap();
        let mut answer = String::new();
        in_flight.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert_eq!(idle.read(&mut [0; 1]).await.unwrap_or(0), 0, "idle connections are closed");
        let status = server.program.wait_for_exit().await;
        assert_eq!(status.code(), Some(0));
        let name: String = server.database.value("SELECT display_name FROM erp_connection").await;
        assert_eq!(name, "Emard Group");
    }
}

#[tokio::test]
async fn a_second_stop_signal_and_the_drain_timeout_end_the_server() {
    let mut impatient = Server::start().await;
    let _in_flight = half_sent(&impatient).await;
    impatient.program.signal(Signal::TERM);
    impatient.program.wait_for_log("finishing what is in flight").await;
    assert!(impatient.program.is_running());
    impatient.program.signal(Signal::TERM);
    assert_eq!(impatient.program.wait_for_exit().await.code(), Some(0));

    let mut limited = Server::start_with(&["--drain-timeout", "0.5"]).await;
    let _in_flight = half_sent(&limited).await;
    limited.program.signal(Signal::TERM);
    assert_eq!(limited.program.wait_for_exit().await.code(), Some(0));
}

/// Returns the number of open files of the server, its connections among them.
fn open_files(server: &Server) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", server.program.pid())).unwrap().count()
}

#[tokio::test]
async fn five_thousand_idle_connections_do_not_block_a_request() {
    // Each connection needs a file descriptor at both ends. The server raises its own limit.
    let mut files = getrlimit(Resource::Nofile);
    files.current = files.maximum;
    setrlimit(Resource::Nofile, files).unwrap();
    let server = Server::start_with(&["--header-timeout", "600"]).await;
    let mut idle = Vec::new();
    while idle.len() < 5000 {
        for _ in 0..100 {
            idle.push(TcpStream::connect(&server.program.address).await.unwrap());
        }
        // Connections past the 128 of the queue to be accepted are dropped, and repeated after a second.
        wait_until("100 accepted connections", async || open_files(&server) > idle.len()).await;
    }
    assert_eq!(server.program.save_sample().await.status, 200);
    let opened = open_files(&server);
    assert!(opened > 5000, "{opened}");
    drop(idle);
    wait_until("the end of the connections", async || open_files(&server) <= 200).await;
}

#[tokio::test]
async fn clients_that_never_read_do_not_block_requests() {
    let server = Server::start_with(&["--header-timeout", "5"]).await;
    let request = format!("GET /openapi.json HTTP/1.1\r\nHost: x\r\nX-Filler: {}\r\n\r\n", "x".repeat(1000));
    let requests = request.repeat(500);
    let document = server.program.get("/openapi.json").await.text;
    let silent = join_all((0..50).map(|_| async {
        let stream = TcpStream::connect(&server.program.address).await.unwrap();
        let written = fill(&stream, requests.as_bytes()).await;
        // The responses exceed the buffers between the server and the client, so the server cannot write them all.
        let responses = written / request.len() * document.len();
        assert!(responses > 32 * 1024 * 1024, "{responses} bytes");
        stream
    }))
    .await;
    let answers = join_all((0..20).map(|_| server.program.save_sample())).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let ended = async || server.program.log().matches("connection ended").count() >= silent.len();
    wait_until("the end of the connections", ended).await;
}

/// Writes `bytes` again and again until the buffers to the server are full. Returns the number of bytes written.
async fn fill(stream: &TcpStream, bytes: &[u8]) -> usize {
    stream.writable().await.unwrap();
    let mut written = 0;
    while let Ok(length) = stream.try_write(&bytes[written % bytes.len()..]) {
        written += length;
    }
    written
}

/// The limit of the server's connections to the database.
const DATABASE_CONNECTIONS: u16 = 8;

#[tokio::test]
async fn a_thousand_cancelled_requests_leave_the_pool_whole() {
    let server = Server::start().await;
    let without_clients = open_files(&server) + usize::from(DATABASE_CONNECTIONS);
    let mut lock = server.database.connect().await;
    for round in 0..20 {
        sqlx::raw_sql("BEGIN; LOCK TABLE erp_connection").execute(&mut lock).await.unwrap();
        let mut saves = select_all((0..50).map(|_| Box::pin(server.program.save_sample())));
        tokio::select! {
            (answer, ..) = &mut saves => panic!("answered despite the lock: {answer:?}"),
            () = server.database.wait_for_blocked_sessions(DATABASE_CONNECTIONS.into()) => {}
        }
        if round % 2 == 0 {
            // Cancels saves that wait for the lock or for a connection to the database.
            drop(saves);
            wait_until("the end of the connections", async || open_files(&server) <= without_clients).await;
            sqlx::raw_sql("ROLLBACK").execute(&mut lock).await.unwrap();
        } else {
            // Cancels saves at any stage: all but the first that has a response.
            sqlx::raw_sql("ROLLBACK").execute(&mut lock).await.unwrap();
            saves.await;
        }
    }
    let answers = join_all((0..50).map(|_| server.program.save_sample())).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let is_whole = async || server.database.server_connections().await <= DATABASE_CONNECTIONS.into();
    wait_until("a pool within its limit", is_whole).await;
}
