//! Deliveries: tell connectors that connections were saved or deleted.
//!
//! A save answers without waiting for a connector. The connection itself is the record that its connector has to be told,
//! see [`store::deliveries`](crate::store::deliveries), so a delivery is lost neither with a server nor with a connector:
//!
//! - [`queue`]: the connections that this server has saved, passed from the requests to the worker.
//! - `schedule`: decides which connection is next. Limits the calls at a time, and pauses connectors that do not respond.
//! - `attempt`: tells the connector of one connection, under a lease.
//! - `settings`: the settings of a connection, as its connector is told them.
//! - `outcome`: what is recorded of an attempt, and whether there is another one.
//! - [`worker`]: runs the attempts, and walks all connections now and then, for those of other servers and times.

mod attempt;
mod outcome;
pub mod queue;
mod schedule;
mod settings;
pub mod worker;
