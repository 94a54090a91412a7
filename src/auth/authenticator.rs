//! From what a caller shows to who calls.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;

use super::basic::Credentials;
use super::memory::Memory;
use super::oidc::{Issuer, Refusal};
use super::password::{Core, Passwords};
use super::scheme::{SO_APP_TOKEN, Shown, text};
use super::throttle::Throttle;
use super::{Principal, Scheme, secret};
use crate::config::{Authentication, Installation};
use crate::metrics;
use crate::protocol::error::Error;
use crate::store::Pool;
use crate::store::associates::{self, Associate};
use crate::store::credentials::{self, Issue, Kind};
use crate::store::{Failure, applications};

/// Tells callers apart. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Authenticator(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    pool: Pool,
    settings: Authentication,
    issuer: Option<Issuer>,
    passwords: Passwords,
    throttle: Throttle,
    memory: Memory,
}

/// Wrong user, wrong password, expired ticket, disabled associate: the caller is not told which.
const REFUSED: &str = "The credentials are not valid.";

/// A ticket or a session is renewed by its use, but written no more often than this, in seconds.
const RENEWAL_INTERVAL: f64 = 600.0;

impl Authenticator {
    /// Over the associates in `pool`.
    #[must_use]
    pub fn new(pool: Pool, settings: Authentication, issuer: Option<Issuer>) -> Self {
        let (passwords, throttle, memory) = (Passwords::new(), Throttle::new(), Memory::new());
        Authenticator(Arc::new(Parts { pool, settings, issuer, passwords, throttle, memory }))
    }

