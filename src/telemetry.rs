//! Logging to standard error, and, with the feature `opentelemetry`, traces.

#[cfg(feature = "opentelemetry")]
pub mod traces;

use std::io::IsTerminal;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

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
    let log = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let log: Box<dyn Layer<Registry> + Send + Sync> = match settings.log_format {
        LogFormat::Text => log.boxed(),
        LogFormat::Json => log.json().boxed(),
    };
    let registry = tracing_subscriber::registry().with(log.with_filter(filter));
    #[cfg(feature = "opentelemetry")]
    {
        let traces = traces::Traces::from_environment()?;
        registry.with(traces.as_ref().map(traces::Traces::layer)).init();
        Ok(Telemetry { _traces: traces })
    }
    #[cfg(not(feature = "opentelemetry"))]
    {
        registry.init();
        Ok(Telemetry {})
    }
}
