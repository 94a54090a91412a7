//! Calls of a connector that responds well, badly or not at all.

use std::time::Duration;

use tokio::net::TcpListener;

use super::super::carriers::FieldMetadata;
use super::super::client::ClientOptions;
use super::super::envelope::{Fault, write_fault, write_response};
use super::super::error::CallError;
use super::super::operations::{GetConfigData, TestConfigData};
use super::super::responses::{FieldsResponse, Outcome, ResponseState};
use super::super::url::ConnectorUrl;
use super::client::{FIELDS, XML, assert_failure, client, options};
use super::fake::{FakeConnector, Script, response, soap};

/// Calls a connector with this script, and returns the failure.
async fn failure(options: ClientOptions, script: Script) -> CallError {
    let connector = FakeConnector::start([script]).await;
    client(options).call(&connector.url(), &GetConfigData::default()).await.expect_err("a failure")
}

const INVALID: &str = "The connector's response is not valid.";

#[tokio::test]
async fn a_call_is_a_soap_request_over_a_kept_connection() {
    let connector = FakeConnector::start([soap(FIELDS), soap(FIELDS)]).await;
    let client = client(options());
    for _ in 0..2 {
        let response = client.call(&connector.url(), &GetConfigData::default()).await.expect("fields");
        assert_eq!(response.fields.expect("fields").len(), 8);
    }
    assert_eq!(connector.connections(), 1);
    let request = &connector.requests()[0];
    let (head, body) = request.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("POST /ErpConnectorWS.svc?ConnectorName=a HTTP/1.1\r\n"), "{head}");
    let head = head.to_ascii_lowercase();
    assert!(head.contains("\r\ncontent-type: text/xml; charset=utf-8"), "{head}");
    let action = "\r\nsoapaction: \"http://www.superoffice.net/eis/connector/1.0/ierpconnectorws/wsgetconfigdata\"";
    assert!(head.contains(action), "{head}");
    assert!(!head.contains("accept-encoding"), "{head}");
    let recorded = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/connector/recorded/01-WSGetConfigData.request.xml");
    assert_eq!(body, std::fs::read_to_string(recorded).expect("the file"));
}

#[tokio::test]
async fn faults_and_http_errors_are_told_apart() {
    let fault = write_fault(&Fault { code: "s:Server".to_owned(), reason: "out of\npaper".to_owned() });
    for status in ["500 Internal Server Error", "200 OK", "400 Bad Request"] {
        let failed = failure(options(), Script::Respond(response(status, XML, &fault))).await;
        let expected = format!("SOAP fault \"s:Server\" with HTTP status {}: \"out of\\npaper\"", &status[..3]);
        assert_failure(&failed, &expected, "The connector reported an error.");
    }
    let html = b"<!DOCTYPE html><title>Runtime error</title>";
    let failed = failure(options(), Script::Respond(response("404 Not Found", "text/html", html))).await;
    let expected =
        "HTTP status 404 without a SOAP fault; \"text/html\", \"<!DOCTYPE html><title>Runtime error</title>\"";
    assert_failure(&failed, expected, "The connector responded with HTTP status 404.");
    let failed = failure(options(), Script::Respond(response("500 Error", XML, b""))).await;
    assert_failure(&failed, "HTTP status 500 without a SOAP fault", "The connector responded with HTTP status 500.");
    // A result that comes with an error status is none.
    let failed = failure(options(), Script::Respond(response("502 Bad Gateway", XML, FIELDS))).await;
    assert_failure(&failed, "HTTP status 502", "The connector responded with HTTP status 502.");
}

#[tokio::test]
async fn a_response_that_is_no_soap_is_described() {
    let utf16: Vec<u8> = "\u{feff}<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bare_utf16: Vec<u8> = "<a/>".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let long = format!("<a>{}", "x".repeat(1000));
    let cut = format!("\"<a>{}…\"", "x".repeat(197));
    let end = FIELDS.len() - "</s:Envelope>".len();
    let too_early = format!("the document ends too early (at byte {end})");
    for (content_type, body, expected) in [
        ("text/html", b"<p>Log in</p>".as_slice(), "an HTML page and no SOAP response: \"<p>Log in</p>\""),
        (XML, b" <HTML><p>Log in</p>", "an HTML page and no SOAP response"),
        (XML, b"", "a response without a body, with HTTP status 200"),
        ("text/xml; charset=utf-16", &utf16, "a response in the charset \"utf-16\"; only UTF-8 is read"),
        ("text/xml", &utf16, "a response in what seems to be UTF-16"),
        ("text/xml", &bare_utf16, "a response in what seems to be UTF-16"),
        ("text/xml; charset=\"ISO-8859-1\"", b"<a>\xE6</a>", "a response in the charset \"ISO-8859-1\""),
        ("text/xml", b"<a>\xE6</a>", "a response in a charset that is not UTF-8"),
        (
            "application/json",
            b"{\"a\":1}",
            "text where only elements can stand (at byte 0); \"application/json\", \"{\\\"a",
        ),
        (XML, &FIELDS[..FIELDS.len() - 1], "syntax error: tag not closed"),
        (XML, &FIELDS[..end], &too_early),
        (XML, long.as_bytes(), &cut),
    ] {
        let failed = failure(options(), Script::Respond(response("200 OK", content_type, body))).await;
        assert_failure(&failed, expected, INVALID);
    }
    let marked = [b"\xEF\xBB\xBF", FIELDS].concat();
    let connector = FakeConnector::start([soap(&marked)]).await;
    client(options()).call(&connector.url(), &GetConfigData::default()).await.expect("UTF-8 with a mark");
}

