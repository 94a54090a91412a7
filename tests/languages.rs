//! The language, culture and time-zone headers.

use crate::formats::xml_text;
use crate::support::{Answer, Server};

const NAME: &str = r#"US:"Main";NO:"Hoved""#;
const TIMES: &str =
    r#"US:"since";NO:"siden"; [DT:07/31/2024 22:30:00.0000000], [D:07/31/2024], [F:1234.5], [I:1000], [SR_X]"#;

/// Saves a connection with these texts. Returns the response with every space as U+0020.
async fn save(server: &Server, headers: &[(&str, &str)]) -> Answer {
    let body = serde_json::json!({ "Connection": {
        "ErpConnectionId": 816, "DisplayName": NAME, "DisplayDescription": TIMES, "MostRecentTimestamp": NAME,
        "ConfigFields": { NAME: TIMES },
    }});
    let mut answer = server.program.send("application/json", body.to_string(), headers).await;
    answer.text = answer.text.replace(['\u{a0}', '\u{202f}'], " ");
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer
}

async fn texts(server: &Server, headers: &[(&str, &str)]) -> (String, String) {
    let answer = save(server, headers).await.json();
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    (text("DisplayName"), text("DisplayDescription"))
}

#[tokio::test]
async fn decision_18_texts_are_resolved_to_the_requested_language() {
    let server = Server::start().await;
    for (headers, expected) in [
        (&[][..], NAME),
        (&[("Accept-Language", "nb-NO")], "Hoved"),
        (&[("Accept-Language", "nb-no")], "Hoved"),
        (&[("Accept-Language", "NO")], "Hoved"),
        (&[("Accept-Language", "en")], "Main"),
        (&[("Accept-Language", "de")], "Main"),
        (&[("Accept-Language", "tlh")], "Main"),
        (&[("Accept-Language", "fr;q=0.3, nb;q=0.7")], "Hoved"),
        (&[("Accept-Language", "nn-NO; en-gb")], "Hoved"),
        (&[("Accept-Language", "*")], NAME),
        (&[("Accept-Language", "")], NAME),
        (&[("SO-Language", "nb")], "Hoved"),
        (&[("Accept-Language", "no"), ("SO-Language", "en")], "Main"),
        (&[("Accept-Language", "no"), ("SO-Language", "x")], NAME),
        (&[("Accept-Language", "no"), ("SO-Language", "*")], NAME),
        (&[("Accept-Language", "no"), ("SO-Language", "")], NAME),
        (&[("Accept-Language", "no"), ("SO-Language", "-")], NAME),
        (&[("Accept-Language", "fr;q=0.1"), ("Accept-Language", "no")], "Hoved"),
    ] {
        assert_eq!(texts(&server, headers).await.0, expected, "{headers:?}");
    }
    let stored: String =
        server.database.value("SELECT display_name FROM erp_connection WHERE erp_connection_id = 816").await;
    assert_eq!(stored, NAME, "the stored text is unchanged");
}

#[tokio::test]
async fn decision_19_encoded_values_follow_the_culture_and_the_time_zone() {
    let server = Server::start().await;
    for (headers, expected) in [
        (&[][..], TIMES),
        (&[("SO-Culture", "nb")], TIMES),
        (&[("SO-TimeZone", "NO")], TIMES),
        (&[("SO-Language", "en")], "since 7/31/2024, 10:30:00 PM, 7/31/2024, 1234.5, 1000, [SR_X]"),
        (&[("SO-Language", "nb")], "siden 31.07.2024, 22:30:00, 31.07.2024, 1234,5, 1000, [SR_X]"),
        (
            &[("SO-Language", "nb"), ("SO-Culture", "en-GB")],
            "siden 31/07/2024, 22:30:00, 31/07/2024, 1234.5, 1000, [SR_X]",
        ),
        (
            &[("SO-Language", "en"), ("SO-Culture", "de")],
            "since 31.07.2024, 22:30:00, 31.07.2024, 1234,5, 1000, [SR_X]",
        ),
        (
            &[("SO-Language", "en"), ("SO-Culture", "x")],
            "since 7/31/2024, 10:30:00 PM, 7/31/2024, 1234.5, 1000, [SR_X]",
        ),
        (
            &[("SO-Language", "nb"), ("SO-TimeZone", "NO")],
            "siden 01.08.2024, 00:30:00, 31.07.2024, 1234,5, 1000, [SR_X]",
        ),
        (
            &[("SO-Language", "nb"), ("so-timezone", "460")],
            "siden 31.07.2024, 18:30:00, 31.07.2024, 1234,5, 1000, [SR_X]",
        ),
        (
            &[("SO-Language", "nb"), ("SO-TimeZone", "Mars")],
            "siden 31.07.2024, 22:30:00, 31.07.2024, 1234,5, 1000, [SR_X]",
        ),
    ] {
        assert_eq!(texts(&server, headers).await.1, expected, "{headers:?}");
    }
}

#[tokio::test]
async fn the_time_zone_in_use_is_echoed() {
    let server = Server::start().await;
    for (asked, echo) in [
        ("NO", "NO"),
        ("no", "NO"),
        ("261", "NO"),
        ("1", "UTC"),
        ("460, includeTZOffset", "US-NY,includeTZOffset"),
        ("UTC,includeTZOffset", "UTC,includeTZOffset"),
        ("Europe/Oslo", "Europe/Oslo"),
        ("includeTZOffset", ""),
        ("Mars", ""),
        ("", ""),
    ] {
        assert_eq!(save(&server, &[("SO-TimeZone", asked)]).await.header("so-timezone"), echo, "{asked}");
    }
    assert_eq!(save(&server, &[]).await.header("so-timezone"), "");
}

#[tokio::test]
async fn keys_values_and_timestamps_are_never_translated() {
    let server = Server::start().await;
    let headers = [("SO-Language", "nb"), ("SO-TimeZone", "NO")];
    let answer = save(&server, &headers).await.json();
    assert_eq!(answer["MostRecentTimestamp"], NAME);
    assert_eq!(answer["ConfigFields"][NAME], TIMES);

    let xml = save(&server, &[("Accept", "text/xml"), ("SO-Language", "nb")]).await;
    assert_eq!(xml_text(&xml.text, &["DisplayName"]).as_deref(), Some("Hoved"));
    assert_eq!(xml_text(&xml.text, &["MostRecentTimestamp"]).as_deref(), Some(NAME));
}
