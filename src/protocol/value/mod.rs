//! The values that travel: carriers and the types of their members.
//!
//! Each type says once how it is read ([`ReadValue`]), written ([`WriteValue`]) and described ([`Describe`]), whatever
//! the format. The modules depend on each other in one direction: `read`, `write` and `schema` define these traits;
//! `scalar`, `dictionary`, `list` and `enumeration` implement them for the types of members; `member`, `rights` and `carrier`
//! build carriers from them; `carrier_macro` generates the code of one carrier.

pub mod carrier;
mod carrier_macro;
pub mod dictionary;
pub mod enumeration;
pub mod list;
pub mod member;
pub mod read;
pub mod rights;
pub mod scalar;
pub mod schema;
pub mod write;

pub use carrier::Carrier;
pub use dictionary::StringDictionary;
pub use enumeration::Enumeration;
pub use list::ListItem;
pub use member::Member;
pub use read::{Limit, ReadValue};
pub use rights::{Rights, Role};
pub use scalar::EmptyDate;
pub use schema::{Describe, Schema, Schemas};
pub use write::{Mask, ValueWriter, WriteContext, WriteValue};
