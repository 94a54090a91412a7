//! The whole OpenAPI document: the agent's methods, and the calls around them.

use serde_json::{Value, json};

use super::roots;
use crate::auth::{current, session};
use crate::erp_sync::{self, documented};
use crate::openapi;
use crate::openapi::agent::{self, Further, REFUSED};
use crate::openapi::answers::{nothing, only, urls, value};
use crate::openapi::call::{Call, Login};
use crate::openapi::parameters::references;
use crate::openapi::sample::Sample;
use crate::protocol::value::{Describe, Schemas};

/// The document of a server whose paths begin with `prefix`.
#[must_use]
pub fn document(prefix: &str) -> Value {
    let mut schemas = Schemas::default();
    let further =
        Further { sample: documented::sample, answered: documented::answered, refusals: documented::refusals };
    let agent = erp_sync::agent();
    let of_agent = agent.operations().iter().map(|operation| agent::calls("ErpSync", operation, further, &mut schemas));
    let (mut calls, descriptions): (Vec<_>, Vec<_>) = of_agent.map(|[run, describe]| (run, describe)).unzip();
    calls.extend(user(&mut schemas));
    calls.extend(roots());
    calls.extend(sessions(&mut schemas));
    calls.extend(health());
    calls.extend(pages());
    calls.extend(descriptions);
    openapi::document(prefix, &calls, schemas)
}

/// A call that is nothing but itself.
fn get(path: &str, id: &str, tag: &'static str, summary: &str, login: Login, answer: Value) -> Call {
    let refusals = if login == Login::Needed { REFUSED.to_vec() } else { vec![] };
    Call {
        path: path.to_owned(),
        method: "get",
        id: id.to_owned(),
        tag,
        summary: summary.to_owned(),
        about: "",
        login,
        parameters: references(&["requestId"]),
        body: None,
        body_is_optional: false,
        sample: None,
        answers: vec![(200, answer)],
        refusals,
    }
}

fn user(schemas: &mut Schemas) -> Vec<Call> {
    let principal = schemas.named("SoPrincipalCarrier", |_| current::principal_schema());
    let answers = [principal, Option::<String>::schema(schemas)];
    let calls = current::LISTED.iter().zip(["currentPrincipal", "currentToken"]).zip(answers);
    let mut calls: Vec<_> = calls
        .map(|(((path, summary), id), schema)| {
            get(path, id, "The caller", summary, Login::Needed, value("The answer.", &schema, None))
        })
        .collect();
    calls[0].parameters.extend(references(&["select"]));
    // The agent alone asks for an application's grant.
    for call in &mut calls {
        call.refusals.retain(|status| *status != 403);
    }
    calls
}

fn roots() -> [Call; 2] {
    const TAG: &str = "The roots";
    let api = value("The URL and the versions.", &roots::api_schema(), None);
    let mut api = get("/api", "api", TAG, "Where the API is.", Login::None, api);
    api.refusals = vec![500, 503, 504];
    let list = value("Each URL with its methods.", &urls(), None);
    let mut list = get("/api/v1", "urls", TAG, "What there is.", Login::Needed, list);
    list.refusals.retain(|status| *status != 403);
    [api, list]
}

fn sessions(schemas: &mut Schemas) -> [Call; 3] {
    const TAG: &str = "Sessions of browsers";
    let page = only("text/html", "The page.", &String::schema(schemas));
    let mut page = get("/login", "loginPage", TAG, "A page for logging in and out.", Login::None, page);
    page.refusals = vec![500, 503, 504];
    let done = || vec![(204, nothing("Done.")), (303, nothing("Done: back to the page, for browsers."))];
    let login = Call {
        method: "post",
        id: "login".to_owned(),
        summary: "Begins a session.".to_owned(),
        about: "Sets the cookies ASP.NET_SessionId and XSRF-TOKEN.",
        body: Some(session::LoginRequest::schema(schemas)),
        sample: Some(Sample::of(&session::LoginRequest {
            user_name: Some("tje0".into()),
            password: Some("Tje0".into()),
        })),
        answers: done(),
        refusals: vec![400, 401, 403, 408, 413, 415, 429, 500, 503, 504],
        ..page.clone()
    };
    let logout = Call {
        path: "/logout".to_owned(),
        method: "post",
        id: "logout".to_owned(),
        summary: "Ends the session.".to_owned(),
        about: "The session's XSRF token stands in the header X-XSRF-TOKEN, or in the body.",
        login: Login::Needed,
        // Beside an Authorization header it is not looked at.
        sample: Some(Sample::of(&session::LogoutRequest { xsrf_token: Some("...".into()) })),
        body_is_optional: true,
        body: Some(session::LogoutRequest::schema(schemas)),
        answers: done(),
        refusals: vec![400, 401, 408, 413, 415, 429, 500, 503, 504],
        ..page.clone()
    };
    [page, login, logout]
}

fn health() -> Vec<Call> {
    const TAG: &str = "Health";
    let status = json!({ "type": "object", "required": ["Status"], "properties": {
        "Status": { "type": "string" }, "Database": { "type": "string" } } });
    let answer = |about: &str| only("application/json", about, &status);
    let live = "The process lives.";
    let ready = "The server can do its work.";
    let live = get("/health/live", "live", TAG, "Whether the process lives.", Login::None, answer(live));
    let mut ready = get("/health/ready", "ready", TAG, "Whether it can do its work.", Login::None, answer(ready));
    ready.answers.push((503, answer("It cannot: without the database, or while it stops.")));
    let head = |call: Call, id: &str| {
        let answers = call.answers.iter().map(|(status, _)| (*status, nothing("As GET, without the body.")));
        Call { method: "head", id: id.to_owned(), answers: answers.collect(), ..call }
    };
    vec![live.clone(), head(live, "liveHead"), ready.clone(), head(ready, "readyHead")]
}

fn pages() -> [Call; 2] {
    const TAG: &str = "This document";
    let document = only("application/json", "The document.", &json!({ "type": "object" }));
    let page = only("text/html", "The page.", &json!({ "type": "string" }));
    let calls = [
        get("/openapi.json", "openapi", TAG, "This document.", Login::None, document),
        get("/docs", "docs", TAG, "This document as a page, for trying it out.", Login::None, page),
    ];
    calls.map(|call| Call { refusals: vec![500, 503, 504], ..call })
}
