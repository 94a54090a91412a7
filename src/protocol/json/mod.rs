//! JSON in and out.

mod read;
mod write;

pub use read::read;
pub use write::{write, write_content};
