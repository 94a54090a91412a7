//! Logging to standard error, and, with the feature `opentelemetry`, traces.

#[cfg(feature = "opentelemetry")]
pub mod traces;

use std::io::IsTerminal;

use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::config::{Log, LogFormat};

/// The running telemetry of the process. On drop, the remaining traces are sent.
#[derive(Debug)]
pub struct Telemetry {
    #[cfg(feature = "opentelemetry")]
    _traces: Option<traces::Traces>,
}

/// Starts to log to standard error, and to send traces if the environment asks for them.
///
/// # Errors
/// One line, which names the invalid setting.
pub fn start(settings: &Log) -> Result<Telemetry, String> {
    let filter = EnvFilter::try_new(&settings.log).map_err(|problem| format!("--log: {problem}"))?;
    #[cfg(feature = "opentelemetry")]
    if let Some(traces) = traces::Traces::from_environment()? {
        let spans = traces.layer();
        tracing_subscriber::registry()
            .with(log_layer(settings.log_format).with_filter(traces::uncached(filter)))
            .with(spans)
            .init();
        return Ok(Telemetry { _traces: Some(traces) });
    }
    // The filter is one of the registry and not of the layer: a layer's filter loses the event after a check whether
    // another one is enabled, as sqlx makes (tokio-rs/tracing#2519).
    tracing_subscriber::registry().with(filter).with(log_layer(settings.log_format)).init();
    Ok(Telemetry {
        #[cfg(feature = "opentelemetry")]
        _traces: None,
    })
}

fn log_layer<S: Subscriber + for<'s> LookupSpan<'s>>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync> {
    let layer = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    match format {
        LogFormat::Text => layer.boxed(),
        LogFormat::Json => layer.json().boxed(),
    }
}
