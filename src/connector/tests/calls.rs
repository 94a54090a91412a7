//! Calls of a connector that responds well, badly or not at all.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::Certificate;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::super::carriers::FieldMetadata;
use super::super::client::{Client, ClientOptions};
use super::super::config_values::ConfigValues;
use super::super::envelope::{Fault, write_fault, write_response};
use super::super::error::{CallError, Cause};
use super::super::journal::Journal;
use super::super::operations::{GetConfigData, SaveConnection, TestConfigData, TestConnection};
use super::super::outbound::OutboundPolicy;
use super::super::resolver::Lookup;
use super::super::responses::{ErrorCode, FieldsResponse, Outcome, Refusal, ResponseState};
use super::super::url::ConnectorUrl;
use super::fake::{FakeConnector, Script, response, soap};
use crate::config::{Destinations, JournalMode};

const FIELDS: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/connector/recorded/01-WSGetConfigData.response.xml"));
const XML: &str = "text/xml; charset=utf-8";

/// A time that no test reaches.
const NEVER: Duration = Duration::from_hours(1);

fn options() -> ClientOptions {
    ClientOptions { connect_timeout: NEVER, timeout: NEVER, ..ClientOptions::default() }
}

fn client(options: ClientOptions) -> Client {
    Client::new(options).expect("a client")
}

/// Calls a connector with this script, and returns the failure.
async fn failure(options: ClientOptions, script: Script) -> CallError {
    let connector = FakeConnector::start([script]).await;
    client(options).call(&connector.url(), &GetConfigData::default()).await.expect_err("a failure")
}

