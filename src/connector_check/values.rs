//! The encoding of values.

use crate::connector::carriers::FieldType;

/// Checks the encoding of a value. Returns the problem, which begins with the value; `None` if there is none. An empty text
/// is no value.
pub fn check_value(field_type: FieldType, value: &str) -> Option<String> {
    let content = |moniker: &str| value.strip_prefix('[')?.strip_prefix(moniker)?.strip_prefix(':')?.strip_suffix(']');
    let integer = content("I").and_then(|digits| digits.parse::<i64>().ok());
    let (is_valid, form) = match field_type {
        FieldType::Checkbox => (matches!(integer, Some(0 | 1)), "[I:1] or [I:0]"),
        FieldType::Integer => (integer.is_some(), "[I:1]"),
        FieldType::Double => {
            let number = ["F", "M", "I"].iter().find_map(|moniker| content(moniker));
            (number.is_some_and(|digits| digits.parse::<f64>().is_ok()), "[F:1.5]")
        }
        FieldType::Datetime => (
            ["D", "DT", "T"].iter().any(|moniker| content(moniker).is_some()),
            "[D:01/31/2024] or [DT:01/31/2024 12:00:00]",
        ),
        FieldType::Text | FieldType::Password | FieldType::List | FieldType::Label => return None,
    };
    (!value.is_empty() && !is_valid).then(|| format!("{value:?} is not of the form {form}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_dates_and_checkboxes_are_encoded() {
        for (field_type, valid, invalid) in [
            (FieldType::Checkbox, &["[I:0]", "[I:1]", ""][..], &["true", "[I:2]", "1"][..]),
            (FieldType::Integer, &["[I:-5]"], &["5", "[I:5", "[I:x]", "[F:5]", "[i:5]"]),
            (FieldType::Double, &["[F:-5.25]", "[M:5]", "[I:5]"], &["5.25", "[F:5,25]", "[D:5]"]),
            (FieldType::Datetime, &["[D:01/31/2024]", "[DT:01/31/2024 12:00:00]"], &["01/31/2024", "[X:1]"]),
            (FieldType::Text, &["5", "[I:5]", "[D:"], &[]),
        ] {
            for value in valid {
                assert_eq!(check_value(field_type, value), None, "{value}");
            }
            for value in invalid {
                let problem = check_value(field_type, value).expect(value);
                assert!(problem.starts_with(&format!("{value:?} is not of the form [")), "{problem}");
            }
        }
    }
}
