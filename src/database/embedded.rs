//! An embedded PostgreSQL: installed executables, run on a data directory as a supervised child process.
//!
//! The server listens on a Unix socket only, in a directory that only its user may enter. It stops with this process,
//! restarts after an unexpected exit, and a start cleans up after a crash.

mod cluster;
mod connect;
#[cfg(feature = "download")]
mod download;
mod error;
mod installation;
mod locate;
mod orphans;
mod postmaster;
mod run_as;
mod server;
mod socket;

pub use error::Error;
pub use installation::OLDEST_RELEASE;
pub use server::{Embedded, Options};
