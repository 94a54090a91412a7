//! The refusal of credentials that are not valid.

use std::net::IpAddr;

use super::principal::Scheme;
use super::throttle::Throttle;
use crate::metrics;
use crate::protocol::error::Error;

/// The message for an unknown user, a wrong password, an expired ticket and a disabled associate: one for all, so that
/// it tells an attacker nothing.
const INVALID: &str = "The credentials are not valid.";

/// Creates the refusal of invalid credentials.
pub fn invalid() -> Error {
    Error::unauthorized(INVALID)
}

/// Counts an invalid ticket, token or session, and creates its refusal: 401, or 429 where too many came from the
/// address.
pub fn refuse_secret(throttle: &Throttle, scheme: Scheme, address: IpAddr) -> Error {
    tracing::info!(%address, "a secret was refused");
    metrics::count_wrong_login(scheme);
    if let Some(seconds) = throttle.wait_for_address(address) {
        return Error::too_many_failed_logins(seconds);
    }
    throttle.count_wrong_secret(address);
    invalid()
}
