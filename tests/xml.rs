//! XML bodies: notations that are read, and malformed or invalid ones.

use crate::support::client::SEED_XML;
use crate::support::{Server, seed_connection};

const JSON: (&str, &str) = ("Accept", "application/json");

fn request(connection: &str) -> String {
    format!(
        "<SaveConnectionRequest><Connection><ErpConnectionId>816</ErpConnectionId>{connection}</Connection></SaveConnectionRequest>"
    )
}

#[tokio::test]
async fn decision_22_element_names_match_in_any_case_order_and_namespace() {
    let server = Server::start().await;
    let expected = server.saved(&seed_connection()).await;
    let camel = SEED_XML
        .replace("<Erp", "<erp")
        .replace("</Erp", "</erp")
        .replace("Key>", "key>")
        .replace("Connection>", "connection>");
    let namespaced = SEED_XML.replace(
        "<SaveConnectionRequest>",
        "<SaveConnectionRequest xmlns=\"http://www.superoffice.net/ws/crm/NetServer/Services88\">",
    );
    let prefixed = SEED_XML.replace('<', "<p:").replace("<p:/", "</p:").replace(
        "<p:SaveConnectionRequest>",
        "<?xml version='1.0' encoding='UTF-8' standalone='yes'?><!-- a --><p:SaveConnectionRequest xmlns:p='urn:x' p:x='1'>",
    );
    let vendors_arrays = SEED_XML
        .replace("<int>", "<a:int xmlns:a='http://schemas.microsoft.com/2003/10/Serialization/Arrays'>")
        .replace("</int>", "</a:int>");
    let indented = SEED_XML.replace("><", ">\r\n  <").replace("<Active>\r\n  ", "<Active>");
    let unknown = SEED_XML
        .replace("<Active>", "<Unknown a='<'><b><c>x</c>text</b></Unknown><?pi x?><Active>")
        .replace("a='<'", "a='1'");
    let entries = SEED_XML.replace("StringKeyValuePair>", "KeyValueOfstringstring>");
    let root = SEED_XML.replace("SaveConnectionRequest>", "request>");
    for body in [camel, namespaced, prefixed, vendors_arrays, indented, unknown, entries, root] {
        let answer = server.program.send("application/xml", body.clone(), &[JSON]).await;
        assert_eq!(answer.status, 200, "{} {body}", answer.text);
        assert_eq!(answer.json(), expected, "{body}");
    }
}

#[tokio::test]
async fn text_is_read_with_cdata_comments_and_references() {
    let server = Server::start().await;
    for (written, expected) in [
        ("a &lt;&gt;&amp;&apos;&quot; b", "a <>&'\" b"),
        ("&#65;&#x42;&#x1F600;", "AB😀"),
        ("<![CDATA[<b>&amp;</b>]]>", "<b>&amp;</b>"),
        ("a<!-- no -->b<![CDATA[c]]>d<?pi?>e", "abcde"),
        ("  padded\t", "  padded\t"),
        ("a\r\nb\rc&#13;", "a\nb\nc\r"),
        ("", ""),
        ("_x0001_", "\u{1}"),
        ("_x0041_", "_x0041_"),
    ] {
        let body = request(&format!("<DisplayName>{written}</DisplayName>"));
        let answer = server.program.send("text/xml", body, &[JSON]).await;
        assert_eq!(answer.status, 200, "{written}: {}", answer.text);
        assert_eq!(answer.json()["DisplayName"], expected, "{written}");
    }
}

#[tokio::test]
async fn nil_is_null_and_an_empty_element_is_not() {
    let server = Server::start().await;
    server.saved(&seed_connection()).await;
    let nil = |name: &str| format!("<{name} xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:nil='true'/>");
    let kept = [
        "ErpConnectorId",
        "ConnectionId",
        "MostRecentTimestamp",
        "ConfigFields",
        "UserGroupAccessIds",
        "Active",
        "TableRight",
    ];
    let body = request(&kept.map(nil).concat());
    let answer = server.program.send("text/xml", body, &[JSON]).await.json();
    assert_eq!(answer["ErpConnectorId"], 411);
    assert_eq!(answer["MostRecentTimestamp"], "rerum");
    assert_eq!(answer["ConfigFields"]["ConfigFields1"], "est");
    assert_eq!(answer["UserGroupAccessIds"], serde_json::json!([185, 350]));
    assert_eq!(answer["Active"], false);

    let body = request(
        "<MostRecentTimestamp/><ConfigFields></ConfigFields><UserGroupAccessIds> </UserGroupAccessIds><AssociateAccessIds nil='false'><int>463</int></AssociateAccessIds>",
    );
    let answer = server.program.send("text/xml", body, &[JSON]).await.json();
    assert_eq!(answer["MostRecentTimestamp"], "");
    assert_eq!(answer["ConfigFields"], serde_json::json!({}));
    assert_eq!(answer["UserGroupAccessIds"], serde_json::json!([]));
    assert_eq!(answer["AssociateAccessIds"], serde_json::json!([463]));

    let body = request(
        "<ConfigFields><e><Value>v</Value><Key>k</Key></e><e><Key>n</Key><Value i:nil='1'/></e><e><Key/></e><e><Key>k</Key><Value>last</Value></e></ConfigFields>",
    );
    let answer = server.program.send("text/xml", body, &[JSON]).await.json();
    assert_eq!(answer["ConfigFields"], serde_json::json!({ "": null, "k": "last", "n": null }));
}

