//! How callers show who they are.

use serde_json::{Value, json};

/// The schemes.
#[must_use]
pub fn schemes() -> Value {
    let header =
        |name: &str, about: &str| json!({ "type": "apiKey", "in": "header", "name": name, "description": about });
    json!({
        "basic": {
            "type": "http",
            "scheme": "basic",
            "description": "An associate's login name and password, on-site only; or a ticket as the user name, with a \
                blank password. On the demo data: tje0 with the password Tje0 (administrator), tje1 with Tje1.",
        },
        "ticket": header("Authorization", "The word SOTicket, a space, and a ticket: `SOTicket 7T:...`"),
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "An access token, `8A:...`, or one of the OpenID Connect issuer, where one is set.",
        },
        "application": header("SO-AppToken", "The application's token. Online, a ticket needs it, and a token of the issuer."),
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "ASP.NET_SessionId",
            "description": "A browser's session, which `POST /login` begins. Not looked at beside an Authorization header.",
        },
        "xsrf": header("X-XSRF-TOKEN", "The session's token, from its cookie XSRF-TOKEN."),
    })
}

/// What a call with a login needs: one of these.
#[must_use]
pub fn needed() -> Value {
    json!([
        { "basic": [] },
        { "ticket": [] },
        { "ticket": [], "application": [] },
        { "bearer": [] },
        { "bearer": [], "application": [] },
        { "session": [], "xsrf": [] },
    ])
}
