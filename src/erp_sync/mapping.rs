//! Which fields of an ERP actor are which fields of a CRM entity.

use super::action_log;
use super::actor_types::{CrmActorType, ErpActorType, FieldAccess, FieldMetadataType};
use super::connections::find_visible;
use super::crm_fields;
use super::roles::{Roles, require_right_to_change};
use crate::auth::Principal;
use crate::carrier;
use crate::protocol::error::Error;
use crate::protocol::message::Sent;
use crate::protocol::rule_error::ErrorOr;
use crate::protocol::value::{Carrier, Enumeration};
use crate::store::Pool;
use crate::store::erp_fields::{self, Field, Which};
use crate::store::mappings::{self as store, FieldMapping, FieldPath, Mapping, Outcome};

carrier! {
    /// The mapping of one kind of ERP actor of one connection. Members, order and names are the vendor's.
    pub struct ErpSyncActorTypeMapping {
        /// The connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// In use.
        is_active: bool = "IsActive",
        /// The fields, in their order.
        field_mappings: Option<Vec<ErpSyncFieldMapping>> = "FieldMappings",
        /// The kind of ERP actor.
        actor_type_erp: ErpActorType = "ActorTypeErp",
        /// What it is in the CRM system.
        actor_type_crm: CrmActorType = "ActorTypeCrm",
    }
    rights
}

carrier! {
    /// The mapping of one field. Members, order and names are the vendor's; lengths are its columns'.
    pub struct ErpSyncFieldMapping {
        /// Primary key.
        erp_field_id: i32 = "ErpFieldId",
        /// The CRM field; blank where it is not synced.
        crm_field_key: Option<String> = "CrmFieldKey" [254],
        /// What that is shown as; not looked at in a request.
        crm_display_name: Option<String> = "CrmDisplayName" multi_language,
        /// Its tooltip; not looked at in a request.
        crm_display_tooltip: Option<String> = "CrmDisplayTooltip" multi_language,
        /// The field's key in the ERP system.
        erp_field_key: Option<String> = "ErpFieldKey" [254],
        /// What kind of value it has.
        field_type: FieldMetadataType = "FieldType",
        /// What it is shown as; not looked at in a request.
        erp_display_name: Option<String> = "ErpDisplayName" multi_language,
        /// Its tooltip; not looked at in a request.
        erp_display_tooltip: Option<String> = "ErpDisplayTooltip" multi_language,
        /// Changes in the ERP system go to the CRM system.
        sync_to_crm: bool = "SyncToCrm",
        /// Changes in the CRM system go to the ERP system.
        sync_to_erp: bool = "SyncToErp",
        /// Shown with the CRM entity.
        show_in_gui: bool = "ShowInGui",
        /// Shown in searches.
        show_in_search: bool = "ShowInSearch",
        /// The same CRM field is mapped in another connection; not looked at in a request.
        already_mapped: bool = "AlreadyMapped",
        /// The connector has the field no more; not looked at in a request.
        missing_in_erp: bool = "MissingInERP",
        /// The CRM system has the field no more; not looked at in a request.
        missing_in_crm: bool = "MissingInCRM",
        /// What may be done with the field.
        access: FieldAccess = "Access",
        /// The CRM list of its values; not looked at in a request.
        list_reference: Option<String> = "ListReference",
    }
    rights
}

carrier! {
    /// The request of `GetActorTypeMapping`.
    pub struct GetActorTypeMappingRequest {
        /// The connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The kind of ERP actor.
        actor_type: ErpActorType = "ActorType",
    }
}

carrier! {
    /// The request of `GetCrmActorType`.
    pub struct GetCrmActorTypeRequest {
        /// The connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The kind of ERP actor.
        erp_actor_type: ErpActorType = "ErpActorType",
    }
}

carrier! {
    /// The request of `SaveActorTypeMapping`.
    pub struct SaveActorTypeMappingRequest {
        /// What to save.
        mapping: Option<ErpSyncActorTypeMapping> = "Mapping",
    }
}

