//! Connections: a connector with the settings of, typically, one company in the ERP system.

use sqlx::PgPool;
use uuid::Uuid;

use crate::auth::Principal;
use crate::carrier;
use crate::protocol::StringDictionary;
use crate::protocol::carrier::Carrier;
use crate::protocol::error::Error;
use crate::protocol::rights::{Rights, Role};
use crate::store::Failure;
use crate::store::connections::{self as store, Outcome, Reader, Save, Stored};

carrier! {
    /// The request of `SaveConnection`.
    pub struct SaveConnectionRequest {
        /// What to save.
        connection: Option<ErpConnection> = "Connection",
    }
}

carrier! {
    /// The request of `GetConnection` and of `DeleteConnection`.
    pub struct ConnectionRequest {
        /// Primary key.
        erp_connection_id: i32 = "ErpConnectionId",
    }
}

carrier! {
    /// The request of `GetAllConnections`.
    pub struct GetAllConnectionsRequest {
        /// Those that are flagged as deleted too.
        include_deleted: bool = "IncludeDeleted",
    }
}

carrier! {
    /// Information about a connection to the ERP system. Members, order and names are the vendor's; lengths are its
    /// columns'.
    pub struct ErpConnection {
        /// Primary key.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The connector that this connection should call.
        erp_connector_id: i32 = "ErpConnectorId",
        /// Shown to users; multi-language.
        display_name: Option<String> = "DisplayName" [254] multi_language,
        /// Shown to users as a tooltip; multi-language.
        display_description: Option<String> = "DisplayDescription" [254] multi_language,
        /// In use now.
        active: bool = "Active",
        /// What the connector knows the connection by, by custom a GUID.
        connection_id: Option<String> = "ConnectionId" [127],
        /// The newest change seen in the ERP system, in that system's own terms.
        most_recent_timestamp: Option<String> = "MostRecentTimestamp" [254],
        /// What the connector needs to reach the ERP system.
        config_fields: Option<StringDictionary> = "ConfigFields" [254 => 1023],
        /// Flagged as deleted: not shown to users.
        deleted: bool = "Deleted",
        /// Everybody may use it; else those of the two lists.
        all_access: bool = "AllAccess",
        /// The user groups that may use it.
        user_group_access_ids: Option<Vec<i32>> = "UserGroupAccessIds",
        /// The associates who may use it.
        associate_access_ids: Option<Vec<i32>> = "AssociateAccessIds",
    }
    rights
}

const MISSING: &str = "Connection: the connection to save is missing or null. The body is {\"Connection\": {..}} in JSON, \
    <SaveConnectionRequest><Connection>..</Connection></SaveConnectionRequest> in XML, Connection.<member>=.. in a form; \
    the Content-Type says which of them it is.";

static ADMINISTRATOR: Role = Role::full(ErpConnection::MEMBERS);
static READER: Role = Role::read(ErpConnection::MEMBERS, "Connections are changed by administrators.");

/// One connection; null where it is not there, or the caller may not see it.
///
/// # Errors
/// 503 where the database is away.
pub async fn get(pool: PgPool, caller: Principal, request: ConnectionRequest) -> Result<Option<ErpConnection>, Error> {
    let found = store::find(&pool, request.erp_connection_id, &reader(&caller)).await?;
    Ok(found.map(|stored| shown(stored, &caller)))
}

/// The connections that the caller may see, in the order in which they are synced, without their config fields.
/// Those that are flagged as deleted are for who may change them.
///
/// # Errors
/// 503 where the database is away.
pub async fn get_all(
    pool: PgPool,
    caller: Principal,
    request: GetAllConnectionsRequest,
) -> Result<Vec<ErpConnection>, Error> {
    let found = store::list(&pool, request.include_deleted, &reader(&caller)).await?;
    Ok(found.into_iter().map(|stored| shown(stored, &caller)).collect())
}

