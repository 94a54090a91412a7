//! What a new ERP actor gets in its fields, and which of them are asked for.

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
    /// The rule for one field. Members, order and names are the vendor's; lengths are its columns'.
    pub struct ErpSyncDefaultValue {
        /// Primary key of the field.
        erp_field_id: i32 = "ErpFieldId",
        /// The connector's default; not looked at in a request.
        default_value: Option<String> = "DefaultValue",
        /// A new actor gets the next one.
        has_first_sync_default_value: bool = "HasFirstSyncDefaultValue",
        /// What a new actor gets; may be blank.
        first_sync_default_value: Option<String> = "FirstSyncDefaultValue" [254],
        /// Whoever makes a new actor is asked.
        prompt_user: bool = "PromptUser",
        /// And must answer.
        mandatory: bool = "Mandatory",
        /// The field's key in the ERP system; not looked at in a request.
        erp_field_key: Option<String> = "ErpFieldKey",
        /// What kind of value it has; not looked at in a request.
        field_type: FieldMetadataType = "FieldType",
        /// The connector's list of its values; not looked at in a request.
        list_name: Option<String> = "ListName",
        /// What may be done with it; not looked at in a request.
        access: FieldAccess = "Access",
    }
    rights
}

carrier! {
    /// A field that is to be filled in. Members, order and names are the vendor's.
    pub struct FieldMetadata {
        /// Its key in the ERP system.
        field_key: Option<String> = "FieldKey",
        /// The order.
        rank: i32 = "Rank",
        /// What it is shown as; multi-language.
        display_name: Option<String> = "DisplayName" multi_language,
        /// Its tooltip; multi-language.
        display_description: Option<String> = "DisplayDescription" multi_language,
        /// What kind of value it has.
        field_type: FieldMetadataType = "FieldType",
        /// The list of its values.
        list_name: Option<String> = "ListName",
        /// What it is filled with.
        default_value: Option<String> = "DefaultValue",
        /// The most characters; 0: no limit.
        max_length: i32 = "MaxLength",
        /// What may be done with it.
        access: FieldAccess = "Access",
        /// Shown in searches.
        show_in_search: bool = "ShowInSearch",
    }
    rights
}

carrier! {
    /// The request of `GetDefaultValueInfo`.
    pub struct GetDefaultValueInfoRequest {
        /// The field.
        erp_field_id: i32 = "ErpFieldId",
    }
}

carrier! {
    /// The request of `GetFieldsForNewErpActor`.
    pub struct GetFieldsForNewErpActorRequest {
        /// The connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The kind of ERP actor.
        erp_actor_type: ErpActorType = "ErpActorType",
    }
}

carrier! {
    /// The request of `SaveDefaultValueInfo`.
    pub struct SaveDefaultValueInfoRequest {
        /// What to save.
        erp_sync_default_value: Option<ErpSyncDefaultValue> = "ErpSyncDefaultValue",
    }
}

const REASON: &str = "Default values are changed by administrators.";
static ROLES: Roles = Roles::new(ErpSyncDefaultValue::MEMBERS, REASON);
static FIELD_ROLES: Roles = Roles::new(FieldMetadata::MEMBERS, REASON);

/// The rule for one field; null where there is no such field, or the caller may not see its connection.
///
/// # Errors
/// 503 where the database is away.
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

/// Stores the rule for one field.
///
/// # Errors
/// 403 for callers who may not change rules, 404 where there is no such field.
pub async fn save(
    pool: Pool,
    caller: Principal,
    request: SaveDefaultValueInfoRequest,
) -> Result<Option<ErpSyncDefaultValue>, ErrorOr<404>> {
    require_right_to_change(&caller, "Saving a default value")?;
    let rule = request
        .erp_sync_default_value
        .ok_or_else(|| Error::argument("ErpSyncDefaultValue: the default value to save is missing or null."))?;
    let id = rule.erp_field_id;
    let default = DefaultValue {
        erp_field_id: id,
        has_first_sync_default_value: rule.has_first_sync_default_value,
        first_sync_default_value: rule.first_sync_default_value.as_deref().unwrap_or_default(),
        prompt_user: rule.prompt_user,
        mandatory: rule.mandatory,
    };
    if !store::save_default(&pool, &default, caller.associate_id).await? {
        return Err(ErrorOr::not_found(format_args!(
            "ErpSyncDefaultValue.ErpFieldId: there is no field {}.",
            Sent(id)
        )));
    }
    action_log::record_with_id("default value saved", id);
    Ok(read(&pool, &caller, id).await?)
}

/// The fields that are to be filled in for a new ERP actor, in their order: those that the connector or an
/// administrator calls mandatory, and those that are asked for. None where the caller may not see the connection.
///
/// # Errors
/// 503 where the database is away.
pub async fn fields_for_new_actor(
    pool: Pool,
    caller: Principal,
    request: GetFieldsForNewErpActorRequest,
) -> Result<Vec<FieldMetadata>, Error> {
    if find_visible(&pool, &caller, request.erp_connection_id).await?.is_none() {
        return Ok(Vec::new());
    }
    let which = Which::ActorType(request.erp_connection_id, request.erp_actor_type.number());
    let fields = store::fields(&pool, which).await?.into_iter().filter(is_to_be_filled_in);
    Ok(fields.map(|field| metadata(field, &caller)).collect())
}

fn is_to_be_filled_in(field: &Field) -> bool {
    let is_mandatory = field.mandatory || field.access == FieldAccess::Mandatory.number();
    !field.missing_in_erp && (is_mandatory || field.prompt_user)
}

fn metadata(field: Field, caller: &Principal) -> FieldMetadata {
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