carrier! {
    /// The request of `MoveErpFieldItem`.
    pub struct MoveErpFieldItemRequest {
        /// The field.
        erp_field_id: i32 = "ErpFieldId",
        /// Places to move, back where it is negative.
        direction: i32 = "Direction",
        /// Its connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// Its kind of ERP actor.
        erp_actor_type: ErpActorType = "ErpActorType",
    }
}

const REASON: &str = "Mappings are changed by administrators.";
static ROLES: Roles = Roles::new(ErpSyncActorTypeMapping::MEMBERS, REASON);
static FIELD_ROLES: Roles = Roles::new(ErpSyncFieldMapping::MEMBERS, REASON);

/// The mapping of one kind of ERP actor; null where there is none, or the caller may not see the connection.
///
/// # Errors
/// 503 where the database is away.
pub async fn get(
    pool: Pool,
    caller: Principal,
    request: GetActorTypeMappingRequest,
) -> Result<Option<ErpSyncActorTypeMapping>, Error> {
    if find_visible(&pool, &caller, request.erp_connection_id).await?.is_none() {
        return Ok(None);
    }
    read(&pool, &caller, request.erp_connection_id, request.actor_type).await
}

async fn read(
    pool: &Pool,
    caller: &Principal,
    id: i32,
    actor_type: ErpActorType,
) -> Result<Option<ErpSyncActorTypeMapping>, Error> {
    let Some(stored) = erp_fields::actor_types(pool, id, Some(actor_type.number())).await?.pop() else {
        return Ok(None);
    };
    let fields = erp_fields::fields(pool, Which::ActorType(id, actor_type.number())).await?;
    Ok(Some(ErpSyncActorTypeMapping {
        erp_connection_id: id,
        is_active: stored.is_active,
        field_mappings: Some(fields.into_iter().map(|field| shown(field, caller)).collect()),
        actor_type_erp: actor_type,
        actor_type_crm: CrmActorType::of_number(stored.actor_type_crm),
        rights: ROLES.of(caller),
    }))
}

fn shown(field: Field, caller: &Principal) -> ErpSyncFieldMapping {
    let crm = CrmActorType::of_number(field.actor_type_crm);
    ErpSyncFieldMapping {
        erp_field_id: field.erp_field_id,
        crm_display_name: Some(crm_fields::display_name(crm, &field.crm_field_key).to_owned()),
        crm_field_key: Some(field.crm_field_key),
        crm_display_tooltip: Some(String::new()),
        erp_field_key: Some(field.erp_field_key),
        field_type: FieldMetadataType::of_number(field.field_type),
        erp_display_name: Some(field.display_name),
        erp_display_tooltip: Some(field.display_description),
        sync_to_crm: field.sync_to_crm,
        sync_to_erp: field.sync_to_erp,
        show_in_gui: field.show_in_gui,
        show_in_search: field.show_in_search,
        already_mapped: field.already_mapped,
        missing_in_erp: field.missing_in_erp,
        // There is no CRM system here that could have lost it.
        missing_in_crm: false,
        access: FieldAccess::of_number(field.access),
        list_reference: Some(field.list_reference),
        rights: FIELD_ROLES.of(caller),
    }
}

/// What a kind of ERP actor is in the CRM system; `Unknown` where it is not mapped, or the caller may not see the
/// connection.
///
/// # Errors
/// 503 where the database is away.
pub async fn crm_actor_type(
    pool: Pool,
    caller: Principal,
    request: GetCrmActorTypeRequest,
) -> Result<CrmActorType, Error> {
    if find_visible(&pool, &caller, request.erp_connection_id).await?.is_none() {
        return Ok(CrmActorType::Unknown);
    }
    let found =
        erp_fields::actor_types(&pool, request.erp_connection_id, Some(request.erp_actor_type.number())).await?;
    Ok(found.first().map_or(CrmActorType::Unknown, |actor_type| CrmActorType::of_number(actor_type.actor_type_crm)))
}

