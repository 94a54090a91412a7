//! The client at the other end of a connection.

use std::net::IpAddr;

use axum::extract::Request;

use crate::protocol::error::Error;

/// The client that sent a request. The server puts it into the extensions of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// The client's address, which a trusted proxy may have forwarded.
    pub address: IpAddr,
    /// Whether the client speaks TLS, with this server or with a trusted proxy.
    pub is_secure: bool,
}

impl Client {
    /// Returns the client of a request.
    ///
    /// # Errors
    /// 500 where the server has put none into the request.
    pub fn of(request: &Request) -> Result<Self, Error> {
        request.extensions().get().copied().ok_or_else(|| Error::internal("no client in the request"))
    }
}