/// Checks the text for the log, and the summary for other callers.
#[track_caller]
fn assert_failure(failure: &CallError, expected: &str, summary: &str) {
    let text = failure.to_string();
    assert!(text.starts_with("WSGetConfigData: ") && text.contains(expected), "{text}");
    assert_eq!(failure.summary(), summary);
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
async fn a_result_that_is_an_error_is_a_failure_with_its_explanations() {
    let refusal = Refusal {
        code: Some(ErrorCode::Other("LOCKED".to_owned())),
        user_explanation: Some("US:\"Locked\"".to_owned()),
        tech_explanation: Some("row 5 with s3cret".to_owned()),
    };
    let body = write_response::<TestConfigData>(&Outcome::from(refusal));
    let connector = FakeConnector::start([soap(&body)]).await;
    let config = ConfigValues::new([("PASSWORD", Some("s3cret"))].into_iter().collect());
    let request = TestConfigData { connection_info: Some(config) };
    let failed = client(options()).call(&connector.url(), &request).await.expect_err("a failure");
    assert_eq!(failed.user_explanation(), Some("US:\"Locked\""));
    assert_eq!(failed.summary(), "The connector reported an error.");
    assert_eq!(
        failed.to_string(),
        "WSTestConfigData: the connector reports an error: LOCKED; explanation for users: \"US:\\\"Locked\\\"\", for \
         operators: \"row 5 with ***\""
    );
    assert!(connector.requests()[0].contains("s3cret"));
}

#[tokio::test]
async fn an_error_page_that_repeats_the_request_puts_no_secret_into_the_log() {
    let config = ConfigValues::new([("PASSWORD", Some("s3<cret"))].into_iter().collect());
    let request = TestConfigData { connection_info: Some(config) };
    for (status, content_type) in [("500 Error", "text/plain"), ("200 OK", "text/html"), ("200 OK", XML)] {
        for body in ["request was: s3<cret", "<p>s3&lt;cret</p>", "<s3<cret/>"] {
            let script = Script::Respond(response(status, content_type, body.as_bytes()));
            let connector = FakeConnector::start([script]).await;
            let failed = client(options()).call(&connector.url(), &request).await.expect_err("a failure");
            assert!(!failed.to_string().contains("cret"), "{failed}");
            assert!(!format!("{failed:?}").contains("cret"), "{failed:?}");
        }
    }
}

#[tokio::test]
async fn remarks_do_not_make_a_failure() {
    let outcome =
        Outcome { state: ResponseState::Warning, user_explanation: Some("slow".to_owned()), ..Outcome::default() };
    let connector = FakeConnector::start([soap(&write_response::<TestConfigData>(&outcome))]).await;
    let response = client(options()).call(&connector.url(), &TestConfigData::default()).await;
    assert_eq!(response.expect("a success"), outcome);
}

fn guid() -> String {
    "48b08f6c-63dc-4d52-b675-12da393463cf".to_owned()
}

fn unknown() -> Script {
    let refusal =
        Refusal { code: Some(ErrorCode::UnknownConnectionId), user_explanation: None, tech_explanation: None };
    soap(&write_response::<TestConnection>(&Outcome::from(refusal)))
}

fn fine<O: super::super::operations::Operation<Response = Outcome>>() -> Script {
    soap(&write_response::<O>(&Outcome::default()))
}

/// Tests a saved connection, and returns whether that succeeded, and the operations that were called.
async fn test_saved(scripts: Vec<Script>) -> (bool, Vec<&'static str>) {
    let connector = FakeConnector::start(scripts).await;
    let saved = SaveConnection { connection_guid: guid(), connection_info: Some(ConfigValues::default()) };
    let request = TestConnection { connection_guid: guid() };
    let result = client(options()).call_saved(&connector.url(), &request, &saved).await;
    let requests = connector.requests();
    let names = requests.iter().map(|request| {
        let names = ["<WSTestConnection ", "<WSSaveConnection "];
        names.into_iter().find(|name| request.contains(name)).expect("an operation")
    });
    (result.is_ok(), names.collect())
}

#[tokio::test]
async fn a_connector_that_forgot_the_connection_is_sent_its_settings_once() {
    let (test, save) = ("<WSTestConnection ", "<WSSaveConnection ");
    assert_eq!(test_saved(vec![fine::<TestConnection>()]).await, (true, vec![test]));
    let scripts = vec![unknown(), fine::<SaveConnection>(), fine::<TestConnection>()];
    assert_eq!(test_saved(scripts).await, (true, vec![test, save, test]));
    let scripts = vec![unknown(), fine::<SaveConnection>(), unknown()];
    assert_eq!(test_saved(scripts).await, (false, vec![test, save, test]));
    let scripts = vec![unknown(), Script::Respond(response("500 Error", XML, b""))];
    assert_eq!(test_saved(scripts).await, (false, vec![test, save]));
}

#[tokio::test]
async fn own_addresses_are_not_connected_to_by_name_or_by_address() {
    let connector = FakeConnector::start([]).await;
    let policy = OutboundPolicy::new(Destinations::default(), vec![connector.address]);
    let client = client(ClientOptions { policy, ..options() });
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "0x7f.1"] {
        let failed = client.call(&connector.url_at("http", host), &GetConfigData::default()).await;
        let failed = failed.expect_err(host);
        assert!(matches!(failed.cause, Cause::Forbidden(_)), "{host}: {failed}");
        assert_failure(&failed, "the connector's address ", "The connector's address is not allowed.");
    }
    assert_eq!(connector.connections(), 0);
}

#[tokio::test]
async fn the_address_that_was_checked_is_the_one_that_is_connected_to() {
    // The name is harmless in the first look-up and link-local in each further one.
    let connector = FakeConnector::start([Script::Respond(response("200 OK", XML, FIELDS))]).await;
    let address = connector.address;
    let lookups = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&lookups);
    let lookup = Lookup::new(move |name, port| {
        assert_eq!((name.as_str(), port), ("erp.example", address.port()));
        let first = counted.fetch_add(1, Ordering::Relaxed) == 0;
        let found = if first { address } else { SocketAddr::from(([169, 254, 169, 254], port)) };
        async move { Ok(vec![found]) }
    });
    let client = client(ClientOptions { lookup, ..options() });
    let url = connector.url_at("http", "erp.example");
    client.call(&url, &GetConfigData::default()).await.expect("the address of the first look-up");
    assert_eq!(lookups.load(Ordering::Relaxed), 1);
    let failed = client.call(&url, &GetConfigData::default()).await.expect_err("link-local");
    assert_failure(&failed, "169.254.169.254", "The connector's address is not allowed.");
    assert!(failed.to_string().ends_with("is link-local"), "{failed}");
}

