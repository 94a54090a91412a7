//! Authentication: turns request credentials into a [`Principal`]; and authorization of the agent.

mod authenticator;
mod basic;
mod cached_principal;
mod client;
mod credentials;
pub mod current;
mod issued;
mod layers;
pub mod oidc;
pub mod password;
mod password_login;
mod password_verifier;
mod principal;
mod principal_cache;
mod refusal;
pub mod secret;
pub mod session;
mod throttle;

pub use authenticator::Authenticator;
pub use cached_principal::{CachedPrincipal, authenticate_cached};
pub use client::Client;
pub use layers::{authenticate, require_grant};
pub use principal::{Principal, Scheme};
