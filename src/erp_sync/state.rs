//! The state of the agent's rules.

use std::sync::Arc;

use axum::extract::FromRef;

use crate::connector::client::Client;
use crate::store::Pool;

/// The state of the agent's rules. A rule takes all of it, or the connection pool alone.
#[derive(Clone, Debug)]
pub struct AgentState {
    /// The connection pool.
    pub pool: Pool,
    /// The client that calls connectors.
    pub connectors: Arc<Client>,
}

impl FromRef<AgentState> for Pool {
    fn from_ref(state: &AgentState) -> Self {
        state.pool.clone()
    }
}
