//! Request and response formats, and their negotiation.

use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use serde_json::Value;

use crate::support::client::{SEED_FORM, SEED_XML, TJE0, TJE1};
use crate::support::{Answer, SAVE, Server, seed_request};

const JSON_TYPES: [&str; 4] =
    ["application/json", "text/json", "application/json-patch+json", "application/merge-patch+json"];
const XML_TYPES: [&str; 2] = ["application/xml", "text/xml"];
const FORM: &str = "application/x-www-form-urlencoded";

/// The sample request in every content type.
fn seeds() -> Vec<(&'static str, String)> {
    let json = JSON_TYPES.map(|content_type| (content_type, seed_request()));
    let xml = XML_TYPES.map(|content_type| (content_type, SEED_XML.to_owned()));
    json.into_iter().chain(xml).chain([(FORM, SEED_FORM.to_owned())]).collect()
}

/// Returns the text of the element at a path of names, as a strict XML parser that is not the server's reads it.
pub fn xml_text(document: &str, path: &[&str]) -> Option<String> {
    let document = roxmltree::Document::parse(document).unwrap_or_else(|problem| panic!("{problem}: {document}"));
    let mut node = document.root_element();
    for name in path {
        node = node.children().find(|child| child.tag_name().name() == *name)?;
    }
    Some(node.text().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn the_sample_gives_the_same_row_and_response_in_every_format() {
    let server = Server::start().await;
    let mut in_json: Option<Value> = None;
    let mut in_xml: Option<String> = None;
    let mut rows: Option<String> = None;
    for (content_type, body) in seeds() {
        for accept in JSON_TYPES.into_iter().chain(XML_TYPES) {
            // A change that each request must undo.
            server
                .saved(&serde_json::json!({ "ErpConnectionId": 816, "ConnectionId": "other", "ConfigFields": {} }))
                .await;
            let answer = server.program.send(content_type, body.clone(), &[("Accept", accept)]).await;
            assert_eq!(answer.status, 200, "{content_type} {accept}: {}", answer.text);
            assert_eq!(answer.header("content-type"), format!("{accept}; charset=utf-8"));
            if accept.ends_with("xml") {
                assert_eq!(*in_xml.get_or_insert(answer.text.clone()), answer.text);
                assert_eq!(xml_text(&answer.text, &["DisplayName"]).as_deref(), Some("Emard Group"));
            } else {
                assert_eq!(*in_json.get_or_insert(answer.json()), answer.json());
            }
            let row = "SELECT concat_ws('|', erp_connection_id, erp_connector_id, display_name, display_description,
                    active, connection_id, most_recent_timestamp, deleted, all_access,
                    (SELECT string_agg(field_key || field_value, ',' ORDER BY field_key)
                        FROM connection_config_field f WHERE f.erp_connection_id = c.erp_connection_id),
                    (SELECT string_agg(concat(user_group_id, '/', associate_id), ',' ORDER BY user_group_id, associate_id)
                        FROM erp_connection_access a WHERE a.erp_connection_id = c.erp_connection_id))
                FROM erp_connection c WHERE erp_connection_id = 816";
            let row: String = server.database.value(row).await;
            assert_eq!(*rows.get_or_insert(row.clone()), row);
        }
    }
    assert_eq!(
        rows.as_deref(),
        Some(
            "816|411|Emard Group|Fundamental eco-centric application|t|a|rerum|t|f|\
             ConfigFields1est,ConfigFields2ducimus|185/,350/,/463,/920"
        )
    );
}

#[tokio::test]
async fn xml_responses_follow_the_vendors_contracts() {
    let server = Server::start().await;
    let answer = server.program.send("text/xml", SEED_XML, &[]).await;
    let start = concat!(
        r#"<ErpConnection xmlns:i="http://www.w3.org/2001/XMLSchema-instance">"#,
        "<TableRight><Mask>Select Update Insert Delete</Mask><Reason/></TableRight>",
        "<FieldProperties><FieldPropertyDictionaryKeyValuePair><Key>ErpConnectionId</Key><Value><FieldRight>",
        "<Mask>Read Write</Mask><Reason/></FieldRight><FieldType>System.Int32</FieldType><FieldLength>4</FieldLength>",
        "</Value></FieldPropertyDictionaryKeyValuePair>",
    );
    assert!(answer.text.starts_with(start), "{}", answer.text);
    let end = concat!(
        "</FieldProperties><ErpConnectionId>816</ErpConnectionId><ErpConnectorId>411</ErpConnectorId>",
        "<DisplayName>Emard Group</DisplayName>",
        "<DisplayDescription>Fundamental eco-centric application</DisplayDescription><Active>true</Active>",
        "<ConnectionId>a</ConnectionId><MostRecentTimestamp>rerum</MostRecentTimestamp>",
        "<ConfigFields><StringKeyValuePair><Key>ConfigFields1</Key><Value>est</Value></StringKeyValuePair>",
        "<StringKeyValuePair><Key>ConfigFields2</Key><Value>ducimus</Value></StringKeyValuePair></ConfigFields>",
        "<Deleted>true</Deleted><AllAccess>false</AllAccess>",
        r#"<UserGroupAccessIds xmlns:a="http://schemas.microsoft.com/2003/10/Serialization/Arrays">"#,
        "<a:int>185</a:int><a:int>350</a:int></UserGroupAccessIds>",
        r#"<AssociateAccessIds xmlns:a="http://schemas.microsoft.com/2003/10/Serialization/Arrays">"#,
        "<a:int>463</a:int><a:int>920</a:int></AssociateAccessIds></ErpConnection>",
    );
    assert!(answer.text.ends_with(end), "{}", answer.text);

    let null = serde_json::json!({ "Connection": { "ErpConnectionId": 816, "ConfigFields": { "k": null } } });
    let answer = server.program.send("text/json", null.to_string(), &[("Accept", "text/xml")]).await;
    assert!(answer.text.contains(r#"<Key>k</Key><Value i:nil="true"/>"#), "{}", answer.text);
    assert!(answer.text.contains("<DisplayName/>"), "{}", answer.text);
}

#[tokio::test]
async fn responses_can_be_sent_back_as_requests() {
    let server = Server::start().await;
    let texts = "\u{1}\u{b}\u{fffe} _x0001_ \r\n\t<&>'\"]]> æ 漢 😀 ";
    let connection = serde_json::json!({
        "ErpConnectionId": 816, "DisplayName": texts, "ConfigFields": { texts: texts, "null": null, "": "" },
        "UserGroupAccessIds": [], "AssociateAccessIds": [463],
    });
    let first = server
        .program
        .send("text/json", serde_json::json!({ "Connection": connection }).to_string(), &[("Accept", "text/xml")])
        .await;
    assert_eq!(xml_text(&first.text, &["UserGroupAccessIds"]).as_deref(), Some(""));
    let content = first.text.strip_prefix("<ErpConnection").and_then(|rest| rest.strip_suffix("</ErpConnection>"));
    let body =
        format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<r><Connection{}</Connection></r>", content.unwrap());
    let second = server.program.send("text/xml", body, &[]).await;
    assert_eq!(second.text, first.text);
    let stored: String =
        server.database.value("SELECT display_name FROM erp_connection WHERE erp_connection_id = 816").await;
    assert_eq!(stored, texts);
    let json = server.saved(&connection).await;
    assert_eq!(json["ConfigFields"], connection["ConfigFields"]);
}

/// Negotiation by the vendor's framework: `Accept`, `Content-Type`, media type of the response.
const CHOICES: [(Option<&str>, &str, &str); 26] = [
    (Some("*/*"), "application/xml", "application/json"),
    (Some("*/*"), FORM, "application/json"),
    (None, "application/json", "application/json"),
    (None, "text/json", "text/json"),
    (None, "application/xml", "application/xml"),
    (None, "text/xml; charset=utf-8", "text/xml"),
    (None, FORM, "application/json"),
    (None, "application/json-patch+json", "application/json-patch+json"),
    (None, "application/merge-patch+json", "application/merge-patch+json"),
    (Some("text/html"), "application/xml", "application/xml"),
    (Some("text/html"), FORM, "application/json"),
    (Some("image/*, application/pdf;q=0.5"), "text/json", "text/json"),
    (Some("text/xml;q=0.5, text/json"), "application/json", "text/json"),
    (Some("application/json;q=0.2, */*;q=0.9"), "application/xml", "application/json"),
    (Some("*/*, application/xml"), "application/json", "application/xml"),
    (Some("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8"), "application/json", "application/xml"),
    (Some("application/*"), "application/xml", "application/json"),
    (Some("text/*"), "application/xml", "text/json"),
    (Some("text/*, application/xml;q=0.9"), "application/json", "text/json"),
    (Some("application/json; charset=utf-8"), "application/xml", "application/json"),
    (Some("APPLICATION/XML"), "application/json", "application/xml"),
    (Some("application/xml, application/json"), "application/json", "application/json"),
    (Some("text/xml, application/xml"), "application/json", "text/xml"),
    (Some("application/merge-patch+json, text/xml;q=0.9"), "application/json", "application/merge-patch+json"),
    (Some("application/xml;q=0, */*;q=0.1"), "application/json", "application/json"),
    (Some("application/xml;q=0"), "application/json", "application/json"),
];

#[tokio::test]
async fn decision_21_the_format_is_chosen_as_the_vendors_framework_does() {
    let server = Server::start().await;
    for (accept, content_type, expected) in CHOICES {
        let body = seeds().into_iter().find(|(known, _)| content_type.starts_with(known)).unwrap().1;
        let accept_header: &[_] = &accept.map(|accept| ("Accept", accept)).into_iter().collect::<Vec<_>>();
        let answer = server.program.send(content_type, body, accept_header).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let case = format!("{accept:?} {content_type}");
        assert_eq!(answer.header("content-type"), format!("{expected}; charset=utf-8"), "{case}");
        assert_eq!(answer.text.starts_with('<'), expected.ends_with("xml"), "{case}");

        // The format of errors is negotiated in the same way.
        let refused = server.program.send(content_type, "", accept_header).await;
        assert_eq!(refused.status, 400);
        assert_eq!(refused.header("content-type"), format!("{expected}; charset=utf-8"), "{case}");
        assert_eq!(refused.text.starts_with('<'), expected.ends_with("xml"), "{case}");
    }
}

#[tokio::test]
async fn several_accept_headers_are_one_list() {
    let server = Server::start().await;
    let headers = [("Accept", "text/html"), ("Accept", "text/json;q=0.5"), ("Accept", "text/xml")];
    let answer = server.program.send("application/json", seed_request(), &headers).await;
    assert_eq!(answer.header("content-type"), "text/xml; charset=utf-8");
}

#[tokio::test]
async fn every_error_is_in_the_negotiated_format() {
    let server = Server::start_with(&["--max-body-bytes", "3000"]).await;
    let program = &server.program;
    let xml = |request: reqwest::RequestBuilder| async {
        let answer = Answer::of(request.header(ACCEPT, "application/xml").send().await.unwrap()).await;
        assert_eq!(answer.header("content-type"), "application/xml; charset=utf-8");
        let names: Vec<_> = roxmltree::Document::parse(&answer.text)
            .unwrap()
            .root_element()
            .children()
            .map(|child| child.tag_name().name().to_owned())
            .collect();
        assert!(answer.text.starts_with("<Error><"), "{}", answer.text);
        (answer.status, names.join(" "), xml_text(&answer.text, &["Message"]).unwrap())
    };
    let post = |body: String| {
        program.request(Method::POST, SAVE).header(AUTHORIZATION, TJE0).header(CONTENT_TYPE, "text/json").body(body)
    };
    let service = "Error ErrorType Message ErrorSource";
    for (request, status, names, part) in [
        (program.request(Method::GET, "/<x>"), 404, "Message MessageDetail", "/%3Cx%3E"),
        (program.request(Method::POST, SAVE), 401, service, "Authorization"),
        (program.request(Method::PUT, SAVE).header(AUTHORIZATION, TJE0), 405, "Message", "PUT"),
        (post("{".into()), 400, service, "not valid JSON"),
        (post(r#"{"Connection":{"DisplayName":5}}"#.into()), 400, service, "Connection.DisplayName"),
        (post(r#"{"Connection":{"ConfigFields":{"<\u0001>":5}}}"#.into()), 400, service, "[<_x0001_>]"),
        (post(" ".repeat(4000)), 413, "Message MessageDetail", "too large"),
        (
            program
                .request(Method::POST, SAVE)
                .header(AUTHORIZATION, TJE1)
                .header(CONTENT_TYPE, "text/json")
                .body(seed_request()),
            403,
            service,
            "administrators",
        ),
        (
            program.request(Method::POST, SAVE).header(AUTHORIZATION, TJE0).header(CONTENT_TYPE, "image/png").body("x"),
            415,
            "Message MessageDetail",
            "image/png",
        ),
    ] {
        let (got_status, got_names, message) = xml(request).await;
        assert_eq!((got_status, &*got_names), (status, names));
        assert!(message.contains(part), "{message}");
    }
}

#[tokio::test]
async fn vary_names_the_headers_that_the_response_depends_on() {
    let server = Server::start().await;
    let program = &server.program;
    let vary = async |headers: &[(&str, &str)]| {
        let answer = program.send("application/json", seed_request(), headers).await;
        answer
            .vary()
            .into_iter()
            .filter(|name| *name != "accept-encoding")
            .map(ToOwned::to_owned)
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(vary(&[("Accept", "text/json")]).await, "accept accept-language so-language so-timezone");
    assert_eq!(vary(&[]).await, "accept accept-language content-type so-language so-timezone");
    assert_eq!(
        vary(&[("Accept", "text/json"), ("Accept-Language", "nb")]).await,
        "accept accept-language so-culture so-language so-timezone"
    );
    assert_eq!(
        vary(&[("Accept", "text/json"), ("SO-Language", "nb")]).await,
        "accept so-culture so-language so-timezone"
    );
    assert_eq!(vary(&[("Accept", "text/json"), ("SO-Language", "x")]).await, "accept so-language so-timezone");
    let refused = program.send("application/json", "{", &[("Accept", "text/json")]).await;
    assert!(refused.vary().contains(&"accept") && !refused.vary().contains(&"so-language"), "{:?}", refused.vary());
}

#[tokio::test]
async fn bodies_are_read_in_utf8_and_utf16_with_and_without_a_byte_order_mark() {
    let server = Server::start().await;
    let big = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    let little = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    for (content_type, body) in seeds() {
        let body = body.replace("Emard", "Æmard漢😀");
        let marked = format!("\u{feff}{body}");
        for (charset, bytes) in [
            ("", body.clone().into_bytes()),
            ("; charset=UTF-8", marked.clone().into_bytes()),
            ("; charset=utf-16", little(&body)),
            ("; charset=\"utf-16\"", big(&body)),
            ("; charset=utf-16", little(&marked)),
            ("; charset=utf-16", big(&marked)),
            ("", little(&marked)),
        ] {
            let answer =
                server.program.send(&format!("{content_type}{charset}"), bytes, &[("Accept", "text/json")]).await;
            assert_eq!(answer.status, 200, "{content_type}{charset}: {}", answer.text);
            assert_eq!(answer.json()["DisplayName"], "Æmard漢😀 Group", "{content_type}{charset}");
        }
        let broken = server.program.send(&format!("{content_type}; charset=utf-16"), "odd", &[]).await;
        assert_eq!(broken.status, 400, "{content_type}");
        let unknown = server.program.send(&format!("{content_type}; charset=latin1"), body, &[]).await;
        assert_eq!(unknown.status, 415, "{content_type}");
    }
}

#[tokio::test]
async fn a_json_patch_document_is_refused_with_the_reason() {
    let server = Server::start().await;
    let patch = r#"[{"op":"replace","path":"/DisplayName","value":"x"}]"#;
    let answer = server.program.send("application/json-patch+json", patch, &[("Accept", "application/json")]).await;
    answer.assert_service_error(400, "ArgumentException", &["The request body: expected an object, found a list"]);
}

#[tokio::test]
async fn get_describes_a_call_in_xml_as_well() {
    let server = Server::start().await;
    let request = server.program.request(Method::GET, SAVE).header(AUTHORIZATION, TJE0).header(ACCEPT, "text/xml");
    let answer = Answer::of(request.send().await.unwrap()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(xml_text(&answer.text, &["StringKeyValuePair", "Key"]).as_deref(), Some(SAVE));
}
