//! The language, culture and time zone of the texts in a response.
//!
//! Without a language header, text is returned exactly as stored.

mod culture;
mod encoded;
mod language;
pub mod multi_language;
mod time_zone;

use std::borrow::Cow;

use axum::http::header::{ACCEPT_LANGUAGE, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use icu_locale_core::Locale;

pub use language::{Language, requested_culture};
pub use multi_language::resolve;
pub use time_zone::RequestedZone;

/// The language. Takes precedence over `Accept-Language`, even with an invalid value.
pub const SO_LANGUAGE: HeaderName = HeaderName::from_static("so-language");
/// The culture of numbers and dates. Defaults to the culture of the language.
pub const SO_CULTURE: HeaderName = HeaderName::from_static("so-culture");
/// The time zone, in requests and in answers.
pub const SO_TIME_ZONE: HeaderName = HeaderName::from_static("so-timezone");

/// The localization that one request asks for.
#[derive(Clone, Debug)]
pub struct Localization {
    language: Option<(Language, Locale)>,
    time_zone: Option<RequestedZone>,
    vary: Vec<HeaderName>,
}

impl Localization {
    /// No localization: texts as stored.
    pub const NONE: Self = Localization { language: None, time_zone: None, vary: Vec::new() };

    /// Reads the localization from a request's headers.
    #[must_use]
    pub fn of_headers(headers: &HeaderMap) -> Self {
        let mut vary = vec![SO_LANGUAGE];
        let mut language = joined(headers, &SO_LANGUAGE);
        if language.is_none() {
            vary.push(ACCEPT_LANGUAGE);
            language = joined(headers, &ACCEPT_LANGUAGE);
        }
        let language = language.and_then(|value| Language::of_header(&value)).map(|language| {
            vary.push(SO_CULTURE);
            let culture = joined(headers, &SO_CULTURE).and_then(|value| requested_culture(&value)?.parse().ok());
            let culture = culture.or_else(|| language.tag.parse().ok()).unwrap_or(Locale::UNKNOWN);
            (language, culture)
        });
        vary.push(SO_TIME_ZONE);
        let time_zone = joined(headers, &SO_TIME_ZONE).and_then(|value| RequestedZone::of_header(&value));
        Localization { language, time_zone, vary }
    }

    /// Localizes a text: resolves its languages and formats its encoded values.
    #[must_use]
    pub fn localize<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Some((language, culture)) = &self.language else { return Cow::Borrowed(text) };
        let zone = self.time_zone.as_ref().map(|requested| &requested.zone);
        let format = |text| encoded::replace(text, |value| culture::format(value, culture, zone)).into_owned();
        match resolve(text, language.code) {
            Cow::Borrowed(text) => encoded::replace(text, |value| culture::format(value, culture, zone)),
            Cow::Owned(text) => Cow::Owned(format(&text)),
        }
    }

    /// Adds `Vary` and the time zone that was used to the headers of a response.
    pub fn add_headers(&self, headers: &mut HeaderMap) {
        for vary in &self.vary {
            headers.append(VARY, HeaderValue::from_name(vary.clone()));
        }
        if let Some(requested) = &self.time_zone
            && let Ok(echo) = HeaderValue::try_from(&requested.echo)
        {
            headers.insert(SO_TIME_ZONE, echo);
        }
    }
}

/// Joins all lines of a header; `None` if the header is missing.
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let mut values = headers.get_all(name).into_iter().map(|value| value.to_str().unwrap_or_default()).peekable();
    values.peek()?;
    Some(values.collect::<Vec<_>>().join(","))
}
