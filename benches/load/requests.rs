//! The bytes of the requests that the load generator sends.

use super::fixture::{CONNECTIONS, FIRST_ID};

const AGENT: &str = "/api/v1/Agents/ErpSync";
/// The `Authorization` header of the demo administrator.
pub const BASIC: &str = "Basic dGplMDpUamUw";

fn request(method: &str, authorization: &str, media_type: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {AGENT}/{method} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\nAccept: {media_type}\r\n\
         Content-Type: {media_type}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn in_json(id: i32) -> String {
    let fields = "\"ConfigFields1\":\"est\",\"ConfigFields2\":\"ducimus\"";
    in_json_with(id, fields, "350,185", "920,463")
}

fn in_json_with(id: i32, config_fields: &str, user_groups: &str, associates: &str) -> String {
    let id = format!("\"ErpConnectionId\":{id}");
    format!(
        "{{\"Connection\":{{{id},\"ErpConnectorId\":403,\"DisplayName\":\"Emard Group\",\
         \"DisplayDescription\":\"Fundamental eco-centric application\",\"Active\":true,\
         \"MostRecentTimestamp\":\"rerum\",\"ConfigFields\":{{{config_fields}}},\
         \"Deleted\":false,\"AllAccess\":false,\"UserGroupAccessIds\":[{user_groups}],\
         \"AssociateAccessIds\":[{associates}]}}}}"
    )
}

fn in_xml(id: i32) -> String {
    format!(
        "<SaveConnectionRequest><Connection><ErpConnectionId>{id}</ErpConnectionId><ErpConnectorId>403</ErpConnectorId>\
         <DisplayName>Emard Group</DisplayName><DisplayDescription>Fundamental eco-centric application\
         </DisplayDescription><Active>true</Active><MostRecentTimestamp>rerum</MostRecentTimestamp><ConfigFields>\
         <StringKeyValuePair><Key>ConfigFields1</Key><Value>est</Value></StringKeyValuePair>\
         <StringKeyValuePair><Key>ConfigFields2</Key><Value>ducimus</Value></StringKeyValuePair></ConfigFields>\
         <Deleted>false</Deleted><AllAccess>false</AllAccess><UserGroupAccessIds><int>350</int><int>185</int>\
         </UserGroupAccessIds><AssociateAccessIds><int>920</int><int>463</int></AssociateAccessIds></Connection>\
         </SaveConnectionRequest>"
    )
}

/// Returns the keys of the connections in an order in which neighbours are far apart.
fn ids() -> impl Iterator<Item = i32> {
    (0..CONNECTIONS).map(|number| FIRST_ID + number * 617 % CONNECTIONS)
}

/// Returns an update of each connection.
pub fn updates(authorization: &str) -> Vec<Vec<u8>> {
    ids().map(|id| request("SaveConnection", authorization, "application/json", &in_json(id))).collect()
}

/// Returns an update of each connection, with config fields that the demo connector accepts.
pub fn updates_on_demo_connector(authorization: &str) -> Vec<Vec<u8>> {
    ids().map(|id| update(authorization, id, "\"COMPANY\":\"A\"", "350,185", "920,463")).collect()
}

/// Returns updates of which every tenth changes the name, a config value and the access list of its connection.
pub fn updates_with_changes(authorization: &str) -> Vec<Vec<u8>> {
    let change = |(number, id)| {
        let body = in_json(id);
        let body = if number % 10 == 0 {
            let version = format!("{number}");
            body.replace("Emard Group", &version)
                .replace("\"est\"", &format!("\"{version}\""))
                .replace("[350,185]", "[350]")
        } else {
            body
        };
        request("SaveConnection", authorization, "application/json", &body)
    };
    // A second round changes each of them back.
    (0..).zip(ids()).map(change).chain(updates(authorization)).collect()
}

/// Returns an update of each connection, with request and response in XML.
pub fn updates_in_xml(authorization: &str) -> Vec<Vec<u8>> {
    ids().map(|id| request("SaveConnection", authorization, "application/xml", &in_xml(id))).collect()
}

/// Returns a request that creates a connection.
pub fn creates(authorization: &str) -> Vec<Vec<u8>> {
    vec![request("SaveConnection", authorization, "application/json", &in_json(0))]
}

/// Returns a read of each connection.
pub fn reads(authorization: &str) -> Vec<Vec<u8>> {
    ids().map(|id| read(authorization, id)).collect()
}

/// Returns a read of a connection.
pub fn read(authorization: &str, id: i32) -> Vec<u8> {
    request("GetConnection", authorization, "application/json", &format!("{{\"ErpConnectionId\":{id}}}"))
}

/// Returns an update of a connection with these config fields and access lists.
pub fn update(authorization: &str, id: i32, config_fields: &str, user_groups: &str, associates: &str) -> Vec<u8> {
    let body = in_json_with(id, config_fields, user_groups, associates);
    request("SaveConnection", authorization, "application/json", &body)
}

/// Returns a request for all connections that the caller sees.
pub fn list(authorization: &str) -> Vec<u8> {
    request("GetAllConnections", authorization, "application/json", "{}")
}

/// Returns a request for all connections, after whose response the server closes the connection.
pub fn download(authorization: &str, media_type: &str, coding: &str, query: &str) -> Vec<u8> {
    format!(
        "POST {AGENT}/GetAllConnections{query} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\
         Accept: {media_type}\r\nAccept-Encoding: {coding}\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Content-Length: 2\r\n\r\n{{}}"
    )
    .into_bytes()
}

/// Returns a request whose cost is that of the authentication.
pub fn login(authorization: &str) -> Vec<u8> {
    request("GetEngineStatus", authorization, "application/json", "{}")
}
