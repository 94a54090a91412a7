//! In which language, culture and time zone an answer's texts are shown.
//!
//! Without a language nothing is changed: texts come back as they are stored.

mod culture;
mod encoded;
mod language;
mod multi_language;
mod time_zone;

use std::borrow::Cow;

use axum::http::header::{ACCEPT_LANGUAGE, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use icu_locale_core::Locale;

pub use language::{Language, asked_culture};
pub use multi_language::pick;
pub use time_zone::AskedZone;

/// The language; over `Accept-Language`, whatever its value.
pub const SO_LANGUAGE: HeaderName = HeaderName::from_static("so-language");
/// The culture of numbers and dates; the language's own where it is not given.
pub const SO_CULTURE: HeaderName = HeaderName::from_static("so-culture");
/// The time zone, in requests and in answers.
pub const SO_TIME_ZONE: HeaderName = HeaderName::from_static("so-timezone");

/// How texts are shown to one caller.
#[derive(Clone, Debug)]
pub struct Localization {
    language: Option<(Language, Locale)>,
    time_zone: Option<AskedZone>,
    looked_at: Vec<HeaderName>,
}

impl Localization {
    /// Texts as they are stored.
    pub const NONE: Self = Localization { language: None, time_zone: None, looked_at: Vec::new() };

    /// What a request's headers ask for.
    #[must_use]
    pub fn of_headers(headers: &HeaderMap) -> Self {
        let mut looked_at = vec![SO_LANGUAGE];
        let mut language = joined(headers, &SO_LANGUAGE);
        if language.is_none() {
            looked_at.push(ACCEPT_LANGUAGE);
            language = joined(headers, &ACCEPT_LANGUAGE);
        }
        let language = language.and_then(|value| Language::asked(&value)).map(|language| {
            looked_at.push(SO_CULTURE);
            let culture = joined(headers, &SO_CULTURE).and_then(|value| asked_culture(&value)?.parse().ok());
            let culture = culture.or_else(|| language.tag.parse().ok()).unwrap_or(Locale::UNKNOWN);
            (language, culture)
        });
        looked_at.push(SO_TIME_ZONE);
        let time_zone = joined(headers, &SO_TIME_ZONE).and_then(|value| AskedZone::asked(&value));
        Localization { language, time_zone, looked_at }
    }

    /// A text as it is shown: one of its languages, with the values in it as the culture writes them.
    #[must_use]
    pub fn localize<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Some((language, culture)) = &self.language else { return Cow::Borrowed(text) };
        let zone = self.time_zone.as_ref().map(|asked| &asked.zone);
        let show = |text| encoded::replace(text, |value| culture::show(value, culture, zone)).into_owned();
        match pick(text, language.code) {
            Cow::Borrowed(text) => encoded::replace(text, |value| culture::show(value, culture, zone)),
            Cow::Owned(text) => Cow::Owned(show(&text)),
        }
    }

    /// Says in an answer what it depended on, and the time zone that was used.
    pub fn add_headers(&self, headers: &mut HeaderMap) {
        for looked_at in &self.looked_at {
            headers.append(VARY, HeaderValue::from_name(looked_at.clone()));
        }
        if let Some(asked) = &self.time_zone
            && let Ok(echo) = HeaderValue::try_from(&asked.echo)
        {
            headers.insert(SO_TIME_ZONE, echo);
        }
    }
}

/// All of a header's lines; `None` where it is missing.
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let mut values = headers.get_all(name).into_iter().map(|value| value.to_str().unwrap_or_default()).peekable();
    values.peek()?;
    Some(values.collect::<Vec<_>>().join(","))
}
