//! Calls of a connector for a stored connection, which the connector may have lost.

use super::connections::find_visible;
use super::connector_client::{log_failure, require_callable, require_success, resolve_or_log, settings};
use super::state::AgentState;
use crate::auth::Principal;
use crate::connector::client::Client;
use crate::connector::error::CallError;
use crate::connector::operations::{DeleteConnection, Operation, SaveConnection};
use crate::connector::url::ConnectorUrl;
use crate::protocol::error::Error;
use crate::protocol::message::Sent;
use crate::protocol::rule_error::ConnectorRuleError;
use crate::store::connections::{Reader, Stored};
use crate::store::deliveries::Claimed;
use crate::store::read_connection::{self, Find, Read};
use crate::store::{Failure, Pool, connectors};

/// The failure of a call for a stored connection.
#[derive(Debug)]
pub enum CallFailure {
    /// The connector cannot be called, its response is not valid, or it reports an error.
    Connector(CallError),
    /// The state of the connection cannot be read.
    Store(Failure),
}

impl From<CallError> for CallFailure {
    fn from(problem: CallError) -> Self {
        CallFailure::Connector(problem)
    }
}

impl From<Failure> for CallFailure {
    fn from(failure: Failure) -> Self {
        CallFailure::Store(failure)
    }
}

/// A stored connection, as its connector is called for it.
#[derive(Debug)]
pub struct CalledConnection<'s> {
    pool: &'s Pool,
    client: &'s Client,
    /// The connector's URL.
    pub url: ConnectorUrl,
    erp_connection_id: i32,
    erp_connector_id: i32,
    /// The settings of which the connector was told.
    saved: SaveConnection,
}

impl<'s> CalledConnection<'s> {
    /// Prepares calls for a connection with its config fields.
    ///
    /// # Errors
    /// 404 if the connection is deleted: a connector that has been told so would be told to create it again. 502 if the
    /// connector's URL cannot be called, 503 if the database is unavailable.
    pub async fn new(state: &'s AgentState, caller: &Principal, stored: Stored) -> Result<Self, ConnectorRuleError> {
        if stored.deleted {
            let id = Sent(stored.erp_connection_id);
            return Err(ConnectorRuleError::not_found(format_args!(
                "ErpConnectionId: the connection {id} is deleted."
            )));
        }
        let connector = connectors::find(&state.pool, stored.erp_connector_id, true).await?;
        let connector = connector.ok_or_else(|| Error::internal("a connection without its connector"))?;
        let url = require_callable(caller, state.urls.resolve(&connector.url).await?)?;
        Ok(Self::at(state, url, stored))
    }

    /// Prepares calls for a connection; `None` if the connection does not exist or is deleted, the caller may not see it,
    /// or the URL of its connector cannot be called, with the reason in the log.
    ///
    /// # Errors
    /// 503 if the database is unavailable.
    pub async fn find(state: &'s AgentState, caller: &Principal, id: i32) -> Result<Option<Self>, Error> {
        let stored = find_visible(&state.pool, caller, id).await?.filter(|stored| !stored.deleted);
        let Some(stored) = stored else { return Ok(None) };
        let connector = connectors::find(&state.pool, stored.erp_connector_id, true).await?;
        let Some(connector) = connector else { return Ok(None) };
        let url = resolve_or_log(&state.urls, &connector.url).await?;
        Ok(url.map(|url| Self::at(state, url, stored)))
    }

    /// Prepares calls for a connection of which a server tells the connector.
    pub fn claimed(pool: &'s Pool, client: &'s Client, url: &ConnectorUrl, claimed: &Claimed) -> Self {
        CalledConnection {
            pool,
            client,
            url: url.clone(),
            erp_connection_id: claimed.erp_connection_id,
            erp_connector_id: claimed.erp_connector_id,
            saved: claimed_settings(claimed),
        }
    }

    fn at(state: &'s AgentState, url: ConnectorUrl, stored: Stored) -> Self {
        CalledConnection {
            pool: &state.pool,
            client: &state.connectors,
            url,
            erp_connection_id: stored.erp_connection_id,
            erp_connector_id: stored.erp_connector_id,
            saved: settings_of(stored),
        }
    }

