//! The authentication schemes.

use serde_json::{Value, json};

/// Returns the security schemes by their names in the document.
#[must_use]
pub fn schemes() -> Value {
    let header = |name: &str, description: &str| json!({ "type": "apiKey", "in": "header", "name": name, "description": description });
    json!({
        "basic": {
            "type": "http",
            "scheme": "basic",
            "description": "An associate's login name and password, on-site only; or a ticket as the user name, with a \
                blank password. With the demo data: tje0 with the password Tje0 (administrator), tje1 with Tje1.",
        },
        "ticket": header("Authorization", "The word SOTicket, a space, and a ticket: `SOTicket 7T:...`"),
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "An access token, `8A:...`, or one of the OpenID Connect issuer, if one is configured.",
        },
        "application": header("SO-AppToken", "The application token. An online installation requires it beside a ticket, \
            and beside an access token of the issuer."),
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "ASP.NET_SessionId",
            "description": "A browser session, created by `POST /login`. Ignored beside an Authorization header.",
        },
        "xsrf": header("X-XSRF-TOKEN", "The session's XSRF token, from the cookie XSRF-TOKEN."),
    })
}

/// Returns the combinations of schemes, one of which authenticates a caller.
#[must_use]
pub fn requirements() -> Value {
    json!([
        { "basic": [] },
        { "ticket": [] },
        { "ticket": [], "application": [] },
        { "bearer": [] },
        { "bearer": [], "application": [] },
        { "session": [], "xsrf": [] },
    ])
}