    /// The connections that credentials are looked up with.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.0.pool
    }

    /// Whether user names and passwords are taken.
    #[must_use]
    pub fn takes_passwords(&self) -> bool {
        self.0.settings.takes_passwords()
    }

    /// The tenant that secrets are issued for: shown in tickets of online installations only.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.0.settings.tenant
    }

    /// Who calls with these headers, from this address.
    ///
    /// # Errors
    /// 401, 429, or 503 where the database or the issuer's keys are away.
    pub async fn authenticate(&self, headers: &Headers, address: IpAddr) -> Result<Principal, Error> {
        let Headers { shown, app_token } = headers;
        let settings = &self.0.settings;
        let mut principal = match shown {
            Shown::Password(credentials) if settings.takes_passwords() => self.login(credentials, address).await?,
            Shown::Ticket(ticket) if settings.authorize_with_ticket => {
                self.stored(Kind::Ticket, ticket, None, address).await?
            }
            Shown::Token(token) => self.token(token, address).await?,
            Shown::Session { xsrf, .. } if xsrf.is_empty() => return Err(Error::missing_xsrf()),
            Shown::Session { id, .. } if id.is_empty() => {
                return Err(Error::unauthorized("There is no session; log in first."));
            }
            Shown::Session { id, xsrf } => self.stored(Kind::Session, id, Some(xsrf), address).await?,
            Shown::Password(_) | Shown::Ticket(_) => {
                return Err(Error::unauthorized("This scheme of authorization is switched off here."));
            }
            Shown::Broken => {
                let schemes = "Basic, SOTicket and Bearer are supported";
                return Err(Error::unauthorized(format!("The Authorization header cannot be read; {schemes}.")));
            }
            Shown::Nothing => return Err(Error::missing_xsrf()),
        };
        if settings.installation == Installation::Online {
            self.add_application(&mut principal, app_token.as_deref(), address).await?;
        }
        // Who is refused later must be looked at each time: his rights may have grown.
        if principal.may_change() && self.is_granted(&principal) && !principal.good_for.is_zero() {
            self.0.memory.remember(shown, app_token.as_deref(), &principal);
        }
        Ok(principal)
    }

    /// Who has shown the same a moment ago, and may change connections. Rights may have changed since: the statement
    /// that relies on them has to check the stamp.
    #[must_use]
    pub fn recall(&self, headers: &Headers) -> Option<Principal> {
        self.0.memory.recall(&headers.shown, headers.app_token.as_deref())
    }

    /// Whether the agent is there for him: online, for those applications only that were granted it. The vendor's own
    /// web client, which calls with a session, is none.
    #[must_use]
    pub fn is_granted(&self, principal: &Principal) -> bool {
        self.0.settings.installation == Installation::Onsite
            || principal.scheme == Scheme::Session
            || principal.application.as_ref().is_some_and(|application| application.erp_sync)
    }

    /// Online, a server that shows a ticket has to show its application as well; a token may hold it.
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
        let shown = applications::find_by_secret(&self.0.pool, &secret::hash(app_token)).await?;
        let issued_to = principal.application.as_ref().map(|application| application.application_id);
        match shown {
            Some(shown) if issued_to.is_none_or(|id| id == shown.application_id) => {
                principal.application = Some(shown);
                Ok(())
            }
            _ => Err(self.refuse(principal.scheme, address)),
        }
    }

    /// One of this installation's own, or of the issuer's.
    async fn token(&self, token: &str, address: IpAddr) -> Result<Principal, Error> {
        let Some(issuer) = self.0.issuer.as_ref().filter(|_| !token.starts_with(secret::ACCESS_TOKEN)) else {
            let mut principal = self.stored(Kind::Token, token, None, address).await?;
            principal.token = Some(token.to_owned());
            return Ok(principal);
        };
        let name = match issuer.verify(token).await {
            Ok(name) => name,
            Err(refusal @ Refusal::Unavailable(_)) => {
                tracing::warn!(%refusal, "a token cannot be checked");
                return Err(Error::issuer_unavailable());
            }
            Err(refusal @ Refusal::Invalid(_)) => {
                tracing::info!(%refusal, %address, "token refused");
                return Err(self.refuse(Scheme::Token, address));
            }
        };
        let associate = associates::find_by_name(&self.0.pool, &name).await?;
        let associate = associate.ok_or_else(|| self.refuse(Scheme::Token, address))?;
        // Only the issuer knows how long its token is good.
        Ok(principal(associate, Scheme::Token, Duration::ZERO))
    }

    /// A ticket, a token or a session that this installation has issued.
    async fn stored(&self, kind: Kind, shown: &str, xsrf: Option<&str>, address: IpAddr) -> Result<Principal, Error> {
        let pool = &self.0.pool;
        let hash = secret::hash(shown);
        let (scheme, lifetime) = match kind {
            Kind::Ticket => (Scheme::Ticket, Some(secret::TICKET)),
            Kind::Session => (Scheme::Session, Some(secret::SESSION)),
            Kind::Token => (Scheme::Token, None),
        };
        let found = credentials::find(pool, kind, &hash).await?.ok_or_else(|| self.refuse(scheme, address))?;
        if let Some(xsrf) = xsrf
            && !found.xsrf_hash.as_deref().is_some_and(|stored| secret::matches(stored, xsrf))
        {
            tracing::info!(associate = found.name, %address, "wrong XSRF token");
            metrics::count_wrong_login(scheme);
            return Err(Error::invalid_xsrf());
        }
        if let Some(lifetime) = lifetime.filter(|full| full.as_secs_f64() - found.seconds_left > RENEWAL_INTERVAL) {
            credentials::renew(pool, &hash, lifetime).await?;
        }
        let application = match found.application_id {
            Some(id) => applications::find(pool, id).await?,
            None => None,
        };
        Ok(Principal {
            associate_id: found.associate_id,
            name: found.name,
            user_group_id: found.user_group_id,
            administrator: found.administrator,
            application,
            scheme,
            token: None,
            stamp: found.stamp,
            good_for: Duration::try_from_secs_f64(found.seconds_left).unwrap_or_default(),
        })
    }

    /// Counts a wrong secret; too many from one address are told to wait.
    fn refuse(&self, scheme: Scheme, address: IpAddr) -> Error {
        tracing::info!(%address, "a secret was refused");
        metrics::count_wrong_login(scheme);
        if let Some(seconds) = self.0.throttle.wait_for_address(address) {
            return Error::too_many_failed_logins(seconds);
        }
        self.0.throttle.count_wrong_secret(address);
        Error::unauthorized(REFUSED)
    }

    /// The associate of a login name and a password.
    ///
    /// # Errors
    /// 401, 429, or 503 where the database is away.
    pub async fn login(&self, credentials: &Credentials, address: IpAddr) -> Result<Principal, Error> {
        let Parts { pool, passwords, .. } = &*self.0;
        // Read on every call, so that what is changed or disabled counts from then on, on every server.
        let associate = associates::find_by_name(pool, &credentials.name).await?;
        let stored = associate.as_ref().and_then(|associate| associate.password_hash.as_deref());
        if !passwords.remembers(stored, &credentials.password) {
            let core = passwords.core().await?;
            self.check(credentials, stored, address, core).await?;
        }
        let associate = associate.ok_or_else(|| Error::unauthorized(REFUSED))?;
        Ok(principal(associate, Scheme::Password, Duration::MAX))
    }

    /// The costly way, with a core's permit: what is checked here counts from the moment of the check, so that no
    /// crowd of callers gets past the throttle together.
    async fn check(
        &self,
        credentials: &Credentials,
        stored: Option<&str>,
        address: IpAddr,
        core: Core,
    ) -> Result<(), Error> {
        let Parts { passwords, throttle, .. } = &*self.0;
        if passwords.remembers(stored, &credentials.password) {
            return Ok(());
        }
        if let Some(seconds) = throttle.wait(&credentials.name, address) {
            tracing::warn!(associate = credentials.name, %address, "too many wrong passwords");
            return Err(Error::too_many_failed_logins(seconds));
        }
        // The core is held until a wrong password is counted, so that no more are tried than there are cores.
        let (right, _core) = passwords.verify(stored, &credentials.password, core).await?;
        if !right {
            throttle.count_wrong(&credentials.name, address);
            metrics::count_wrong_login(Scheme::Password);
            tracing::info!(associate = credentials.name, %address, "login refused");
            return Err(Error::unauthorized(REFUSED));
        }
        Ok(())
    }

    /// Issues an access token to a caller, for the application that he calls with.
    ///
    /// # Errors
    /// 503 where the database is away.
    pub async fn issue_token(&self, principal: &Principal) -> Result<String, Failure> {
        let token = secret::access_token(self.tenant());
        let application_id = principal.application.as_ref().map(|application| application.application_id);
        let issue = Issue {
            kind: Kind::Token,
            secret_hash: &secret::hash(&token),
            xsrf_hash: None,
            associate_id: principal.associate_id,
            application_id,
            lifetime: secret::TOKEN,
        };
        credentials::issue(&self.0.pool, &issue).await?;
        Ok(token)
    }
}

/// What is looked at of a request. Apart from it: its body cannot be shared between threads while a login waits.
#[derive(Debug)]
pub struct Headers {
    shown: Shown,
    app_token: Option<String>,
}

impl Headers {
    /// Of a request.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        Headers { shown: Shown::in_headers(headers), app_token: text(headers, &SO_APP_TOKEN).map(ToOwned::to_owned) }
    }

    /// Takes the XSRF token from elsewhere, where no header has it.
    pub fn set_xsrf(&mut self, token: Option<String>) {
        if let (Shown::Session { xsrf, .. }, Some(token)) = (&mut self.shown, token)
            && xsrf.is_empty()
        {
            *xsrf = token;
        }
    }
}

fn principal(associate: Associate, scheme: Scheme, good_for: Duration) -> Principal {
    Principal {
        associate_id: associate.associate_id,
        name: associate.name,
        user_group_id: associate.user_group_id,
        administrator: associate.administrator,
        application: None,
        scheme,
        token: None,
        stamp: associate.stamp,
        good_for,
    }
}
