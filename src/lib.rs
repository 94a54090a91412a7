//! A self-hosted clone of SuperOffice CRM's ErpSync REST agent, on axum and PostgreSQL.
//!
//! # Path of a request
//!
//! ```text
//! request  ─▶ server ─▶ auth ─▶ protocol (read)  ─▶ erp_sync (rules) ─▶ store (SQL) ─▶ PostgreSQL
//! response ◀─ server ◀───────── protocol (write) ◀─ erp_sync         ◀─ store       ◀─┘
//! ```
//!
//! # Modules
//!
//! Imports go one way: each module imports only modules on the lines below its own. Between the files of a module,
//! imports form no ring. `tests/imports.rs` checks both.
//!
//! ```text
//! main
//! doctor             healthcheck   connector_check   connector_journal
//! server             administration
//! erp_sync           demo
//! auth               database   demo_connector
//! failure
//! openapi   store    telemetry  connector
//! protocol  metrics  config
//! xml
//! ```
//!
//! - [`xml`]: the tokenizer of XML from outside.
//! - [`config`]: settings from flags, environment variables and a TOML file.
//! - [`metrics`]: counters and gauges, in the text format of Prometheus.
//! - [`protocol`]: the parts that agent methods share: formats, errors, `$select`, localization. Knows HTTP, but neither
//!   the agent nor SQL.
//! - [`store`]: the SQL statements, the connection pool and the schema migrations.
//! - [`connector`]: calls ERP connectors, which are SOAP services. Knows neither the agent nor its server.
//! - [`openapi`]: the OpenAPI document, derived from the descriptions of methods and carriers.
//! - [`telemetry`]: the log and, as a feature, traces.
//! - `failure`: turns a failure of the store into an error response.
//! - [`database`]: opens the database: an external PostgreSQL or an embedded one.
//! - [`auth`]: turns request credentials into a principal.
//! - [`demo_connector`]: a small ERP connector to try the callers of connectors on. Knows [`connector`] and [`store`].
//! - [`demo`]: demo data, and the check that keeps its logins off public addresses.
//! - [`erp_sync`]: the agent: carriers, rules and routes, one file per family of methods.
//! - [`administration`]: commands that manage associates, groups, applications and credentials.
//! - [`server`]: router, middleware, listeners and graceful shutdown.
//! - [`healthcheck`]: asks a running server whether it is ready.
//! - [`connector_check`]: calls a connector as a connection does in its life, and checks its responses.
//! - [`connector_journal`]: prints the journal of a running server.
//! - [`doctor`]: checks settings and environment without changing anything.
//!
//! # Adding a method
//!
//! A method consists of its carriers, a rule in [`erp_sync`], a function in [`store`], a route in `erp_sync/mod.rs`,
//! and tests.

pub mod administration;
pub mod auth;
pub mod config;
pub mod connector;
pub mod connector_check;
pub mod connector_journal;
pub mod database;
pub mod demo;
pub mod demo_connector;
pub mod doctor;
pub mod erp_sync;
mod failure;
pub mod healthcheck;
pub mod metrics;
pub mod openapi;
pub mod protocol;
pub mod server;
pub mod store;
pub mod telemetry;
pub mod xml;
