//! Metrics of requests: their number and duration, by the method of the agent.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::streamed_body::{End, on_end};

/// The upper bounds of the duration's buckets, in seconds. The last one is the default time limit of a request.
const BUCKETS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The metrics of requests. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RequestMetrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// The names of the agent's methods by their paths in lower case. No other path becomes a label, so that the
    /// number of series is limited.
    names: HashMap<String, Arc<str>>,
    other: Arc<str>,
    requests: Family<RequestLabels, Counter>,
    durations: Family<MethodLabel, Histogram, fn() -> Histogram>,
    aborted: Counter,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    method: Arc<str>,
    status: u16,
    format: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct MethodLabel {
    method: Arc<str>,
}

impl RequestMetrics {
    /// Creates the metrics for the agent's methods with these paths.
    pub fn new<'p>(paths: impl IntoIterator<Item = &'p str>) -> Self {
        let name = |path: &str| (path.to_ascii_lowercase(), path.rsplit('/').next().unwrap_or(path).into());
        RequestMetrics(Arc::new(Inner {
            names: paths.into_iter().map(name).collect(),
            other: "other".into(),
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            aborted: Counter::default(),
        }))
    }

    /// Registers the metrics.
    pub fn register(&self, registry: &mut Registry) {
        let Inner { requests, durations, aborted, .. } = &*self.0;
        registry.register("requests", "Requests by method, status and the format of the response", requests.clone());
        registry.register(
            "request_duration_seconds",
            "Time from a request to its response, by method",
            durations.clone(),
        );
        registry.register(
            "aborted_responses",
            "Responses that were aborted because of an error after their headers were sent",
            aborted.clone(),
        );
    }

    /// Returns the label of a request. Only a POST calls a method: a GET returns its description.
    fn method_label(&self, request: &Request) -> Arc<str> {
        let name = self.0.names.get(request.uri().path()).filter(|_| request.method() == Method::POST);
        Arc::clone(name.unwrap_or(&self.0.other))
    }
}

/// The layer that counts requests; a streamed response is counted at its end. A request whose client disconnects before
/// the response is not counted.
pub async fn count(State(metrics): State<RequestMetrics>, request: Request, next: Next) -> Response {
    let method = metrics.method_label(&request);
    let began = Instant::now();
    let response = next.run(request).await;
    let (status, format) = (response.status().as_u16(), format_label(response.headers()));
    on_end(response, move |end| {
        let seconds = began.elapsed().as_secs_f64();
        let Inner { requests, durations, aborted, .. } = &*metrics.0;
        if let End::Failed(_) = end {
            aborted.inc();
        }
        durations.get_or_create(&MethodLabel { method: Arc::clone(&method) }).observe(seconds);
        requests.get_or_create(&RequestLabels { method, status, format }).inc();
    })
}

fn format_label(headers: &HeaderMap) -> &'static str {
    let media_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let has = |word: &[u8]| media_type.windows(word.len()).any(|part| part == word);
    if has(b"json") {
        "json"
    } else if has(b"xml") {
        "xml"
    } else {
        "none"
    }
}
