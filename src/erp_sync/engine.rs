//! The settings of the sync engine. The program has no engine yet, and the status says so.

use jiff::{Span, SpanRelativeTo};

use super::action_log;
use super::roles::{Roles, require_right_to_change};
use crate::auth::Principal;
use crate::carrier;
use crate::protocol::error::Error;
use crate::protocol::value::Carrier;
use crate::store::Pool;
use crate::store::engine::{self as store, Settings};

carrier! {
    /// The engine's status. Members, order and names are the vendor's.
    pub struct ErpSyncEngineStatus {
        /// Whether automatic synchronization is on.
        is_running: bool = "IsRunning",
        /// Details of the status.
        status_message: Option<String> = "StatusMessage",
        /// The time between two runs, as `hh:mm:ss`.
        interval: Option<String> = "Interval",
    }
    rights
}

carrier! {
    /// The request of `ChangeEngineStatus`.
    pub struct ChangeEngineStatusRequest {
        /// Whether to switch automatic synchronization on.
        run: bool = "Run",
    }
}

carrier! {
    /// The request of `ChangeEngineInterval`.
    pub struct ChangeEngineIntervalRequest {
        /// The time between two runs: `[d.]hh:mm[:ss]`, or an ISO 8601 duration as the vendor's TypeScript client
        /// sends.
        interval: Option<String> = "Interval",
    }
}

static ROLES: Roles = Roles::new(ErpSyncEngineStatus::MEMBERS, "The engine is switched by administrators.");

/// Returns the status.
///
/// # Errors
/// 503 if the database is unavailable.
pub async fn status(pool: Pool, caller: Principal, (): ()) -> Result<ErpSyncEngineStatus, Error> {
    Ok(to_carrier(store::settings(&pool).await?, &caller))
}

/// Switches the engine on or off and returns the status.
///
/// # Errors
/// 403 for callers who may not change connections.
pub async fn change_status(
    pool: Pool,
    caller: Principal,
    request: ChangeEngineStatusRequest,
) -> Result<ErpSyncEngineStatus, Error> {
    require_right_to_change(&caller, "Switching the sync engine")?;
    let settings = store::switch(&pool, request.run).await?;
    action_log::record(if request.run { "sync engine switched on" } else { "sync engine switched off" });
    Ok(to_carrier(settings, &caller))
}

/// Sets the time between two runs.
///
/// # Errors
/// 403 for callers who may not change connections, 400 for an interval that is not a whole number of seconds.
pub async fn change_interval(pool: Pool, caller: Principal, request: ChangeEngineIntervalRequest) -> Result<(), Error> {
    require_right_to_change(&caller, "Setting the engine's interval")?;
    let seconds = request.interval.as_deref().and_then(parse_interval).ok_or_else(|| {
        Error::validation(
            "Interval: expected a time of at least one whole second, as 00:05:00, 1.00:00:00 (a day) or PT5M.",
        )
    })?;
    store::set_interval(&pool, seconds).await?;
    action_log::record("sync engine interval set");
    Ok(())
}

fn to_carrier(settings: Settings, caller: &Principal) -> ErpSyncEngineStatus {
    let state = if settings.running { "on" } else { "off" };
    ErpSyncEngineStatus {
        is_running: settings.running,
        status_message: Some(format!(
            "Automatic synchronization is switched {state}. This server has no sync engine yet: nothing is synchronized."
        )),
        interval: Some(format_time_span(settings.interval)),
        rights: ROLES.of(caller),
    }
}

/// Formats a time span as .NET does: `hh:mm:ss`, after the days if there are any.
fn format_time_span(seconds: i32) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let time = format!("{:02}:{:02}:{:02}", hours % 24, minutes % 60, seconds % 60);
    match hours / 24 {
        0 => time,
        days => format!("{days}.{time}"),
    }
}

/// Parses an interval of at least one second.
fn parse_interval(text: &str) -> Option<i32> {
    let text = text.trim();
    let seconds = if text.starts_with(['P', 'p']) {
        let span: Span = text.parse().ok()?;
        let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
        (duration.subsec_nanos() == 0).then_some(duration.as_secs())?
    } else {
        parse_time_span(text)?
    };
    i32::try_from(seconds).ok().filter(|seconds| *seconds > 0)
}

/// Parses `[d.]hh:mm[:ss]`, as .NET does.
fn parse_time_span(text: &str) -> Option<i64> {
    let number = |text: &str, limit: i64| {
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i64>().ok().filter(|number| is_plain && *number < limit)
    };
    let (days, time) = match text.split_once('.') {
        Some((days, time)) => (number(days, 1_000_000)?, time),
        None => (0, text),
    };
    let (hours, rest) = time.split_once(':')?;
    let (minutes, seconds) = rest.split_once(':').unwrap_or((rest, "0"));
    Some(days * 86_400 + number(hours, 24)? * 3_600 + number(minutes, 60)? * 60 + number(seconds, 60)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_notations_of_an_interval_are_parsed() {
        for (text, expected) in [
            ("00:05:00", Some(300)),
            ("00:05", Some(300)),
            (" 23:59:59 ", Some(86_399)),
            ("1.00:00:00", Some(86_400)),
            ("PT5M", Some(300)),
            ("PT1H30M", Some(5_400)),
            ("P1DT1S", Some(86_401)),
            ("00:00:00", None),
            ("PT0S", None),
            ("-00:05:00", None),
            ("-PT5M", None),
            ("PT0.5S", None),
            ("24:00:00", None),
            ("00:60:00", None),
            ("00:00:00.5", None),
            ("+1:+2:+3", None),
            ("5", None),
            ("five minutes", None),
            ("P1Y", None),
            ("999999.00:00:00", None),
            ("", None),
        ] {
            assert_eq!(parse_interval(text), expected, "{text:?}");
        }
    }

    #[test]
    fn an_interval_is_formatted_as_dotnet_does() {
        for (seconds, expected) in [(1, "00:00:01"), (300, "00:05:00"), (86_399, "23:59:59"), (90_061, "1.01:01:01")] {
            assert_eq!(format_time_span(seconds), expected);
        }
    }
}
