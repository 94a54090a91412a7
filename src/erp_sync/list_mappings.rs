//! Mappings between the items of ERP lists and CRM lists.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::action_log;
use super::actor_types::ErpActorType;
use super::connections::{connection_not_found, find_visible};
use super::roles::{Roles, require_right_to_change};
use crate::auth::Principal;
use crate::carrier;
use crate::protocol::error::Error;
use crate::protocol::message::Sent;
use crate::protocol::rule_error::ErrorOr;
use crate::protocol::value::{Carrier, Enumeration};
use crate::store::Pool;
use crate::store::erp_fields::{self, Field, Which};
use crate::store::list_mappings::{self as store, ListMapping};

carrier! {
    /// The list mappings of a connection. Members, order and names are the vendor's.
    pub struct ErpConnectionListMappingContainer {
        /// The mapping of each list.
        erp_list_item_mappings: Option<Vec<ErpConnectionListMapping>> = "ErpListItemMappings",
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// The name of the connection; multi-language; ignored in a request.
        erp_connection_name: Option<String> = "ErpConnectionName" multi_language,
    }
    rights
}

carrier! {
    /// The mapping of the list of one field. Members, order and names are the vendor's.
    pub struct ErpConnectionListMapping {
        /// The CRM list.
        crm_list: Option<MDOListItem> = "CrmList",
        /// The name of the ERP list; ignored in a request.
        erp_list_name: Option<String> = "ErpListName",
        /// The mapping of each item.
        erp_crm_list_item_mappings: Option<Vec<ErpCrmListItemMapping>> = "ErpCrmListItemMappings",
        /// The ERP actor type of the field; ignored in a request.
        erp_actor_type_name: Option<String> = "ErpActorTypeName",
        /// Primary key of the field.
        erp_field_id: i32 = "ErpFieldId",
    }
    rights
}

carrier! {
    /// The mapping of one list item. Members, order and names are the vendor's; lengths are those of the columns.
    pub struct ErpCrmListItemMapping {
        /// The key of the item in the ERP system.
        erp_list_item_id: Option<String> = "ErpListItemId" [254],
        /// The name of the item in the ERP system; multi-language.
        erp_list_item_name: Option<String> = "ErpListItemName" multi_language,
        /// The CRM item. Null, or an item with the id 0, if the ERP item is not mapped.
        crm_list_item: Option<MDOListItem> = "CrmListItem",
    }
    rights
}

carrier! {
    /// An item of a CRM list. Members, order and names are the vendor's. Only the id is stored.
    pub struct MDOListItem {
        /// Primary key of the item.
        id: i32 = "Id",
        /// The name of the item.
        name: Option<String> = "Name",
        /// The tooltip of the item.
        tool_tip: Option<String> = "ToolTip",
        /// Whether the item is flagged as deleted.
        deleted: bool = "Deleted",
        /// The position in the order of the items.
        rank: i32 = "Rank",
        /// The type of the item.
        kind: Option<String> = "Type",
        /// The items below this one in the hierarchy.
        child_items: Option<Vec<MDOListItem>> = "ChildItems",
        /// A hint for the icon of the item.
        icon_hint: Option<String> = "IconHint",
        /// The color of the item.
        color_block: i32 = "ColorBlock",
        /// Additional information about the item.
        extra_info: Option<String> = "ExtraInfo",
        /// A hint for the style of the item.
        style_hint: Option<String> = "StyleHint",
        /// The name of the item after the names of its ancestors.
        full_name: Option<String> = "FullName",
    }
    rights
}

carrier! {
    /// The request of `SaveConnectionListMappings`.
    pub struct SaveConnectionListMappingsRequest {
        /// The list mappings to save.
        list_mapping: Option<ErpConnectionListMappingContainer> = "ListMapping",
    }
}

carrier! {
    /// The request of `ValidateArchiveColumnConfig`.
    pub struct ValidateArchiveColumnConfigRequest {
        /// The name of the list in the vendor's user interface.
        list_owner: Option<String> = "ListOwner",
        /// Primary key of the connection.
        erp_connection_id: i32 = "ErpConnectionId",
    }
}

const REASON: &str = "List mappings are changed by administrators.";
/// The rights of callers to list mappings.
pub(super) static ROLES: Roles = Roles::new(ErpConnectionListMappingContainer::MEMBERS, REASON);
/// The rights of callers to the mapping of one list.
pub(super) static LIST_ROLES: Roles = Roles::new(ErpConnectionListMapping::MEMBERS, REASON);
/// The rights of callers to the mapping of one item.
pub(super) static ITEM_ROLES: Roles = Roles::new(ErpCrmListItemMapping::MEMBERS, REASON);

