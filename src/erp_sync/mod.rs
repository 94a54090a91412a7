//! The ErpSync agent: one file a family, with its carriers and rules. This file lists every route.

pub mod connections;

use axum::Router;
use sqlx::PgPool;

use crate::protocol::agent::Agent;

/// The agent's routes, lower case. Must stand below [`authorize`](crate::auth::authorize).
pub fn routes() -> Router<PgPool> {
    Agent::new("ErpSync").method("SaveConnection", "Saves a connection to the database.", connections::save).routes()
}
