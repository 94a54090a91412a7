//! Malicious requests: each body is refused with a clear error, and costs little memory.
//!
//! The limit of the body is far above its default, so that the tests reach the readers.

use std::time::Instant;

use crate::support::{Answer, Program, Server};

const FORM: &str = "application/x-www-form-urlencoded";

/// Returns the peak memory of the process, in bytes.
fn peak_memory(program: &Program) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

fn deep_xml(depth: usize) -> String {
    format!("<r><Connection>{}{}</Connection></r>", "<x>".repeat(depth), "</x>".repeat(depth))
}

/// Concatenates the pieces for the numbers below `count`.
fn joined(count: usize, piece: impl Fn(usize) -> String) -> String {
    (0..count).map(piece).collect::<Vec<_>>().concat()
}

fn billion_laughs() -> String {
    let entities = joined(9, |level| format!("<!ENTITY l{} \"{}\">", level + 1, format!("&l{level};").repeat(10)));
    format!(
        "<!DOCTYPE r [<!ENTITY l0 \"lol\">{entities}]><r><Connection><DisplayName>&l9;</DisplayName></Connection></r>"
    )
}

/// Content type, body, and a part of the expected message.
fn bodies() -> Vec<(&'static str, String, &'static str)> {
    let megabytes = |count: usize| "x".repeat(count * 1024 * 1024);
    vec![
        ("text/xml", billion_laughs(), "a DTD is not allowed"),
        (
            "text/xml",
            "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><r>&x;</r>".to_owned(),
            "a DTD is not allowed",
        ),
        ("text/xml", "<!DOCTYPE r SYSTEM \"http://127.0.0.1:9/x.dtd\"><r/>".to_owned(), "a DTD is not allowed"),
        ("text/xml", format!("<r><Connection><ConfigFields><{}/>", megabytes(1)), "an entry has no Key"),
        ("text/xml", format!("<{}></b>", megabytes(1)), "not valid XML"),
        ("text/xml", format!("<?xml version=\"1.0\" encoding=\"{}\"?><r/>", megabytes(1)), "the encoding 'xxx"),
        (FORM, format!("Connection.UserGroupAccessIds[{}]=1", megabytes(1)), "UserGroupAccessIds: expected a list"),
        ("text/xml", deep_xml(100_000), "nested deeper than 128"),
        ("text/xml", "<r><Connection>".to_owned() + &"<x>".repeat(100_000), "nested deeper than 128"),
        ("text/xml", format!("<r {}/>", joined(100_000, |n| format!("a{n}='' "))), "more than 64 attributes"),
        ("text/xml", format!("<r><Connection><DisplayName>{}", "&amp;".repeat(1_000_000)), "ends too early"),
        ("text/xml", format!("<r><Connection><DisplayName>{}", "<![CDATA[".repeat(1_000_000)), "not closed"),
        ("text/xml", format!("<r>{}", "<!-- ".repeat(1_000_000)), "not valid XML"),
        (
            "text/xml",
            format!("<r><Connection><DisplayName>{}</DisplayName></Connection></r>", megabytes(10)),
            "the limit is 254",
        ),
        ("text/xml", format!("<r>{}</r>", megabytes(10)), "found a string"),
        ("text/xml", "<".repeat(10_000_000), "not valid XML"),
        ("text/json", format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)), "nested deeper than 128"),
        ("text/json", format!("{{\"Connection\":{}", "{\"x\":".repeat(100_000)), "nested deeper than 128"),
        ("text/json", format!("{{\"x\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000)), "nested deeper than 128"),
        ("text/json", format!("{{\"Connection\":{{\"DisplayName\":\"{}\"}}}}", megabytes(10)), "the limit is 254"),
        (
            "text/json",
            format!("{{\"Connection\":{{\"ErpConnectionId\":{}}}}}", "9".repeat(10_000_000)),
            "number out of range",
        ),
        (FORM, format!("Connection{}=1", "[x]".repeat(100_000)), "its name cannot be read"),
        (FORM, format!("Connection{}=1", ".x".repeat(100_000)), "its name cannot be read"),
        (FORM, joined(1_000_000, |n| format!("a{n}=1&")), "at most 10000 pairs"),
        (FORM, "Connection.UserGroupAccessIds=1&".repeat(500_000), "at most 10000 pairs"),
        (FORM, format!("Connection.DisplayName={}", megabytes(10)), "the limit is 254"),
        (FORM, format!("Connection.DisplayName={}", "%41".repeat(1_000_000)), "the limit is 254"),
        (FORM, "&".repeat(10_000_000), "missing or null"),
    ]
}

