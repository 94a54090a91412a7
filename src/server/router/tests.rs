//! The OpenAPI document and the router have the same endpoints of the API.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use clap::Parser;
use sqlx::postgres::PgConnectOptions;
use tower::ServiceExt;

use super::super::openapi::document;
use super::super::{ShutdownSignal, health};
use super::*;
use crate::auth;
use crate::config::CommandLine;
use crate::connector::client::{Client, ClientOptions};
use crate::demo_connector::state::DemoConnectorState;
use crate::erp_sync;
use crate::erp_sync::connector_urls::ConnectorUrls;
use crate::store::Pool;

/// The endpoints that describe the API and are no part of it.
const UNDOCUMENTED: [&str; 8] = [
    "/",
    "/api/v1",
    "/docs",
    "/docs/license.txt",
    "/docs/page.js",
    "/docs/swagger-ui-bundle.js",
    "/docs/swagger-ui.css",
    "/openapi.json",
];

#[tokio::test]
async fn the_document_describes_each_endpoint_of_the_api_and_no_other() {
    let settings = CommandLine::try_parse_from(["erpsync"]).expect("settings").serve;
    let pool = Pool::new(PgConnectOptions::new(), 1, false);
    let authenticator = Authenticator::new(pool.clone(), settings.authentication.clone(), None);
    let agent = erp_sync::agent();
    let endpoints = Endpoints::new(agent.methods(), &settings, &authenticator);
    let health = health::endpoints(&pool, &ShutdownSignal::install().expect("signals"));
    let listed = endpoints.authenticated.iter().chain(&endpoints.public).chain(&health).map(|(path, _)| path.clone());
    let methods = agent.methods().iter().map(|(path, _)| path.to_ascii_lowercase());
    let mut expected: BTreeSet<String> = listed.chain(methods).collect();
    for path in UNDOCUMENTED {
        assert!(expected.remove(path), "{path} is not in {expected:?}");
    }
    assert_eq!(expected.len(), 49 + 7, "{expected:?}");

    let document = document("");
    let documented = document["paths"].as_object().expect("paths");
    let paths: BTreeSet<String> = documented.keys().map(|path| path.to_ascii_lowercase()).collect();
    let different: Vec<_> = paths.symmetric_difference(&expected).collect();
    assert!(different.is_empty(), "{different:?}");

    let connectors = Arc::new(Client::new(ClientOptions::default()).expect("a client"));
    let urls = ConnectorUrls::new(pool.clone(), None, DemoConnectorState::known(false));
    let api = api(agent, endpoints, &AgentState::new(pool, connectors, urls), &authenticator);
    let app = app(api, router(health.into()), RequestMetrics::new([]), &settings);
    for (path, methods) in documented {
        for method in methods.as_object().expect("methods").keys() {
            let client = auth::Client { address: IpAddr::V4(Ipv4Addr::LOCALHOST), is_secure: false };
            let request = Request::builder().method(method.to_ascii_uppercase().as_str()).uri(path).extension(client);
            let response = app.clone().oneshot(request.body(Body::empty()).expect("a request")).await;
            let status = response.expect("a response").status();
            let is_there = ![StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED].contains(&status);
            assert!(is_there, "{method} {path}: {status}");
        }
    }
}
