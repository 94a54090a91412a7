//! The document and the routes.

use std::collections::BTreeSet;

use clap::Parser;
use sqlx::postgres::PgConnectOptions;

use super::openapi::document;
use super::*;
use crate::config::CommandLine;

/// The paths that describe the API, and are no part of it.
const UNDOCUMENTED: [&str; 7] = [
    "/api/v1",
    "/docs",
    "/docs/license.txt",
    "/docs/page.js",
    "/docs/swagger-ui-bundle.js",
    "/docs/swagger-ui.css",
    "/openapi.json",
];

/// The paths of a router, as its debugging text has them: there is no other way to ask. Those with a brace are axum's
/// own, for what is not found.
fn paths(router: &Router) -> BTreeSet<String> {
    let text = format!("{router:?}");
    text.split('"')
        .filter(|path| path.len() > 1 && path.starts_with('/') && !path.contains('{'))
        .map(ToOwned::to_owned)
        .collect()
}

#[tokio::test]
async fn the_document_has_each_path_of_the_api_and_no_other() {
    let settings = CommandLine::try_parse_from(["erpsync"]).expect("settings").serve;
    let pool = Pool::new(PgConnectOptions::new(), 1, false);
    let authenticator = Authenticator::new(pool.clone(), settings.authentication.clone(), None);
    let stop = Stop::on_signals().expect("signals");
    let router = api(erp_sync::agent(), &settings, &pool, &authenticator).merge(health::routes(pool, stop));
    let mut expected = paths(&router);
    for path in UNDOCUMENTED {
        assert!(expected.remove(path), "{path} is not in {expected:?}");
    }
    let document = document("");
    let documented = document["paths"].as_object().expect("paths").keys().map(|path| path.to_ascii_lowercase());
    let documented: BTreeSet<String> = documented.collect();
    let different: Vec<_> = documented.symmetric_difference(&expected).collect();
    assert!(different.is_empty(), "{different:?}");
    assert!(expected.len() == 49 + 7, "{expected:?}");
}