#[tokio::test]
async fn a_compressed_response_is_refused() {
    let response = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x1f";
    let failed = failure(options(), Script::Respond(response.into())).await;
    assert_failure(&failed, "Content-Encoding \"gzip\", which was not asked for", INVALID);
}

#[tokio::test]
async fn a_response_that_breaks_off_is_no_response() {
    let whole = response("200 OK", XML, FIELDS);
    let broke = "The connection to the connector broke.";
    for end in [whole.len() - 1, 200, 20, 0] {
        let failed = failure(options(), Script::Respond(whole[..end].to_vec())).await;
        assert_failure(&failed, "the connection broke before the response was complete", broke);
    }
    let failed = failure(options(), Script::Respond(b"not HTTP\r\n\r\n".to_vec())).await;
    assert_failure(&failed, "the connection broke before the response was complete", broke);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let target = FakeConnector::start([]).await;
    let location = format!("Location: {}\r\n", target.url().as_url());
    for status in ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"] {
        let script = Script::Respond(format!("HTTP/1.1 {status}\r\n{location}Content-Length: 0\r\n\r\n").into());
        let failed = failure(options(), script).await;
        let summary = format!("The connector responded with HTTP status {}.", &status[..3]);
        assert_failure(&failed, "which is not followed", &summary);
    }
    assert_eq!(target.connections(), 0);
}

#[tokio::test]
async fn a_response_larger_than_the_limit_is_cut_off() {
    let options = || ClientOptions { max_response_bytes: FIELDS.len(), ..options() };
    let connector = FakeConnector::start([soap(FIELDS)]).await;
    client(options()).call(&connector.url(), &GetConfigData::default()).await.expect("a response of the limit's size");
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n".to_vec();
    let failed = failure(options(), Script::Endless(head)).await;
    assert_failure(&failed, &format!("a response of more than {} bytes", FIELDS.len()), INVALID);
}

#[tokio::test]
async fn a_large_response_is_read() {
    let field = FieldMetadata { display_name: Some("x".repeat(1000)), ..FieldMetadata::default() };
    let response = FieldsResponse { fields: Some(vec![field; 1000]), ..FieldsResponse::default() };
    let connector = FakeConnector::start([soap(&write_response::<GetConfigData>(&response))]).await;
    let read = client(options()).call(&connector.url(), &GetConfigData::default()).await;
    assert_eq!(read.expect("fields"), response);
}

#[tokio::test]
async fn a_connector_that_is_silent_is_given_up() {
    let timeout = Duration::from_millis(200);
    let whole = response("200 OK", XML, FIELDS);
    for sent in [Vec::new(), whole[..whole.len() - 1].to_vec()] {
        let failed = failure(ClientOptions { timeout, ..options() }, Script::Hang(sent)).await;
        assert!(failed.is_timeout());
        assert_failure(&failed, "no complete response within 200ms", "The connector did not respond in time.");
    }
    // A TLS handshake that is not answered is a connection that does not come.
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url = format!("https://{}/", listener.local_addr().expect("an address"));
    let url = ConnectorUrl::parse(&url, |_| None).expect("a URL");
    let client = client(ClientOptions { connect_timeout: timeout, ..options() });
    let failed = client.call(&url, &GetConfigData::default()).await.expect_err("a failure");
    assert!(failed.is_timeout());
    assert_failure(&failed, "no connection to the connector within 200ms", "The connector did not respond in time.");
}

#[tokio::test]
async fn a_connector_that_is_away_is_not_reached() {
    // A port that was just free.
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url = format!("http://{}/?key=s3cret", listener.local_addr().expect("an address"));
    drop(listener);
    let url = ConnectorUrl::parse(&url, |_| None).expect("a URL");
    let failed = client(options()).call(&url, &GetConfigData::default()).await.expect_err("a failure");
    assert_failure(&failed, "tcp connect error: Connection refused", "The connector cannot be reached.");
    assert!(!failed.to_string().contains("s3cret"), "{failed}");
}

#[tokio::test]
async fn remarks_do_not_make_a_failure() {
    let outcome =
        Outcome { state: ResponseState::Warning, user_explanation: Some("slow".to_owned()), ..Outcome::default() };
    let connector = FakeConnector::start([soap(&write_response::<TestConfigData>(&outcome))]).await;
    let response = client(options()).call(&connector.url(), &TestConfigData::default()).await;
    assert_eq!(response.expect("a success"), outcome);
}
