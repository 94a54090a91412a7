//! Tests of the built program over HTTP, on a real PostgreSQL.
//!
//! Each file has one concern. Each test has a server and a new database of its own, so that tests run concurrently.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

mod agent;
mod authorization;
mod cli;
mod concurrency;
mod connections;
mod connector_commands;
mod connector_data;
mod connector_setup;
mod connectors;
mod contention;
mod delivery;
mod demo;
mod demo_connector;
mod docs;
mod documentation;
mod embedded;
mod engine;
mod errors;
mod failover;
mod faults;
mod form;
mod formats;
mod hostile;
mod http_surface;
mod imports;
mod languages;
mod large_lists;
mod mapping;
mod network;
mod oidc;
mod openapi;
mod operations;
mod outage;
mod panics;
mod pgbouncer;
mod plans;
mod requests;
mod save_connection;
mod schemes;
mod select;
mod server;
mod sessions;
mod settings;
mod sharing;
mod startup;
mod support;
#[cfg(feature = "opentelemetry")]
mod traces;
mod upgrade;
mod wcf_connector;
mod xml;
