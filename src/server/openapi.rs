//! The OpenAPI document of the whole server: the methods of the agent, and the endpoints around it.
//!
//! The document leaves out the paths that describe the API: GET on a method, `/api/v1`, `/openapi.json` and `/docs`.

use serde_json::{Value, json};

use super::roots;
use crate::auth::{current, session};
use crate::erp_sync::{self, examples};
use crate::openapi;
use crate::openapi::agent::{self, COMMON_ERRORS, Examples};
use crate::openapi::endpoint::Endpoint;
use crate::openapi::example::Example;
use crate::openapi::parameters::{AUTHENTICATED, references};
use crate::openapi::responses::{with_format, with_value, without_body};
use crate::protocol::value::{Describe, Schemas};

const ERP_SYNC: &str = "ErpSync";
const USER: &str = "User";
const SESSION: &str = "Session";
const HEALTH: &str = "Health";
const TAGS: [(&str, &str); 4] = [
    (ERP_SYNC, "The methods of the ErpSync agent."),
    (USER, "The authenticated associate."),
    (SESSION, "Sessions of browsers."),
    (HEALTH, "The state and the version of the server. No authentication."),
];

/// The errors of an endpoint that needs no authentication and reads no body.
const PUBLIC_ERRORS: [u16; 4] = [400, 500, 503, 504];

/// Returns the OpenAPI document of a server whose paths begin with `prefix`.
#[must_use]
pub fn document(prefix: &str) -> Value {
    let mut schemas = Schemas::default();
    let examples = Examples { request: examples::request, response: examples::response };
    let agent = erp_sync::agent();
    let methods = agent.operations().iter();
    let mut endpoints: Vec<_> =
        methods.map(|method| agent::endpoint(ERP_SYNC, method, examples, &mut schemas)).collect();
    endpoints.extend(user(&mut schemas));
    endpoints.extend(session(&mut schemas));
    endpoints.extend(health(&mut schemas));
    openapi::document(prefix, &TAGS, &endpoints, schemas)
}

/// Returns the document with JSON as the only format, for client generators.
#[must_use]
pub fn json_only_document(prefix: &str) -> Value {
    let mut document = document(prefix);
    openapi::json_only::reduce(&mut document);
    document
}

/// Returns a GET endpoint with one response and no request body.
fn get(path: &str, id: &str, tag: &'static str, summary: &str, response: Value) -> Endpoint {
    Endpoint {
        path: path.to_owned(),
        method: "get",
        id: id.to_owned(),
        tag,
        summary: summary.to_owned(),
        description: "",
        needs_authentication: false,
        parameters: references(&["requestId"]),
        body: None,
        body_is_optional: false,
        example: None,
        responses: vec![(200, response)],
        errors: PUBLIC_ERRORS.to_vec(),
    }
}

fn user(schemas: &mut Schemas) -> Vec<Endpoint> {
    let principal = schemas.named("SoPrincipalCarrier", |_| current::principal_schema());
    let schemas = [principal, Option::<String>::schema(schemas)];
    let ids = ["v1User_GetCurrentPrincipal", "v1User_GetCurrentToken"];
    let listed = current::LISTED.iter().zip(ids).zip(schemas);
    let mut endpoints: Vec<_> = listed
        .map(|(((path, summary), id), schema)| Endpoint {
            needs_authentication: true,
            parameters: references(&AUTHENTICATED),
            // The application's grant is checked by the agent only.
            errors: COMMON_ERRORS.into_iter().filter(|status| *status != 403).collect(),
            ..get(path, id, USER, summary, with_value("Done.", &schema, None))
        })
        .collect();
    endpoints[0].parameters.extend(references(&["select"]));
    endpoints
}

fn session(schemas: &mut Schemas) -> [Endpoint; 3] {
    let page = with_format("text/html", "The page.", &String::schema(schemas));
    let page = get("/login", "loginPage", SESSION, "Returns a page for logging in and out.", page);
    let done = || vec![(204, without_body("Done.")), (303, without_body("Done; redirects a browser to the page."))];
    let login = Endpoint {
        method: "post",
        id: "login".to_owned(),
        summary: "Begins a session.".to_owned(),
        description: "Sets the cookies ASP.NET_SessionId and XSRF-TOKEN.",
        body: Some(session::LoginRequest::schema(schemas)),
        example: Some(Example::new(&session::LoginRequest {
            user_name: Some("tje0".into()),
            password: Some("Tje0".into()),
        })),
        responses: done(),
        errors: vec![400, 401, 403, 408, 413, 415, 429, 500, 503, 504],
        ..page.clone()
    };
    let logout = Endpoint {
        path: "/logout".to_owned(),
        method: "post",
        id: "logout".to_owned(),
        summary: "Ends the session.".to_owned(),
        description: "The session's XSRF token is sent in the header X-XSRF-TOKEN, or in the body.",
        needs_authentication: true,
        parameters: references(&["xsrfToken", "requestId"]),
        // Ignored beside an Authorization header.
        example: Some(Example::new(&session::LogoutRequest { xsrf_token: Some("...".into()) })),
        body_is_optional: true,
        body: Some(session::LogoutRequest::schema(schemas)),
        responses: done(),
        errors: vec![400, 401, 408, 413, 415, 429, 500, 503, 504],
        ..page.clone()
    };
    [page, login, logout]
}

fn health(schemas: &mut Schemas) -> [Endpoint; 3] {
    let status = schemas.named("HealthStatus", |_| {
        json!({ "type": "object", "required": ["Status"], "properties": {
            "Status": { "type": "string" }, "Database": { "type": "string" } } })
    });
    let response = |description: &str| with_format("application/json", description, &status);
    let live = response("The process is running.");
    let live = get("/health/live", "live", HEALTH, "Responds while the process is running.", live);
    let ready = response("The server can process requests.");
    let mut ready = get("/health/ready", "ready", HEALTH, "Tells whether the server can process requests.", ready);
    ready.responses.push((503, response("The database cannot be reached, or the server is shutting down.")));
    let version = schemas.named("ApiVersion", |_| roots::api_schema());
    let version = with_value("The URL and the versions.", &version, None);
    let version = get("/api", "getApiVersion", HEALTH, "Returns the URL of the API and the versions.", version);
    let [live, ready] = [live, ready].map(|endpoint| Endpoint { errors: vec![], ..endpoint });
    [live, ready, version]
}
