//! Calls of connectors on behalf of the agent's methods: the URLs of stored connectors, and the errors for callers.

use super::connections::find_visible;
use super::connector_urls::ConnectorUrls;
use crate::auth::Principal;
use crate::connector::config_values::ConfigValues;
use crate::connector::dictionary::Dictionary;
use crate::connector::error::CallError;
use crate::connector::operations::SaveConnection;
use crate::connector::url::{ConnectorUrl, UrlError};
use crate::protocol::error::Error;
use crate::protocol::localization::multi_language;
use crate::protocol::message::Sent;
use crate::protocol::rule_error::ConnectorRuleError;
use crate::protocol::value::StringDictionary;
use crate::store::Pool;
use crate::store::connections::Stored;

/// The length of a connector's explanation in an error, in characters.
const EXPLANATION_CHARS: usize = 1000;

/// Resolves a URL; `None` if it cannot be called, with the reason in the log.
///
/// # Errors
/// 503 if the database is unavailable.
pub async fn resolve_or_log(urls: &ConnectorUrls, url: &str) -> Result<Option<ConnectorUrl>, Error> {
    Ok(urls.resolve(url).await?.inspect_err(log_url).ok())
}

/// Logs why a URL cannot be called, without a part of the URL: it can hold credentials.
fn log_url(problem: &UrlError) {
    tracing::warn!(problem = problem.kind(), "a connector's URL is not callable");
}

/// Whether a call succeeded; a failure is logged.
pub fn succeeded<R>(url: &ConnectorUrl, result: Result<R, CallError>) -> bool {
    result.inspect_err(|problem| log_failure(url, problem)).is_ok()
}

/// Logs the failure of a call.
pub fn log_failure(url: &ConnectorUrl, problem: &CallError) {
    tracing::warn!(%url, kind = problem.kind(), %problem, "the call of a connector failed");
}

/// Returns the result of a call. A failure is logged, and becomes the error of the response.
///
/// # Errors
/// 502 if the connector cannot be called or reports an error, 504 if it is too slow. The connector's explanation for users
/// is part of the message for callers who may change connections.
pub fn require_success<R>(
    caller: &Principal,
    url: &ConnectorUrl,
    result: Result<R, CallError>,
) -> Result<R, ConnectorRuleError> {
    result.map_err(|problem| {
        log_failure(url, &problem);
        let explanation = problem.user_explanation().filter(|_| caller.may_change());
        let message = explanation.map_or_else(|| problem.summary(), shorten);
        if problem.is_timeout() {
            ConnectorRuleError::gateway_timeout(format_args!("{}", Sent(message)))
        } else {
            ConnectorRuleError::bad_gateway(format_args!("{}", Sent(message)))
        }
    })
}

/// Returns an explanation for users, which is cut at [`EXPLANATION_CHARS`]. A longer one is in English alone, as a text in
/// several languages has to be complete.
fn shorten(explanation: &str) -> String {
    if explanation.chars().nth(EXPLANATION_CHARS).is_none() {
        return explanation.to_owned();
    }
    let explanation = multi_language::resolve(explanation, "US");
    match explanation.char_indices().nth(EXPLANATION_CHARS) {
        Some((end, _)) => format!("{}…", &explanation[..end]),
        None => explanation.into_owned(),
    }
}

/// Returns a URL that can be called.
///
/// # Errors
/// 502 if the URL cannot be called. Callers who may not change connections do not learn why.
pub fn require_callable(
    caller: &Principal,
    url: Result<ConnectorUrl, UrlError>,
) -> Result<ConnectorUrl, ConnectorRuleError> {
    url.map_err(|problem| {
        log_url(&problem);
        if caller.may_change() {
            ConnectorRuleError::bad_gateway(format_args!("{}", Sent(problem)))
        } else {
            ConnectorRuleError::bad_gateway("The connector's URL cannot be called.")
        }
    })
}

/// Returns a connection whose connector is to be called.
///
/// # Errors
/// 404 if the connection does not exist or the caller may not see it, 503 if the database is unavailable.
pub async fn require_visible(pool: &Pool, caller: &Principal, id: i32) -> Result<Stored, ConnectorRuleError> {
    find_visible(pool, caller, id).await?.ok_or_else(|| {
        ConnectorRuleError::not_found(format_args!("ErpConnectionId: there is no connection {}.", Sent(id)))
    })
}

/// Returns the request that gives a connection's settings to its connector.
pub fn settings(connection_guid: String, config_fields: StringDictionary) -> SaveConnection {
    SaveConnection { connection_guid, connection_info: Some(config_values(config_fields)) }
}

/// Returns config fields for a connector. All of them count as secrets.
pub fn config_values(fields: StringDictionary) -> ConfigValues {
    ConfigValues::new(Dictionary(fields.into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_explanation_is_cut_in_english() {
        let (most, longer) = ("ø".repeat(1000), "ø".repeat(1001));
        assert_eq!(shorten(&most), most);
        assert_eq!(shorten(&longer), format!("{most}…"));
        assert_eq!(shorten(&format!("NO:\"{longer}\";US:\"no\"")), "no");
        assert_eq!(shorten(&format!("NO:\"nei\";US:\"{longer}\"")), format!("{most}…"));
    }
}
