//! Lists that are streamed page by page: their bytes, their memory, changes and failures while they are read.

use bytes::Bytes;
use futures::future::join_all;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::handshake;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HOST};
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::net::TcpSocket;

use crate::support::admin::{ADMIN, samples};
use crate::support::client::{TJE0, TJE1, client_builder};
use crate::support::proxy::Proxy;
use crate::support::wait::{wait_until, within_limit};
use crate::support::{Answer, Program, Server, TestDatabase};

const GET_ALL: &str = "/api/v1/Agents/ErpSync/GetAllConnections";
const JSON: &str = "application/json";
const XML: &str = "application/xml";

/// Adds `count` connections, in a sync order that is not that of their keys, with texts that need escapes.
async fn fill(database: &TestDatabase, count: i32) {
    let connections = "INSERT INTO erp_connection (
            erp_connection_id, erp_connector_id, display_name, display_description, connection_id,
            most_recent_timestamp, active, sync_rank, registered_associate_id, updated_associate_id
        )
        SELECT id, 403, format('US:\"<%s>\";NO:\"&%s\"', id, id), 'line' || chr(8232) || '\"end\"', 'c' || id,
            repeat(md5(id::text), 7), id % 2 = 0, id * 7919 % 10007, 1, 1";
    let access = "INSERT INTO erp_connection_access (
            erp_connection_id, user_group_id, associate_id, registered_associate_id, updated_associate_id
        )
        SELECT id, user_group, associate, 1, 1";
    let subjects = "(VALUES (185, NULL::int), (350, NULL), (NULL, 463)) AS given(user_group, associate)";
    let ids = format!("generate_series(1001, 1000 + {count}) AS id");
    database.execute(&format!("{connections} FROM {ids}; {access} FROM {ids}, {subjects} WHERE id % 3 = 0")).await;
}

/// Returns the keys of a list in JSON, in its order.
fn ids(text: &str) -> Vec<i64> {
    let list: Value = serde_json::from_str(text).unwrap();
    list.as_array().unwrap().iter().map(|row| row["ErpConnectionId"].as_i64().unwrap()).collect()
}

/// Sends the request for all connections, on a connection with small buffers. The client has read the headers of the
/// response then, and about as much of its body as the buffers hold.
async fn open(program: &Program, authorization: &str, headers: &[(&str, &str)]) -> Response<Incoming> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    let stream = socket.connect(program.address.parse().unwrap()).await.unwrap();
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::post(GET_ALL).header(HOST, &program.address).header(AUTHORIZATION, authorization);
    let request =
        headers.iter().fold(request.header(CONTENT_TYPE, JSON), |request, (name, value)| request.header(*name, *value));
    let response = sender.send_request(request.body(Full::new(Bytes::from("{}"))).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    response
}

/// Reads the rest of a response.
async fn read(response: Response<Incoming>) -> Result<String, hyper::Error> {
    let body = within_limit("the end of the response", response.into_body().collect()).await?;
    Ok(String::from_utf8(body.to_bytes().to_vec()).unwrap())
}

/// Returns the lines of the log that end the request with this id.
fn log_lines(program: &Program, request_id: &str) -> Vec<Value> {
    let lines = program.log();
    let lines = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["span"]["id"] == request_id && line["fields"]["status"].is_u64()).collect()
}

/// Waits for the line of the request with this id.
async fn log_line(program: &Program, request_id: &str) -> Value {
    wait_until("the line of the request", async || !log_lines(program, request_id).is_empty()).await;
    let mut lines = log_lines(program, request_id);
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines.remove(0)
}

