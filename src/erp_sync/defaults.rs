//! The default values of ERP fields, and the fields to fill in for a new ERP actor.

use super::action_log;
use super::actor_types::{ErpActorType, FieldAccess, FieldMetadataType};
use super::connections::find_visible;
use super::roles::{Roles, require_right_to_change};
use crate::auth::Principal;
use crate::carrier;
use crate::protocol::error::Error;
use crate::protocol::message::Sent;
use crate::protocol::rule_error::ErrorOr;
use crate::protocol::value::{Carrier, Enumeration};
use crate::store::Pool;
use crate::store::erp_fields::{self as store, DefaultValue, Field, Which};

carrier! {
    /// The default value of an ERP field, used when an ERP actor is created. Members, order and names are the vendor's;
    /// lengths are those of the columns.
    pub struct ErpSyncDefaultValue {
        /// Primary key of the field.
        erp_field_id: i32 = "ErpFieldId",
        /// The default value of the connector; ignored in a request.
        default_value: Option<String> = "DefaultValue",
        /// Whether a new actor gets `FirstSyncDefaultValue`.
        has_first_sync_default_value: bool = "HasFirstSyncDefaultValue",
        /// The value for new actors; can be empty.
        first_sync_default_value: Option<String> = "FirstSyncDefaultValue" [254],
        /// Whether the user who creates an actor is asked for a value.
        prompt_user: bool = "PromptUser",
        /// Whether the user must enter a value.
        mandatory: bool = "Mandatory",
        /// The key of the field in the ERP system; ignored in a request.
        erp_field_key: Option<String> = "ErpFieldKey",
        /// The type of the values; ignored in a request.
        field_type: FieldMetadataType = "FieldType",
        /// The name of the ERP list with the values; ignored in a request.
        list_name: Option<String> = "ListName",
        /// The access to the field; ignored in a request.
        access: FieldAccess = "Access",
    }
    rights
}

carrier! {
    /// A field to fill in. Members, order and names are the vendor's.
    pub struct FieldMetadata {
        /// The key of the field in the ERP system.
        field_key: Option<String> = "FieldKey",
        /// The position in the order of the fields.
        rank: i32 = "Rank",
        /// The label of the field; multi-language.
        display_name: Option<String> = "DisplayName" multi_language,
        /// The tooltip of the field; multi-language.
        display_description: Option<String> = "DisplayDescription" multi_language,
        /// The type of the values.
        field_type: FieldMetadataType = "FieldType",
        /// The name of the ERP list with the values.
        list_name: Option<String> = "ListName",
        /// The initial value.
        default_value: Option<String> = "DefaultValue",
        /// The maximum number of characters; 0 for no limit.
        max_length: i32 = "MaxLength",
        /// The access to the field.
        access: FieldAccess = "Access",
        /// Whether the field is shown in searches.
        show_in_search: bool = "ShowInSearch",
    }
    rights
}

carrier! {
    /// The request of `GetDefaultValueInfo`.
    pub struct GetDefaultValueInfoRequest {
        /// Primary key of the field.
        erp_field_id: i32 = "ErpFieldId",
    }
}

carrier! {
    /// The request of `GetFieldsForNewErpActor`.
    pub struct GetFieldsForNewErpActorRequest {
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The ERP actor type.
        erp_actor_type: ErpActorType = "ErpActorType",
    }
}

carrier! {
    /// The request of `SaveDefaultValueInfo`.
    pub struct SaveDefaultValueInfoRequest {
        /// The default value to save.
        erp_sync_default_value: Option<ErpSyncDefaultValue> = "ErpSyncDefaultValue",
    }
}

const REASON: &str = "Default values are changed by administrators.";
static ROLES: Roles = Roles::new(ErpSyncDefaultValue::MEMBERS, REASON);
/// The rights of callers to descriptions of fields.
pub(super) static FIELD_ROLES: Roles = Roles::new(FieldMetadata::MEMBERS, REASON);

/// Returns the default value of a field; null if the field does not exist or the caller may not see its connection.
///
/// # Errors
/// 503 if the database is unavailable.
pub async fn get(
    pool: Pool,
    caller: Principal,
    request: GetDefaultValueInfoRequest,
) -> Result<Option<ErpSyncDefaultValue>, Error> {
    read(&pool, &caller, request.erp_field_id).await
}

