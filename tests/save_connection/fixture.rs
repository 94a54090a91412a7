//! The connection that the tests save, and changes of it.

use serde_json::{Value, json};

/// Returns a connection with every member set.
pub fn full() -> Value {
    json!({
        "ErpConnectionId": 816, "ErpConnectorId": 403, "DisplayName": "Name", "DisplayDescription": "Description",
        "Active": true, "ConnectionId": "c-1", "MostRecentTimestamp": "t-1",
        "ConfigFields": { "a": "1", "b": "2", "c": null },
        "Deleted": false, "AllAccess": true, "UserGroupAccessIds": [1, 185], "AssociateAccessIds": [463]
    })
}

/// Returns the members of a connection without the rights.
pub fn sent_members(connection: &Value) -> Value {
    let mut members = connection.as_object().unwrap().clone();
    members.remove("TableRight").unwrap();
    members.remove("FieldProperties").unwrap();
    Value::Object(members)
}

/// Returns a copy of `base` with other values of some members.
pub fn with(base: &Value, changes: &Value) -> Value {
    let mut copy = base.clone();
    for (name, value) in changes.as_object().unwrap() {
        copy[name] = value.clone();
    }
    copy
}