/// A look-up that finds these addresses for every name.
fn resolving(addresses: Vec<SocketAddr>) -> Lookup {
    Lookup::new(move |_, _| std::future::ready(Ok(addresses.clone())))
}

#[tokio::test]
async fn a_name_with_several_addresses_is_called_at_those_that_are_allowed() {
    let connector = FakeConnector::start([soap(FIELDS)]).await;
    let address = connector.address;
    let lookup = resolving(vec![SocketAddr::from(([169, 254, 1, 1], address.port())), address]);
    let client = client(ClientOptions { lookup, ..options() });
    client.call(&connector.url_at("http", "erp.example"), &GetConfigData::default()).await.expect("fields");
}

#[tokio::test]
async fn a_list_of_hosts_narrows_the_calls() {
    let connector = FakeConnector::start([soap(FIELDS), soap(FIELDS)]).await;
    let address = connector.address;
    let lookup = resolving(vec![address]);
    let allowed = Destinations(vec!["erp.example".parse().expect("a host")]);
    let client = client(ClientOptions { lookup, policy: OutboundPolicy::new(allowed, Vec::new()), ..options() });
    let call = async |host| client.call(&connector.url_at("http", host), &GetConfigData::default()).await;
    call("ERP.example").await.expect("fields");
    for host in ["other.example", "127.0.0.1"] {
        assert!(matches!(call(host).await.expect_err(host).cause, Cause::Forbidden(_)), "{host}");
    }
}

/// A server certificate for `name` and the certificate of the authority that signed it.
fn certificate(name: &str) -> (TlsAcceptor, Certificate) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new([name.to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, &authority).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let chain = vec![certificate.der().clone()];
    let config = config.expect("versions").with_no_client_auth().with_single_cert(chain, key).expect("a key");
    let authority = Certificate::from_pem(authority.pem().as_bytes()).expect("PEM");
    (TlsAcceptor::from(Arc::new(config)), authority)
}

#[tokio::test]
async fn a_private_authority_is_trusted_if_it_is_given() {
    let (tls, authority) = certificate("erp.example");
    let (_, other) = certificate("erp.example");
    let connector = FakeConnector::start_with(Some(tls), [soap(FIELDS)]).await;
    let address = connector.address;
    let lookup = resolving(vec![address]);
    let call = async |authorities: Vec<Certificate>, host| {
        let client = client(ClientOptions { authorities, lookup: lookup.clone(), ..options() });
        client.call(&connector.url_at("https", host), &GetConfigData::default()).await
    };
    call(vec![authority.clone()], "erp.example").await.expect("fields");
    for (authorities, host) in
        [(Vec::new(), "erp.example"), (vec![other], "erp.example"), (vec![authority], "other.example")]
    {
        let failed = call(authorities, host).await.expect_err(host);
        assert_failure(&failed, "no connection to the connector: ", "The connector cannot be reached.");
        assert!(failed.to_string().contains("certificate"), "{failed}");
    }
}

