//! The only module with SQL. Each file holds the statements of one family of tables.
//!
//! Functions that write lock rows in the order that `locks` sets out.

pub mod activation;
pub mod applications;
pub mod associates;
pub mod connections;
pub mod connector_apps;
pub mod connectors;
pub mod credentials;
pub mod deliveries;
pub mod demo;
pub mod demo_erp;
pub mod engine;
pub mod erp_fields;
mod failure;
pub mod list_mappings;
mod locks;
pub mod mappings;
pub mod pool;
pub mod read_connection;
pub mod reported_fields;
pub mod save_connection;
mod schema;
pub mod sharing;
pub mod state;
pub mod user_groups;

pub use failure::Failure;
pub use pool::Pool;
pub use schema::{MIGRATIONS, migrate};
