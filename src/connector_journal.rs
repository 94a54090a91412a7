//! `erpsync connector journal`: prints the journal of a running server.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use serde_json::Value;

use crate::administration::output::Output;
use crate::config::ConnectorJournalArgs;
use crate::connector::error::describe_with_sources;

/// The path of the journal at the admin listener.
const PATH: &str = "/connectors/journal";
/// The time for the whole request: a journal with bodies has megabytes.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The members of an exchange that the table shows.
const COLUMNS: &[&str] = &["time", "operation", "connection", "seconds", "outcome", "detail"];

/// Prints the last exchanges with connectors, the newest first.
///
/// # Errors
/// One line: the URL is invalid, or the response is no journal.
pub async fn run(settings: &ConnectorJournalArgs) -> Result<(), String> {
    let admin = settings.admin.as_str();
    let url = Url::parse(admin).and_then(|url| url.join(PATH)).ok().filter(|url| url.scheme() == "http");
    let url = url.ok_or_else(|| format!("--admin: {admin} is not an http URL; the admin listener has no TLS"))?;
    let exchanges = fetch(url).await.map_err(|problem| format!("no journal at {admin}: {problem}"))?;
    Output::Records(COLUMNS, exchanges).print(settings.json)
}

async fn fetch(url: Url) -> Result<Vec<Value>, String> {
    let describe = |problem: reqwest::Error| describe_with_sources(&problem.without_url());
    // The client does not speak TLS, but cannot be built without a provider. Fails where it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().redirect(Policy::none()).no_proxy().tls_certs_only([]).timeout(TIMEOUT).build();
    let response = client.map_err(describe)?.get(url).send().await.map_err(describe)?;
    let status = response.status();
    if !status.is_success() {
        return Err(format!("HTTP status {status}"));
    }
    let body = response.bytes().await.map_err(describe)?;
    serde_json::from_slice(&body).map_err(|_| "the response is not a journal".to_owned())
}
