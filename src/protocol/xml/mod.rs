//! XML in and out, as the vendor's contracts have it.

mod escape;
mod read;
mod tokens;
mod write;

pub use read::read;
pub use write::{write, write_content};
