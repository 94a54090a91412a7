//! Envelopes that WCF has written, and what a WCF client does not read in others.

use std::time::{Duration, SystemTime};

use super::envelope::check_envelope;
use super::report::Finding;
use crate::connector::envelope::{CONTENT_TYPE, ENVELOPE, NAMESPACE};
use crate::connector::journal::Exchange;
use crate::connector::operations::{
    CreateActor, DeleteConnection, GetActors, GetActorsByTimestamp, GetConfigData, GetList, GetListItems,
    GetSearchableFields, GetSupportedActorTypeFields, GetSupportedActorTypes, Operation, SaveActors, SaveConnection,
    SearchActorByParent, SearchActors, SearchActorsAdvanced, TestConfigData, TestConnection,
};
use crate::connector::writer::ARRAYS;

const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/connector/recorded");
const CONFIG_DATA: &str = include_str!("../../tests/connector/recorded/01-WSGetConfigData.response.xml");
const LIST: &str = include_str!("../../tests/connector/recorded/15-WSGetList.response.xml");

fn check<O: Operation>(content_type: &str, response: &str) -> Vec<Finding> {
    check_envelope::<O>(&Exchange {
        time: SystemTime::UNIX_EPOCH,
        operation: O::NAME,
        connection: None,
        url: String::new(),
        duration: Duration::ZERO,
        outcome: "ok",
        detail: None,
        request: None,
        content_type: Some(content_type.to_owned()),
        response: Some(response.to_owned()),
    })
}

/// Checks that a recorded response passes, and that it does not in another namespace.
fn check_recorded<O: Operation>(number: u8) {
    let file = format!("{RECORDED}/{number:02}-{}.response.xml", O::NAME);
    let response = std::fs::read_to_string(&file).unwrap_or_else(|problem| panic!("{file}: {problem}"));
    assert_eq!(check::<O>(CONTENT_TYPE, &response), [], "{file}");
    let name = format!("{}Response", O::NAME);
    let expected = format!("{name} is in the namespace \"urn:x\"; a WCF client expects it in \"{NAMESPACE}\"");
    let moved = response.replace(NAMESPACE, "urn:x");
    assert_eq!(check::<O>(CONTENT_TYPE, &moved), [Finding::broken(expected)], "{file}");
}

#[test]
fn what_wcf_has_written_passes() {
    check_recorded::<GetConfigData>(1);
    check_recorded::<TestConnection>(2);
    check_recorded::<TestConfigData>(3);
    check_recorded::<SaveConnection>(4);
    check_recorded::<GetSupportedActorTypes>(5);
    check_recorded::<GetSupportedActorTypeFields>(6);
    check_recorded::<GetSearchableFields>(7);
    check_recorded::<GetActors>(8);
    check_recorded::<GetActorsByTimestamp>(9);
    check_recorded::<SearchActors>(10);
    check_recorded::<SearchActorByParent>(11);
    check_recorded::<SearchActorsAdvanced>(12);
    check_recorded::<CreateActor>(13);
    check_recorded::<SaveActors>(14);
    check_recorded::<GetList>(15);
    check_recorded::<GetListItems>(16);
    check_recorded::<DeleteConnection>(17);
}

/// Checks that one part of a recorded response, replaced by another one, is found.
#[track_caller]
fn check_changed<O: Operation>(recorded: &str, part: &str, replacement: &str, expected: &[Finding]) {
    let changed = recorded.replace(part, replacement);
    assert_ne!(changed, recorded, "nothing is replaced");
    assert_eq!(check::<O>(CONTENT_TYPE, &changed), expected, "{part} replaced by {replacement}");
}

#[test]
fn another_namespace_is_found() {
    let expected = |text: &str| [Finding::broken(format!("{text}; a WCF client expects it in \"{NAMESPACE}\""))];
    let declaration = format!(" xmlns=\"{NAMESPACE}\"");
    let none = expected("WSGetConfigDataResponse is in no namespace");
    check_changed::<GetConfigData>(CONFIG_DATA, &declaration, "", &none);
    let undeclared = expected("IsOk is in the namespace \"(undeclared prefix p)\"");
    check_changed::<GetConfigData>(CONFIG_DATA, "IsOk>", "p:IsOk>", &undeclared);
    let item = expected("FieldMetadataInfoWS is in the namespace \"urn:x\"");
    check_changed::<GetConfigData>(CONFIG_DATA, "<FieldMetadataInfoWS>", "<FieldMetadataInfoWS xmlns='urn:x'>", &item);

    let [soap, soap_1_2] = [ENVELOPE, "http://www.w3.org/2003/05/soap-envelope"];
    let text = format!("Envelope is in the namespace \"{soap_1_2}\"; a WCF client expects it in \"{soap}\"");
    check_changed::<GetConfigData>(CONFIG_DATA, soap, soap_1_2, &[Finding::broken(text)]);
    let text = format!("KeyValueOfstringstring is in the namespace \"urn:x\"; a WCF client expects it in \"{ARRAYS}\"");
    check_changed::<GetList>(LIST, ARRAYS, "urn:x", &[Finding::broken(text)]);
}

#[test]
fn another_content_type_is_found() {
    for content_type in ["text/xml", "Text/XML;charset=\"UTF-8\"", "text/xml; a=b; charset=utf-8", "***; charset=utf-8"]
    {
        assert_eq!(check::<GetConfigData>(content_type, CONFIG_DATA), [], "{content_type}");
    }
    for content_type in ["", "application/soap+xml; charset=utf-8", "application/xml", "text/xml; charset=us-ascii"] {
        let text = format!("the Content-Type is \"{content_type}\"; a WCF client expects \"{CONTENT_TYPE}\"");
        assert_eq!(check::<GetConfigData>(content_type, CONFIG_DATA), [Finding::broken(text)]);
    }
}

