//! The settings of the sync engine. There is no engine here yet, and its status says so.

use jiff::{Span, SpanRelativeTo};

use super::roles::{Roles, must_change};
use crate::auth::Principal;
use crate::carrier;
use crate::protocol::error::Error;
use crate::protocol::value::Carrier;
use crate::store::Pool;
use crate::store::engine::{self as store, Settings};

carrier! {
    /// The engine's status. Members, order and names are the vendor's.
    pub struct ErpSyncEngineStatus {
        /// Switched on.
        is_running: bool = "IsRunning",
        /// More about it.
        status_message: Option<String> = "StatusMessage",
        /// The time between two runs, as `hh:mm:ss`.
        interval: Option<String> = "Interval",
    }
    rights
}

carrier! {
    /// The request of `ChangeEngineStatus`.
    pub struct ChangeEngineStatusRequest {
        /// On or off.
        run: bool = "Run",
    }
}

carrier! {
    /// The request of `ChangeEngineInterval`.
    pub struct ChangeEngineIntervalRequest {
        /// The time between two runs: `[d.]hh:mm[:ss]`, or an ISO 8601 duration, as the vendor's TypeScript client
        /// sends it.
        interval: Option<String> = "Interval",
    }
}

static ROLES: Roles = Roles::to(ErpSyncEngineStatus::MEMBERS, "The engine is switched by administrators.");

/// The status.
///
/// # Errors
/// 503 where the database is away.
pub async fn status(pool: Pool, caller: Principal, (): ()) -> Result<ErpSyncEngineStatus, Error> {
    Ok(shown(store::settings(&pool).await?, &caller))
}

/// Switches the engine on or off; answers the status.
///
/// # Errors
/// 403 for callers who may not change connections.
pub async fn change_status(
    pool: Pool,
    caller: Principal,
    request: ChangeEngineStatusRequest,
) -> Result<ErpSyncEngineStatus, Error> {
    must_change(&caller, "Switching the sync engine")?;
    let settings = store::switch(&pool, request.run).await?;
    tracing::info!(running = request.run, "sync engine switched");
    Ok(shown(settings, &caller))
}

/// Sets the time between two runs.
///
/// # Errors
/// 403 for callers who may not change connections, 400 where it cannot be read, or is none in whole seconds.
pub async fn change_interval(pool: Pool, caller: Principal, request: ChangeEngineIntervalRequest) -> Result<(), Error> {
    must_change(&caller, "Setting the engine's interval")?;
    let seconds = request.interval.as_deref().and_then(seconds).ok_or_else(|| {
        Error::validation(
            "Interval: expected a time of at least one whole second, as 00:05:00, 1.00:00:00 (a day) or PT5M.",
        )
    })?;
    store::set_interval(&pool, seconds).await?;
    tracing::info!(seconds, "the engine's interval set");
    Ok(())
}

fn shown(settings: Settings, caller: &Principal) -> ErpSyncEngineStatus {
    let is = if settings.running { "on" } else { "off" };
    ErpSyncEngineStatus {
        is_running: settings.running,
        status_message: Some(format!(
            "Automatic synchronization is switched {is}. This server has no sync engine yet: nothing is synchronized."
        )),
        interval: Some(in_words(settings.interval)),
        rights: ROLES.of(caller),
    }
}

/// As .NET writes a time span: `hh:mm:ss`, with the days before it where there are any.
fn in_words(seconds: i32) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let time = format!("{:02}:{:02}:{:02}", hours % 24, minutes % 60, seconds % 60);
    match hours / 24 {
        0 => time,
        days => format!("{days}.{time}"),
    }
}

/// Whole seconds, at least one.
fn seconds(text: &str) -> Option<i32> {
    let text = text.trim();
    let seconds = if text.starts_with(['P', 'p']) {
        let span: Span = text.parse().ok()?;
        let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
        (duration.subsec_nanos() == 0).then_some(duration.as_secs())?
    } else {
        of_time_span(text)?
    };
    i32::try_from(seconds).ok().filter(|seconds| *seconds > 0)
}

/// `[d.]hh:mm[:ss]`, as .NET reads it.
fn of_time_span(text: &str) -> Option<i64> {
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
    fn intervals_are_read_in_both_notations() {
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
            assert_eq!(seconds(text), expected, "{text:?}");
        }
    }

    #[test]
    fn intervals_are_written_as_dotnet_writes_them() {
        for (seconds, expected) in [(1, "00:00:01"), (300, "00:05:00"), (86_399, "23:59:59"), (90_061, "1.01:01:01")] {
            assert_eq!(in_words(seconds), expected);
        }
    }
}
