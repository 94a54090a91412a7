//! The values of fields, which travel as texts: `[I:1]`, `[F:12.5]`, `[D:12/31/2026]`, or a plain text.

use std::cmp::Ordering;

use jiff::civil::Date;

use crate::connector::carriers::FieldType;

/// A value, comparable with others of its type.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text, or the key of a list item.
    Text(String),
    /// A number, or a boolean as 0 or 1.
    Number(f64),
    /// A date.
    Date(Date),
}

impl Value {
    /// Reads the value of a field of this type; `None` if the text is none. The encoding is optional: `[I:5]` and `5` are
    /// both an integer.
    #[must_use]
    pub fn parse(field_type: FieldType, text: &str) -> Option<Self> {
        match field_type {
            FieldType::Checkbox => {
                let number = match decode(text, &["I", "B"]).to_ascii_lowercase().as_str() {
                    "1" | "true" => 1.0,
                    "0" | "false" => 0.0,
                    _ => return None,
                };
                Some(Value::Number(number))
            }
            FieldType::Integer => decode(text, &["I"]).parse::<i32>().ok().map(|number| Value::Number(number.into())),
            FieldType::Double => {
                let number = decode(text, &["F", "M", "I"]).parse::<f64>().ok()?;
                number.is_finite().then_some(Value::Number(number))
            }
            FieldType::Datetime => parse_date(decode(text, &["D", "DT"])).map(Value::Date),
            FieldType::Text | FieldType::Password | FieldType::List | FieldType::Label => {
                Some(Value::Text(text.to_owned()))
            }
        }
    }

    /// Writes the value of a field of this type.
    #[must_use]
    pub fn encode(&self, field_type: FieldType) -> String {
        match self {
            Value::Text(text) => text.clone(),
            Value::Number(number) if field_type == FieldType::Double => format!("[F:{number}]"),
            Value::Number(number) => format!("[I:{number}]"),
            Value::Date(date) => format!("[D:{:02}/{:02}/{:04}]", date.month(), date.day(), date.year()),
        }
    }

    /// Compares two values, texts without regard to letter case; `None` if they have different types.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Value::Text(one), Value::Text(other)) => Some(one.to_lowercase().cmp(&other.to_lowercase())),
            (Value::Number(one), Value::Number(other)) => Some(one.total_cmp(other)),
            (Value::Date(one), Value::Date(other)) => Some(one.cmp(other)),
            _ => None,
        }
    }
}

/// Returns the content of `[X:content]` if `X` is one of `kinds`, or the text itself.
fn decode<'t>(text: &'t str, kinds: &[&str]) -> &'t str {
    let text = text.trim();
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    match inner.and_then(|inner| inner.split_once(':')) {
        Some((kind, content)) if kinds.contains(&kind) => content,
        _ => text,
    }
}

/// Reads a date as `12/31/2026`; a time after it is ignored.
fn parse_date(text: &str) -> Option<Date> {
    let date = text.split(' ').next()?;
    let mut parts = date.split('/');
    let (month, day, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_with_and_without_their_encoding() {
        for (field_type, texts, encoded) in [
            (FieldType::Checkbox, ["[I:1]", "1", "true"], "[I:1]"),
            (FieldType::Integer, ["[I:-5]", "-5", " -5 "], "[I:-5]"),
            (FieldType::Double, ["[F:12.5]", "12.5", "[M:12.50]"], "[F:12.5]"),
            (FieldType::Datetime, ["[D:2/9/2026]", "02/09/2026", "[DT:02/09/2026 23:59:59.0000000]"], "[D:02/09/2026]"),
            (FieldType::Text, ["[I:1]", "[I:1]", "[I:1]"], "[I:1]"),
        ] {
            for text in texts {
                let value = Value::parse(field_type, text).expect(text);
                assert_eq!(value.encode(field_type), encoded, "{text}");
            }
        }
    }

    #[test]
    fn texts_that_are_no_value_of_the_type_are_refused() {
        for (field_type, text) in [
            (FieldType::Checkbox, "2"),
            (FieldType::Checkbox, "yes"),
            (FieldType::Integer, "[F:1]"),
            (FieldType::Integer, "99999999999"),
            (FieldType::Double, "NaN"),
            (FieldType::Double, "1e999"),
            (FieldType::Datetime, "[D:02/30/2026]"),
            (FieldType::Datetime, "2026-02-09"),
            (FieldType::Datetime, "1/2/3/4"),
        ] {
            assert_eq!(Value::parse(field_type, text), None, "{text}");
        }
    }
}