#[tokio::test]
async fn booleans_are_read_in_both_xml_notations() {
    let server = Server::start().await;
    for (written, expected) in [("1", true), ("0", false), (" true ", true), ("False", false)] {
        let answer = server.program.send("text/xml", request(&format!("<Active>{written}</Active>")), &[JSON]).await;
        assert_eq!(answer.json()["Active"], expected, "{written}");
    }
}

#[tokio::test]
async fn invalid_values_are_refused_with_path_line_and_column() {
    let server = Server::start().await;
    let before = server.database.contents().await;
    for (connection, parts) in [
        ("<Active>maybe</Active>", ["Connection.Active: expected true or false, found 'maybe'", "(line 1, column 74)"]),
        (
            "\n<ErpConnectorId>1.5</ErpConnectorId>",
            ["Connection.ErpConnectorId: expected a 32-bit integer", "(line 2, column 1)"],
        ),
        ("\n <ErpConnectorId/>", ["Connection.ErpConnectorId: expected a 32-bit integer", "(line 2, column 2)"]),
        (
            "<DisplayName><b>x</b></DisplayName>",
            ["Connection.DisplayName: expected a string, found an object", "line 1"],
        ),
        (
            "<UserGroupAccessIds>1,2</UserGroupAccessIds>",
            ["Connection.UserGroupAccessIds: expected a list of integers, found a string", "line 1"],
        ),
        (
            "<UserGroupAccessIds><int>1</int><int>x</int></UserGroupAccessIds>",
            ["Connection.UserGroupAccessIds[1]: expected a 32-bit integer", "line 1"],
        ),
        (
            "<ConfigFields>x</ConfigFields>",
            ["Connection.ConfigFields: expected an object of texts, found a string", "line 1"],
        ),
        (
            "<ConfigFields><company>A</company></ConfigFields>",
            ["Connection.ConfigFields: an entry has no Key", "a Value"],
        ),
        (
            "<ConfigFields><e><Value>v</Value></e></ConfigFields>",
            ["Connection.ConfigFields: an entry has no Key", "line 1"],
        ),
        (
            "<ConfigFields><e><Key>k</Key><Value><x/></Value></e></ConfigFields>",
            ["Connection.ConfigFields[k]: expected a string, found an object", "line 1"],
        ),
        ("text", ["there is text where only elements can stand", "line 1"]),
    ] {
        let answer = server.program.send("text/xml", request(connection), &[JSON]).await;
        answer.assert_service_error(400, "ArgumentException", &parts);
    }
    let naked = server.program.send("text/xml", "<ErpConnection><Active>true</Active></ErpConnection>", &[JSON]).await;
    naked.assert_service_error(
        400,
        "ArgumentException",
        &["Connection: the connection to save is missing or null. The body is"],
    );
    let nil = server.program.send("text/xml", "<r xmlns:i='urn:i' i:nil='true'/>", &[JSON]).await;
    nil.assert_service_error(400, "ArgumentException", &["missing or null"]);
    assert_eq!(server.database.contents().await, before);
}

#[tokio::test]
async fn malformed_xml_is_refused() {
    let server = Server::start().await;
    for (body, part) in [
        (" ", "no root element"),
        ("<!-- only a comment -->", "no root element"),
        ("text", "text where only elements"),
        ("<a>", "ends too early"),
        ("<a></b>", "expected `</a>`"),
        ("<a/><b/>", "more than one root"),
        ("<a/>text", "text where only elements"),
        ("<a x='1' x='2'/>", "duplicated attribute"),
        ("<a x=1/>", ""),
        ("<a x='1/>", "not closed"),
        ("<a x='<'/>", "holds a '<'"),
        ("<a x='&y;'/>", "reference to nothing"),
        ("<1/>", "no proper name"),
        ("<a=b/>", "no proper name"),
        ("<a>]]></a>", "CDATA section that has not begun"),
        ("<a>&unknown;</a>", "reference to nothing"),
        ("<a>&#0;</a>", "reference to nothing"),
        ("<a>&#x1;</a>", "reference to nothing"),
        ("<a>&amp</a>", ""),
        ("<a>\u{1}</a>", "cannot hold the character U+0001"),
        ("<a><!-- -- --></a>", ""),
        ("<a><![CDATA[</a>", "not closed"),
        (" <?xml version='1.0'?><a/>", "not at the start"),
        ("<?xml version='1.0' encoding='iso-8859-1'?><a/>", "encoding 'iso-8859-1'"),
        ("{\"Connection\":{}}", "text where only elements"),
        ("<!DOCTYPE a><a/>", "a DTD is not allowed"),
        ("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "a DTD is not allowed"),
        ("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", "a DTD is not allowed"),
    ] {
        let answer = server.program.send("application/xml", body, &[JSON]).await;
        answer.assert_service_error(400, "ArgumentException", &["not valid XML", part, "line 1"]);
        assert!(!answer.text.contains("root:"), "{}", answer.text);
    }
}
