//! Requests, counted and timed by the method of the agent.

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

/// Upper bounds in seconds: from a read that is in memory to the time that a request has.
const BUCKETS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The counts. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Requests(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    /// The names of the agent's methods by their paths in lower case. Nothing else becomes a label.
    names: HashMap<String, Arc<str>>,
    other: Arc<str>,
    answered: Family<Answered, Counter>,
    seconds: Family<Timed, Histogram, fn() -> Histogram>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answered {
    method: Arc<str>,
    status: u16,
    format: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Timed {
    method: Arc<str>,
}

impl Requests {
    /// Of the methods with these paths.
    pub fn new<'p>(paths: impl IntoIterator<Item = &'p str>) -> Self {
        let name = |path: &str| (path.to_ascii_lowercase(), path.rsplit('/').next().unwrap_or(path).into());
        Requests(Arc::new(Counts {
            names: paths.into_iter().map(name).collect(),
            other: "other".into(),
            answered: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
        }))
    }

    /// Puts them into a registry.
    pub fn register(&self, registry: &mut Registry) {
        let Counts { answered, seconds, .. } = &*self.0;
        registry.register("requests", "Requests by method, status and the format of the answer", answered.clone());
        registry.register("request_duration_seconds", "From a request to its answer, by method", seconds.clone());
    }

    /// A call is a POST; that a GET is told about it is none.
    fn method_of(&self, request: &Request) -> Arc<str> {
        let name = self.0.names.get(request.uri().path()).filter(|_| request.method() == Method::POST);
        Arc::clone(name.unwrap_or(&self.0.other))
    }
}

/// The layer. A request whose client hangs up before it is answered is not counted.
pub async fn count(State(requests): State<Requests>, request: Request, next: Next) -> Response {
    let method = requests.method_of(&request);
    let began = Instant::now();
    let response = next.run(request).await;
    let seconds = began.elapsed().as_secs_f64();
    let Counts { answered, seconds: timed, .. } = &*requests.0;
    timed.get_or_create(&Timed { method: Arc::clone(&method) }).observe(seconds);
    let status = response.status().as_u16();
    answered.get_or_create(&Answered { method, status, format: format_of(response.headers()) }).inc();
    response
}

fn format_of(headers: &HeaderMap) -> &'static str {
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
