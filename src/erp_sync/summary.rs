//! A connection with its mappings at a glance.

use super::actor_types::{CrmActorType, ErpActorType};
use super::connections::visible;
use super::crm_fields;
use super::roles::Roles;
use crate::auth::Principal;
use crate::carrier;
use crate::protocol::error::Error;
use crate::protocol::value::Carrier;
use crate::protocol::value::EmptyDate;
use crate::protocol::value::Enumeration;
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
    /// A connection at a glance. Members, order and names are the vendor's.
    pub struct ErpSyncConnectionSummary {
        /// Shown to users; multi-language.
        display_name: Option<String> = "DisplayName" [254] multi_language,
        /// Shown to users as a tooltip; multi-language.
        display_description: Option<String> = "DisplayDescription" [254] multi_language,
        /// In use now.
        active: bool = "Active",
        /// Flagged as deleted.
        deleted: bool = "Deleted",
        /// When it was synced; it never was, as there is no engine here yet.
        last_sync: EmptyDate = "LastSync",
        /// Its kinds of actors.
        actors: Option<Vec<ErpSyncActorSummary>> = "Actors",
    }
    rights
}

carrier! {
    /// A kind of ERP actor at a glance. Members, order and names are the vendor's.
    pub struct ErpSyncActorSummary {
        /// Which.
        actor_type: ErpActorType = "ActorType",
        /// At least one of its fields is mapped.
        has_mappings: bool = "HasMappings",
        /// The fields with a rule for new actors, in words.
        defaults: Option<String> = "Defaults",
        /// The fields that are mapped, in words.
        mappings: Option<String> = "Mappings",
    }
    rights
}

const REASON: &str = "Connections are changed by administrators.";
static ROLES: Roles = Roles::to(ErpSyncConnectionSummary::MEMBERS, REASON);
static ACTOR_ROLES: Roles = Roles::to(ErpSyncActorSummary::MEMBERS, REASON);

/// A connection at a glance; null where it is not there, or the caller may not see it.
///
/// # Errors
/// 503 where the database is away.
pub async fn get(
    pool: Pool,
    caller: Principal,
    request: GetErpSyncConnectionSummaryRequest,
) -> Result<Option<ErpSyncConnectionSummary>, Error> {
    let id = request.erp_sync_connection_id;
    let Some(connection) = visible(&pool, &caller, id).await? else { return Ok(None) };
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
    let defaults: Vec<String> = fields().filter_map(default_in_words).collect();
    let mappings: Vec<String> = fields().filter_map(mapping_in_words).collect();
    ErpSyncActorSummary {
        actor_type: ErpActorType::of_number(actor_type.actor_type_erp),
        has_mappings: !mappings.is_empty(),
        defaults: Some(defaults.join(", ")),
        mappings: Some(mappings.join(", ")),
        rights: ACTOR_ROLES.of(caller),
    }
}

/// `Name = 'x'`, `Name (asked)`, or nothing where there is no rule.
fn default_in_words(field: &Field) -> Option<String> {
    let mut words = field.display_name.clone();
    if field.has_first_sync_default_value {
        words = format!("{words} = '{}'", field.first_sync_default_value);
    }
    match (field.prompt_user, field.mandatory) {
        (true, true) => words.push_str(" (asked, mandatory)"),
        (true, false) => words.push_str(" (asked)"),
        (false, true) => words.push_str(" (mandatory)"),
        (false, false) if field.has_first_sync_default_value => {}
        (false, false) => return None,
    }
    Some(words)
}

/// `Name > Department`, with the arrows of the vendor's pages; `-` where it is synced in no direction.
fn mapping_in_words(field: &Field) -> Option<String> {
    let arrow = match (field.sync_to_crm, field.sync_to_erp) {
        (true, true) => "<>",
        (true, false) => ">",
        (false, true) => "<",
        (false, false) => "-",
    };
    let crm = crm_fields::display_name(CrmActorType::of_number(field.actor_type_crm), &field.crm_field_key);
    (!crm.is_empty()).then(|| format!("{} {arrow} {crm}", field.display_name))
}
