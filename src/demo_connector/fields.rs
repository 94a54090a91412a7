//! The descriptions of fields, and the check of a value against them.

use super::lists::Lists;
use super::problem::Problem;
use super::values::Value;
use crate::connector::carriers::{FieldAccess, FieldMetadata, FieldType};
use crate::connector::responses::ErrorCode;

/// A field of connections or actors.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The key.
    pub key: &'static str,
    /// The label in English and in Norwegian.
    pub label: (&'static str, &'static str),
    /// The explanation in English.
    pub description: &'static str,
    /// The type.
    pub field_type: FieldType,
    /// Whether the field must have a value, or cannot be changed.
    pub access: FieldAccess,
    /// The list that values are chosen from; empty if the type is another than `List`.
    pub list: &'static str,
    /// The initial value.
    pub default: &'static str,
    /// The maximum length of a text.
    pub max_length: u16,
}

impl Field {
    /// Creates an optional field without a default.
    #[must_use]
    pub const fn new(key: &'static str, label: (&'static str, &'static str), field_type: FieldType) -> Self {
        let (access, max_length) = (FieldAccess::Normal, 100);
        Field { key, label, description: "", field_type, access, list: "", default: "", max_length }
    }

    /// Creates a field whose values are items of a list.
    #[must_use]
    pub const fn of_list(key: &'static str, label: (&'static str, &'static str), list: &'static str) -> Self {
        Field { list, ..Field::new(key, label, FieldType::List) }
    }

    /// Makes the field mandatory.
    #[must_use]
    pub const fn mandatory(self) -> Self {
        Field { access: FieldAccess::Mandatory, ..self }
    }

    /// Makes the field read-only.
    #[must_use]
    pub const fn read_only(self) -> Self {
        Field { access: FieldAccess::ReadOnly, ..self }
    }

    /// Adds an explanation and an initial value.
    #[must_use]
    pub const fn described(self, description: &'static str, default: &'static str) -> Self {
        Field { description, default, ..self }
    }

    /// Checks a value, and returns it as it is stored. An empty value is one only if the field may be empty.
    ///
    /// # Errors
    /// If the value does not fit the type, is too long, is no item of the list, or is missing.
    pub fn check(&self, text: &str, lists: &Lists) -> Result<String, Problem> {
        let label = self.label.0;
        if text.trim().is_empty() {
            return match self.access {
                FieldAccess::Mandatory => Err(Problem::refused(format!("{label} ({}) must have a value.", self.key))),
                FieldAccess::Normal | FieldAccess::ReadOnly => Ok(String::new()),
            };
        }
        if text.chars().count() > self.max_length.into() {
            let limit = self.max_length;
            return Err(Problem::refused(format!("{label} ({}) has more than {limit} characters.", self.key)));
        }
        let Some(value) = Value::parse(self.field_type, text) else {
            let name = self.field_type.name();
            return Err(Problem::refused(format!("The value of {label} ({}) is no {name}.", self.key)));
        };
        if !self.list.is_empty() && !lists.contains(self.list, text) {
            let explanation = format!("The value of {label} ({}) is no item of the list {}.", self.key, self.list);
            return Err(Problem::coded(ErrorCode::UnknownListItemId, explanation));
        }
        Ok(value.encode(self.field_type))
    }
}

/// Describes fields on the wire, ranked in their order.
#[must_use]
pub fn describe(fields: &[Field]) -> Vec<FieldMetadata> {
    let ranked = fields.iter().zip(1..);
    let described = ranked.map(|(field, rank)| FieldMetadata {
        access: field.access,
        default_value: Some(field.default.to_owned()),
        display_description: Some(field.description.to_owned()),
        display_name: Some(format!("US:\"{}\";NO:\"{}\"", field.label.0, field.label.1)),
        field_key: field.key.to_owned(),
        field_type: field.field_type,
        list_name: Some(field.list.to_owned()),
        max_length: field.max_length.into(),
        rank,
    });
    described.collect()
}

/// Returns the field with this key.
///
/// # Errors
/// If there is none.
pub fn find<'f>(fields: &'f [Field], key: &str) -> Result<&'f Field, Problem> {
    fields.iter().find(|field| field.key == key).ok_or_else(|| {
        let shown: String = key.chars().take(60).collect();
        Problem::coded(ErrorCode::UnknownFieldKey, format!("There is no field {shown}."))
    })
}
