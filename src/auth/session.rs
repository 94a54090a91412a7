//! Login and logout for browsers: a session cookie, and an XSRF token that scripts send back.
//!
//! `POST /login` accepts `UserName` and `Password` in each of the request formats. `POST /logout` needs the session and
//! its XSRF token. `GET /login` is a page with a form for each, for trying them out.

use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};

use super::authenticator::Authenticator;
use super::basic::BasicCredentials;
use super::client::Client;
use super::credentials::{RequestCredentials, SESSION_COOKIE, XSRF_COOKIE, cookie};
use super::principal::Principal;
use super::secret;
use crate::carrier;
use crate::protocol::agent::{AgentRequest, only};
use crate::protocol::error::Error;
use crate::store::credentials::{self, Issue, Kind};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

carrier! {
    /// The request of `POST /login`.
    pub struct LoginRequest {
        /// The associate's login name.
        user_name: Option<String> = "UserName",
        /// The password; may be blank.
        password: Option<String> = "Password",
    }
}

carrier! {
    /// The request of `POST /logout` from a form, which cannot send the token in a header.
    pub struct LogoutRequest {
        /// The session's XSRF token.
        xsrf_token: Option<String> = "XSRF_TOKEN",
    }
}

/// Returns the endpoints.
pub fn endpoints() -> [(&'static str, MethodRouter<Authenticator>); 2] {
    [("/login", only("GET, POST", get(page).post(login))), ("/logout", only("POST", post(logout)))]
}

async fn login(State(authenticator): State<Authenticator>, request: Request) -> Result<Response, Error> {
    let headers = request.headers().clone();
    // A form on another site could log its visitor in under an account of the attacker.
    if headers.get(FETCH_SITE).is_some_and(|site| site == "cross-site") {
        return Err(Error::forbidden("A login from another site is refused."));
    }
    let Client { address, is_secure } = Client::of(&request)?;
    let request: AgentRequest<LoginRequest> = AgentRequest::read(request).await?;
    let credentials = BasicCredentials {
        name: request.arguments.user_name.unwrap_or_default(),
        password: request.arguments.password.unwrap_or_default(),
    };
    let principal = authenticator.login(&credentials, address).await?;
    let (id, xsrf) = (secret::opaque(), secret::opaque());
    let issue = Issue {
        kind: Kind::Session,
        secret_hash: &secret::hash(&id),
        xsrf_hash: Some(&secret::hash(&xsrf)),
        associate_id: principal.associate_id,
        application_id: None,
        lifetime: secret::SESSION_LIFETIME,
    };
    credentials::issue(authenticator.pool(), &issue).await?;
    record(&principal, "logged in");
    Ok(with_cookies(done(&headers), is_secure, &id, &xsrf))
}

async fn logout(State(authenticator): State<Authenticator>, request: Request) -> Result<Response, Error> {
    let headers = request.headers().clone();
    let Client { address, is_secure } = Client::of(&request)?;
    let mut credentials = RequestCredentials::of(&headers);
    if headers.contains_key(CONTENT_TYPE) {
        let request: AgentRequest<LogoutRequest> = AgentRequest::read(request).await?;
        credentials.set_xsrf(request.arguments.xsrf_token);
    }
    let id = cookie(&headers, SESSION_COOKIE).unwrap_or_default();
    let principal = authenticator.authenticate(&credentials, address).await?;
    credentials::revoke(authenticator.pool(), Kind::Session, &secret::hash(id)).await?;
    record(&principal, "logged out");
    Ok(with_cookies(done(&headers), is_secure, "", ""))
}

/// Records the associate and the action for the request's log line.
fn record(principal: &Principal, action: &'static str) {
    tracing::Span::current().record("associate", &principal.name).record("action", action);
}

/// Creates the response to a login or logout: browsers are redirected to the page, other clients get no content.
fn done(headers: &HeaderMap) -> Response {
    if accepts_html(headers) {
        (StatusCode::SEE_OTHER, [(LOCATION, "login")]).into_response()
    } else {
        StatusCode::NO_CONTENT.into_response()
    }
}

/// Whether the `Accept` header lists HTML, as those of browsers do.
#[must_use]
pub fn accepts_html(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

/// Sets both cookies, or removes them where the values are empty.
fn with_cookies(mut response: Response, is_secure: bool, id: &str, xsrf: &str) -> Response {
    let secure = if is_secure { "; Secure" } else { "" };
    let max_age = if id.is_empty() { "; Max-Age=0" } else { "" };
    for (name, value, http_only) in [(SESSION_COOKIE, id, "; HttpOnly"), (XSRF_COOKIE, xsrf, "")] {
        let cookie = format!("{name}={value}; Path=/; SameSite=Lax{http_only}{secure}{max_age}");
        if let Ok(cookie) = HeaderValue::try_from(cookie) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    response
}

/// Returns the page. Its policy forbids scripts and styles.
async fn page(headers: HeaderMap) -> Response {
    let xsrf = cookie(&headers, XSRF_COOKIE).filter(|token| token.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let form = match xsrf.filter(|token| !token.is_empty()) {
        Some(token) => format!(
            "<form method=\"post\" action=\"logout\"><input type=\"hidden\" name=\"XSRF_TOKEN\" value=\"{token}\">\
             <p>You are logged in.</p><button>Log out</button></form>"
        ),
        None => "<form method=\"post\" action=\"login\"><p><label>User name <input name=\"UserName\"></label></p>\
                 <p><label>Password <input name=\"Password\" type=\"password\"></label></p><button>Log in</button></form>"
            .to_owned(),
    };
    let html = format!("<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>erpsync</title>{form}</html>");
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; form-action 'self'; frame-ancestors 'none'"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    (headers, html).into_response()
}
