//! The operator's listener: `/metrics`, and the health checks once more. Nobody logs in here: who reaches it reads it.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::Registry;

use super::requests::Requests;
use crate::metrics;
use crate::protocol::agent::write_errors;
use crate::protocol::agent::{only, path_not_found};
use crate::protocol::error::Error;
use crate::store;

/// What Prometheus asks for.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// The older form, for everybody else.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The routes: metrics of these requests and this pool, beside the health checks.
pub fn app(requests: &Requests, pool: &store::Pool, health: Router) -> Router {
    let registry = Arc::new(registry(requests, pool));
    Router::new()
        .route("/metrics", only("GET, HEAD", get(metrics)))
        .with_state(registry)
        .merge(health)
        .fallback(path_not_found)
        .layer(from_fn(write_errors))
}

fn registry(requests: &Requests, pool: &store::Pool) -> Registry {
    let mut all = Registry::default();
    all.register_collector(Box::new(Process));
    let registry = all.sub_registry_with_prefix("erpsync");
    requests.register(registry);
    metrics::register(registry);
    registry.register_collector(Box::new(Pool(pool.clone())));
    let build = Family::<Build, Gauge>::default();
    build.get_or_create_owned(&Build { version: env!("CARGO_PKG_VERSION") }).set(1);
    registry.register("build_info", "1, with the program's version", build);
    all
}

async fn metrics(State(registry): State<Arc<Registry>>, headers: HeaderMap) -> Result<Response, Error> {
    let mut text = String::with_capacity(16 * 1024);
    encode(&mut text, &registry).map_err(Error::internal)?;
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    Ok(if accept.contains("application/openmetrics-text") {
        ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response()
    } else {
        ([(CONTENT_TYPE, TEXT)], in_older_form(&text)).into_response()
    })
}

/// The same as it was before `OpenMetrics`: there a counter is described under the name of its sample, and the end is
/// the end.
fn in_older_form(text: &str) -> String {
    let counters: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter")).collect();
    let mut older = String::with_capacity(text.len() + 64);
    for line in text.lines().filter(|line| *line != "# EOF") {
        let described = ["# HELP ", "# TYPE "].iter().find_map(|word| Some((*word, line.strip_prefix(word)?)));
        match described.and_then(|(word, rest)| Some((word, rest.split_once(' ')?))) {
            Some((word, (name, rest))) if counters.contains(&name) => {
                older.extend([word, name, "_total ", rest, "\n"]);
            }
            _ => older.extend([line, "\n"]),
        }
    }
    older
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Build {
    version: &'static str,
}

/// The connections to the database, as they are when they are asked for.
#[derive(Debug)]
struct Pool(store::Pool);

impl Collector for Pool {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let store::pool::Status { limit, open, idle, waiting } = self.0.status();
        for (name, help, value) in [
            ("database_pool_limit", "Connections to the database at most", limit),
            ("database_pool_open", "Connections to the database that are open", open),
            ("database_pool_idle", "Of these, those that wait for work", idle),
            ("database_pool_in_use", "Of these, those that work", open.saturating_sub(idle)),
            ("database_pool_waiting", "Requests that wait for a connection", waiting),
        ] {
            let value = i64::try_from(value).unwrap_or(i64::MAX);
            gauge(&mut encoder, name, help, value)?;
        }
        Ok(())
    }
}

/// What the operating system tells of this process. Nothing where it has no `/proc`.
#[derive(Debug)]
struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        match resident_bytes() {
            Some(bytes) => gauge(&mut encoder, "process_resident_memory_bytes", "Memory that is held", bytes),
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
