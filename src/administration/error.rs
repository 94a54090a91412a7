//! The error of an administration command.

use crate::store::Failure;

/// The reason why a command failed, in one line.
#[derive(Debug)]
pub struct CommandError(String);

impl From<String> for CommandError {
    fn from(reason: String) -> Self {
        CommandError(reason)
    }
}

impl From<&str> for CommandError {
    fn from(reason: &str) -> Self {
        CommandError(reason.to_owned())
    }
}

impl From<Failure> for CommandError {
    fn from(failure: Failure) -> Self {
        CommandError(failure.to_string())
    }
}

impl From<CommandError> for String {
    fn from(error: CommandError) -> Self {
        error.0
    }
}

/// Checks that a change found its row. `noun` names the kind of row, such as `associate`.
///
/// # Errors
/// The row does not exist.
pub fn require_found(is_found: bool, noun: &str, name: &str) -> Result<(), CommandError> {
    if is_found { Ok(()) } else { Err(format!("the {noun} '{name}' does not exist").into()) }
}
