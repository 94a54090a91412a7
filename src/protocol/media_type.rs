//! Which formats come in and go out, and which of them a caller gets.
//!
//! The formats stand in the order in which the vendor's framework asks them; its way of choosing is kept, see
//! [`negotiate`].

use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// How a format's text is read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// RFC 8259.
    Json,
    /// XML 1.0.
    Xml,
    /// `application/x-www-form-urlencoded`; comes in only.
    Form,
}

/// A media type that comes in or goes out.
#[derive(Debug, PartialEq, Eq)]
pub struct MediaType {
    name: &'static str,
    /// How it is read and written.
    pub syntax: Syntax,
    /// Goes with the answer.
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

/// The framework's formatters that write, in its order, each with its media types. The patch formats are labels: what
/// they carry here is the same JSON.
static FORMATTERS: [&[&MediaType]; 4] =
    [&[&APPLICATION_JSON, &TEXT_JSON], &[&APPLICATION_XML, &TEXT_XML], &[&JSON_PATCH], &[&MERGE_PATCH]];

/// The names of those that come in.
pub fn taken() -> impl Iterator<Item = (&'static str, Syntax)> {
    given().chain([(FORM.name, FORM.syntax)])
}

/// The names of those that go out.
pub fn given() -> impl Iterator<Item = (&'static str, Syntax)> {
    FORMATTERS.iter().flat_map(|formatter| formatter.iter()).map(|media_type| (media_type.name, media_type.syntax))
}

/// For those who send something else.
pub const SUPPORTED: &str = "Supported are application/json, text/json, application/xml, text/xml, \
    application/x-www-form-urlencoded, application/json-patch+json and application/merge-patch+json, \
    in UTF-8 or UTF-16.";

/// The media type of a `Content-Type`, whatever its parameters; `None` where it is not read.
#[must_use]
pub fn of_body(content_type: &str) -> Option<&'static MediaType> {
    let name = content_type.split(';').next().unwrap_or_default().trim();
    let mut known = FORMATTERS.iter().flat_map(|formatter| formatter.iter().copied()).chain([&FORM]);
    known.find(|known| known.name.eq_ignore_ascii_case(name))
}

/// A format for the answer.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// What the answer is written as.
    pub media_type: &'static MediaType,
    /// The request's headers that decided.
    pub looked_at: &'static [HeaderName],
}

/// Chooses the format of an answer as the vendor's framework does: each formatter takes the first range of the sorted
/// `Accept` that covers it, and the best of these wins, by quality, then by how exact the range is, then by the
/// formatters' order. Where none is covered, it is the format of the request, else JSON; never 406.
#[must_use]
pub fn negotiate(headers: &HeaderMap) -> Choice {
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
        return Choice { media_type, looked_at: const { &[ACCEPT] } };
    }
    let body = headers.get(CONTENT_TYPE).and_then(|value| of_body(value.to_str().ok()?));
    let media_type = body.filter(|body| body.syntax != Syntax::Form).unwrap_or(&APPLICATION_JSON);
    Choice { media_type, looked_at: const { &[ACCEPT, CONTENT_TYPE] } }
}

/// One entry of an `Accept`.
#[derive(Clone, Copy, Debug)]
struct Range<'h> {
    name: &'h str,
    /// In thousandths.
    quality: u16,
}

impl Range<'_> {
    /// The better, the greater.
    fn rank(&self) -> (u16, u8) {
        (self.quality, self.exactness())
    }

    fn exactness(&self) -> u8 {
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

/// The ranges with a quality above 0, the best first. An entry that cannot be read is no entry.
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
    let quality = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| super::quality(value))
    });
    let quality = quality.unwrap_or(Some(1000))?;
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
    fn entries_that_cannot_be_read_are_none() {
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
        fn there_is_always_an_answer(
            accept in "([*/,;= q\"\\\\.0-9]|text|json|xml|application/){0,30}", content_type in "[ -~]{0,20}",
        ) {
            chosen(Some(&accept), &content_type);
        }

        #[test]
        fn the_better_quality_wins(json in 1u16..=1000, xml in 1u16..=1000) {
            let accept = format!("text/json;q={}, text/xml;q={}", f32::from(json) / 1000.0, f32::from(xml) / 1000.0);
            let expected = if xml > json { "text/xml" } else { "text/json" };
            prop_assert_eq!(chosen(Some(&accept), "application/json"), expected);
        }
    }
}
