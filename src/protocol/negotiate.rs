//! The media types of requests and responses, and content negotiation.
//!
//! The order of the media types and the algorithm of [`negotiate`] are those of the vendor's framework.

use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::protocol::quality::quality;

/// The syntax of a media type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// RFC 8259.
    Json,
    /// XML 1.0.
    Xml,
    /// `application/x-www-form-urlencoded`, for requests only.
    Form,
}

/// A media type of requests or responses.
#[derive(Debug, PartialEq, Eq)]
pub struct MediaType {
    name: &'static str,
    /// The syntax of the body.
    pub syntax: Syntax,
    /// The `Content-Type` of a response.
    pub header: HeaderValue,
}

const fn media_type(name: &'static str, syntax: Syntax, header: &'static str) -> MediaType {
    MediaType { name, syntax, header: HeaderValue::from_static(header) }
}

static APPLICATION_JSON: MediaType = media_type("application/json", Syntax::Json, "application/json; charset=utf-8");
static TEXT_JSON: MediaType = media_type("text/json", Syntax::Json, "text/json; charset=utf-8");
static APPLICATION_XML: MediaType = media_type("application/xml", Syntax::Xml, "application/xml; charset=utf-8");
static TEXT_XML: MediaType = media_type("text/xml", Syntax::Xml, "text/xml; charset=utf-8");
static JSON_PATCH: MediaType =
    media_type("application/json-patch+json", Syntax::Json, "application/json-patch+json; charset=utf-8");
static MERGE_PATCH: MediaType =
    media_type("application/merge-patch+json", Syntax::Json, "application/merge-patch+json; charset=utf-8");
static FORM: MediaType = media_type("application/x-www-form-urlencoded", Syntax::Form, "");

/// The framework's output formatters in its order, each with its media types. The patch formats are labels of the same
/// JSON.
static FORMATTERS: [&[&MediaType]; 4] =
    [&[&APPLICATION_JSON, &TEXT_JSON], &[&APPLICATION_XML, &TEXT_XML], &[&JSON_PATCH], &[&MERGE_PATCH]];

/// Returns the names of the media types of requests.
pub fn request_types() -> impl Iterator<Item = (&'static str, Syntax)> {
    response_types().chain([(FORM.name, FORM.syntax)])
}

/// Returns the names of the media types of responses.
pub fn response_types() -> impl Iterator<Item = (&'static str, Syntax)> {
    FORMATTERS.iter().flat_map(|formatter| formatter.iter()).map(|media_type| (media_type.name, media_type.syntax))
}

/// The media types and charsets of requests, for the error of an unsupported one.
pub const SUPPORTED: &str = "Supported are application/json, text/json, application/xml, text/xml, \
    application/x-www-form-urlencoded, application/json-patch+json and application/merge-patch+json, \
    in UTF-8 or UTF-16.";

/// Returns the media type of a `Content-Type`, whatever its parameters; `None` if it is not supported.
#[must_use]
pub fn of_body(content_type: &str) -> Option<&'static MediaType> {
    let name = content_type.split(';').next().unwrap_or_default().trim();
    let mut known = FORMATTERS.iter().flat_map(|formatter| formatter.iter().copied()).chain([&FORM]);
    known.find(|known| known.name.eq_ignore_ascii_case(name))
}

/// The result of content negotiation.
#[derive(Clone, Copy, Debug)]
pub struct Negotiated {
    /// The media type of the response.
    pub media_type: &'static MediaType,
    /// The request headers that the choice depends on.
    pub vary: &'static [HeaderName],
}

/// Chooses the format of a response with the algorithm of the vendor's framework.
///
/// Each formatter takes the first range of the sorted `Accept` that covers it. The best of these wins, by quality, then
/// by how specific the range is, then by the order of the formatters. If no formatter is covered, the response has the
/// format of the request, else JSON. The framework never answers 406.
#[must_use]
pub fn negotiate(headers: &HeaderMap) -> Negotiated {
    let ranges = ranges(headers);
    let mut best: Option<(Range<'_>, &'static MediaType)> = None;
    for formatter in FORMATTERS {
        let covered = ranges.iter().find_map(|range| {
            let media_type = formatter.iter().find(|media_type| range.covers(media_type.name))?;
            Some((*range, *media_type))
        });
        if let Some((range, media_type)) = covered
            && best.is_none_or(|(so_far, _)| range.rank() > so_far.rank())
        {
            best = Some((range, media_type));
        }
    }
    if let Some((_, media_type)) = best {
        return Negotiated { media_type, vary: const { &[ACCEPT] } };
    }
    let body = headers.get(CONTENT_TYPE).and_then(|value| of_body(value.to_str().ok()?));
    let media_type = body.filter(|body| body.syntax != Syntax::Form).unwrap_or(&APPLICATION_JSON);
    Negotiated { media_type, vary: const { &[ACCEPT, CONTENT_TYPE] } }
}

