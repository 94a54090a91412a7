//! The refusal of credentials that are not valid.

use std::net::IpAddr;

use super::principal::Scheme;
use super::throttle::Throttle;
use crate::metrics;
use crate::protocol::error::Error;
use crate::protocol::message::Message;

/// The message for an unknown user, a wrong password, an expired ticket and a disabled associate: one for all, so that
/// it tells an attacker nothing.
const INVALID: &str = "The credentials are not valid.";

/// Creates the refusal of invalid credentials; `reason` is for the log.
pub fn invalid(reason: impl Into<Message>) -> Error {
    Error::unauthorized(INVALID).with_log_reason(reason)
}

/// Counts an invalid ticket, token, session or application token, and creates its refusal: 401, or 429 where too many
/// came from the address. `reason` is for the log.
pub fn refuse_secret(throttle: &Throttle, scheme: Scheme, address: IpAddr, reason: impl Into<Message>) -> Error {
    metrics::count_failed_login(scheme.name());
    if let Some(seconds) = throttle.wait_for_address(address) {
        return Error::too_many_failed_logins(seconds);
    }
    throttle.count_wrong_secret(address);
    invalid(reason)
}
