//! Authentication of requests: from their credentials to a principal.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::basic::BasicCredentials;
use super::credentials::{Credentials, RequestCredentials};
use super::oidc::{Issuer, Refusal};
use super::password_login::PasswordLogin;
use super::principal::{Principal, Scheme};
use super::principal_cache::PrincipalCache;
use super::refusal::refuse_secret;
use super::throttle::Throttle;
use super::{issued, secret};
use crate::config::{Authentication, Installation};
use crate::protocol::error::Error;
use crate::store::credentials::{self, Issue, Kind};
use crate::store::{Failure, Pool};
use crate::store::{applications, associates};

/// Authenticates requests. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Authenticator(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: Pool,
    settings: Authentication,
    issuer: Option<Issuer>,
    password_login: PasswordLogin,
    throttle: Throttle,
    cache: PrincipalCache,
}

impl Authenticator {
    /// Creates an authenticator for the associates in the database of `pool`, and for the tokens of `issuer`.
    #[must_use]
    pub fn new(pool: Pool, settings: Authentication, issuer: Option<Issuer>) -> Self {
        Authenticator(Arc::new(Inner {
            pool,
            settings,
            issuer,
            password_login: PasswordLogin::new(),
            throttle: Throttle::new(),
            cache: PrincipalCache::new(),
        }))
    }

