//! The config fields with which a connector is checked.

use std::io::Read;

use super::report::Finding;
use crate::config::{ConfigField, ConnectorCheckArgs};
use crate::connector::carriers::{FieldAccess, FieldMetadata, FieldType};
use crate::connector::config_values::ConfigValues;
use crate::connector::dictionary::Dictionary;

/// Reads the config fields from the command line and the file.
///
/// # Errors
/// One line: the file cannot be read, or a line of it is no config field.
pub fn read(settings: &ConnectorCheckArgs) -> Result<Dictionary, String> {
    let mut fields = Vec::new();
    if let Some(path) = &settings.config_fields_file {
        let name = path.display();
        let mut text = String::new();
        let read = if path.as_os_str() == "-" {
            std::io::stdin().read_to_string(&mut text).map(drop)
        } else {
            std::fs::read_to_string(path).map(|content| text = content)
        };
        read.map_err(|problem| format!("--config-fields-file {name}: {problem}"))?;
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let field = line.parse::<ConfigField>();
            fields
                .push(field.map_err(|problem| format!("--config-fields-file {name}, line {}: {problem}", index + 1))?);
        }
    }
    fields.extend(settings.config_fields.iter().cloned());
    Ok(fields.into_iter().map(|field| (field.key, Some(field.value))).collect())
}

/// Returns the values of all config fields: those that are given, and the defaults of the others. The findings say which
/// values are missing, and which are of no field.
pub fn complete(fields: &[FieldMetadata], given: &Dictionary) -> (ConfigValues, Vec<Finding>) {
    let mut findings = Vec::new();
    for (key, _) in given.entries().filter(|(key, _)| !fields.iter().any(|field| field.field_key == *key)) {
        findings.push(Finding::broken(format!("{key}: the connector has no config field with this key")));
    }
    let mut values = Vec::new();
    for field in fields.iter().filter(|field| field.field_type != FieldType::Label) {
        let key = &field.field_key;
        let value = given.get(key).or(field.default_value.as_deref()).unwrap_or_default();
        if value.is_empty() && field.access == FieldAccess::Mandatory {
            findings
                .push(Finding::broken(format!("{key}: the field is mandatory; give it by --config-field {key}=VALUE")));
        }
        values.push((key.clone(), Some(value.to_owned())));
    }
    let passwords = fields.iter().filter(|field| field.field_type == FieldType::Password);
    let passwords = passwords.map(|field| field.field_key.clone());
    (ConfigValues::new(Dictionary(values)).with_passwords(passwords), findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_values_stand_before_defaults_and_mandatory_fields_need_one() {
        let field = |key: &str, default: &str, access| FieldMetadata {
            field_key: key.to_owned(),
            default_value: Some(default.to_owned()),
            field_type: FieldType::Text,
            access,
            ..FieldMetadata::default()
        };
        let label = FieldMetadata { field_type: FieldType::Label, ..field("NOTE", "", FieldAccess::Mandatory) };
        let fields = [field("A", "1", FieldAccess::Mandatory), field("B", "", FieldAccess::Mandatory), label];
        let given: Dictionary = [("A", Some("2")), ("C", Some("3"))].into_iter().collect();
        let (config, findings) = complete(&fields, &given);
        assert_eq!(config.values().entries().collect::<Vec<_>>(), [("A", Some("2")), ("B", Some(""))]);
        let expected = [
            "C: the connector has no config field with this key",
            "B: the field is mandatory; give it by --config-field B=VALUE",
        ];
        assert_eq!(findings, expected.map(Finding::broken));
    }
}