/// Stores the list mappings of the given fields. The items of a field replace the stored ones.
///
/// Returns the mappings as sent, with the names of the connection, the lists and the actor types. The names of items
/// are not added: only the connector and the CRM system know them.
///
/// # Errors
/// 403 for callers who may not change mappings; 400 if the connection or a field does not exist, if an item has no key,
/// or if a field or an item is listed twice. Nothing is stored then.
pub async fn save(
    pool: Pool,
    caller: Principal,
    request: SaveConnectionListMappingsRequest,
) -> Result<ErpConnectionListMappingContainer, Error> {
    require_right_to_change(&caller, "Saving a list mapping")?;
    let mut container =
        request.list_mapping.ok_or_else(|| Error::argument("ListMapping: the mapping to save is missing or null."))?;
    let id = container.erp_connection_id;
    let Some(connection) = find_visible(&pool, &caller, id).await? else {
        return Err(Error::validation(format_args!(
            "ListMapping.ErpConnectionId: there is no connection {}.",
            Sent(id)
        )));
    };
    let mappings = to_stored(&container)?;
    let unknown = store::save(&pool, id, &mappings, caller.associate_id).await?;
    if let Some(field) = unknown.first() {
        let index = mappings.iter().position(|mapping| mapping.erp_field_id == *field).unwrap_or_default();
        return Err(Error::validation(format_args!(
            "ListMapping.ErpListItemMappings[{index}].ErpFieldId: connection {} has no field {}.",
            Sent(id),
            Sent(field)
        )));
    }
    action_log::record_with_id("list mappings saved", id);
    let fields = erp_fields::fields(&pool, Which::Connection(id)).await?;
    let fields: HashMap<i32, Field> = fields.into_iter().map(|field| (field.erp_field_id, field)).collect();
    for list in container.erp_list_item_mappings.iter_mut().flatten() {
        if let Some(field) = fields.get(&list.erp_field_id) {
            list.erp_list_name = Some(field.list_name.clone());
            list.erp_actor_type_name = Some(ErpActorType::of_number(field.actor_type_erp).name().to_owned());
        }
        list.rights = LIST_ROLES.full();
        list.erp_crm_list_item_mappings.iter_mut().flatten().for_each(|item| item.rights = ITEM_ROLES.full());
    }
    container.erp_connection_name = Some(connection.display_name);
    container.rights = ROLES.full();
    Ok(container)
}

fn to_stored(container: &ErpConnectionListMappingContainer) -> Result<Vec<ListMapping>, Error> {
    let refuse = |path: String, reason: &str| {
        Error::validation(format_args!("ListMapping.ErpListItemMappings{path}: {reason}."))
    };
    let mut mappings = Vec::new();
    let mut seen = HashSet::new();
    for (index, list) in container.erp_list_item_mappings.iter().flatten().enumerate() {
        if !seen.insert(list.erp_field_id) {
            return Err(refuse(format!("[{index}].ErpFieldId"), "the field is listed more than once"));
        }
        let mut items = BTreeMap::new();
        for (item_index, item) in list.erp_crm_list_item_mappings.iter().flatten().enumerate() {
            let path = || format!("[{index}].ErpCrmListItemMappings[{item_index}].ErpListItemId");
            let key = item.erp_list_item_id.as_deref().unwrap_or_default();
            if key.is_empty() {
                return Err(refuse(path(), "the item's key is missing or blank"));
            }
            let crm_id = item.crm_list_item.as_ref().map_or(0, |item| item.id);
            if items.insert(key.to_owned(), crm_id).is_some() {
                return Err(refuse(path(), "the item is listed more than once"));
            }
        }
        let items = items.into_iter().filter(|(_, crm_id)| *crm_id != 0).collect();
        let items = list.erp_crm_list_item_mappings.is_some().then_some(items);
        mappings.push(ListMapping { erp_field_id: list.erp_field_id, items });
    }
    Ok(mappings)
}

/// Validates the request and changes nothing. The vendor's server resets the columns of a list in its user interface;
/// this program has no such lists.
///
/// # Errors
/// 404 if the connection does not exist or the caller may not see it; 400 without the name of a list.
pub async fn validate_columns(
    pool: Pool,
    caller: Principal,
    request: ValidateArchiveColumnConfigRequest,
) -> Result<(), ErrorOr<404>> {
    if request.list_owner.is_none_or(|owner| owner.trim().is_empty()) {
        return Err(Error::argument("ListOwner: the name of the list is missing or blank.").into());
    }
    find_visible(&pool, &caller, request.erp_connection_id)
        .await?
        .ok_or_else(|| connection_not_found(request.erp_connection_id))?;
    Ok(())
}