/// Flags a connection as deleted.
///
/// # Errors
/// 403 for callers who may not change connections, 404 where there is none of that id.
pub async fn delete(pool: PgPool, caller: Principal, request: ConnectionRequest) -> Result<(), Error> {
    if !caller.may_change() {
        return Err(Error::forbidden(
            "Deleting a connection is for administrators, and for applications with the grant.",
        ));
    }
    let id = request.erp_connection_id;
    if !store::delete(&pool, id, caller.associate_id).await? {
        return Err(Error::not_found(format!("ErpConnectionId: there is no connection {id}.")));
    }
    tracing::info!(erp_connection_id = id, "connection deleted");
    Ok(())
}

fn reader(caller: &Principal) -> Reader {
    Reader { associate_id: caller.associate_id, user_group_id: caller.user_group_id, sees_all: caller.may_change() }
}

fn shown(stored: Stored, caller: &Principal) -> ErpConnection {
    let config_fields = stored.config_keys.zip(stored.config_values);
    ErpConnection {
        erp_connection_id: stored.erp_connection_id,
        erp_connector_id: stored.erp_connector_id,
        display_name: Some(stored.display_name),
        display_description: Some(stored.display_description),
        active: stored.active,
        connection_id: Some(stored.connection_id),
        most_recent_timestamp: Some(stored.most_recent_timestamp),
        config_fields: config_fields.map(|(keys, values)| keys.into_iter().zip(values).collect()),
        deleted: stored.deleted,
        all_access: stored.all_access,
        user_group_access_ids: Some(stored.user_group_ids),
        associate_access_ids: Some(stored.associate_ids),
        rights: Rights::of(if caller.may_change() { &ADMINISTRATOR } else { &READER }),
    }
}

/// Creates or updates a connection with its config fields and access rows, and answers what is stored.
///
/// # Errors
/// 403 for callers who are neither administrators nor have an application with the grant; 400 for ids that are not there; 409 for a `ConnectionId` that another
/// connection has. Nothing is stored then.
pub async fn save(pool: PgPool, caller: Principal, request: SaveConnectionRequest) -> Result<ErpConnection, Error> {
    if !caller.may_change() {
        return Err(Error::forbidden(
            "Saving a connection is for administrators, and for applications with the grant.",
        ));
    }
    let connection = request.connection.ok_or_else(|| Error::argument(MISSING))?;
    let asked_id = connection.erp_connection_id;
    if asked_id < 0 {
        return Err(Error::validation(format!(
            "Connection.ErpConnectionId: {asked_id} is negative; 0 creates a connection."
        )));
    }
    let save = what_to_store(connection, &caller);
    let saved = match store::save(&pool, &save).await {
        Ok(Outcome::Saved(saved)) => saved,
        Ok(Outcome::Unknown { connector, user_group_ids, associate_ids }) => {
            return Err(refuse_unknown(connector.then_some(save.erp_connector_id), &user_group_ids, &associate_ids));
        }
        Err(Failure::Constraint(name)) if name == store::CONNECTION_ID_KEY => {
            return Err(Error::duplicate(format!(
                "Connection.ConnectionId: another connection already has '{}'.",
                save.connection_id.unwrap_or_default()
            )));
        }
        Err(failure) => return Err(failure.into()),
    };
    if saved.updated {
        tracing::info!(erp_connection_id = saved.erp_connection_id, "connection updated");
    } else if asked_id == 0 {
        tracing::info!(erp_connection_id = saved.erp_connection_id, "connection created");
    } else {
        tracing::warn!(
            erp_connection_id = saved.erp_connection_id,
            asked_id,
            "connection created under a new id: there is none with the id that was sent"
        );
    }
    Ok(ErpConnection {
        erp_connection_id: saved.erp_connection_id,
        erp_connector_id: saved.erp_connector_id,
        display_name: Some(save.display_name),
        display_description: Some(save.display_description),
        active: save.active,
        connection_id: Some(saved.connection_id),
        most_recent_timestamp: Some(saved.most_recent_timestamp),
        config_fields: Some(saved.config_fields),
        deleted: save.deleted,
        all_access: save.all_access,
        user_group_access_ids: Some(saved.user_group_ids),
        associate_access_ids: Some(saved.associate_ids),
        rights: Rights::of(&ADMINISTRATOR),
    })
}

