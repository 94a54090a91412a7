//! Responses of other stacks, and of connectors that mean harm.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::super::envelope::{Reply, read_response};
use super::super::operations::{GetActors, GetConfigData, GetList, GetSupportedActorTypes, TestConnection};
use super::super::responses::{ActorsResponse, Outcome, ResponseState};

const ACTORS: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/connector/recorded/08-WSGetActors.response.xml"));

fn actors(document: &str) -> Result<ActorsResponse, String> {
    match read_response::<GetActors>(document) {
        Ok(Reply::Result(response)) => Ok(response),
        other => Err(format!("{other:?}")),
    }
}

fn envelope(body: &str) -> String {
    format!("<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body>{body}</s:Body></s:Envelope>")
}

fn outcome(members: &str) -> Result<Outcome, String> {
    let body = format!(
        "<WSTestConnectionResponse><WSTestConnectionResult>{members}</WSTestConnectionResult></WSTestConnectionResponse>"
    );
    match read_response::<TestConnection>(&envelope(&body)) {
        Ok(Reply::Result(outcome)) => Ok(outcome),
        Ok(Reply::Fault(fault)) => Err(format!("{fault:?}")),
        Err(problem) => Err(problem.to_string()),
    }
}

#[test]
fn a_response_that_is_cut_anywhere_is_refused() {
    for (end, _) in ACTORS.char_indices() {
        actors(&ACTORS[..end]).expect_err(&ACTORS[..end]);
    }
}

#[test]
fn prefixes_comments_white_space_and_unknown_elements_make_no_difference() {
    let expected = actors(ACTORS).expect("actors");
    let renamed = ACTORS
        .replace("xmlns=\"", "xmlns:q=\"")
        .replace("<s:", "<soapenv:")
        .replace("</s:", "</soapenv:")
        .replace("xmlns:s=", "xmlns:soapenv=")
        .replace("<ActorType>", "<q:ActorType>")
        .replace("</ActorType>", "</q:ActorType>")
        .replace("d7p1", "arr")
        .replace("i:nil=\"true\"", "xsi:nil='1'")
        .replace("<Actors>", "<!-- a --><New>1</New><Actors>\n")
        .replace("</Actors>", "<ErpActorWS xsi:nil='1'/></Actors>")
        .replace("customer 1 &amp; &lt;sons&gt;", "<![CDATA[customer 1 & <]]>sons&#62;");
    assert_ne!(renamed, ACTORS);
    assert_eq!(actors(&renamed), Ok(expected));
}

#[test]
fn members_are_read_in_any_order() {
    let (start, rest) = ACTORS.split_once("<ErrorCode").expect("members");
    let (base, rest) = rest.split_once("<Actors>").expect("actors");
    let (list, end) = rest.split_once("</Actors>").expect("actors");
    let reordered = format!("{start}<Actors>{list}</Actors><ErrorCode{base}{end}");
    let key = "<ErpKey>10001</ErpKey>";
    let reordered = reordered.replacen(key, "", 1).replacen("<LastModified>", &format!("{key}<LastModified>"), 1);
    assert_eq!(actors(&reordered), actors(ACTORS));
}

#[test]
fn absent_members_have_defaults() {
    assert_eq!(outcome(""), Ok(Outcome::default()));
    let failed = outcome("<State> error </State><UserExplanation>no</UserExplanation>").expect("an outcome");
    assert_eq!((failed.state, failed.is_success()), (ResponseState::Error, false));
    assert_eq!(outcome("<IsOk>0</IsOk>").map(|outcome| outcome.is_success()), Ok(false));
    let document = envelope("<WSGetListResponse><WSGetListResult/></WSGetListResponse>");
    assert!(
        matches!(read_response::<GetList>(&document), Ok(Reply::Result(response)) if response.list_items.is_none())
    );
}

