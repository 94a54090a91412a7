//! What a caller shows: the `Authorization` header, the session's cookie with its XSRF token, and the SO-AppToken.

use std::fmt;

use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::{HeaderMap, HeaderName};

use super::basic::Credentials;

/// The application's secret.
pub const SO_APP_TOKEN: HeaderName = HeaderName::from_static("so-apptoken");
/// The session's XSRF token, back from the cookie of that name.
pub const X_XSRF_TOKEN: HeaderName = HeaderName::from_static("x-xsrf-token");
/// The cookie that a session is known by; the name is that of the vendor's platform.
pub const SESSION_COOKIE: &str = "ASP.NET_SessionId";
/// The cookie that scripts read the XSRF token from.
pub const XSRF_COOKIE: &str = "XSRF-TOKEN";

/// What a caller shows of himself.
pub enum Shown {
    /// A login name and a password.
    Password(Credentials),
    /// A ticket, in its own scheme or as the user name of Basic.
    Ticket(String),
    /// An access token.
    Token(String),
    /// A session and the XSRF token that goes with it; blank where one is missing.
    Session { id: String, xsrf: String },
    /// An `Authorization` header that cannot be read.
    Broken,
    /// Nothing.
    Nothing,
}

impl Shown {
    /// What a request's headers show. With an `Authorization` header the session does not count.
    pub fn in_headers(headers: &HeaderMap) -> Self {
        let Some(header) = headers.get(AUTHORIZATION) else { return Self::session(headers) };
        let value = header.as_bytes().trim_ascii();
        let end = value.iter().position(|byte| *byte == b' ').unwrap_or(value.len());
        let (scheme, rest) = value.split_at(end);
        let secret = || std::str::from_utf8(rest.trim_ascii()).ok().filter(|secret| !secret.is_empty());
        let is = |name: &str| scheme.eq_ignore_ascii_case(name.as_bytes());
        let shown = if is("Basic") {
            Credentials::parse(value).map(Self::basic)
        } else if is("SOTicket") {
            secret().map(|ticket| Shown::Ticket(ticket.to_owned()))
        } else if is("Bearer") {
            secret().map(|token| Shown::Token(token.to_owned()))
        } else {
            None
        };
        shown.unwrap_or(Shown::Broken)
    }

    fn basic(credentials: Credentials) -> Self {
        // A ticket holds a colon itself, so that Basic's reading took it apart.
        let joined = || format!("{}:{}", credentials.name, credentials.password);
        match credentials.name.as_str() {
            "7T" => joined().strip_suffix(':').map_or(Shown::Broken, |ticket| Shown::Ticket(ticket.to_owned())),
            _ => Shown::Password(credentials),
        }
    }

    fn session(headers: &HeaderMap) -> Self {
        let id = cookie(headers, SESSION_COOKIE).unwrap_or_default().to_owned();
        let xsrf = text(headers, &X_XSRF_TOKEN).unwrap_or_default().to_owned();
        if id.is_empty() && xsrf.is_empty() { Shown::Nothing } else { Shown::Session { id, xsrf } }
    }
}

// A secret must not get into a log by a careless `{:?}`.
impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Shown::Password(_) => "Password",
            Shown::Ticket(_) => "Ticket",
            Shown::Token(_) => "Token",
            Shown::Session { .. } => "Session",
            Shown::Broken => "Broken",
            Shown::Nothing => "Nothing",
        })
    }
}

/// A header's value, where it is text.
pub fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim).filter(|value| !value.is_empty())
}

/// A cookie's value.
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

    fn shown(authorization: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(authorization).expect("a header"));
        headers.insert(COOKIE, HeaderValue::from_static("ASP.NET_SessionId=s"));
        match Shown::in_headers(&headers) {
            Shown::Ticket(secret) | Shown::Token(secret) => secret,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn schemes_are_read_in_any_letter_case() {
        let basic = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
        for (header, expected) in [
            (basic("tje0:Tje0"), "Password"),
            (basic("7T:MAA3AGYA==:"), "7T:MAA3AGYA=="),
            (basic("7T:MAA3AGYA==:password"), "Broken"),
            ("SoTicket 7T:abc=".into(), "7T:abc="),
            ("SOTICKET  7T:abc= ".into(), "7T:abc="),
            ("bearer 8A:Cust.x".into(), "8A:Cust.x"),
            ("Bearer".into(), "Broken"),
            ("SOTicket ".into(), "Broken"),
            ("Digest x".into(), "Broken"),
            (String::new(), "Broken"),
        ] {
            assert_eq!(shown(&header), expected, "{header}");
        }
    }

    #[test]
    fn a_session_is_shown_by_cookie_and_header() {
        let mut headers = HeaderMap::new();
        assert!(matches!(Shown::in_headers(&headers), Shown::Nothing));
        headers.append(COOKIE, HeaderValue::from_static("a=b; XSRF-TOKEN=x"));
        headers.append(COOKIE, HeaderValue::from_static("ASP.NET_SessionId=s=1"));
        assert!(matches!(Shown::in_headers(&headers), Shown::Session { id, xsrf } if id == "s=1" && xsrf.is_empty()));
        headers.insert(X_XSRF_TOKEN, HeaderValue::from_static(" x "));
        assert!(matches!(Shown::in_headers(&headers), Shown::Session { xsrf, .. } if xsrf == "x"));
    }
}