/// One entry of an `Accept` header.
#[derive(Clone, Copy, Debug)]
struct Range<'h> {
    name: &'h str,
    /// The quality in thousandths.
    quality: u16,
}

impl Range<'_> {
    /// The sort key: a greater rank is preferred.
    fn rank(&self) -> (u16, u8) {
        (self.quality, self.specificity())
    }

    fn specificity(&self) -> u8 {
        match self.name {
            "*/*" => 0,
            range if range.ends_with("/*") => 1,
            _ => 2,
        }
    }

    fn covers(&self, name: &str) -> bool {
        match self.name.strip_suffix("/*") {
            Some("*") => true,
            Some(main) => name.split('/').next().is_some_and(|known| known.eq_ignore_ascii_case(main)),
            None => self.name.eq_ignore_ascii_case(name),
        }
    }
}

/// Returns the ranges with a quality above 0 by descending rank. Invalid entries are ignored.
fn ranges(headers: &HeaderMap) -> Vec<Range<'_>> {
    let values = headers.get_all(ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    let mut ranges: Vec<Range<'_>> = values.flat_map(|value| unquoted_split(value, b',')).filter_map(range).collect();
    ranges.sort_by_key(|range| std::cmp::Reverse(range.rank()));
    ranges
}

fn range(entry: &str) -> Option<Range<'_>> {
    let mut parts = unquoted_split(entry, b';');
    let name = parts.next()?.trim();
    let (main, sub) = name.split_once('/')?;
    let is_star_or_plain = |part: &str| part == "*" || (!part.is_empty() && !part.contains('*'));
    let is_range = is_star_or_plain(main) && is_star_or_plain(sub) && (main != "*" || sub == "*");
    let parsed = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| quality(value))
    });
    let quality = parsed.unwrap_or(Some(1000))?;
    (is_range && quality > 0).then_some(Range { name, quality })
}

/// Splits at `separator` outside of quoted strings.
fn unquoted_split(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (mut quoted, mut escaped) = (false, false);
        let end = text.bytes().position(|byte| {
            let here = std::mem::take(&mut escaped);
            match byte {
                _ if here => {}
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                _ => return byte == separator && !quoted,
            }
            false
        });
        rest = end.map(|end| &text[end + 1..]);
        Some(&text[..end.unwrap_or(text.len())])
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chosen(accept: Option<&str>, content_type: &str) -> &'static str {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type.parse().expect("a header"));
        if let Some(accept) = accept {
            headers.insert(ACCEPT, accept.parse().expect("a header"));
        }
        negotiate(&headers).media_type.name
    }

    #[test]
    fn a_quoted_comma_does_not_split() {
        assert_eq!(chosen(Some("text/html;x=\"a,text/json,\\\"\", text/xml"), "application/json"), "text/xml");
    }

    #[test]
    fn invalid_entries_are_ignored() {
        for accept in [
            "",
            ",",
            "xml",
            "*/xml",
            "text/",
            "/xml",
            "text/xml;q=x",
            "text/xml;q=2",
            "text/xml;q=0",
            "ø",
            "text/x*",
            "application/json-*",
        ] {
            assert_eq!(chosen(Some(accept), "application/json"), "application/json", "{accept}");
        }
    }

    proptest! {
        #[test]
        fn every_header_negotiates_a_format(
            accept in "([*/,;= q\"\\\\.0-9]|text|json|xml|application/){0,30}", content_type in "[ -~]{0,20}",
        ) {
            chosen(Some(&accept), &content_type);
        }

        #[test]
        fn the_higher_quality_wins(json in 1u16..=1000, xml in 1u16..=1000) {
            let accept = format!("text/json;q={}, text/xml;q={}", f32::from(json) / 1000.0, f32::from(xml) / 1000.0);
            let expected = if xml > json { "text/xml" } else { "text/json" };
            prop_assert_eq!(chosen(Some(&accept), "application/json"), expected);
        }
    }
}