#[tokio::test]
async fn a_list_of_several_pages_has_the_bytes_of_a_list_of_one() {
    const VARIANTS: [(&str, &str, &str); 6] = [
        ("", JSON, "*"),
        ("", XML, "*"),
        ("", JSON, "no"),
        ("?$select=ErpConnectionId,DisplayName,TableRight", JSON, "*"),
        ("?$select=ErpConnectionId,FieldProperties/Active", XML, "no"),
        ("?$select=", XML, "*"),
    ];
    let server = Server::start().await;
    fill(&server.database, 600).await;
    let get = async |(query, format, language): (&str, &str, &str)| {
        let headers = [("Accept", format), ("SO-Language", language)];
        let answer = server.program.send_to(&format!("{GET_ALL}{query}"), JSON, "{}", &headers).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer
    };
    let whole = join_all(VARIANTS.map(get)).await;

    // The same list in three parts, each of which is a single page.
    let mut parts = vec![Vec::new(); VARIANTS.len()];
    for (first, last) in [(1, 200), (201, 400), (401, 601)] {
        let others = format!(
            "UPDATE erp_connection AS c SET deleted = place NOT BETWEEN {first} AND {last}
             FROM (SELECT erp_connection_id, row_number() OVER (ORDER BY sync_rank, erp_connection_id) AS place
                   FROM erp_connection) AS o
             WHERE o.erp_connection_id = c.erp_connection_id"
        );
        server.database.execute(&others).await;
        for (variant, parts) in VARIANTS.into_iter().zip(&mut parts) {
            let answer = get(variant).await;
            assert_eq!(answer.header("content-length"), answer.text.len().to_string());
            parts.push(answer.text);
        }
    }
    for ((variant, whole), parts) in VARIANTS.iter().zip(&whole).zip(&parts) {
        assert_eq!((whole.header("content-length"), whole.header("transfer-encoding")), ("", "chunked"));
        let expected = if variant.1 == JSON {
            let items: Vec<_> = parts.iter().map(|part| &part[1..part.len() - 1]).collect();
            format!("[{}]", items.join(","))
        } else {
            let start = parts[0].find('>').unwrap() + 1;
            let end = "</ArrayOfErpConnection>";
            let items: String = parts.iter().map(|part| part[start..].strip_suffix(end).unwrap()).collect();
            format!("{}{items}{end}", &parts[0][..start])
        };
        assert!(whole.text == expected, "{variant:?}: {} bytes, not {}", whole.text.len(), expected.len());
    }

    server.database.execute("UPDATE erp_connection SET deleted = false").await;
    for client in [client_builder().no_brotli(), client_builder().no_gzip()] {
        let request = server.program.post_request(GET_ALL, "{}").header("SO-Language", "*").build().unwrap();
        let answer = Answer::of(client.build().unwrap().execute(request).await.unwrap()).await;
        assert!(answer.text == whole[0].text, "compressed");
    }
    let pooled = Program::start(&["--database-url", &server.database.url(), "--transaction-pooling", "true"]);
    assert!(pooled.post(GET_ALL, "{}").await.text == whole[0].text, "with a transaction for each page");
}

#[tokio::test]
async fn an_associate_sees_the_pages_of_their_own_connections() {
    const OWN: &str = "SELECT array_agg(erp_connection_id::int8 ORDER BY sync_rank, erp_connection_id)
        FROM erp_connection AS c
        WHERE NOT deleted AND (all_access OR EXISTS (
            SELECT FROM erp_connection_user AS u JOIN associate AS a USING (associate_id)
            WHERE u.erp_connection_id = c.erp_connection_id AND a.name = 'tje1'
        ))";
    let server = Server::start().await;
    fill(&server.database, 1500).await;
    // By name, by their first group, by a further group, by two ways, without the right to connect, and deleted.
    let access = "
        INSERT INTO user_group (user_group_id, name) VALUES (7, 'further');
        INSERT INTO associate_user_group SELECT associate_id, 7 FROM associate WHERE name = 'tje1';
        INSERT INTO erp_connection_access (
            erp_connection_id, user_group_id, associate_id, can_connect, registered_associate_id, updated_associate_id
        )
        SELECT erp_connection_id, CASE kind WHEN 1 THEN user_group_id WHEN 2 THEN 7 END,
            CASE kind WHEN 0 THEN associate_id END, erp_connection_id % 5 <> 0, 1, 1
        FROM erp_connection, associate, generate_series(0, 2) AS kind
        WHERE name = 'tje1' AND (erp_connection_id % 4 = kind OR erp_connection_id % 7 = 0);
        UPDATE erp_connection SET all_access = erp_connection_id % 11 = 0, deleted = erp_connection_id % 13 = 0";
    server.database.execute(access).await;
    let own: Vec<i64> = server.database.value(OWN).await;
    assert!((600..1000).contains(&own.len()), "{}", own.len());
    for body in [json!({}), json!({ "IncludeDeleted": true })] {
        let answer = server.call(TJE1, "GetAllConnections", &body).await;
        assert!(ids(&answer.text) == own, "{body}");
    }
    let all = server.call(TJE0, "GetAllConnections", &json!({ "IncludeDeleted": true })).await;
    assert_eq!(ids(&all.text).len(), 1501);
}