    /// Returns the GUID by which the connector knows the connection.
    pub fn guid(&self) -> String {
        self.saved.connection_guid.clone()
    }

    /// Calls an operation. A connector that does not know the connection is told its stored state first, and the operation
    /// is called once more.
    ///
    /// # Errors
    /// If the connector cannot be called, its response is not valid, or it reports an error; or if the database is
    /// unavailable.
    pub async fn call<O: Operation>(&self, request: &O) -> Result<O::Response, CallFailure> {
        match self.client.call_for(&self.url, request, &self.saved).await {
            Err(problem) if problem.is_unknown_connection() => {
                let Some(saved) = self.tell_again().await? else { return Err(problem.into()) };
                Ok(self.client.call_for(&self.url, request, &saved).await?)
            }
            result => Ok(result?),
        }
    }

    /// Tells the connector the stored state, and each one that is stored meanwhile: a save or a deletion may have been told
    /// to the connector before an older state, which this call has sent, arrived there. Returns the state that the
    /// connector knows; `None` if the connection is deleted or has another connector.
    async fn tell_again(&self) -> Result<Option<SaveConnection>, CallFailure> {
        let mut told = None;
        loop {
            let stored = self.stored().await?.filter(|stored| stored.erp_connector_id == self.erp_connector_id);
            let Some(stored) = stored else { return Ok(None) };
            let present = (!stored.deleted).then(|| settings_of(stored));
            match (&present, &told) {
                (Some(saved), _) if present != told => {
                    self.client.call(&self.url, saved).await?;
                }
                (None, Some(told)) => self.tell_deletion(told).await?,
                _ => return Ok(present),
            }
            told = present;
        }
    }

    async fn tell_deletion(&self, told: &SaveConnection) -> Result<(), CallError> {
        let request = DeleteConnection { connection_guid: told.connection_guid.clone() };
        match self.client.call_for(&self.url, &request, told).await {
            Err(problem) if !problem.is_unknown_connection() => Err(problem),
            _ => Ok(()),
        }
    }

    /// Reads the connection. The right of the caller to see it is checked already.
    async fn stored(&self) -> Result<Option<Stored>, Failure> {
        let reader = Reader { associate_id: 0, sees_all: true };
        let find = Find { erp_connection_id: self.erp_connection_id, reader, stamp: None };
        Ok(match read_connection::find(self.pool, find).await? {
            Read::Done(found) => found,
            // Rights without a stamp cannot be stale.
            Read::Stale => None,
        })
    }

    /// Returns the result of a [`call`](Self::call); `None` if it failed at the connector, with the reason in the log.
    ///
    /// # Errors
    /// 503 if the database is unavailable.
    pub fn success<R>(&self, result: Result<R, CallFailure>) -> Result<Option<R>, Error> {
        match result {
            Ok(result) => Ok(Some(result)),
            Err(CallFailure::Connector(problem)) => {
                log_failure(&self.url, &problem);
                Ok(None)
            }
            Err(CallFailure::Store(failure)) => Err(failure.into()),
        }
    }

    /// Returns the result of a [`call`](Self::call).
    ///
    /// # Errors
    /// See [`require_success`]; 503 if the database is unavailable.
    pub fn require<R>(&self, caller: &Principal, result: Result<R, CallFailure>) -> Result<R, ConnectorRuleError> {
        let result = match result {
            Ok(result) => Ok(result),
            Err(CallFailure::Connector(problem)) => Err(problem),
            Err(CallFailure::Store(failure)) => return Err(failure.into()),
        };
        require_success(caller, &self.url, result)
    }
}

/// Returns the settings of a connection.
fn settings_of(stored: Stored) -> SaveConnection {
    settings(stored.connection_id, stored.config_fields.unwrap_or_default())
}

/// Returns the settings of a connection of which a server tells the connector.
pub fn claimed_settings(claimed: &Claimed) -> SaveConnection {
    settings(claimed.connection_id.clone(), claimed.config_fields.clone())
}
