//! Credentials extracted from a request: `Authorization` header, session cookie with XSRF token, `SO-AppToken`.

use std::fmt;

use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::{HeaderMap, HeaderName};

use super::basic::BasicCredentials;

/// The header with the application's secret.
const SO_APP_TOKEN: HeaderName = HeaderName::from_static("so-apptoken");
/// The header with the session's XSRF token.
const X_XSRF_TOKEN: HeaderName = HeaderName::from_static("x-xsrf-token");
/// The cookie with the session's id; the name is the vendor's.
pub const SESSION_COOKIE: &str = "ASP.NET_SessionId";
/// The cookie that scripts read the XSRF token from.
pub const XSRF_COOKIE: &str = "XSRF-TOKEN";

/// The credentials of a request.
///
/// Extracted from the request before authentication, as its body cannot be shared between threads while a login waits.
#[derive(Debug)]
pub struct RequestCredentials {
    /// The credentials of the associate.
    pub associate: Credentials,
    /// The secret of the application, where one was sent.
    pub app_token: Option<String>,
}

impl RequestCredentials {
    /// Extracts the credentials from a request's headers.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        RequestCredentials {
            associate: Credentials::of(headers),
            app_token: text(headers, &SO_APP_TOKEN).map(ToOwned::to_owned),
        }
    }

    /// Sets the XSRF token of a session where no header has it.
    pub fn set_xsrf(&mut self, token: Option<String>) {
        if let (Credentials::Session { xsrf, .. }, Some(token)) = (&mut self.associate, token)
            && xsrf.is_empty()
        {
            *xsrf = token;
        }
    }
}

/// The credentials of an associate.
pub enum Credentials {
    /// A login name and a password.
    Password(BasicCredentials),
    /// A ticket, in a scheme of its own or as the user name of Basic.
    Ticket(String),
    /// An access token.
    Token(String),
    /// A session's id and its XSRF token; empty where one is missing.
    Session { id: String, xsrf: String },
    /// An `Authorization` header that cannot be read.
    Malformed,
    /// No credentials.
    None,
}

impl Credentials {
    /// Extracts the credentials from a request's headers. An `Authorization` header takes precedence over a session.
    fn of(headers: &HeaderMap) -> Self {
        let Some(header) = headers.get(AUTHORIZATION) else { return Self::session(headers) };
        let value = header.as_bytes().trim_ascii();
        let end = value.iter().position(|byte| *byte == b' ').unwrap_or(value.len());
        let (scheme, rest) = value.split_at(end);
        let secret = || std::str::from_utf8(rest.trim_ascii()).ok().filter(|secret| !secret.is_empty());
        let is = |name: &str| scheme.eq_ignore_ascii_case(name.as_bytes());
        let credentials = if is("Basic") {
            BasicCredentials::parse(value).map(Self::basic)
        } else if is("SOTicket") {
            secret().map(|ticket| Credentials::Ticket(ticket.to_owned()))
        } else if is("Bearer") {
            secret().map(|token| Credentials::Token(token.to_owned()))
        } else {
            None
        };
        credentials.unwrap_or(Credentials::Malformed)
    }

    fn basic(basic: BasicCredentials) -> Self {
        if basic.name != "7T" {
            return Credentials::Password(basic);
        }
        // The colon within a ticket was read as the one between name and password.
        match format!("7T:{}", basic.password).strip_suffix(':') {
            Some(ticket) => Credentials::Ticket(ticket.to_owned()),
            None => Credentials::Malformed,
        }
    }

    fn session(headers: &HeaderMap) -> Self {
        let id = cookie(headers, SESSION_COOKIE).unwrap_or_default().to_owned();
        let xsrf = text(headers, &X_XSRF_TOKEN).unwrap_or_default().to_owned();
        if id.is_empty() && xsrf.is_empty() { Credentials::None } else { Credentials::Session { id, xsrf } }
    }
}

// Written by hand, so that `{:?}` logs no secret.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Credentials::Password(_) => "Password",
            Credentials::Ticket(_) => "Ticket",
            Credentials::Token(_) => "Token",
            Credentials::Session { .. } => "Session",
            Credentials::Malformed => "Malformed",
            Credentials::None => "None",
        })
    }
}

/// Returns the value of a header, where it is text and not empty.
fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim).filter(|value| !value.is_empty())
}

/// Returns the value of a cookie.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let cookies = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;

    use super::*;

    fn read(authorization: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(authorization).expect("a header"));
        headers.insert(COOKIE, HeaderValue::from_static("ASP.NET_SessionId=s"));
        match Credentials::of(&headers) {
            Credentials::Ticket(secret) | Credentials::Token(secret) => secret,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn schemes_are_read_in_any_letter_case() {
        let basic = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
        for (header, expected) in [
            (basic("tje0:Tje0"), "Password"),
            (basic("7T:MAA3AGYA==:"), "7T:MAA3AGYA=="),
            (basic("7T:MAA3AGYA==:password"), "Malformed"),
            ("SoTicket 7T:abc=".into(), "7T:abc="),
            ("SOTICKET  7T:abc= ".into(), "7T:abc="),
            ("bearer 8A:Cust.x".into(), "8A:Cust.x"),
            ("Bearer".into(), "Malformed"),
            ("SOTicket ".into(), "Malformed"),
            ("Digest x".into(), "Malformed"),
            (String::new(), "Malformed"),
        ] {
            assert_eq!(read(&header), expected, "{header}");
        }
    }

    #[test]
    fn a_session_has_a_cookie_and_a_header() {
        let mut headers = HeaderMap::new();
        assert!(matches!(Credentials::of(&headers), Credentials::None));
        headers.append(COOKIE, HeaderValue::from_static("a=b; XSRF-TOKEN=x"));
        headers.append(COOKIE, HeaderValue::from_static("ASP.NET_SessionId=s=1"));
        assert!(
            matches!(Credentials::of(&headers), Credentials::Session { id, xsrf } if id == "s=1" && xsrf.is_empty())
        );
        headers.insert(X_XSRF_TOKEN, HeaderValue::from_static(" x "));
        assert!(matches!(Credentials::of(&headers), Credentials::Session { xsrf, .. } if xsrf == "x"));
    }
}
