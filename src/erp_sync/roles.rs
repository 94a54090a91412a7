//! The rights of callers to the agent's carriers.

use crate::auth::Principal;
use crate::protocol::error::Error;
use crate::protocol::value::{Member, Rights, Role};

/// The two roles of callers towards one carrier: those who may change it and those who may only read it.
#[derive(Debug)]
pub struct Roles {
    editor: Role,
    reader: Role,
}

impl Roles {
    /// Creates the roles for a carrier with these members; `reason` says why readers may not change it.
    #[must_use]
    pub const fn new(members: &'static [Member], reason: &'static str) -> Self {
        Roles { editor: Role::full(members), reader: Role::read(members, reason) }
    }

    /// Returns the rights of `caller`.
    #[must_use]
    pub fn of(&'static self, caller: &Principal) -> Rights {
        if caller.may_change() { self.full() } else { Rights::of(&self.reader) }
    }

    /// Returns the rights of callers who may change everything.
    #[must_use]
    pub const fn full(&'static self) -> Rights {
        Rights::of(&self.editor)
    }
}

/// Refuses callers who may not change connectors and connections; `action` begins the sentence of the error.
///
/// # Errors
/// 403.
pub fn require_right_to_change(caller: &Principal, action: &'static str) -> Result<(), Error> {
    if caller.may_change() {
        return Ok(());
    }
    Err(Error::forbidden(format_args!("{action} is for administrators, and for applications with the grant.")))
}
