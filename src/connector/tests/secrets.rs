//! Errors and the journal: complete, and without secrets.

use std::sync::Arc;

use super::super::client::ClientOptions;
use super::super::config_values::ConfigValues;
use super::super::envelope::write_response;
use super::super::journal::Journal;
use super::super::operations::{GetConfigData, SaveConnection, TestConfigData, TestConnection};
use super::super::responses::{ErrorCode, Outcome, Refusal, ResponseState};
use super::super::url::ConnectorUrl;
use super::client::{FIELDS, XML, client, guid, options};
use super::fake::{FakeConnector, Script, response, soap};
use crate::config::JournalMode;

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
async fn config_fields_that_the_connector_knows_are_kept_out_of_each_operation() {
    let refusal = Refusal {
        code: None,
        user_explanation: None,
        tech_explanation: Some("login failed for sa with s3cret".to_owned()),
    };
    let refused = write_response::<TestConnection>(&Outcome::from(refusal));
    let remark = Outcome { tech_explanation: Some("s3cret is weak".to_owned()), ..Outcome::default() };
    let connector = FakeConnector::start([soap(&refused), soap(&write_response::<TestConnection>(&remark))]).await;
    let journal = Arc::new(Journal::new(JournalMode::Bodies, 10));
    let client = client(ClientOptions { journal: Arc::clone(&journal), ..options() });
    let config = ConfigValues::new([("PASSWORD", Some("s3cret"))].into_iter().collect());
    let saved = SaveConnection { connection_guid: guid(), connection_info: Some(config) };
    // A request can have a config value as another member's value.
    let request = TestConnection { connection_guid: "s3cret".to_owned() };
    let failed = client.call_for(&connector.url(), &request, &saved).await.expect_err("refused");
    assert!(failed.to_string().contains("login failed for sa with ***"), "{failed}");
    client.call_for(&connector.url(), &request, &saved).await.expect("a success");
    let exchanges = journal.exchanges();
    assert_eq!(exchanges[0].detail.as_deref(), Some("Ok: \"*** is weak\""));
    for exchange in &exchanges {
        let bodies = [&exchange.request, &exchange.response].map(|body| body.as_deref().expect("a body"));
        assert!(bodies.iter().all(|body| body.contains("***") && !body.contains("s3cret")), "{exchange:?}");
    }
}

#[tokio::test]
async fn the_query_of_a_url_is_kept_out_of_errors() {
    let long = "x".repeat(1000);
    let location = |location: &str| {
        let head = format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        Script::Respond(head.into_bytes())
    };
    let page = b"no Lamps at /a.svc?ConnectorName=Lamps&key=qu3ry, or qu3ry";
    for (script, expected) in [
        (location("https://user:qu3ry@erp.example/b?key=qu3ry#qu3ry"), "to \"https://erp.example/b\","),
        (location(&format!("/qu3ry/{long}?key=qu3ry")), "to \"/***/xxx"),
        (
            Script::Respond(response("404 Not Found", "text/plain", page)),
            "no Lamps at /a.svc?ConnectorName=Lamps&***, or ***",
        ),
        (Script::Respond(response("404 Not Found", &format!("text/qu3ry; {long}"), b"-")), "\"text/***; xxx"),
        (
            Script::Respond(response("200 OK", &format!("text/xml; charset=qu3ry-{long}"), b"<a/>")),
            "the charset \"***-xxx",
        ),
    ] {
        let connector = FakeConnector::start([script]).await;
        let url = format!("http://{}/a.svc?ConnectorName=Lamps&key=qu3ry", connector.address);
        let url = ConnectorUrl::parse(&url, |_| None).expect("a URL");
        let failed = client(options()).call(&url, &GetConfigData::default()).await.expect_err("a failure").to_string();
        assert!(failed.contains(expected) && !failed.contains("qu3ry") && failed.len() < 500, "{failed}");
    }
}

/// A value that occurs in a header is still no reason to misunderstand the header.
#[tokio::test]
async fn a_secret_that_is_the_name_of_the_charset_changes_nothing() {
    let connector = FakeConnector::start([soap(&write_response::<TestConfigData>(&Outcome::default()))]).await;
    let config = ConfigValues::new([("ENCODING", Some("utf-8"))].into_iter().collect());
    let request = TestConfigData { connection_info: Some(config) };
    client(options()).call(&connector.url(), &request).await.expect("a success");
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

    let exchanges = journal.exchanges();
    let [described, saved, refused] = &exchanges[..] else { panic!("{exchanges:?}") };
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
    let texts = format!("{exchanges:?}");
    assert!(!texts.contains("s3cret") && !texts.contains("init1al"), "{texts}");
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
