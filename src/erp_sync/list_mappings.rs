//! Which item of a list in the ERP system is which item of a list in the CRM system.

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
    /// The lists of a connection. Members, order and names are the vendor's.
    pub struct ErpConnectionListMappingContainer {
        /// Each list.
        erp_list_item_mappings: Option<Vec<ErpConnectionListMapping>> = "ErpListItemMappings",
        /// The connection.
        erp_connection_id: i32 = "ErpConnectionId",
        /// Its name; multi-language; not looked at in a request.
        erp_connection_name: Option<String> = "ErpConnectionName" multi_language,
    }
    rights
}

carrier! {
    /// The list of one field. Members, order and names are the vendor's.
    pub struct ErpConnectionListMapping {
        /// The CRM list.
        crm_list: Option<MDOListItem> = "CrmList",
        /// The ERP list; not looked at in a request.
        erp_list_name: Option<String> = "ErpListName",
        /// Its items.
        erp_crm_list_item_mappings: Option<Vec<ErpCrmListItemMapping>> = "ErpCrmListItemMappings",
        /// The field's kind of actor; not looked at in a request.
        erp_actor_type_name: Option<String> = "ErpActorTypeName",
        /// The field.
        erp_field_id: i32 = "ErpFieldId",
    }
    rights
}

carrier! {
    /// One item. Members, order and names are the vendor's; lengths are its columns'.
    pub struct ErpCrmListItemMapping {
        /// Its key in the ERP system.
        erp_list_item_id: Option<String> = "ErpListItemId" [254],
        /// Its name there.
        erp_list_item_name: Option<String> = "ErpListItemName",
        /// The CRM item; none, or one with the id 0, where it is not mapped.
        crm_list_item: Option<MDOListItem> = "CrmListItem",
    }
    rights
}

carrier! {
    /// An item of a CRM list. Members, order and names are the vendor's. Of it, the id is stored.
    pub struct MDOListItem {
        /// Primary key.
        id: i32 = "Id",
        /// Its name.
        name: Option<String> = "Name",
        /// Its tooltip.
        tool_tip: Option<String> = "ToolTip",
        /// Flagged as deleted.
        deleted: bool = "Deleted",
        /// The order.
        rank: i32 = "Rank",
        /// What kind of item.
        kind: Option<String> = "Type",
        /// Items below it.
        child_items: Option<Vec<MDOListItem>> = "ChildItems",
        /// Its icon.
        icon_hint: Option<String> = "IconHint",
        /// Its colour.
        color_block: i32 = "ColorBlock",
        /// More about it.
        extra_info: Option<String> = "ExtraInfo",
        /// How it is shown.
        style_hint: Option<String> = "StyleHint",
        /// Its name with those above it.
        full_name: Option<String> = "FullName",
    }
    rights
}

carrier! {
    /// The request of `SaveConnectionListMappings`.
    pub struct SaveConnectionListMappingsRequest {
        /// What to save.
        list_mapping: Option<ErpConnectionListMappingContainer> = "ListMapping",
    }
}

carrier! {
    /// The request of `ValidateArchiveColumnConfig`.
    pub struct ValidateArchiveColumnConfigRequest {
        /// The list in the vendor's user interface.
        list_owner: Option<String> = "ListOwner",
        /// The connection.
        erp_connection_id: i32 = "ErpConnectionId",
    }
}

const REASON: &str = "List mappings are changed by administrators.";
static ROLES: Roles = Roles::new(ErpConnectionListMappingContainer::MEMBERS, REASON);
static LIST_ROLES: Roles = Roles::new(ErpConnectionListMapping::MEMBERS, REASON);
static ITEM_ROLES: Roles = Roles::new(ErpCrmListItemMapping::MEMBERS, REASON);

/// Stores the items of lists: of each field that is named, the whole list. The answer has what was sent, with the names
/// that are known here: those of items are the connector's and the CRM system's.
///
/// # Errors
/// 403 for callers who may not change mappings; 400 where the connection or a field is not there, or an item has no key
/// or is named twice. Nothing is stored then.
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
    let mappings = what_to_store(&container)?;
    let unknown = store::save(&pool, id, &mappings, caller.associate_id).await?;
    if let Some(field) = unknown.first() {
        let place = mappings.iter().position(|mapping| mapping.erp_field_id == *field).unwrap_or_default();
        return Err(Error::validation(format_args!(
            "ListMapping.ErpListItemMappings[{place}].ErpFieldId: connection {} has no field {}.",
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

fn what_to_store(container: &ErpConnectionListMappingContainer) -> Result<Vec<ListMapping>, Error> {
    let refuse =
        |place: String, what: &str| Error::validation(format_args!("ListMapping.ErpListItemMappings{place}: {what}."));
    let mut mappings = Vec::new();
    let mut seen = HashSet::new();
    for (place, list) in container.erp_list_item_mappings.iter().flatten().enumerate() {
        if !seen.insert(list.erp_field_id) {
            return Err(refuse(format!("[{place}].ErpFieldId"), "the field was there before"));
        }
        let mut items = BTreeMap::new();
        for (item_place, item) in list.erp_crm_list_item_mappings.iter().flatten().enumerate() {
            let at = || format!("[{place}].ErpCrmListItemMappings[{item_place}].ErpListItemId");
            let key = item.erp_list_item_id.as_deref().unwrap_or_default();
            if key.is_empty() {
                return Err(refuse(at(), "the item's key is missing or blank"));
            }
            let crm = item.crm_list_item.as_ref().map_or(0, |item| item.id);
            if items.insert(key.to_owned(), crm).is_some() {
                return Err(refuse(at(), "the item was there before"));
            }
        }
        let items = items.into_iter().filter(|(_, crm)| *crm != 0).collect();
        let items = list.erp_crm_list_item_mappings.is_some().then_some(items);
        mappings.push(ListMapping { erp_field_id: list.erp_field_id, items });
    }
    Ok(mappings)
}

/// Would forget the columns of a list in the vendor's user interface; no such list is kept here, so that there is
/// nothing to forget.
///
/// # Errors
/// 404 where the connection is not there, or the caller may not see it; 400 without a list.
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