async fn read(pool: &Pool, caller: &Principal, id: i32) -> Result<Option<ErpSyncDefaultValue>, Error> {
    let Some(field) = store::fields(pool, Which::Field(id)).await?.pop() else { return Ok(None) };
    let visible = find_visible(pool, caller, field.erp_connection_id).await?.is_some();
    Ok(visible.then(|| ErpSyncDefaultValue {
        erp_field_id: field.erp_field_id,
        default_value: Some(field.default_value),
        has_first_sync_default_value: field.has_first_sync_default_value,
        first_sync_default_value: Some(field.first_sync_default_value),
        prompt_user: field.prompt_user,
        mandatory: field.mandatory,
        erp_field_key: Some(field.erp_field_key),
        field_type: FieldMetadataType::of_number(field.field_type),
        list_name: Some(field.list_name),
        access: FieldAccess::of_number(field.access),
        rights: ROLES.of(caller),
    }))
}

/// Stores the default value of a field.
///
/// # Errors
/// 403 for callers who may not change default values, 404 if the field does not exist.
pub async fn save(
    pool: Pool,
    caller: Principal,
    request: SaveDefaultValueInfoRequest,
) -> Result<Option<ErpSyncDefaultValue>, ErrorOr<404>> {
    require_right_to_change(&caller, "Saving a default value")?;
    let default_value = request
        .erp_sync_default_value
        .ok_or_else(|| Error::argument("ErpSyncDefaultValue: the default value to save is missing or null."))?;
    let id = default_value.erp_field_id;
    let stored = DefaultValue {
        erp_field_id: id,
        has_first_sync_default_value: default_value.has_first_sync_default_value,
        first_sync_default_value: default_value.first_sync_default_value.as_deref().unwrap_or_default(),
        prompt_user: default_value.prompt_user,
        mandatory: default_value.mandatory,
    };
    if !store::save_default(&pool, &stored, caller.associate_id).await? {
        return Err(ErrorOr::not_found(format_args!(
            "ErpSyncDefaultValue.ErpFieldId: there is no field {}.",
            Sent(id)
        )));
    }
    action_log::record_with_id("default value saved", id);
    Ok(read(&pool, &caller, id).await?)
}

/// Returns the fields to fill in for a new ERP actor, in order: fields that the connector or an administrator made
/// mandatory, and fields that the user is asked for. Returns no field if the caller may not see the connection.
///
/// # Errors
/// 503 if the database is unavailable.
pub async fn fields_for_new_actor(
    pool: Pool,
    caller: Principal,
    request: GetFieldsForNewErpActorRequest,
) -> Result<Vec<FieldMetadata>, Error> {
    if find_visible(&pool, &caller, request.erp_connection_id).await?.is_none() {
        return Ok(Vec::new());
    }
    let which = Which::ActorType(request.erp_connection_id, request.erp_actor_type.number());
    let fields = store::fields(&pool, which).await?.into_iter().filter(needs_input);
    Ok(fields.map(|field| to_metadata(field, &caller)).collect())
}

fn needs_input(field: &Field) -> bool {
    let is_mandatory = field.mandatory || field.access == FieldAccess::Mandatory.number();
    !field.missing_in_erp && (is_mandatory || field.prompt_user)
}

fn to_metadata(field: Field, caller: &Principal) -> FieldMetadata {
    let default_value =
        if field.has_first_sync_default_value { field.first_sync_default_value } else { field.default_value };
    let access = if field.mandatory { FieldAccess::Mandatory } else { FieldAccess::of_number(field.access) };
    FieldMetadata {
        field_key: Some(field.erp_field_key),
        rank: field.rank,
        display_name: Some(field.display_name),
        display_description: Some(field.display_description),
        field_type: FieldMetadataType::of_number(field.field_type),
        list_name: Some(field.list_name),
        default_value: Some(default_value),
        max_length: field.max_length,
        access,
        show_in_search: field.show_in_search,
        rights: FIELD_ROLES.of(caller),
    }
}
