//! The state of the agent's rules.

use std::sync::Arc;

use axum::extract::FromRef;

use super::delivery::queue::DeliveryQueue;
use crate::connector::client::Client;
use crate::store::Pool;

/// The state of the agent's rules. A rule takes all of it, or the connection pool alone.
#[derive(Clone, Debug)]
pub struct AgentState {
    /// The connection pool.
    pub pool: Pool,
    /// The client that calls connectors.
    pub connectors: Arc<Client>,
    /// The connections of which connectors have to be told.
    pub deliveries: DeliveryQueue,
}

impl FromRef<AgentState> for Pool {
    fn from_ref(state: &AgentState) -> Self {
        state.pool.clone()
    }
}
