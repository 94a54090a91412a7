//! The summary of a connection and its mappings.

use super::actor_types::{CrmActorType, ErpActorType};
use super::connections::find_visible;
use super::crm_fields;
use super::roles::Roles;
use crate::auth::Principal;
use crate::carrier;
use crate::protocol::error::Error;
use crate::protocol::value::{Carrier, EmptyDate, Enumeration};
use crate::store::Pool;
use crate::store::erp_fields::{self, ActorType, Field, Which};

carrier! {
    /// The request of `GetErpSyncConnectionSummary`.
    pub struct GetErpSyncConnectionSummaryRequest {
        /// Primary key.
        erp_sync_connection_id: i32 = "ErpSyncConnectionId",
    }
}

carrier! {
    /// The summary of a connection. Members, order and names are the vendor's.
    pub struct ErpSyncConnectionSummary {
        /// The name shown to users; multi-language.
        display_name: Option<String> = "DisplayName" [254] multi_language,
        /// The tooltip shown to users; multi-language.
        display_description: Option<String> = "DisplayDescription" [254] multi_language,
        /// Whether the connection is in use.
        active: bool = "Active",
        /// Whether the connection is deleted.
        deleted: bool = "Deleted",
        /// The time of the last synchronization: always the vendor's empty date, as the program has no sync engine yet.
        last_sync: EmptyDate = "LastSync",
        /// The actor types of the connection.
        actors: Option<Vec<ErpSyncActorSummary>> = "Actors",
    }
    rights
}

carrier! {
    /// The summary of an ERP actor type. Members, order and names are the vendor's.
    pub struct ErpSyncActorSummary {
        /// The ERP actor type.
        actor_type: ErpActorType = "ActorType",
        /// Whether at least one field is mapped.
        has_mappings: bool = "HasMappings",
        /// The fields with a default value for new actors, as text.
        defaults: Option<String> = "Defaults",
        /// The mapped fields, as text.
        mappings: Option<String> = "Mappings",
    }
    rights
}

const REASON: &str = "Connections are changed by administrators.";
static ROLES: Roles = Roles::new(ErpSyncConnectionSummary::MEMBERS, REASON);
static ACTOR_ROLES: Roles = Roles::new(ErpSyncActorSummary::MEMBERS, REASON);

/// Returns the summary of a connection; null if it does not exist or the caller may not see it.
///
/// # Errors
/// 503 if the database is unavailable.
pub async fn get(
    pool: Pool,
    caller: Principal,
    request: GetErpSyncConnectionSummaryRequest,
) -> Result<Option<ErpSyncConnectionSummary>, Error> {
    let id = request.erp_sync_connection_id;
    let Some(connection) = find_visible(&pool, &caller, id).await? else { return Ok(None) };
    let actor_types = erp_fields::actor_types(&pool, id, None).await?;
    let fields = erp_fields::fields(&pool, Which::Connection(id)).await?;
    let actors = actor_types.iter().map(|actor_type| summary(*actor_type, &fields, &caller)).collect();
    Ok(Some(ErpSyncConnectionSummary {
        display_name: Some(connection.display_name),
        display_description: Some(connection.display_description),
        active: connection.active,
        deleted: connection.deleted,
        last_sync: EmptyDate,
        actors: Some(actors),
        rights: ROLES.of(&caller),
    }))
}

fn summary(actor_type: ActorType, fields: &[Field], caller: &Principal) -> ErpSyncActorSummary {
    let fields = || fields.iter().filter(|field| field.actor_type_erp == actor_type.actor_type_erp);
    let defaults: Vec<String> = fields().filter_map(describe_default).collect();
    let mappings: Vec<String> = fields().filter_map(describe_mapping).collect();
    ErpSyncActorSummary {
        actor_type: ErpActorType::of_number(actor_type.actor_type_erp),
        has_mappings: !mappings.is_empty(),
        defaults: Some(defaults.join(", ")),
        mappings: Some(mappings.join(", ")),
        rights: ACTOR_ROLES.of(caller),
    }
}

/// Returns `Name = 'x'`, `Name (asked)`, or `None` without a default value.
fn describe_default(field: &Field) -> Option<String> {
    let mut text = field.display_name.clone();
    if field.has_first_sync_default_value {
        text = format!("{text} = '{}'", field.first_sync_default_value);
    }
    match (field.prompt_user, field.mandatory) {
        (true, true) => text.push_str(" (asked, mandatory)"),
        (true, false) => text.push_str(" (asked)"),
        (false, true) => text.push_str(" (mandatory)"),
        (false, false) if field.has_first_sync_default_value => {}
        (false, false) => return None,
    }
    Some(text)
}

/// Returns `Name > Department`, with the arrows of the vendor's pages; `-` is a field that is not synchronized.
fn describe_mapping(field: &Field) -> Option<String> {
    let arrow = match (field.sync_to_crm, field.sync_to_erp) {
        (true, true) => "<>",
        (true, false) => ">",
        (false, true) => "<",
        (false, false) => "-",
    };
    let crm = crm_fields::display_name(CrmActorType::of_number(field.actor_type_crm), &field.crm_field_key);
    (!crm.is_empty()).then(|| format!("{} {arrow} {crm}", field.display_name))
}
