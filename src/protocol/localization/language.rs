//! The language headers, and the vendor's codes for languages.

/// A language that the caller asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language {
    /// The vendor's code, as multi-language texts have it.
    pub code: &'static str,
    /// As BCP 47 writes it, with the region that was asked for: for numbers and dates.
    pub tag: String,
}

/// The vendor's code, its BCP 47 tag, and the ISO codes that stand for it.
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
/// The one code that needs a region.
const SWISS_GERMAN: (&str, &str) = ("CH", "de-CH");

impl Language {
    /// What a language header asks for; `None` where it asks for nothing, or that nothing be translated.
    ///
    /// Entries are parted by commas, and by semicolons, as in one of the vendor's samples. The best by `q` that is in
    /// the vendor's table counts; `*` and `x` cancel; where there are only others it is English, as the vendor's
    /// mapping gives it.
    #[must_use]
    pub fn asked(header: &str) -> Option<Self> {
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

    /// The language of a tag: the vendor's own code, or an ISO code with or without a region.
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

/// The BCP 47 tag that a culture header asks for; `None` where it asks for none.
#[must_use]
pub fn asked_culture(header: &str) -> Option<String> {
    let tag = tags(header).into_iter().next().filter(|tag| !is_cancel(tag) && is_tag(tag))?;
    Some(Language::of_tag(tag).map_or_else(|| tag.replace('_', "-"), |language| language.tag))
}

fn is_cancel(tag: &str) -> bool {
    tag == "*" || tag.eq_ignore_ascii_case("x")
}

/// Two or three letters, and what a tag may have after them.
fn is_tag(tag: &str) -> bool {
    let mut parts = tag.split(['-', '_']);
    let primary = parts.next().unwrap_or_default();
    (2..=3).contains(&primary.len())
        && primary.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// The entries of a header, the best first, less those with `q=0`.
fn tags(header: &str) -> Vec<&str> {
    let mut tags: Vec<(&str, u16)> = Vec::new();
    for part in header.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()) {
        match (part.split_once('='), tags.last_mut()) {
            (None, _) => tags.push((part, 1000)),
            (Some((name, value)), Some((_, quality))) if name.trim().eq_ignore_ascii_case("q") => {
                *quality = crate::protocol::quality(value).unwrap_or(0);
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
        Language::asked(header).map_or("", |language| language.code)
    }

    #[test]
    fn headers_are_read() {
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
    fn regions_are_kept_for_numbers_and_dates() {
        for (header, tag) in [("en-GB", "en-GB"), ("NO", "nb"), ("US", "en-US"), ("de_AT", "de-AT"), ("xx", "en-US")] {
            assert_eq!(Language::asked(header).map(|language| language.tag).as_deref(), Some(tag), "{header}");
        }
        for (header, culture) in
            [("de", Some("de")), ("hu-HU", Some("hu-HU")), ("SW", Some("sv")), ("x", None), ("", None), ("12", None)]
        {
            assert_eq!(asked_culture(header).as_deref(), culture, "{header}");
        }
    }
}
