//! What every agent call shares: bodies in, answers and errors out. Knows HTTP, knows nothing of ERP.

pub mod agent;
mod at;
pub mod body;
pub mod carrier;
pub mod enumeration;
pub mod error;
pub mod form;
pub mod json;
pub mod localization;
pub mod media_type;
pub mod operation;
mod read;
pub mod rights;
pub mod schema;
pub mod select;
mod text;
mod values;
pub mod write;
pub mod xml;

pub use at::At;
use at::shown;
pub use read::{Limit, Read};
pub use values::{EmptyDate, StringDictionary};

/// A header's `q`, in thousandths; `None` where it is not one.
fn quality(value: &str) -> Option<u16> {
    let value: f32 = value.trim().parse().ok()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000, by the condition")]
    (0.0..=1.0).contains(&value).then_some((value * 1000.0).round() as u16)
}
