//! XML without a meaning: a tokenizer for documents of unknown origin, and the characters that XML can hold.
//!
//! Two wire protocols read XML from outside: that of the agent, and SOAP. The limits that keep a hostile document from
//! doing harm stand here once for both.

mod character;
mod error;
mod tokens;

pub use character::{is_legal, reference};
pub use error::SyntaxError;
pub use tokens::{Node, Token, Tokens};