#[test]
fn a_response_that_is_none_is_named() {
    let deep = format!("<Envelope>{}", "<a>".repeat(1000));
    for (document, expected) in [
        ("", "no root element"),
        ("plain", "text where only elements"),
        ("{\"a\": 1}", "text where only elements"),
        ("<html/>", "not a SOAP envelope but 'html'"),
        ("<Envelope/>", "nothing in the body"),
        ("<Envelope><Body/></Envelope>", "nothing in the body"),
        ("<Envelope><Body><WSGetListResponse/></Body></Envelope>", "not that of WSGetActors but 'WSGetListResponse'"),
        ("<Envelope><Body><WSGetActorsResponse/></Body></Envelope>", "no result in 'WSGetActorsResponse'"),
        ("<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><Envelope>&b;</Envelope>", "a DTD is not allowed"),
        ("<Envelope><Body>&b;</Body></Envelope>", "a reference to nothing"),
        ("<?xml version='1.0' encoding='iso-8859-1'?><Envelope/>", "the encoding 'iso-8859-1' is not supported"),
        (&deep, "nested deeper than 128"),
        (&format!("{ACTORS}<a/>"), "more than one root element"),
    ] {
        let problem = read_response::<GetActors>(document).expect_err(document).to_string();
        assert!(problem.contains(expected), "{problem}");
    }
}

#[test]
fn values_that_do_not_fit_are_named() {
    for (members, expected) in [
        ("<IsOk>yes</IsOk>", "'yes' is not a boolean"),
        ("<State>Fine</State>", "'Fine' is not a value of ResponseStateWS"),
        ("<ErrorCode><a/></ErrorCode>", "elements where only text"),
        ("x", "text where only elements"),
    ] {
        let problem = outcome(members).expect_err(members);
        assert!(problem.contains(expected), "{problem}");
    }
}

#[test]
fn an_unknown_element_is_skipped_at_any_depth_that_is_allowed() {
    let mut members = String::new();
    for _ in 0..100 {
        let _ = write!(members, "<a>");
    }
    members.push_str(&"</a>".repeat(100));
    assert_eq!(outcome(&members), Ok(Outcome::default()));
}

proptest! {
    /// Pieces of responses in any order do not make the reader panic, nor do they read as a success without a result.
    #[test]
    fn any_sequence_of_pieces_is_read_or_refused(pieces in prop::collection::vec(prop::sample::select(vec![
        "<s:Envelope xmlns:s='x'>", "</s:Envelope>", "<Body>", "</Body>", "<Fault>", "</Fault>", "<faultcode>",
        "</faultcode>", "<WSGetActorsResponse>", "</WSGetActorsResponse>", "<WSGetActorsResult>", "</WSGetActorsResult>",
        "<Actors>", "</Actors>", "<ErpActorWS i:nil='true'>", "<ErpActorWS>", "</ErpActorWS>", "<FieldValues>",
        "</FieldValues>", "<a:KeyValueOfstringstring>", "</a:KeyValueOfstringstring>", "<Key>", "</Key>", "<Value/>", "text",
        "&amp;", "&#0;", "<![CDATA[", "]]>", "<!--", "-->", "<IsOk>", "</IsOk>", "<?a?>", "\u{0}", "<",
    ]), 0..40)) {
        let document = pieces.concat();
        if read_response::<GetActors>(&document).is_ok_and(|reply| matches!(reply, Reply::Result(_))) {
            prop_assert!(document.contains("<WSGetActorsResult>"));
        }
        let _ = read_response::<GetConfigData>(&document);
        let _ = read_response::<GetSupportedActorTypes>(&document);
    }

    /// A recorded response with one byte changed is read or refused.
    #[test]
    fn a_changed_byte_does_no_harm(at in 0..ACTORS.len(), byte in any::<u8>()) {
        let mut bytes = ACTORS.as_bytes().to_vec();
        bytes[at] = byte;
        if let Ok(document) = std::str::from_utf8(&bytes) {
            let _ = read_response::<GetActors>(document);
        }
    }
}
