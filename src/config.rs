//! Settings, read from flags, environment variables and a TOML file, and validated before the server starts.
//!
//! A flag overrides the environment, the environment overrides the file, and the file overrides the default.

pub mod administration;
mod authentication;
mod certificates;
mod command_line;
mod commands;
mod connector;
mod connector_commands;
mod database;
mod duration;
mod file;
mod limits;
mod log;
pub mod manual;
pub mod network;
mod serve;

pub use authentication::{Authentication, DEFAULT_TENANT, Installation, Oidc};
pub use certificates::read_certificates;
pub use command_line::CommandLine;
pub use commands::{CheckArgs, Command, ConfigCommand, DatabaseArgs, DemoConnectorArgs, HealthcheckArgs, OpenapiArgs};
pub use connector::{Connector, ConnectorClient, Destination, Destinations, JournalMode};
pub use connector_commands::{ConfigField, ConnectorCheckArgs, ConnectorCommand, ConnectorJournalArgs};
pub use database::Database;
pub use limits::Limits;
pub use log::{Log, LogFormat};
pub use serve::Serve;
