//! The language headers, and the vendor's codes for languages.

use crate::protocol::quality::quality;

/// A language that the caller requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language {
    /// The vendor's code, as in multi-language texts.
    pub code: &'static str,
    /// The BCP 47 tag, with the requested region, for numbers and dates.
    pub tag: String,
}

/// The vendor's code, its BCP 47 tag, and the ISO codes that map to it.
const LANGUAGES: [(&str, &str, &[&str]); 19] = [
    ("US", "en-US", &["en"]),
    ("NO", "nb", &["nb", "nn", "no"]),
    ("SW", "sv", &["sv"]),
    ("DA", "da", &["da"]),
    ("FI", "fi", &["fi"]),
    ("FR", "fr", &["fr"]),
    ("GE", "de", &["de"]),
    ("IT", "it", &["it"]),
    ("NL", "nl", &["nl"]),
    ("SP", "es", &["es"]),
    ("PL", "pl", &["pl"]),
    ("RU", "ru", &["ru"]),
    ("CN", "zh", &["zh"]),
    ("CZ", "cs", &["cs"]),
    ("JP", "ja", &["ja"]),
    ("UK", "uk", &["uk"]),
    ("KO", "ko", &["ko"]),
    ("VI", "vi", &["vi"]),
    ("BR", "pt-BR", &["pt"]),
];
/// The only code that needs a region.
const SWISS_GERMAN: (&str, &str) = ("CH", "de-CH");

impl Language {
    /// Parses a language header; `None` if it requests no language or cancels translation.
    ///
    /// Entries are separated by commas or, as in one of the vendor's samples, semicolons. The entry with the highest `q`
    /// that is in the vendor's table wins; `*` and `x` cancel. If all entries are unknown the language is English, as in
    /// the vendor's mapping.
    #[must_use]
    pub fn of_header(header: &str) -> Option<Self> {
        let mut is_any = false;
        for tag in tags(header) {
            if is_cancel(tag) {
                return None;
            }
            if let Some(language) = Self::of_tag(tag) {
                return Some(language);
            }
            is_any |= is_tag(tag);
        }
        is_any.then(|| Language { code: "US", tag: "en-US".to_owned() })
    }

    /// Returns the language of a tag: a code of the vendor's, or an ISO code with or without a region.
    fn of_tag(tag: &str) -> Option<Self> {
        let of = |code, tag: &str| Some(Language { code, tag: tag.to_owned() });
        if let Some((code, tag, _)) = LANGUAGES.iter().find(|(code, ..)| code.eq_ignore_ascii_case(tag)) {
            return of(code, tag);
        }
        let mut parts = tag.split(['-', '_']);
        let primary = parts.next()?;
        let is_swiss =
            primary.eq_ignore_ascii_case("de") && parts.next().is_some_and(|part| part.eq_ignore_ascii_case("CH"));
        if tag.eq_ignore_ascii_case(SWISS_GERMAN.0) || is_swiss {
            return of(SWISS_GERMAN.0, SWISS_GERMAN.1);
        }
        let (code, ..) = LANGUAGES.iter().find(|(.., iso)| iso.iter().any(|iso| iso.eq_ignore_ascii_case(primary)))?;
        is_tag(tag).then(|| Language { code, tag: tag.replace('_', "-") })
    }
}

/// Parses a culture header as a BCP 47 tag; `None` if it requests no culture.
#[must_use]
pub fn requested_culture(header: &str) -> Option<String> {
    let tag = tags(header).into_iter().next().filter(|tag| !is_cancel(tag) && is_tag(tag))?;
    Some(Language::of_tag(tag).map_or_else(|| tag.replace('_', "-"), |language| language.tag))
}

fn is_cancel(tag: &str) -> bool {
    tag == "*" || tag.eq_ignore_ascii_case("x")
}

/// Whether `tag` has the form of a BCP 47 tag.
fn is_tag(tag: &str) -> bool {
    let mut parts = tag.split(['-', '_']);
    let primary = parts.next().unwrap_or_default();
    (2..=3).contains(&primary.len())
        && primary.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Returns the entries of a header by descending quality, without those with `q=0`.
fn tags(header: &str) -> Vec<&str> {
    let mut tags: Vec<(&str, u16)> = Vec::new();
    for part in header.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()) {
        match (part.split_once('='), tags.last_mut()) {
            (None, _) => tags.push((part, 1000)),
            (Some((name, value)), Some((_, best))) if name.trim().eq_ignore_ascii_case("q") => {
                *best = quality(value).unwrap_or(0);
            }
            _ => {}
        }
    }
    tags.retain(|(_, quality)| *quality > 0);
    tags.sort_by_key(|(_, quality)| std::cmp::Reverse(*quality));
    tags.into_iter().map(|(tag, _)| tag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(header: &str) -> &'static str {
        Language::of_header(header).map_or("", |language| language.code)
    }

    #[test]
    fn a_language_header_maps_to_the_vendors_code() {
        for (header, expected) in [
            ("en", "US"),
            ("nb-no", "NO"),
            ("nb_NO", "NO"),
            ("NO", "NO"),
            ("sw", "SW"),
            ("GE", "GE"),
            ("de-CH", "CH"),
            ("de_ch", "CH"),
            ("de-CH-1996", "CH"),
            ("de-AT", "GE"),
            ("pt-BR", "BR"),
            ("pt", "BR"),
            ("zh-Hant-TW", "CN"),
            ("en-us; en-gb", "US"),
            ("fr,de,ru,zh", "FR"),
            ("fr;q=0.2, nb;q=0.8", "NO"),
            ("fr ; q = 0.2 , nb", "NO"),
            ("fr;q=0, nb;q=0.1", "NO"),
            ("nb;q=0.5, fr;q=0.5", "NO"),
            ("se-NO, nb;q=0.9, en;q=0.8", "NO"),
            ("se", "US"),
            ("nb, *;q=0.1", "NO"),
            ("*", ""),
            ("x", ""),
            ("X", ""),
            ("", ""),
            (" , ;", ""),
            ("-", ""),
            ("nb;q=0", ""),
            ("nb;q=x", ""),
            ("*, nb;q=0.9", ""),
            ("q=1", ""),
            ("12, ø", ""),
        ] {
            assert_eq!(code(header), expected, "{header}");
        }
    }

    #[test]
    fn the_tag_keeps_the_region() {
        for (header, tag) in [("en-GB", "en-GB"), ("NO", "nb"), ("US", "en-US"), ("de_AT", "de-AT"), ("xx", "en-US")] {
            assert_eq!(Language::of_header(header).map(|language| language.tag).as_deref(), Some(tag), "{header}");
        }
        for (header, culture) in
            [("de", Some("de")), ("hu-HU", Some("hu-HU")), ("SW", Some("sv")), ("x", None), ("", None), ("12", None)]
        {
            assert_eq!(requested_culture(header).as_deref(), culture, "{header}");
        }
    }
}
