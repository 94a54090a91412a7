//! The ErpSync agent: one file a family, with its carriers and rules. This file lists every route.

pub mod connections;

use sqlx::PgPool;

use crate::protocol::agent::Agent;

/// The agent. Its routes must stand below [`authorize`](crate::auth::authorize).
#[must_use]
pub fn agent() -> Agent<PgPool> {
    Agent::new("ErpSync")
        .method("SaveConnection", "Saves a connection to the database.", connections::save)
        .method("GetConnection", "Returns the specified connection.", connections::get)
        .method(
            "GetAllConnections",
            "Returns all ERP Sync connections without config field data.",
            connections::get_all,
        )
        .method("DeleteConnection", "Deletes a connection from the database.", connections::delete)
}
