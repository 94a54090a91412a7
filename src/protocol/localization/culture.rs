//! Numbers, dates and times in the formats of a culture, from the Unicode CLDR.

use fixed_decimal::{SignedRoundingMode, UnsignedRoundingMode};
use icu_calendar::Gregorian;
use icu_datetime::fieldsets::{T, YMD, YMDT};
use icu_datetime::input as icu;
use icu_datetime::options::{TimePrecision, YearStyle};
use icu_datetime::{FixedCalendarDateTimeFormatter, NoCalendarFormatter};
use icu_decimal::DecimalFormatter;
use icu_decimal::input::Decimal;
use icu_decimal::options::{DecimalFormatterOptions, GroupingStrategy};
use icu_locale_core::Locale;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use super::encoded::Value;

const TO_THE_SECOND: TimePrecision = TimePrecision::Second;

/// Formats `value` in the culture of `locale`; `None` if the culture cannot represent it, such as a year out of range.
///
/// A date with a time is interpreted as UTC and converted to `time_zone`. A date or a time alone is not a moment, so it
/// is not converted.
pub fn format(value: &Value<'_>, locale: &Locale, time_zone: Option<&TimeZone>) -> Option<String> {
    match value {
        Value::Integer(digits) | Value::Float(digits) => number(digits, locale, GroupingStrategy::Never, None),
        Value::Money(digits) => number(digits, locale, GroupingStrategy::Auto, Some(2)),
        Value::Integers(items) => {
            let items: Option<Vec<_>> =
                items.iter().map(|item| number(item, locale, GroupingStrategy::Never, None)).collect();
            Some(items?.join(", "))
        }
        Value::Date(date) => {
            let fields = YMD::short().with_year_style(YearStyle::Full);
            let formatter = FixedCalendarDateTimeFormatter::try_new(locale.into(), fields).ok()?;
            with_four_digit_year(date.year(), |year| {
                Some(formatter.format(&icu_date(date.with().year(year).build().ok()?)?).to_string())
            })
        }
        Value::Time(time) => {
            let formatter =
                NoCalendarFormatter::try_new(locale.into(), T::short().with_time_precision(TO_THE_SECOND)).ok()?;
            Some(formatter.format(&icu_time(*time)?).to_string())
        }
        Value::DateTime(date_time) => {
            let local = in_zone(*date_time, time_zone)?;
            let fields = YMDT::short().with_year_style(YearStyle::Full).with_time_precision(TO_THE_SECOND);
            let formatter = FixedCalendarDateTimeFormatter::try_new(locale.into(), fields).ok()?;
            let time = icu_time(local.time())?;
            with_four_digit_year(local.year(), |year| {
                let date = icu_date(local.date().with().year(year).build().ok()?)?;
                Some(formatter.format(&icu::DateTime { date, time }).to_string())
            })
        }
        Value::TimeSpan(seconds) => {
            let sign = if *seconds < 0 { "-" } else { "" };
            let seconds = seconds.unsigned_abs();
            Some(format!("{sign}{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60))
        }
    }
}

fn number(digits: &str, locale: &Locale, grouping: GroupingStrategy, fraction: Option<i16>) -> Option<String> {
    let mut options = DecimalFormatterOptions::default();
    options.grouping_strategy = Some(grouping);
    let formatter = DecimalFormatter::try_new(locale.into(), options).ok()?;
    let mut number: Decimal = digits.parse().ok()?;
    if let Some(digits) = fraction {
        number.round_with_mode(-digits, SignedRoundingMode::Unsigned(UnsignedRoundingMode::HalfExpand));
        number.absolute.pad_end(-digits);
    }
    Some(formatter.format(&number).to_string())
}

/// Formats a date with a year of four digits, as .NET does. CLDR adds an era to years below 1000, and the vendor's empty
/// date is in the year 1.
fn with_four_digit_year(year: i16, format: impl Fn(i16) -> Option<String>) -> Option<String> {
    const LATER: i16 = 2000; // a multiple of 400, so leap years stay leap years
    if !(1..1000).contains(&year) {
        return format(year);
    }
    let later = (year + LATER).to_string();
    let formatted = format(year + LATER).filter(|formatted| formatted.contains(&later));
    formatted.map(|formatted| formatted.replace(&later, &format!("{year:04}")))
}

fn in_zone(date_time: DateTime, time_zone: Option<&TimeZone>) -> Option<DateTime> {
    match time_zone {
        // The vendor's empty date is not a moment.
        Some(_) if date_time == DateTime::constant(1, 1, 1, 0, 0, 0, 0) => Some(date_time),
        Some(zone) => Some(zone.to_datetime(TimeZone::UTC.to_timestamp(date_time).ok()?)),
        None => Some(date_time),
    }
}

fn icu_date(date: Date) -> Option<icu::Date<Gregorian>> {
    let (month, day) = (u8::try_from(date.month()).ok()?, u8::try_from(date.day()).ok()?);
    icu::Date::try_new_gregorian(date.year().into(), month, day).ok()
}

fn icu_time(time: Time) -> Option<icu::Time> {
    let part = |part: i8| u8::try_from(part).ok();
    icu::Time::try_new(part(time.hour())?, part(time.minute())?, part(time.second())?, 0).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    /// Formats a value, with plain spaces in place of CLDR's non-breaking ones.
    fn formatted(value: &Value<'_>, culture: &str, zone: Option<&str>) -> Option<String> {
        let zone = zone.map(|name| TimeZone::get(name).expect("a zone"));
        let formatted = format(value, &culture.parse().expect("a locale"), zone.as_ref())?;
        Some(formatted.replace(['\u{a0}', '\u{202f}'], " "))
    }

    #[test]
    fn values_have_the_format_of_the_culture() {
        let moment = Value::DateTime(date(2024, 4, 28).at(20, 28, 37, 0));
        for (value, culture, expected) in [
            (Value::Integer("-12345"), "en", "-12345"),
            (Value::Integer("12345"), "nb", "12345"),
            (Value::Float("1234.5"), "en", "1234.5"),
            (Value::Float("1234.5"), "nb", "1234,5"),
            (Value::Float("-1234.5"), "nb", "−1234,5"),
            (Value::Money("1234.5"), "en", "1,234.50"),
            (Value::Money("1234.567"), "nb", "1 234,57"),
            (Value::Money("1234.5"), "de", "1.234,50"),
            (Value::Money("-2.345"), "en", "-2.35"),
            (Value::Money("1234.5"), "de-CH", "1'234.50"),
            (Value::Integers(vec!["1", "20"]), "nb", "1, 20"),
            (Value::Date(date(2024, 4, 28)), "en-US", "4/28/2024"),
            (Value::Date(date(2024, 4, 28)), "en-GB", "28/04/2024"),
            (Value::Date(date(2024, 4, 28)), "nb", "28.04.2024"),
            (Value::Date(date(2024, 4, 28)), "sv", "2024-04-28"),
            (Value::Date(date(1, 1, 1)), "nb", "01.01.0001"),
            (Value::Date(date(1, 1, 1)), "en-US", "1/1/0001"),
            (Value::Date(date(999, 12, 31)), "sv", "0999-12-31"),
            (Value::DateTime(date(1, 1, 1).at(0, 0, 0, 0)), "de", "01.01.0001, 00:00:00"),
            (Value::Time(time(20, 28, 37, 0)), "en-US", "8:28:37 PM"),
            (Value::Time(time(20, 28, 37, 0)), "nb", "20:28:37"),
            (Value::TimeSpan(-3661), "nb", "-1:01:01"),
            (moment, "de", "28.04.2024, 20:28:37"),
        ] {
            assert_eq!(formatted(&value, culture, None).as_deref(), Some(expected), "{value:?} in {culture}");
        }
    }

    #[test]
    fn only_a_date_with_a_time_is_converted_to_the_zone() {
        for (value, expected) in [
            (Value::DateTime(date(2024, 7, 31).at(22, 30, 0, 0)), "01.08.2024, 00:30:00"),
            (Value::DateTime(date(2024, 1, 31).at(22, 30, 0, 0)), "31.01.2024, 23:30:00"),
            (Value::Date(date(2024, 7, 31)), "31.07.2024"),
            (Value::Time(time(22, 30, 0, 0)), "22:30:00"),
            (Value::DateTime(date(1, 1, 1).at(0, 0, 0, 0)), "01.01.0001, 00:00:00"),
        ] {
            assert_eq!(formatted(&value, "de", Some("Europe/Oslo")).as_deref(), Some(expected));
        }
        assert_eq!(formatted(&Value::DateTime(DateTime::MAX), "de", Some("Asia/Tokyo")), None);
    }
}