    /// Returns the pool of the database that holds the credentials.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.0.pool
    }

    /// Returns the tenant that secrets are issued for.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.0.settings.tenant
    }

    /// Does the same as [`Authenticator::authenticate`], and adds the Basic challenge to a 401 if passwords are accepted.
    ///
    /// # Errors
    /// As `authenticate`.
    pub async fn authenticate_or_challenge(
        &self,
        credentials: &RequestCredentials,
        address: IpAddr,
    ) -> Result<Principal, Error> {
        let principal = self.authenticate(credentials, address).await;
        principal.map_err(|error| error.with_challenge(self.0.settings.takes_passwords()))
    }

    /// Returns the principal of a request with these credentials from this address.
    ///
    /// # Errors
    /// 401, 429, or 503 where the database is away or the issuer's keys cannot be fetched.
    pub async fn authenticate(&self, credentials: &RequestCredentials, address: IpAddr) -> Result<Principal, Error> {
        let RequestCredentials { associate, app_token } = credentials;
        let settings = &self.0.settings;
        let mut principal = match associate {
            Credentials::Password(password) if settings.takes_passwords() => self.login(password, address).await?,
            Credentials::Ticket(ticket) if settings.authorize_with_ticket => {
                self.issued(Kind::Ticket, ticket, None, address).await?
            }
            Credentials::Token(token) => self.token(token, address).await?,
            Credentials::Session { xsrf, .. } if xsrf.is_empty() => return Err(Error::missing_xsrf()),
            Credentials::Session { id, .. } if id.is_empty() => {
                return Err(Error::unauthorized("There is no session; log in first."));
            }
            Credentials::Session { id, xsrf } => self.issued(Kind::Session, id, Some(xsrf), address).await?,
            Credentials::Password(_) | Credentials::Ticket(_) => {
                return Err(Error::unauthorized("This scheme of authorization is switched off here."));
            }
            Credentials::Malformed => {
                return Err(Error::unauthorized(
                    "The Authorization header cannot be read; Basic, SOTicket and Bearer are supported.",
                ));
            }
            Credentials::None => return Err(Error::missing_xsrf()),
        };
        if settings.installation == Installation::Online {
            self.add_application(&mut principal, app_token.as_deref(), address).await?;
        }
        // Failed authorization is not cached: rights may be granted at any time.
        if principal.may_change() && self.is_granted(&principal) && !principal.valid_for.is_zero() {
            self.0.cache.insert(credentials, &principal);
        }
        Ok(principal)
    }

    /// Returns the principal of a recent request with the same credentials that may change connections.
    ///
    /// Its rights may have changed since: the statement that relies on them has to check the stamp.
    #[must_use]
    pub fn cached(&self, credentials: &RequestCredentials) -> Option<Principal> {
        self.0.cache.get(credentials)
    }

    /// Whether the principal may call the agent: on-site each may; online, an application that was granted the agent,
    /// or the vendor's own web client, which calls with a session.
    #[must_use]
    pub fn is_granted(&self, principal: &Principal) -> bool {
        self.0.settings.installation == Installation::Onsite
            || principal.scheme == Scheme::Session
            || principal.is_application_granted()
    }

    /// Adds the application of the `SO-AppToken` header to the principal. A ticket needs the header; a token may have
    /// been issued to an application.
    async fn add_application(
        &self,
        principal: &mut Principal,
        app_token: Option<&str>,
        address: IpAddr,
    ) -> Result<(), Error> {
        let Some(app_token) = app_token else {
            return match principal.scheme {
                Scheme::Ticket => Err(Error::unauthorized("A ticket needs the SO-AppToken header beside it.")),
                _ => Ok(()),
            };
        };
        let named = applications::find_by_secret(&self.0.pool, &secret::hash(app_token)).await?;
        let issued_to = principal.application.as_ref().map(|application| application.application_id);
        match named {
            Some(named) if issued_to.is_none_or(|id| id == named.application_id) => {
                principal.application = Some(named);
                Ok(())
            }
            _ => {
                let reason = "the application token is unknown, or of another application than the credentials";
                Err(refuse_secret(&self.0.throttle, principal.scheme, address, reason))
            }
        }
    }

    /// Returns the principal of an access token, issued by this installation or by the OpenID Connect issuer.
    async fn token(&self, token: &str, address: IpAddr) -> Result<Principal, Error> {
        let Some(issuer) = self.0.issuer.as_ref().filter(|_| !token.starts_with(secret::ACCESS_TOKEN_PREFIX)) else {
            return self.issued(Kind::Token, token, None, address).await;
        };
        let name = match issuer.verify(token).await {
            Ok(name) => name,
            Err(refusal @ Refusal::Unavailable(_)) => {
                return Err(Error::issuer_unavailable().with_log_reason(format_args!("{refusal}")));
            }
            Err(refusal @ Refusal::Invalid(_)) => {
                let reason = format_args!("{refusal}");
                return Err(refuse_secret(&self.0.throttle, Scheme::Token, address, reason));
            }
        };
        let associate = associates::find_by_name(&self.0.pool, &name).await?;
        let associate = associate.ok_or_else(|| {
            refuse_secret(&self.0.throttle, Scheme::Token, address, "the token's login name is of no associate")
        })?;
        // Not cached: only the issuer knows how long its token is valid.
        Ok(Principal::of(associate, Scheme::Token, Duration::ZERO))
    }

    async fn issued(&self, kind: Kind, issued: &str, xsrf: Option<&str>, address: IpAddr) -> Result<Principal, Error> {
        issued::authenticate(&self.0.pool, &self.0.throttle, kind, issued, xsrf, address).await
    }

    /// Returns the principal of a login name and a password.
    ///
    /// # Errors
    /// 401, 429, or 503 where the database is away.
    pub async fn login(&self, credentials: &BasicCredentials, address: IpAddr) -> Result<Principal, Error> {
        let Inner { pool, throttle, password_login, .. } = &*self.0;
        password_login.login(pool, throttle, credentials, address).await
    }

    /// Issues an access token to the principal and its application.
    ///
    /// # Errors
    /// Where the database is away.
    pub async fn issue_token(&self, principal: &Principal) -> Result<String, Failure> {
        let token = secret::access_token(self.tenant());
        let application_id = principal.application.as_ref().map(|application| application.application_id);
        let issue = Issue {
            kind: Kind::Token,
            secret_hash: &secret::hash(&token),
            xsrf_hash: None,
            associate_id: principal.associate_id,
            application_id,
            lifetime: secret::TOKEN_LIFETIME,
        };
        credentials::issue(&self.0.pool, &issue).await?;
        Ok(token)
    }
}