#[tokio::test]
async fn the_journal_has_what_was_sent_and_what_came_without_secrets() {
    let refusal = Refusal {
        code: Some(ErrorCode::Other("WRONG".to_owned())),
        user_explanation: None,
        tech_explanation: Some("s3cret is wrong".to_owned()),
    };
    let remark =
        Outcome { state: ResponseState::Warning, user_explanation: Some("slow".to_owned()), ..Outcome::default() };
    let fields = String::from_utf8_lossy(FIELDS).replace(
        "<DefaultValue></DefaultValue><DisplayDescription>field password",
        "<DefaultValue>init1al</DefaultValue><DisplayDescription>field password",
    );
    let refused = write_response::<SaveConnection>(&Outcome::from(refusal));
    let connector = FakeConnector::start([
        soap(&refused),
        soap(&write_response::<SaveConnection>(&remark)),
        soap(fields.as_bytes()),
    ])
    .await;
    let journal = Arc::new(Journal::new(JournalMode::Bodies, 10));
    let client = client(ClientOptions { journal: Arc::clone(&journal), ..options() });
    let config = ConfigValues::new([("PASSWORD", Some("s3cret")), ("COMPANY", Some("1"))].into_iter().collect());
    let config = config.with_passwords(["PASSWORD".to_owned()]);
    let save = SaveConnection { connection_guid: guid(), connection_info: Some(config) };
    client.call(&connector.url(), &save).await.expect_err("refused");
    client.call(&connector.url(), &save).await.expect("saved");
    client.call(&connector.url(), &GetConfigData::default()).await.expect("fields");

    let [described, saved, refused] = &journal.exchanges()[..] else { panic!("{:?}", journal.exchanges()) };
    assert_eq!((refused.operation, refused.outcome), ("WSSaveConnection", "error"));
    assert_eq!(refused.connection, Some(guid()));
    assert_eq!(refused.url, format!("http://{}/ErpConnectorWS.svc", connector.address));
    assert!(refused.detail.as_deref().is_some_and(|detail| detail.contains("*** is wrong")), "{refused:?}");
    let has = |body: &Option<String>, part: &str| body.as_deref().is_some_and(|body| body.contains(part));
    assert!(has(&refused.request, "<d5p1:Key>COMPANY</d5p1:Key><d5p1:Value>1</d5p1:Value>"), "{refused:?}");
    assert!(has(&refused.request, "<d5p1:Key>PASSWORD</d5p1:Key><d5p1:Value>***</d5p1:Value>"), "{refused:?}");
    assert!(has(&refused.response, "<TechExplanation>*** is wrong</TechExplanation>"), "{refused:?}");
    assert_eq!((saved.outcome, saved.detail.as_deref()), ("ok", Some("Warning: \"slow\"")));
    assert_eq!((described.operation, described.connection.as_deref()), ("WSGetConfigData", None));
    assert!(has(&described.response, "<DefaultValue>***</DefaultValue><DisplayDescription>field password"));
    let json = serde_json::to_string(&journal.exchanges()).expect("JSON");
    assert!(!json.contains("s3cret") && !json.contains("init1al"), "{json}");
}

#[tokio::test]
async fn the_journal_has_calls_that_never_left() {
    let journal = Arc::new(Journal::new(JournalMode::Metadata, 10));
    let client = client(ClientOptions { journal: Arc::clone(&journal), ..options() });
    let url = ConnectorUrl::parse("http://169.254.169.254/latest", |_| None).expect("a URL");
    client.call(&url, &TestConnection { connection_guid: guid() }).await.expect_err("forbidden");
    let exchanges = journal.exchanges();
    assert_eq!((exchanges[0].outcome, exchanges[0].request.as_ref(), exchanges.len()), ("forbidden", None, 1));
    let detail = exchanges[0].detail.as_deref().expect("a detail");
    assert!(detail.ends_with("169.254.169.254:80 is link-local"), "{detail}");
}

#[tokio::test]
async fn http_2_is_offered() {
    let (tls, authority) = certificate("erp.example");
    let mut config = rustls::ServerConfig::clone(tls.config());
    config.alpn_protocols = vec![b"h2".to_vec()];
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let accepted = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        let stream = TlsAcceptor::from(Arc::new(config)).accept(stream).await.expect("TLS");
        stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec)
    });
    let client = client(ClientOptions { authorities: vec![authority], lookup: resolving(vec![address]), ..options() });
    let url = format!("https://erp.example:{}/", address.port());
    let url = ConnectorUrl::parse(&url, |_| None).expect("a URL");
    client.call(&url, &GetConfigData::default()).await.expect_err("a connection that is closed");
    assert_eq!(accepted.await.expect("no panic").as_deref(), Some(b"h2".as_slice()));
}
