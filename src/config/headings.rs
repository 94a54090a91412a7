//! Headings that group the settings in help texts and in the example file.

/// Addresses, TLS, proxies and CORS.
pub const NETWORK: &str = "Network";
/// Accepted credentials.
pub const AUTHENTICATION: &str = "Authentication";
