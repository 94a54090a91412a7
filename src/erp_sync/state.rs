//! The state of the agent's rules.

use std::sync::Arc;

use axum::extract::FromRef;

use super::connector_urls::ConnectorUrls;
use super::delivery::queue::DeliveryQueue;
use crate::connector::client::Client;
use crate::store::sharing::Queue;
use crate::store::{Pool, read_connection, save_connection};

/// The state of the agent's rules. A rule takes all of it, or the connection pool alone.
#[derive(Clone, Debug)]
pub struct AgentState {
    /// The connection pool.
    pub pool: Pool,
    /// The client that calls connectors.
    pub connectors: Arc<Client>,
    /// The resolver of their URLs.
    pub urls: ConnectorUrls,
    /// The connections of which connectors have to be told.
    pub deliveries: DeliveryQueue,
    /// The saves of connections that wait for their turn in the database.
    pub saves: Queue<save_connection::Shared>,
    /// The reads of connections that wait for theirs.
    pub reads: Queue<read_connection::Shared>,
}

impl AgentState {
    /// Creates the state of a server in which no request waits.
    #[must_use]
    pub fn new(pool: Pool, connectors: Arc<Client>, urls: ConnectorUrls) -> Self {
        AgentState {
            pool,
            connectors,
            urls,
            deliveries: DeliveryQueue::default(),
            saves: Queue::default(),
            reads: Queue::default(),
        }
    }
}

impl FromRef<AgentState> for Pool {
    fn from_ref(state: &AgentState) -> Self {
        state.pool.clone()
    }
}