/// Stores the mapping of one kind of ERP actor, and makes what is not there yet; fields that are not named stay.
///
/// # Errors
/// 403 for callers who may not change mappings; 400 where the connection is not there, or a field is not known, or is
/// named twice. Nothing is stored then.
pub async fn save(
    pool: Pool,
    caller: Principal,
    request: SaveActorTypeMappingRequest,
) -> Result<Option<ErpSyncActorTypeMapping>, Error> {
    require_right_to_change(&caller, "Saving a mapping")?;
    let mapping = request.mapping.ok_or_else(|| Error::argument("Mapping: the mapping to save is missing or null."))?;
    let (id, actor_type) = (mapping.erp_connection_id, mapping.actor_type_erp);
    if actor_type == ErpActorType::Unknown {
        let expected = <ErpActorType as Enumeration>::EXPECTED;
        return Err(Error::validation(format_args!("Mapping.ActorTypeErp: expected {expected}, and not Unknown.")));
    }
    let refuse =
        |place: usize, what: &str| Err(Error::validation(format_args!("Mapping.FieldMappings[{place}].{what}.")));
    match store::save(&pool, &what_to_store(mapping), caller.associate_id).await? {
        Outcome::Saved => {}
        Outcome::NoConnection => {
            return Err(Error::validation(format_args!(
                "Mapping.ErpConnectionId: there is no connection {}.",
                Sent(id)
            )));
        }
        Outcome::UnknownField(place) => {
            return refuse(place, "ErpFieldKey: it is blank, and ErpFieldId is of no field of this kind of actor");
        }
        Outcome::Repeated(place) => return refuse(place, "ErpFieldKey: the field was there before"),
    }
    action_log::record_with_id("mapping saved", id);
    read(&pool, &caller, id, actor_type).await
}

fn what_to_store(mapping: ErpSyncActorTypeMapping) -> Mapping {
    let field = |field: ErpSyncFieldMapping| FieldMapping {
        erp_field_id: field.erp_field_id,
        erp_field_key: field.erp_field_key.unwrap_or_default(),
        field_type: field.field_type.number(),
        access: field.access.number(),
        crm_field_key: field.crm_field_key.unwrap_or_default(),
        sync_to_crm: field.sync_to_crm,
        sync_to_erp: field.sync_to_erp,
        show_in_gui: field.show_in_gui,
        show_in_search: field.show_in_search,
    };
    Mapping {
        erp_connection_id: mapping.erp_connection_id,
        actor_type_erp: mapping.actor_type_erp.number(),
        actor_type_crm: mapping.actor_type_crm.number(),
        is_active: mapping.is_active,
        fields: mapping.field_mappings.into_iter().flatten().map(field).collect(),
    }
}

/// Moves a field among those of its kind of actor, as far as there are places.
///
/// # Errors
/// 403 for callers who may not change mappings, 404 where there is no such field.
pub async fn move_field(pool: Pool, caller: Principal, request: MoveErpFieldItemRequest) -> Result<(), ErrorOr<404>> {
    require_right_to_change(&caller, "Moving a field")?;
    let MoveErpFieldItemRequest { erp_field_id, direction, erp_connection_id, erp_actor_type } = request;
    let field = FieldPath { erp_connection_id, actor_type_erp: erp_actor_type.number(), erp_field_id };
    if store::move_field(&pool, field, direction, caller.associate_id).await? {
        action_log::record_with_id("field moved", erp_field_id);
        return Ok(());
    }
    let name = erp_actor_type.name();
    Err(ErrorOr::not_found(format_args!(
        "ErpFieldId: connection {} has no field {} of {}.",
        Sent(erp_connection_id),
        Sent(erp_field_id),
        Sent(name)
    )))
}