#[tokio::test]
async fn a_slow_reader_holds_no_database_connection_and_sees_changes_of_later_pages() {
    let server = Server::start_with(&["--database-connections", "1", "--header-timeout", "600"]).await;
    fill(&server.database, 5000).await;
    server.database.execute("UPDATE erp_connection SET all_access = true").await;
    let before = server.call(TJE1, "GetAllConnections", &json!({})).await;
    let [.., withdrawn, deleted, changed] = ids(&before.text)[..] else { unreachable!() };

    let request_id = ("X-Request-Id", "slow-reader");
    let response = open(&server.program, TJE1, &[("Accept", JSON), request_id]).await;
    let connection = |id: i64| json!({ "ErpConnectionId": id, "ErpConnectorId": 403, "DisplayName": "changed" });
    server.saved(&connection(withdrawn)).await;
    let answer = server.call(TJE0, "DeleteConnection", &json!({ "ErpConnectionId": deleted })).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    let mut visible = connection(changed);
    visible["AllAccess"] = true.into();
    server.saved(&visible).await;
    server
        .database
        .execute(&format!("UPDATE erp_connection SET sync_rank = 0 WHERE erp_connection_id = {changed}"))
        .await;
    assert!(log_lines(&server.program, "slow-reader").is_empty(), "the response has not ended");

    let text = read(response).await.unwrap();
    let mut expected = ids(&before.text);
    expected.retain(|id| ![withdrawn, deleted].contains(id));
    assert!(ids(&text) == expected, "the order is that of the beginning");
    let list: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(list.as_array().unwrap().last().unwrap()["DisplayName"], "changed");
    let line = log_line(&server.program, "slow-reader").await;
    assert_eq!((&line["fields"]["message"], &line["fields"]["status"]), (&json!("answered"), &json!(200)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_in_the_middle_aborts_the_response() {
    let database = TestDatabase::with_demo_data().await;
    fill(&database, 20_000).await;
    let proxy = Proxy::start().await;
    let url = proxy.url(&database);
    let arguments = ["--database-url", &url, "--request-timeout", "2", "--header-timeout", "600"];
    let program = Program::start(&[&arguments[..], &ADMIN[..]].concat());
    let mut aborted = 0;
    for (name, error, reason) in [
        ("closed", "SoDbAccessException", "database cannot be reached"),
        ("stalled", "SoServerException", "took too long"),
    ] {
        for (format, coding) in [(JSON, "identity"), (XML, "identity"), (XML, "gzip")] {
            let request_id = format!("{name}-{}-{coding}", &format[12..]);
            let headers = [("Accept", format), ("Accept-Encoding", coding), ("X-Request-Id", &request_id)];
            let response = open(&program, TJE0, &headers).await;
            if name == "closed" {
                proxy.refuse();
            } else {
                proxy.stall();
            }
            let ended = within_limit("the end of the response", response.into_body().collect()).await;
            assert!(ended.is_err(), "{request_id} ended as if it were complete");
            let line = log_line(&program, &request_id).await;
            let fields = &line["fields"];
            assert_eq!((&fields["message"], &fields["status"]), (&json!("aborted"), &json!(200)), "{line}");
            assert_eq!(fields["error"], error, "{line}");
            assert!(fields["reason"].as_str().unwrap().contains(reason), "{line}");
            aborted += 1;
            proxy.restore();
            let recovered = async || program.get("/health/ready").await.status == 200;
            wait_until("the recovery", recovered).await;
        }
    }
    let samples = samples(&program).await;
    assert_eq!(samples["erpsync_aborted_responses_total"], aborted.to_string());

    proxy.refuse();
    let answer = program.post(GET_ALL, "{}").await;
    answer.assert_service_error(503, "SoDbAccessException", &["database"]);
}

#[tokio::test]
async fn a_streamed_response_is_a_request_in_progress_until_its_end() {
    let mut server = Server::start_with(&["--max-requests", "1", "--header-timeout", "600"]).await;
    fill(&server.database, 5000).await;
    let response = open(&server.program, TJE0, &[("Accept", XML), ("X-Request-Id", "left")]).await;
    let busy = server.call(TJE0, "GetEngineStatus", &json!({})).await;
    busy.assert_service_error(503, "SoServerException", &["busy"]);
    drop(response);
    let line = log_line(&server.program, "left").await;
    assert_eq!((&line["fields"]["message"], &line["fields"]["status"]), (&json!("aborted"), &json!(200)), "{line}");
    assert_eq!(line["fields"]["reason"], "The connection ended before the response.");

    let response = open(&server.program, TJE0, &[("Accept", XML)]).await;
    server.program.signal(Signal::TERM);
    server.program.wait_for_log("finishing what is in flight").await;
    let text = read(response).await.unwrap();
    assert_eq!(text.matches("<ErpConnection>").count(), 5001);
    assert_eq!(server.program.wait_for_exit().await.code(), Some(0));
}

/// Returns a value of the process's status in megabytes.
fn memory(program: &Program, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

#[tokio::test]
async fn the_memory_of_a_large_list_is_bounded() {
    let server = Server::start_with(&["--header-timeout", "600"]).await;
    fill(&server.database, 30_000).await;
    let before = memory(&server.program, "VmRSS");
    for format in [JSON, XML] {
        let headers = [(ACCEPT.as_str(), format), (ACCEPT_ENCODING.as_str(), "identity")];
        let mut body = open(&server.program, TJE0, &headers).await.into_body();
        let mut bytes = 0;
        while let Some(frame) = within_limit("a part of the response", body.frame()).await {
            bytes += frame.unwrap().into_data().unwrap().len();
        }
        assert!(bytes > 45_000_000, "{format}: {bytes} bytes");
    }
    let slow = join_all((0..4).map(|_| open(&server.program, TJE0, &[("Accept", XML)]))).await;
    // Answered while the other responses wait for their readers.
    assert_eq!(server.program.save_sample().await.status, 200);
    drop(slow);
    let grown = memory(&server.program, "VmHWM").saturating_sub(before);
    assert!(grown < 64, "memory has grown by {grown} MB");
}
