//! Form bodies: notations of names, and invalid values.

use serde_json::{Value, json};

use crate::support::{Answer, Server, seed_connection};

const FORM: &str = "application/x-www-form-urlencoded";

async fn save(server: &Server, pairs: &str) -> Answer {
    server
        .program
        .send(FORM, format!("Connection.ErpConnectionId=816&{pairs}"), &[("Accept", "application/json")])
        .await
}

async fn saved(server: &Server, pairs: &str) -> Value {
    let answer = save(server, pairs).await;
    assert_eq!(answer.status, 200, "{pairs}: {}", answer.text);
    answer.json()
}

#[tokio::test]
async fn form_names_are_read_in_every_notation_of_the_vendors_framework() {
    let server = Server::start().await;
    for pairs in [
        "Connection.UserGroupAccessIds=350&Connection.UserGroupAccessIds=1",
        "connection.usergroupaccessids[]=350&CONNECTION.USERGROUPACCESSIDS[]=1",
        "Connection[UserGroupAccessIds][0]=350&Connection[UserGroupAccessIds][1]=1",
        "Connection%5BUserGroupAccessIds%5D%5B7%5D=1&Connection%5BUserGroupAccessIds%5D%5B3%5D=350",
        "Connection.UserGroupAccessIds=&Connection.UserGroupAccessIds=350&Connection.UserGroupAccessIds=1",
        "&&Connection.UserGroupAccessIds=350&Connection.UserGroupAccessIds=1&&\r\n",
    ] {
        assert_eq!(saved(&server, pairs).await["UserGroupAccessIds"], json!([1, 350]), "{pairs}");
    }
    for (pairs, fields) in [
        ("Connection.ConfigFields[a]=1&Connection.ConfigFields[B]=2", json!({ "a": "1", "B": "2" })),
        ("Connection.ConfigFields.a=1&connection[configfields][A]=2", json!({ "a": "1", "A": "2" })),
        (
            "Connection.ConfigFields[0].Key=a]&Connection.ConfigFields[0].Value=1&Connection.ConfigFields[1][key]=n",
            json!({ "a]": "1", "n": null }),
        ),
        (
            "Connection.ConfigFields[a.b]=1&Connection.ConfigFields[+x%26%3D]=%C3%A6+%2B",
            json!({ "a.b": "1", " x&=": "æ +" }),
        ),
        ("Connection.ConfigFields[a]=1&Connection.ConfigFields[a]=2", json!({ "a": "2" })),
        ("Connection.ConfigFields[0]=x", json!({ "0": "x" })),
        ("Connection.configfields[a]=1&Connection.ConfigFields[a]=2", json!({ "a": "2" })),
        ("Connection.ConfigFields[0].Key=a&connection.ConfigFields[0].Value=b", json!({ "a": "b" })),
        (
            "Connection.ConfigFields[2].Key=k&Connection.ConfigFields[2].Value=old\
             &Connection.ConfigFields[10].Key=k&Connection.ConfigFields[10].Value=new",
            json!({ "k": "new" }),
        ),
        ("Connection.ConfigFields=", json!({})),
    ] {
        assert_eq!(saved(&server, pairs).await["ConfigFields"], fields, "{pairs}");
    }
}

#[tokio::test]
async fn a_blank_form_value_clears_and_an_absent_one_keeps() {
    let server = Server::start().await;
    server.saved(&seed_connection()).await;
    let kept = saved(&server, "Connection.DisplayName=x&Connection.Active=&Connection.ErpConnectorId=&Other=1").await;
    assert_eq!(kept["DisplayName"], "x");
    assert_eq!(kept["Active"], false);
    assert_eq!(kept["ErpConnectorId"], 411);
    assert_eq!(kept["UserGroupAccessIds"], json!([185, 350]));
    assert_eq!(kept["ConfigFields"]["ConfigFields1"], "est");
    assert_eq!(kept["MostRecentTimestamp"], "rerum");
    let cleared =
        saved(&server, "Connection.UserGroupAccessIds=&Connection.MostRecentTimestamp&Connection.TableRight.Mask=15")
            .await;
    assert_eq!(cleared["UserGroupAccessIds"], json!([]));
    assert_eq!(cleared["MostRecentTimestamp"], "");
}

#[tokio::test]
async fn invalid_form_values_are_refused_with_their_path() {
    let server = Server::start().await;
    let before = server.database.contents().await;
    for (pairs, part) in [
        ("Connection.Active=maybe", "Connection.Active: expected true or false, found 'maybe'"),
        ("Connection.ErpConnectorId=1.5", "Connection.ErpConnectorId: expected a 32-bit integer"),
        (
            "Connection.UserGroupAccessIds=1&Connection.UserGroupAccessIds=x",
            "Connection.UserGroupAccessIds[1]: expected a 32-bit integer",
        ),
        (
            "Connection.UserGroupAccessIds[x]=1",
            "Connection.UserGroupAccessIds: expected a list of integers, found an object",
        ),
        (
            "Connection.UserGroupAccessIds[01]=1",
            "Connection.UserGroupAccessIds: expected a list of integers, found an object",
        ),
        ("Connection.ConfigFields[k][key]=v", "Connection.ConfigFields[k]: expected a string, found an object"),
        ("Connection.ConfigFields=x", "Connection.ConfigFields: expected an object of texts, found a string"),
        ("Connection.ConfigFields[a][b]=x", "Connection.ConfigFields[a]: expected a string, found an object"),
        ("Connection.DisplayName.x=1", "Connection.DisplayName: expected a string, found an object"),
        ("Connection=x", "Connection: expected an object"),
        ("Connection[DisplayName=x", "pair 2: its name cannot be read"),
        ("Connection..DisplayName=x", "pair 2: its name cannot be read"),
        ("Connection.DisplayName=%ff", "pair 2: a percent-encoded part is not UTF-8"),
    ] {
        save(&server, pairs).await.assert_service_error(400, "ArgumentException", &[part]);
    }
    let other = server.program.send(FORM, "x=1", &[]).await;
    other.assert_service_error(
        400,
        "ArgumentException",
        &["Connection: the connection to save is missing or null. The body is"],
    );
    assert_eq!(server.database.contents().await, before);
}

#[tokio::test]
async fn a_form_has_at_most_ten_thousand_pairs() {
    let server = Server::start().await;
    let pairs = |count: usize| (1..count).map(|number| format!("x{number}=1")).collect::<Vec<_>>().join("&");
    assert_eq!(save(&server, &pairs(10_000)).await.status, 200);
    save(&server, &pairs(10_001)).await.assert_service_error(400, "ArgumentException", &["at most 10000 pairs"]);
}
