//! Mappings between the fields of ERP actors and CRM entities.

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
    /// The mapping of an ERP actor type of a connection. Members, order and names are the vendor's.
    pub struct ErpSyncActorTypeMapping {
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// Whether the mapping is in use.
        is_active: bool = "IsActive",
        /// The mappings of the fields, in order.
        field_mappings: Option<Vec<ErpSyncFieldMapping>> = "FieldMappings",
        /// The ERP actor type.
        actor_type_erp: ErpActorType = "ActorTypeErp",
        /// The CRM actor type that it is mapped to.
        actor_type_crm: CrmActorType = "ActorTypeCrm",
    }
    rights
}

carrier! {
    /// The mapping of one field. Members, order and names are the vendor's; lengths are those of the columns.
    pub struct ErpSyncFieldMapping {
        /// Primary key of the field.
        erp_field_id: i32 = "ErpFieldId",
        /// The key of the CRM field; empty if the ERP field is not mapped.
        crm_field_key: Option<String> = "CrmFieldKey" [254],
        /// The label of the CRM field; ignored in a request.
        crm_display_name: Option<String> = "CrmDisplayName" multi_language,
        /// The tooltip of the CRM field; ignored in a request.
        crm_display_tooltip: Option<String> = "CrmDisplayTooltip" multi_language,
        /// The key of the field in the ERP system.
        erp_field_key: Option<String> = "ErpFieldKey" [254],
        /// The type of the values.
        field_type: FieldMetadataType = "FieldType",
        /// The label of the ERP field; ignored in a request.
        erp_display_name: Option<String> = "ErpDisplayName" multi_language,
        /// The tooltip of the ERP field; ignored in a request.
        erp_display_tooltip: Option<String> = "ErpDisplayTooltip" multi_language,
        /// Whether changes in the ERP system are copied to the CRM system.
        sync_to_crm: bool = "SyncToCrm",
        /// Whether changes in the CRM system are copied to the ERP system.
        sync_to_erp: bool = "SyncToErp",
        /// Whether the field is shown with the CRM entity.
        show_in_gui: bool = "ShowInGui",
        /// Whether the field is shown in searches.
        show_in_search: bool = "ShowInSearch",
        /// Whether another connection maps the same CRM field; ignored in a request.
        already_mapped: bool = "AlreadyMapped",
        /// Whether the connector no longer lists the field; ignored in a request.
        missing_in_erp: bool = "MissingInERP",
        /// Whether the CRM system no longer has the field; ignored in a request.
        missing_in_crm: bool = "MissingInCRM",
        /// The access to the field.
        access: FieldAccess = "Access",
        /// The CRM list with the values; ignored in a request.
        list_reference: Option<String> = "ListReference",
    }
    rights
}

carrier! {
    /// The request of `GetActorTypeMapping`.
    pub struct GetActorTypeMappingRequest {
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The ERP actor type.
        actor_type: ErpActorType = "ActorType",
    }
}

carrier! {
    /// The request of `GetCrmActorType`.
    pub struct GetCrmActorTypeRequest {
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The ERP actor type.
        erp_actor_type: ErpActorType = "ErpActorType",
    }
}

carrier! {
    /// The request of `SaveActorTypeMapping`.
    pub struct SaveActorTypeMappingRequest {
        /// The mapping to save.
        mapping: Option<ErpSyncActorTypeMapping> = "Mapping",
    }
}

carrier! {
    /// The request of `MoveErpFieldItem`.
    pub struct MoveErpFieldItemRequest {
        /// Primary key of the field.
        erp_field_id: i32 = "ErpFieldId",
        /// The number of places to move by; negative to move towards the beginning.
        direction: i32 = "Direction",
        /// Primary key of the field's connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The ERP actor type of the field.
        erp_actor_type: ErpActorType = "ErpActorType",
    }
}

const REASON: &str = "Mappings are changed by administrators.";
static ROLES: Roles = Roles::new(ErpSyncActorTypeMapping::MEMBERS, REASON);
static FIELD_ROLES: Roles = Roles::new(ErpSyncFieldMapping::MEMBERS, REASON);

/// Returns the mapping of an ERP actor type; null if it does not exist or the caller may not see the connection.
///
/// # Errors
/// 503 if the database is unavailable.
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
        field_mappings: Some(fields.into_iter().map(|field| to_carrier(field, caller)).collect()),
        actor_type_erp: actor_type,
        actor_type_crm: CrmActorType::of_number(stored.actor_type_crm),
        rights: ROLES.of(caller),
    }))
}

fn to_carrier(field: Field, caller: &Principal) -> ErpSyncFieldMapping {
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
        // The CRM fields are constant.
        missing_in_crm: false,
        access: FieldAccess::of_number(field.access),
        list_reference: Some(field.list_reference),
        rights: FIELD_ROLES.of(caller),
    }
}

/// Returns the CRM actor type that an ERP actor type is mapped to; `Unknown` if it is not mapped or the caller may not
/// see the connection.
///
/// # Errors
/// 503 if the database is unavailable.
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

/// Stores the mapping of an ERP actor type. Creates the actor type and the fields that do not exist yet, and keeps the
/// fields that are not listed.
///
/// # Errors
/// 403 for callers who may not change mappings; 400 if the connection does not exist, or if a field is unknown
/// or listed twice. Nothing is stored then.
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
    let refuse = |index: usize, reason: &str| {
        Err(Error::validation(format_args!("Mapping.FieldMappings[{index}].ErpFieldKey: {reason}.")))
    };
    match store::save(&pool, &to_stored(mapping), caller.associate_id).await? {
        Outcome::Saved => {}
        Outcome::NoConnection => {
            return Err(Error::validation(format_args!(
                "Mapping.ErpConnectionId: there is no connection {}.",
                Sent(id)
            )));
        }
        Outcome::UnknownField(index) => {
            return refuse(index, "the key is blank, and the actor type has no field with this ErpFieldId");
        }
        Outcome::Repeated(index) => return refuse(index, "the field is listed more than once"),
    }
    action_log::record_with_id("mapping saved", id);
    read(&pool, &caller, id, actor_type).await
}

fn to_stored(mapping: ErpSyncActorTypeMapping) -> Mapping {
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

/// Moves a field within the order of its actor type, at most to the beginning or the end.
///
/// # Errors
/// 403 for callers who may not change mappings, 404 if the field does not exist.
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
