//! The operator's listener: `/metrics`, the journal of connectors, their deliveries, and the health checks. Without
//! authentication: access has to be restricted by the network.

use std::fmt;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::Registry;

use super::request_metrics::RequestMetrics;
use crate::auth::Scheme;
use crate::connector::journal::{Exchange, Journal};
use crate::connector::operations::OPERATIONS;
use crate::metrics;
use crate::protocol::agent::{only, path_not_found, write_errors};
use crate::protocol::error::Error;
use crate::store;
use crate::store::sharing::SharedStatement;

/// The `OpenMetrics` format, which Prometheus requests.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// The older text format of Prometheus, for other clients.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The most deliveries that are listed.
const MOST_DELIVERIES: i64 = 1_000;

/// Creates the router: the metrics of `requests` and `pool`, the journal of connectors, and the health checks.
pub fn app(requests: &RequestMetrics, pool: &store::Pool, journal: Arc<Journal>, health: Router) -> Router {
    let registry = Arc::new(registry(requests, pool));
    Router::new()
        .route("/metrics", only("GET, HEAD", get(metrics)))
        .with_state(registry)
        .route("/connectors/journal", only("GET, HEAD", get(exchanges)).with_state(journal))
        .route("/connectors/deliveries", only("GET, HEAD", get(deliveries)).with_state(pool.clone()))
        .merge(health)
        .fallback(path_not_found)
        .layer(from_fn(write_errors))
}

fn registry(requests: &RequestMetrics, pool: &store::Pool) -> Registry {
    let mut root = Registry::default();
    root.register_collector(Box::new(Process));
    let registry = root.sub_registry_with_prefix("erpsync");
    requests.register(registry);
    let sharing_methods = [store::save_connection::Shared::METHOD, store::read_connection::Shared::METHOD];
    let connector_operations = OPERATIONS.iter().map(|operation| operation.name);
    metrics::register(registry, &Scheme::ALL.map(Scheme::name), &sharing_methods, connector_operations);
    registry.register_collector(Box::new(Pool(pool.clone())));
    let build = Family::<BuildLabels, Gauge>::default();
    build.get_or_create_owned(&BuildLabels { version: env!("CARGO_PKG_VERSION") }).set(1);
    registry.register("build_info", "1, with the program's version", build);
    root
}

/// Returns the last exchanges with connectors, the newest first.
async fn exchanges(State(journal): State<Arc<Journal>>) -> Response {
    let exchanges = journal.exchanges();
    Json(exchanges.iter().map(Arc::as_ref).collect::<Vec<&Exchange>>()).into_response()
}

/// Returns connections of which their connectors are not told.
async fn deliveries(State(pool): State<store::Pool>) -> Result<Json<Vec<store::deliveries::Delivery>>, Error> {
    Ok(Json(store::deliveries::list(&pool, MOST_DELIVERIES).await?))
}

async fn metrics(State(registry): State<Arc<Registry>>, headers: HeaderMap) -> Result<Response, Error> {
    let mut text = String::with_capacity(16 * 1024);
    encode(&mut text, &registry).map_err(Error::internal)?;
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    Ok(if accept.contains("application/openmetrics-text") {
        ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response()
    } else {
        ([(CONTENT_TYPE, TEXT)], to_prometheus_text(&text)).into_response()
    })
}

/// Converts `OpenMetrics` to the older text format, in which the description of a counter has the name of its sample, and
/// no line marks the end.
fn to_prometheus_text(text: &str) -> String {
    let counters: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter")).collect();
    let mut converted = String::with_capacity(text.len() + 64);
    for line in text.lines().filter(|line| *line != "# EOF") {
        let described = ["# HELP ", "# TYPE "].iter().find_map(|word| Some((*word, line.strip_prefix(word)?)));
        match described.and_then(|(word, rest)| Some((word, rest.split_once(' ')?))) {
            Some((word, (name, rest))) if counters.contains(&name) => {
                converted.extend([word, name, "_total ", rest, "\n"]);
            }
            _ => converted.extend([line, "\n"]),
        }
    }
    converted
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct BuildLabels {
    version: &'static str,
}

/// Collects the state of the connection pool.
#[derive(Debug)]
struct Pool(store::Pool);

impl Collector for Pool {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let store::pool::Status { limit, open, idle, waiting } = self.0.status();
        for (name, help, value) in [
            ("database_pool_limit", "Maximum number of connections to the database", limit),
            ("database_pool_open", "Connections to the database that are open", open),
            ("database_pool_idle", "Open connections that are idle", idle),
            ("database_pool_in_use", "Open connections that are in use", open.saturating_sub(idle)),
            ("database_pool_waiting", "Requests that wait for a connection", waiting),
        ] {
            let value = i64::try_from(value).unwrap_or(i64::MAX);
            gauge(&mut encoder, name, help, value)?;
        }
        Ok(())
    }
}

/// Collects the memory of this process. Collects nothing without `/proc`.
#[derive(Debug)]
struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        match resident_bytes() {
            Some(bytes) => gauge(&mut encoder, "process_resident_memory_bytes", "Resident memory", bytes),
            None => Ok(()),
        }
    }
}

fn gauge(encoder: &mut DescriptorEncoder, name: &str, help: &str, value: i64) -> fmt::Result {
    let gauge = ConstGauge::new(value);
    gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)
}

fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: i64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    kibibytes.checked_mul(1024)
}
