//! Traces, exported to an OpenTelemetry collector over HTTP.
//!
//! OpenTelemetry's standard environment variables configure the export, among them `OTEL_SERVICE_NAME`,
//! `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_TRACES_SAMPLER` and `OTEL_BSP_SCHEDULE_DELAY`. Traces are exported only if
//! `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` is set.

use axum::http::{HeaderMap, Method};
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{Status, TracerProvider};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::{Level, Span, Subscriber};
use tracing_opentelemetry::{OpenTelemetryLayer, OpenTelemetrySpanExt};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{Targets, dynamic_filter_fn};
use tracing_subscriber::layer::Filter;
use tracing_subscriber::registry::LookupSpan;

/// The exporter of traces. On drop, it sends the remaining ones.
#[derive(Debug)]
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Creates an exporter from the environment. Returns `None` if the environment names no collector.
    ///
    /// # Errors
    /// One line, if a variable is invalid.
    pub fn from_environment() -> Result<Option<Self>, String> {
        let is_set = |name| std::env::var_os(name).is_some_and(|value: std::ffi::OsString| !value.is_empty());
        let is_off = std::env::var("OTEL_SDK_DISABLED").is_ok_and(|value| value.eq_ignore_ascii_case("true"));
        let names = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
        if is_off || !names.into_iter().any(is_set) {
            return Ok(None);
        }
        // The exporter's client uses the TLS provider of the process. An error means that one is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let exporter = SpanExporter::builder().with_http().build();
        let exporter = exporter.map_err(|problem| format!("the trace exporter cannot be started: {problem}"))?;
        let mut resource = Resource::builder();
        if !is_set("OTEL_SERVICE_NAME") {
            resource = resource.with_service_name("erpsync");
        }
        let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build());
        Ok(Some(Traces(provider.build())))
    }

    /// Creates the layer that records the spans of requests, with their events.
    #[must_use]
    pub fn layer<S: Subscriber + for<'s> LookupSpan<'s>>(&self) -> impl Layer<S> + use<S> {
        let tracer: SdkTracer = self.0.tracer("erpsync");
        let layer = OpenTelemetryLayer::new(tracer).with_location(false).with_threads(false);
        // Without the filter, the requests of the exporter's own client would be traced, without end.
        layer.with_filter(uncached(Targets::new().with_target("erpsync", Level::INFO)))
    }
}

/// Makes the filter of a layer decide on each event. Where the decision is cached, the layer loses the event after a
/// check whether another one is enabled, as sqlx makes (tokio-rs/tracing#2519).
pub fn uncached<S: Subscriber>(filter: impl Filter<S>) -> impl Filter<S> {
    let hint = filter.max_level_hint();
    let filter = dynamic_filter_fn(move |metadata, context| filter.enabled(metadata, context));
    match hint {
        Some(level) => filter.with_max_level_hint(level),
        None => filter,
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(problem) = self.0.shutdown() {
            eprintln!("erpsync: the last traces were not sent: {problem}");
        }
    }
}

/// Adds the span of a request to the client's trace, if the request has a W3C `traceparent` header.
pub fn begin(span: &Span, method: &Method, path: &str, headers: &HeaderMap) {
    let context = TraceContextPropagator::new().extract(&Headers(headers));
    // Fails if the span is not recorded.
    let _ = span.set_parent(context);
    span.set_attribute("http.request.method", method.to_string());
    span.set_attribute("url.path", path.to_owned());
}

/// Records the status of the response, and whether an error has aborted its body.
pub fn end(span: &Span, status: u16, is_aborted: bool) {
    span.set_attribute("http.response.status_code", i64::from(status));
    if status >= 500 || is_aborted {
        span.set_status(Status::error(""));
    }
}

struct Headers<'h>(&'h HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(axum::http::HeaderName::as_str).collect()
    }
}