fn what_to_store(connection: ErpConnection, caller: &Principal) -> Save {
    Save {
        erp_connection_id: connection.erp_connection_id,
        erp_connector_id: connection.erp_connector_id,
        display_name: connection.display_name.unwrap_or_default(),
        display_description: connection.display_description.unwrap_or_default(),
        active: connection.active,
        connection_id: connection.connection_id.filter(|id| !id.trim().is_empty()),
        most_recent_timestamp: connection.most_recent_timestamp,
        config_fields: connection.config_fields,
        deleted: connection.deleted,
        all_access: connection.all_access,
        user_group_ids: connection.user_group_access_ids.map(sorted),
        associate_ids: connection.associate_access_ids.map(sorted),
        caller: caller.associate_id,
        new_connection_id: Uuid::new_v4().to_string(),
    }
}

/// Ascending and without repeats.
fn sorted(mut ids: Vec<i32>) -> Vec<i32> {
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn refuse_unknown(connector: Option<i32>, user_groups: &[i32], associates: &[i32]) -> Error {
    let mut problems = Vec::new();
    match connector {
        Some(0) => problems.push("Connection.ErpConnectorId: a new connection needs a connector".to_owned()),
        Some(id) => problems.push(format!("Connection.ErpConnectorId: there is no connector {id}")),
        None => {}
    }
    if !user_groups.is_empty() {
        problems.push(format!("Connection.UserGroupAccessIds: there is no user group {}", listed(user_groups)));
    }
    if !associates.is_empty() {
        problems.push(format!("Connection.AssociateAccessIds: there is no associate {}", listed(associates)));
    }
    Error::validation(format!("{}.", problems.join("; ")))
}

/// The first ids, in words; a list can be as long as the body.
fn listed(ids: &[i32]) -> String {
    const SHOWN: usize = 20;
    let shown: Vec<String> = ids.iter().take(SHOWN).map(ToString::to_string).collect();
    match ids.len().checked_sub(SHOWN) {
        Some(more @ 1..) => format!("{} (and {more} more)", shown.join(", ")),
        _ => shown.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::collection::{btree_map, vec};
    use proptest::option;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::protocol::write::View;
    use crate::protocol::{form, json, xml};

    fn connection() -> impl Strategy<Value = ErpConnection> {
        let text = || option::of("(?s)(.|[\\x00-\\x1f]|_x0001_|[<>&\"'=]){0,40}");
        let ids = || option::of(vec(any::<i32>(), 0..20));
        (
            (any::<i32>(), any::<i32>(), text(), text(), any::<bool>(), text(), text()),
            (option::of(btree_map("(?s).{0,20}", text(), 0..20)), any::<bool>(), any::<bool>(), ids(), ids()),
        )
            .prop_map(|((id, connector, name, description, active, guid, timestamp), rest)| {
                let (config_fields, deleted, all_access, groups, associates) = rest;
                ErpConnection {
                    erp_connection_id: id,
                    erp_connector_id: connector,
                    display_name: name,
                    display_description: description,
                    active,
                    connection_id: guid,
                    most_recent_timestamp: timestamp,
                    config_fields,
                    deleted,
                    all_access,
                    user_group_access_ids: groups,
                    associate_access_ids: associates,
                    rights: Rights::of(&ADMINISTRATOR),
                }
            })
    }

    fn in_json(connection: &ErpConnection) -> Value {
        serde_json::from_slice(&json::write(connection, View::WHOLE)).expect("JSON")
    }

    /// All of it but the rights, which are not read.
    fn members(connection: &ErpConnection) -> Value {
        let mut written = in_json(connection);
        written["TableRight"].take();
        written["FieldProperties"].take();
        written
    }

    /// The same, with names as the vendor's TypeScript client writes them.
    fn camel_case(written: &Value) -> Value {
        let name = |name: &String| format!("{}{}", name[..1].to_ascii_lowercase(), &name[1..]);
        written.as_object().into_iter().flatten().map(|(key, value)| (name(key), value.clone())).collect()
    }

    /// What was written as the answer, sent as the member of a request.
    fn in_xml(connection: &ErpConnection) -> String {
        let answer = String::from_utf8(xml::write(connection, View::WHOLE)).expect("UTF-8");
        let content = answer.strip_prefix("<ErpConnection ").and_then(|rest| rest.strip_suffix("</ErpConnection>"));
        format!("<SaveConnectionRequest><Connection {}</Connection></SaveConnectionRequest>", content.expect("a root"))
    }

    fn in_form(connection: &ErpConnection) -> String {
        let mut pairs = Vec::new();
        let mut add = |name: String, value: &str| {
            let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            pairs.push(format!("{}={}", encode(&format!("Connection.{name}")), encode(value)));
        };
        for (name, value) in members(connection).as_object().expect("an object") {
            match value {
                Value::Null => {}
                Value::String(text) => add(name.clone(), text),
                Value::Array(items) if items.is_empty() => add(name.clone(), ""),
                Value::Array(items) => items.iter().for_each(|item| add(name.clone(), &item.to_string())),
                Value::Object(entries) if entries.is_empty() => add(name.clone(), ""),
                Value::Object(entries) => {
                    for (index, (key, value)) in entries.iter().enumerate() {
                        add(format!("{name}[{index}].Key"), key);
                        if let Some(value) = value.as_str() {
                            add(format!("{name}[{index}].Value"), value);
                        }
                    }
                }
                scalar => add(name.clone(), &scalar.to_string()),
            }
        }
        pairs.join("&")
    }

    type Reading = Result<Option<SaveConnectionRequest>, Error>;

    fn read_back(read: Reading) -> ErpConnection {
        read.expect("read").and_then(|request| request.connection).expect("a connection")
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(connection in connection()) {
            let written = in_json(&connection);
            for sent in [camel_case(&written), written] {
                let body = json!({ "Connection": sent }).to_string();
                prop_assert_eq!(members(&read_back(json::read(&body))), members(&connection));
            }
            let body = in_xml(&connection);
            prop_assert_eq!(members(&read_back(xml::read(&body))), members(&connection), "{}", body);
            let body = in_form(&connection);
            prop_assert_eq!(members(&read_back(form::read(&body))), members(&connection), "{}", body);
        }

        #[test]
        fn no_body_makes_a_reader_panic(
            body in vec(prop_oneof![
                "[\\[\\]{}\",:0-9.eE+-]", r#""(Connection|ConfigFields|UserGroupAccessIds|Active)":"#,
                "</?[a:]{0,2}(Connection|ConfigFields|UserGroupAccessIds|Active|Key|Value)( i:nil='1')?/?>",
                "[&=.+%]", "[&.]?Connection|\\[?(ConfigFields|UserGroupAccessIds|0|Key)\\]?",
                "<!(DOCTYPE|--|\\[CDATA\\[)|-->|]]>|&(amp|#x1|x);", "(null|true|\\PC)",
            ], 0..40),
        ) {
            let body = body.concat();
            let _: Reading = json::read(&body);
            let _: Reading = json::read(&format!("{{\"Connection\":{{{body}}}}}"));
            let _: Reading = xml::read(&body);
            let _: Reading = xml::read(&format!("<R><Connection>{body}</Connection></R>"));
            let _: Reading = form::read(&body);
        }
    }

    #[test]
    fn a_thousand_config_fields_come_back_in_every_format() {
        let fields = (0..1000).map(|number| (format!("key {number}"), Some(format!("<&\r\n{number}>")))).collect();
        let connection = ErpConnection { config_fields: Some(fields), ..ErpConnection::default() };
        let body = json!({ "Connection": in_json(&connection) }).to_string();
        let (xml, form) = (in_xml(&connection), in_form(&connection));
        for (format, read) in [("JSON", json::read(&body)), ("XML", xml::read(&xml)), ("form", form::read(&form))] {
            assert!(members(&read_back(read)) == members(&connection), "{format}");
        }
    }

    #[test]
    fn long_lists_of_ids_are_cut_in_messages() {
        assert_eq!(listed(&[1, 2]), "1, 2");
        let ids: Vec<i32> = (1..=22).collect();
        assert!(listed(&ids).ends_with("19, 20 (and 2 more)"), "{}", listed(&ids));
        assert!(listed(&ids[..20]).ends_with("19, 20"));
    }
}