#[tokio::test]
async fn malicious_bodies_are_refused_with_little_memory() {
    let server = Server::start_with(&["--max-body-bytes", "20000000"]).await;
    let before = server.database.contents().await;
    // The memory of the login is not measured.
    server.program.send("application/json", "{", &[]).await.assert_service_error(400, "ArgumentException", &[]);
    let start = peak_memory(&server.program);
    for (content_type, body, part) in bodies() {
        let size = body.len() as u64;
        let beginning: String = body.chars().take(40).collect();
        let began = Instant::now();
        let answer = server.program.send(content_type, body, &[("Accept", "application/json")]).await;
        let taken = began.elapsed();
        assert_eq!(answer.status, 400, "{content_type} {beginning}: {}", answer.text);
        assert!(answer.text.contains(part), "{content_type} {beginning}: {}", answer.text);
        assert!(answer.text.len() < 1000, "{content_type} {beginning}");
        eprintln!("{content_type} {size} bytes {taken:?} {beginning}");
    }
    let grown = peak_memory(&server.program) - start;
    assert!(grown < 100_000_000, "grew by {grown} bytes for bodies of at most 16 MB");
    assert_eq!(server.database.contents().await, before);
}

#[tokio::test]
async fn ten_megabytes_exceed_the_default_limit() {
    let server = Server::start().await;
    for content_type in ["text/json", "text/xml", FORM] {
        let body = " ".repeat(10 * 1024 * 1024);
        let answer: Answer = server.program.send(content_type, body, &[("Accept", "application/json")]).await;
        answer.assert_framework_error(413, &["too large"]);
    }
}

#[tokio::test]
async fn malicious_headers_and_queries_have_no_effect() {
    let server = Server::start().await;
    let expected = server.program.save_sample().await.text;
    for (name, value) in [
        ("Accept", "application/json;q=0.1,".repeat(1000)),
        ("Accept", format!("text/html;x=\"{}", "\\\"".repeat(10_000))),
        ("Accept-Language", "x".repeat(20_000)),
        ("Accept-Language", ";q=0.5".repeat(5_000)),
        ("SO-TimeZone", "../".repeat(5_000)),
        ("SO-Culture", "en-".repeat(5_000)),
    ] {
        let answer = server.program.send("application/json", crate::support::seed_request(), &[(name, &value)]).await;
        assert_eq!((answer.status, answer.text), (200, expected.clone()), "{name}: {value:.20}");
    }
    let path = format!("{}?$select={}", crate::support::SAVE, "a/".repeat(20_000));
    let answer = server.program.send_to(&path, "application/json", crate::support::seed_request(), &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// Each level of nested carriers is a recursion of the readers.
#[tokio::test]
async fn carriers_nested_to_the_limit_are_read() {
    let server = Server::start().await;
    let path = "/api/v1/Agents/ErpSync/SaveConnectionListMappings";
    let json = |depth: usize| {
        let (open, close) = ("{\"ChildItems\":[".repeat(depth), "]}".repeat(depth));
        format!(
            "{{\"ListMapping\":{{\"ErpConnectionId\":816,\"ErpListItemMappings\":[{{\"CrmList\":{open}{close}}}]}}}}"
        )
    };
    let xml = |depth: usize| {
        let (open, close) = ("<ChildItems><MDOListItem>".repeat(depth), "</MDOListItem></ChildItems>".repeat(depth));
        format!(
            "<r><ListMapping><ErpConnectionId>816</ErpConnectionId><ErpListItemMappings><m>\
             <CrmList>{open}{close}</CrmList></m></ErpListItemMappings></ListMapping></r>"
        )
    };
    for (content_type, body) in [("application/json", &json as &dyn Fn(usize) -> String), ("text/xml", &xml)] {
        // The body is read, and refused by a rule for its missing field.
        let answer = server.program.send_to(path, content_type, body(60), &[("Accept", "application/json")]).await;
        answer.assert_service_error(400, "SoValidationException", &["[0].ErpFieldId: connection 816 has no field 0"]);
        let answer = server.program.send_to(path, content_type, body(64), &[("Accept", "application/json")]).await;
        answer.assert_service_error(400, "ArgumentException", &["nested deeper than 128"]);
    }
}
