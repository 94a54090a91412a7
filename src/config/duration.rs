//! Durations in seconds.

use std::ops::RangeInclusive;
use std::time::Duration;

/// Parses a number of seconds, which may have a fraction and must be in `range`.
///
/// # Errors
/// One line.
pub fn parse_seconds(text: &str, range: &RangeInclusive<f64>) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    if !range.contains(&seconds) {
        return Err(format!("not between {} and {} seconds", range.start(), range.end()));
    }
    Ok(Duration::from_secs_f64(seconds))
}
