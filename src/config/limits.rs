//! Limits of requests and connections.

use std::time::Duration;

use clap::Args;

use super::duration::parse_seconds;

/// Limits of requests and connections.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// Maximum size of a request body in bytes, after decompression
    #[arg(long, env = "ERPSYNC_MAX_BODY_BYTES", default_value_t = 1024 * 1024, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=30_000_000))]
    pub max_body_bytes: u32,
    /// Seconds for a client to send the request headers or read the response, and before an idle connection is closed
    #[arg(long, env = "ERPSYNC_HEADER_TIMEOUT", default_value = "30", value_name = "SECONDS", value_parser = seconds)]
    pub header_timeout: Duration,
    /// Seconds for a client to send the request body
    #[arg(long, env = "ERPSYNC_BODY_TIMEOUT", default_value = "20", value_name = "SECONDS", value_parser = seconds)]
    pub body_timeout: Duration,
    /// Seconds to process a request, in total; for a streamed response, seconds to produce each part
    #[arg(long, env = "ERPSYNC_REQUEST_TIMEOUT", default_value = "30", value_name = "SECONDS", value_parser = seconds)]
    pub request_timeout: Duration,
    /// Seconds for requests in flight to finish after SIGTERM or SIGINT
    #[arg(long, env = "ERPSYNC_DRAIN_TIMEOUT", default_value = "30", value_name = "SECONDS", value_parser = seconds)]
    pub drain_timeout: Duration,
    /// Maximum number of requests processed at once; further requests wait for one second, then get 503
    #[arg(long, env = "ERPSYNC_MAX_REQUESTS", default_value_t = 256, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_requests: u32,
    /// Maximum number of open client connections; further connections wait to be accepted
    #[arg(long, env = "ERPSYNC_MAX_CONNECTIONS", default_value_t = 8192, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_connections: u32,
}

fn seconds(text: &str) -> Result<Duration, String> {
    parse_seconds(text, &(0.1..=86_400.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_a_range() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for invalid in ["", "0", "-1", "NaN", "inf", "1e9", "2s"] {
            assert!(seconds(invalid).is_err(), "{invalid}");
        }
    }
}
