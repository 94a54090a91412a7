//! The vendor's encoded values in texts: `[moniker:value]`, in the invariant culture.

use std::borrow::Cow;

use jiff::civil::{Date, DateTime, Time};

/// A value that a culture can format.
#[derive(Debug, PartialEq)]
pub enum Value<'t> {
    /// `[I:12345]`: an integer.
    Integer(&'t str),
    /// `[F:1234.5]`: a decimal number without an exponent.
    Float(&'t str),
    /// `[M:1234.5]`: a monetary amount.
    Money(&'t str),
    /// `[A:1,2,3]`: a list of integers.
    Integers(Vec<&'t str>),
    /// `[D:04/28/2024]`: a date. A time is ignored.
    Date(Date),
    /// `[T:20:28:37]`: a time of day. A date is ignored.
    Time(Time),
    /// `[DT:04/28/2024 20:28:37.0000000]`: a date and a time.
    DateTime(DateTime),
    /// `[TS:3600]`: a duration in seconds.
    TimeSpan(i64),
}

/// Replaces every encoded value in `text` by the result of `format`. A value that cannot be parsed, or for which `format`
/// returns `None`, stays.
pub fn replace<'t>(text: &'t str, format: impl Fn(&Value<'t>) -> Option<String>) -> Cow<'t, str> {
    let mut replaced = String::new();
    let mut kept = 0;
    for (start, _) in text.match_indices('[') {
        let inner = &text[start + 1..];
        let Some(inner) = inner.find(['[', ']']).filter(|end| inner[*end..].starts_with(']')).map(|end| &inner[..end])
        else {
            continue;
        };
        if let Some(formatted) = value(inner).and_then(|value| format(&value)) {
            replaced.push_str(&text[kept..start]);
            replaced.push_str(&formatted);
            kept = start + inner.len() + 2;
        }
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    replaced.push_str(&text[kept..]);
    Cow::Owned(replaced)
}

fn value(inner: &str) -> Option<Value<'_>> {
    let (moniker, value) = inner.split_once(':')?;
    Some(match moniker {
        "I" => Value::Integer(integer(value)?),
        "F" => Value::Float(number(value)?),
        "M" => Value::Money(number(value)?),
        "A" => Value::Integers(value.split(',').map(|item| integer(item.trim())).collect::<Option<_>>()?),
        "D" => Value::Date(date_time(value).map(DateTime::date).or_else(|| date(value))?),
        "T" => Value::Time(date_time(value).map(DateTime::time).or_else(|| time(value))?),
        "DT" => {
            Value::DateTime(date_time(value).or_else(|| date(value).map(|date| date.to_datetime(Time::midnight())))?)
        }
        "TS" => Value::TimeSpan(value.parse().ok()?),
        _ => return None,
    })
}

fn integer(text: &str) -> Option<&str> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

/// Accepts plain digits only: an exponent in a stored text could expand to any length.
fn number(text: &str) -> Option<&str> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (is_digits(whole) && is_digits(fraction)).then_some(text)
}

/// Parses the format of the invariant culture or of ISO 8601, without an offset.
fn date_time(text: &str) -> Option<DateTime> {
    let formats = ["%m/%d/%Y %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"];
    formats.iter().find_map(|format| DateTime::strptime(format, text).ok())
}

fn date(text: &str) -> Option<Date> {
    ["%m/%d/%Y", "%Y-%m-%d"].iter().find_map(|format| Date::strptime(format, text).ok())
}

fn time(text: &str) -> Option<Time> {
    Time::strptime("%H:%M:%S%.f", text).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_moniker_is_parsed() {
        for (inner, expected) in [
            ("I:-12345", Value::Integer("-12345")),
            ("F:1234.5", Value::Float("1234.5")),
            ("M:-0.05", Value::Money("-0.05")),
            ("A:1, 2,-3", Value::Integers(vec!["1", "2", "-3"])),
            ("D:04/28/2024", Value::Date(date(2024, 4, 28))),
            ("D:01/01/0001 00:00:00.0000000", Value::Date(date(1, 1, 1))),
            ("T:20:28:37", Value::Time(time(20, 28, 37, 0))),
            ("T:01/01/0001 20:28:37.0000000", Value::Time(time(20, 28, 37, 0))),
            ("DT:04/28/2024 20:28:37.0000000", Value::DateTime(date(2024, 4, 28).at(20, 28, 37, 0))),
            ("DT:04/28/2024 20:28:37", Value::DateTime(date(2024, 4, 28).at(20, 28, 37, 0))),
            ("DT:2024-04-28T20:28:37", Value::DateTime(date(2024, 4, 28).at(20, 28, 37, 0))),
            ("DT:04/28/2024", Value::DateTime(date(2024, 4, 28).at(0, 0, 0, 0))),
            ("TS:-90", Value::TimeSpan(-90)),
        ] {
            assert_eq!(value(inner), Some(expected), "{inner}");
        }
    }

    #[test]
    fn text_that_is_not_an_encoded_value_stays() {
        let all = |text| replace(text, |_| Some("!".to_owned()));
        for text in [
            "[SR_X]",
            "[]",
            "[I:]",
            "[I:1.5]",
            "[I: 1]",
            "[i:1]",
            "[F:1E9]",
            "[F:.]",
            "[F:1,5]",
            "[D:28.04.2024]",
            "[D:13/01/2024]",
            "[B:AQID]",
            "[X:1]",
            "I:1]",
            "[I:1",
            "[TS:x]",
            "[A:]",
            "[DT:]",
            "[DT:2024-04-28T20:28:37+02:00]",
            "[DT:2024-04-28T20:28:37Z]",
            "[T:20:28:37Z]",
            "[I:٣]",
        ] {
            assert_eq!(all(text), text);
        }
        assert_eq!(
            all("this [ is maybe [I:1] a value [] Apple ][ [I:[I:2]]"),
            "this [ is maybe ! a value [] Apple ][ [I:!]"
        );
        assert_eq!(replace("[I:1]", |_| None), "[I:1]");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(\\[|\\]|:|DT|TS|[IFMADT]:|[0-9/.: -]|\\PC){0,40}") {
            let _ = replace(&text, |value| Some(format!("{value:?}")));
        }
    }
}
