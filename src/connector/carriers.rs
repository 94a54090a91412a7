//! The parts that messages are made of: fields, actors, search restrictions.

use super::dictionary::Dictionary;
use super::message::{message, wire_enumeration};

wire_enumeration! {
    /// The type of a field. The agent calls the type with the number 6 `Date`.
    pub enum FieldType: "FieldMetadataTypeInfoWS" {
        Checkbox = 0,
        Text = 1,
        Password = 2,
        Integer = 3,
        Double = 4,
        List = 5,
        Datetime = 6,
        Label = 99,
    }
}

wire_enumeration! {
    /// Whether a field must have a value, or cannot be changed.
    pub enum FieldAccess: "FieldAccessInfoWS" {
        Normal = 0,
        Mandatory = 1,
        ReadOnly = 2,
    }
}

message! {
    /// The description of a field: a config field of connections, or a field of actors.
    pub struct FieldMetadata: "FieldMetadataInfoWS" {
        /// Whether the field must have a value, or cannot be changed.
        access: FieldAccess = "Access",
        /// The initial value.
        default_value: Option<String> = "DefaultValue",
        /// An explanation for users; multi-language.
        display_description: Option<String> = "DisplayDescription",
        /// The label; multi-language.
        display_name: Option<String> = "DisplayName",
        /// The key, unique among the fields.
        field_key: String = "FieldKey",
        /// The type.
        field_type: FieldType = "FieldType",
        /// The name of the list that values are chosen from, if the type is `List`.
        list_name: Option<String> = "ListName",
        /// The maximum length of a text.
        max_length: i32 = "MaxLength",
        /// The position among the fields.
        rank: i32 = "Rank",
    }
    secrets default_password
}

fn default_password<'v>(field: &'v FieldMetadata, found: &mut Vec<&'v str>) {
    if field.field_type == FieldType::Password {
        found.extend(field.default_value.as_deref().filter(|value| !value.is_empty()));
    }
}

message! {
    /// A customer, supplier, person or project of the ERP system.
    pub struct ErpActor: "ErpActorWS" {
        /// The type, such as `Customer`.
        actor_type: String = "ActorType",
        /// The key in the ERP system; null if the actor is still to be created.
        erp_key: Option<String> = "ErpKey",
        /// The values, by field key.
        field_values: Option<Dictionary> = "FieldValues",
        /// The time of the last change, in a form that only the connector knows. Sorts as a text.
        last_modified: Option<String> = "LastModified",
        /// The type of the parent, such as the customer that a person works for.
        parent_actor_type: Option<String> = "ParentActorType",
        /// The key of the parent.
        parent_erp_key: Option<String> = "ParentErpKey",
    }
}

message! {
    /// A condition that actors must meet.
    pub struct SearchRestriction: "SearchRestrictionInfoWS" {
        /// The key of the field.
        field_key: String = "FieldKey",
        /// The operator, such as `begins`.
        operator: String = "Operator",
        /// The operands.
        values: Option<Vec<String>> = "Values",
    }
}
