//! What callers may do with the agent's carriers.

use crate::auth::Principal;
use crate::protocol::error::Error;
use crate::protocol::value::Member;
use crate::protocol::value::{Rights, Role};

/// The rights of both kinds of callers to one carrier.
#[derive(Debug)]
pub struct Roles {
    changer: Role,
    reader: Role,
}

impl Roles {
    /// Those of a carrier with these members; `reason` says why readers may not change it.
    #[must_use]
    pub const fn to(members: &'static [Member], reason: &'static str) -> Self {
        Roles { changer: Role::full(members), reader: Role::read(members, reason) }
    }

    /// Those of `caller`.
    #[must_use]
    pub fn of(&'static self, caller: &Principal) -> Rights {
        if caller.may_change() { self.full() } else { Rights::of(&self.reader) }
    }

    /// Those of callers who may change everything.
    #[must_use]
    pub const fn full(&'static self) -> Rights {
        Rights::of(&self.changer)
    }
}

/// Refuses who may not change connectors and connections; `doing` begins the sentence that says so.
///
/// # Errors
/// 403.
pub fn must_change(caller: &Principal, doing: &str) -> Result<(), Error> {
    if caller.may_change() {
        return Ok(());
    }
    Err(Error::forbidden(format!("{doing} is for administrators, and for applications with the grant.")))
}
