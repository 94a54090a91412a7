//! A self-hosted clone of SuperOffice CRM's ErpSync REST agent, on axum and PostgreSQL.
//!
//! A request goes down through the rooms once and comes back up once:
//!
//! ```text
//! HTTP ─▶ server ─▶ auth ─▶ protocol (decode) ─▶ erp_sync (rules) ─▶ store (SQL) ─▶ PostgreSQL
//! HTTP ◀────────────────── protocol (encode) ◀──────┘
//! ```
//!
//! - [`config`]: the settings.
//! - [`database`]: where the pool comes from: a given database, or one of the server's own.
//! - [`server`]: the router, its layers and limits, listening and draining.
//! - [`auth`]: who calls.
//! - [`protocol`]: what every agent method shares; knows HTTP, knows nothing of ERP.
//! - [`erp_sync`]: the agent: carriers and rules, one file a family.
//! - [`store`]: the only room with SQL.
//! - [`openapi`]: the OpenAPI document, made from what the other rooms say of themselves.
//! - [`administration`]: the commands that change who may call.
//! - [`demo`]: the demo data's logins.
//! - [`telemetry`]: the log, and traces.
//! - [`doctor`]: looks at what the server needs.
//! - [`metrics`]: what is counted; whoever decides a thing counts it.
//!
//! A new method is a carrier (if there is none yet), a rule, a store function, a line in [`erp_sync`], and its tests.

pub mod administration;
pub mod auth;
pub mod config;
pub mod database;
pub mod demo;
pub mod doctor;
pub mod erp_sync;
mod failure;
pub mod metrics;
pub mod openapi;
pub mod protocol;
pub mod server;
pub mod store;
pub mod telemetry;
