//! From an HTTP response to the result of an operation.

use std::borrow::Cow;

use reqwest::StatusCode;

use super::envelope::{Fault, Reply, read_response};
use super::error::Cause;
use super::operations::Operation;
use super::redaction::Secrets;
use super::responses::{Outcome, Refusal, Response};

/// The number of characters of a response that an error repeats.
pub(super) const EXCERPT_CHARS: usize = 200;
/// The number of characters of an explanation that an error repeats in the log.
const EXPLANATION_CHARS: usize = 1000;

/// An HTTP response.
#[derive(Debug)]
pub(super) struct Received {
    pub status: StatusCode,
    /// The header `Content-Type`; empty if it is absent.
    pub content_type: String,
    pub body: Vec<u8>,
}

/// Returns the result in a response.
///
/// # Errors
/// If the response is not one of the operation `O`, or the result's outcome is not a success.
pub(super) fn read_result<O: Operation>(received: &Received, secrets: &Secrets) -> Result<O::Response, Cause> {
    let Received { status, content_type, body } = received;
    let media_type = || secrets.shorten(content_type, EXCERPT_CHARS);
    let status_error = |excerpt| Cause::Status { status: status.as_u16(), content_type: media_type(), excerpt };
    if body.is_empty() {
        let is_success = status.is_success();
        return Err(if is_success { Cause::Empty { status: status.as_u16() } } else { status_error(String::new()) });
    }
    let excerpt = || secrets.excerpt(body, EXCERPT_CHARS);
    let document = decode(content_type, body);
    let reply = match &document {
        _ if is_html(content_type, body) => Err(Cause::Html { excerpt: excerpt() }),
        Ok(document) => read_response::<O>(document).map_err(|problem| Cause::Invalid {
            content_type: media_type(),
            problem: secrets.redact(&problem.to_string()),
            excerpt: excerpt(),
        }),
        Err(charset) => Err(Cause::Charset(secrets.shorten(charset, EXCERPT_CHARS))),
    };
    match reply {
        Ok(Reply::Fault(fault)) => {
            let fault = Fault {
                code: secrets.excerpt(fault.code.as_bytes(), EXCERPT_CHARS),
                reason: secrets.excerpt(fault.reason.as_bytes(), EXPLANATION_CHARS),
            };
            Err(Cause::Fault { status: status.as_u16(), fault })
        }
        _ if !status.is_success() => Err(status_error(excerpt())),
        Ok(Reply::Result(result)) => match result.outcome().refusal() {
            None => Ok(result),
            Some(refusal) => Err(Cause::Refused { text: describe(&refusal, secrets), refusal }),
        },
        Err(cause) => Err(cause),
    }
}

/// Describes a connector's error in a line, without secrets.
fn describe(refusal: &Refusal, secrets: &Secrets) -> String {
    let code = refusal.code.as_ref().map_or_else(|| "no code".to_owned(), ToString::to_string);
    let quote = |text: &Option<String>| {
        text.as_deref().map_or_else(
            || "none".to_owned(),
            |text| format!("\"{}\"", secrets.excerpt(text.as_bytes(), EXPLANATION_CHARS)),
        )
    };
    let code = secrets.excerpt(code.as_bytes(), EXCERPT_CHARS);
    let (user, tech) = (quote(&refusal.user_explanation), quote(&refusal.tech_explanation));
    format!("{code}; explanation for users: {user}, for operators: {tech}")
}

/// Describes the explanations of a success in a line, without secrets; `None` if there are none.
pub(super) fn describe_remarks(outcome: &Outcome, secrets: &Secrets) -> Option<String> {
    let remarks = [&outcome.user_explanation, &outcome.tech_explanation];
    let remarks: Vec<_> = remarks.into_iter().flatten().filter(|text| !text.trim().is_empty()).collect();
    let quoted = remarks.iter().map(|text| format!("\"{}\"", secrets.excerpt(text.as_bytes(), EXPLANATION_CHARS)));
    (!remarks.is_empty()).then(|| format!("{}: {}", outcome.state.name(), quoted.collect::<Vec<_>>().join(", ")))
}

/// Returns the text of a body, or the name of its charset if that is not UTF-8.
fn decode<'b>(content_type: &str, body: &'b [u8]) -> Result<Cow<'b, str>, String> {
    let parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let charset = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset")).map(|(_, value)| value);
    let charset = charset.map(|value| value.trim().trim_matches('"')).last().unwrap_or("utf-8");
    if !["utf-8", "utf8", "us-ascii"].iter().any(|known| known.eq_ignore_ascii_case(charset)) {
        return Err(format!("the charset {charset:?}"));
    }
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    match std::str::from_utf8(body) {
        Ok(text) if !text.contains('\0') => Ok(Cow::Borrowed(text)),
        _ if body.starts_with(b"\xFF\xFE") || body.starts_with(b"\xFE\xFF") || body.contains(&0) => {
            Err("what seems to be UTF-16".to_owned())
        }
        _ => Err("a charset that is not UTF-8".to_owned()),
    }
}

fn is_html(content_type: &str, body: &[u8]) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let start = body.trim_ascii_start();
    let starts_with = |tag: &[u8]| start.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag));
    matches!(media_type.as_str(), "text/html" | "application/xhtml+xml")
        || starts_with(b"<!doctype html")
        || starts_with(b"<html")
}