#[test]
fn members_that_a_wcf_client_skips_are_found() {
    const RESULT: &str = "ErrorCode, IsOk, State, TechExplanation, UserExplanation, FieldMetaDataObjects";
    let skipped =
        |member: &str, order: &str| format!("{member}, where a WCF client does not read it; the order is {order}");
    let field = "Access, DefaultValue, DisplayDescription, DisplayName, FieldKey, FieldType, ListName, MaxLength, Rank";

    let position = |part| CONFIG_DATA.find(part).expect(part);
    let outcome = &CONFIG_DATA[position("<ErrorCode")..position("<FieldMetaDataObjects>")];
    let late = CONFIG_DATA
        .replace(outcome, "")
        .replace("</FieldMetaDataObjects>", &format!("</FieldMetaDataObjects>{outcome}"));
    let expected = [
        Finding::doubtful(skipped("ErrorCode in WSGetConfigDataResult comes after FieldMetaDataObjects", RESULT)),
        Finding::broken(skipped("IsOk in WSGetConfigDataResult comes after FieldMetaDataObjects", RESULT)),
    ];
    assert_eq!(check::<GetConfigData>(CONTENT_TYPE, &late), expected);
    let swapped =
        [Finding::broken(skipped("DisplayDescription in FieldMetadataInfoWS comes after DisplayName", field))];
    let parts = ("<DisplayDescription>field about</DisplayDescription>", "<FieldKey>about");
    let moved = CONFIG_DATA.replace(parts.0, "").replace(parts.1, &[parts.0, parts.1].concat());
    assert_eq!(check::<GetConfigData>(CONTENT_TYPE, &moved), swapped);
    let entry = skipped("Key in KeyValueOfstringstring comes after Value", "Key, Value");
    let key = (
        "<d5p1:Key>s</d5p1:Key><d5p1:Value>South &amp; east</d5p1:Value>",
        "<d5p1:Value>x</d5p1:Value><d5p1:Key>s</d5p1:Key>",
    );
    check_changed::<GetList>(LIST, key.0, key.1, &[Finding::broken(entry)]);

    let spelled = "isOk in WSGetConfigDataResult is not read by a WCF client, which expects IsOk";
    check_changed::<GetConfigData>(CONFIG_DATA, "IsOk>", "isOk>", &[Finding::broken(spelled)]);
    let item = "string in ListItems is not read by a WCF client, which expects KeyValueOfstringstring";
    check_changed::<GetList>(LIST, "KeyValueOfstringstring", "string", &[Finding::broken(item)]);
    let twice = "IsOk in WSGetConfigDataResult occurs twice, of which a WCF client reads the first";
    check_changed::<GetConfigData>(CONFIG_DATA, "<IsOk>", "<IsOk>true</IsOk><IsOk>", &[Finding::broken(twice)]);
    let unknown = format!("Ok in WSGetConfigDataResult is no member, and is ignored; members are {RESULT}");
    check_changed::<GetConfigData>(CONFIG_DATA, "<IsOk>", "<Ok/><IsOk>", &[Finding::doubtful(unknown)]);
    check_changed::<GetConfigData>(CONFIG_DATA, "<IsOk>true</IsOk>", "", &[Finding::broken("the result has no IsOk")]);
    let missing = [Finding::broken("an entry of ListItems has no Value")];
    check_changed::<GetList>(LIST, "<d5p1:Value i:nil=\"true\" />", "", &missing);
}

#[test]
fn values_that_a_wcf_client_refuses_are_found() {
    let refused = |found: &str, expected: &str| {
        [Finding::broken(format!("{found}, for which a WCF client refuses the response; it expects {expected}"))]
    };
    for (part, replacement, expected) in [
        ("<IsOk>true", "<IsOk>True", refused("IsOk is \"True\"", "true, false, 1, 0")),
        ("<IsOk>true</IsOk>", "<IsOk i:nil='true'/>", refused("IsOk is nil", "true, false, 1, 0")),
        ("<State>Ok", "<State>OK", refused("State is \"OK\"", "Ok, OkWithInfo, Warning, Error")),
        ("<State>Ok", "<State> Ok ", refused("State is \" Ok \"", "Ok, OkWithInfo, Warning, Error")),
        ("<Access>Normal", "<Access>normal", refused("Access is \"normal\"", "Normal, Mandatory, ReadOnly")),
        ("<Rank>8</Rank>", "<Rank i:nil='1'/>", refused("Rank is nil", "an integer")),
    ] {
        check_changed::<GetConfigData>(CONFIG_DATA, part, replacement, &expected);
    }
}

#[test]
fn what_a_wcf_client_reads_passes() {
    for (part, replacement) in [
        ("<IsOk>true", "<IsOk> 1 "),
        ("<Rank>8", "<Rank> +8 "),
        ("<ErrorCode i:nil=\"true\" />", "\n  <ErrorCode></ErrorCode> <!-- none -->\n"),
        ("<TechExplanation i:nil=\"true\" />", ""),
        ("<State>Ok", "<State>***"),
        ("s:Body>", "Body>"),
    ] {
        let recorded = CONFIG_DATA.replace("<s:Envelope", &format!("<s:Envelope xmlns='{ENVELOPE}'"));
        check_changed::<GetConfigData>(&recorded, part, replacement, &[]);
    }
    // The journal keeps the beginning of a long response.
    for (at, character) in CONFIG_DATA.char_indices() {
        assert_eq!(check::<GetConfigData>(CONTENT_TYPE, &format!("{}…", &CONFIG_DATA[..at])), [], "until {character}");
    }
}
