//! Settings that decide which credentials are accepted.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The default tenant.
pub const DEFAULT_TENANT: &str = "Cust00001";

/// The type of installation of the vendor's product that the server behaves like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Installation {
    /// Accepts user names and passwords, and requires no application token.
    Onsite,
    /// Accepts no passwords, and requires an application that was granted the agent.
    Online,
}

/// Settings that decide which credentials are accepted, including the published ones of the demo data.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Authentication")]
pub struct Authentication {
    /// Add demo data to a new database, and allow its published passwords on an address that is not loopback
    #[arg(long, env = "ERPSYNC_DEMO", default_value_t = false, value_name = "BOOL",
        action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub demo: bool,
    /// Type of SuperOffice installation to behave like
    #[arg(long, env = "ERPSYNC_INSTALLATION", default_value = "onsite", value_name = "TYPE")]
    pub installation: Installation,
    /// Tenant identifier in access tokens, and in the tickets of an online installation
    #[arg(long, env = "ERPSYNC_TENANT", default_value = DEFAULT_TENANT, value_name = "TENANT", value_parser = tenant)]
    pub tenant: String,
    /// Accept user names and passwords (on-site only)
    #[arg(long, env = "ERPSYNC_AUTHORIZE_WITH_USERNAME", default_value_t = true, value_name = "BOOL",
        action = clap::ArgAction::Set)]
    pub authorize_with_username: bool,
    /// Accept tickets
    #[arg(long, env = "ERPSYNC_AUTHORIZE_WITH_TICKET", default_value_t = true, value_name = "BOOL",
        action = clap::ArgAction::Set)]
    pub authorize_with_ticket: bool,
}

impl Authentication {
    /// Whether a user name with a password is accepted.
    #[must_use]
    pub fn takes_passwords(&self) -> bool {
        self.authorize_with_username && self.installation == Installation::Onsite
    }
}

/// The OpenID Connect issuer whose access tokens are accepted, if any.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "OpenID Connect")]
pub struct Oidc {
    /// Issuer whose access tokens are accepted as Bearer, exactly as in their `iss` claim
    #[arg(long = "oidc-issuer", env = "ERPSYNC_OIDC_ISSUER", value_name = "URL", requires = "audience")]
    pub issuer: Option<String>,
    /// Audience that the issuer's tokens must have in their `aud` claim
    #[arg(long = "oidc-audience", env = "ERPSYNC_OIDC_AUDIENCE", value_name = "NAME")]
    pub audience: Option<String>,
    /// Claim that holds the associate's login name; users must not be able to change it
    #[arg(long = "oidc-claim", env = "ERPSYNC_OIDC_CLAIM", default_value = "preferred_username", value_name = "CLAIM")]
    pub claim: String,
    /// Certificates of further authorities that may sign the issuer's certificate, as PEM, besides the system's
    #[arg(long = "oidc-ca", env = "ERPSYNC_OIDC_CA", value_name = "FILE", requires = "issuer")]
    pub ca: Option<PathBuf>,
}

/// Parses a tenant: a word that can be part of a ticket, a token and a path.
///
/// # Errors
/// One line.
pub fn tenant(text: &str) -> Result<String, String> {
    let is_word = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_word { Ok(text.to_owned()) } else { Err("not a word of at most 64 letters and digits".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenants_are_words() {
        assert_eq!(tenant("Cust12345").as_deref(), Ok("Cust12345"));
        for invalid in ["", "a.b", "a;b", "ø", &"x".repeat(65)] {
            assert!(tenant(invalid).is_err(), "{invalid}");
        }
    }
}
