//! `TableRight` and `FieldProperties`, which end every carrier of the vendor's.
//!
//! Masks are names of single bits joined by `, `, as the newer of the vendor's two published styles has them; the
//! vendor's TypeScript client splits them, so they are always text.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::carrier::{Carrier, Member};

/// What a caller may do with a row, and with the members of its carrier.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rights(Option<(&'static [Member], Level)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Full,
}

impl Rights {
    /// Everything: an administrator's rights to the rows of `C`.
    #[must_use]
    pub fn full<C: Carrier>() -> Self {
        Rights(Some((C::MEMBERS, Level::Full)))
    }

    /// The right to the row; null where nothing is known, as in a request.
    #[must_use]
    pub fn table_right(&self) -> Option<Right> {
        self.0.map(|(_, level)| match level {
            Level::Full => Right { mask: "Select, Update, Insert, Delete", reason: "" },
        })
    }

    /// The right to each member.
    #[must_use]
    pub fn field_properties(&self) -> FieldProperties {
        FieldProperties(self.0)
    }
}

/// A right and, where it is less than full, the reason.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Right {
    mask: &'static str,
    reason: &'static str,
}

/// The members' rights, types and lengths, by name.
#[derive(Clone, Copy, Debug)]
pub struct FieldProperties(Option<(&'static [Member], Level)>);

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "the names are the vendor's")]
struct FieldProperty {
    field_right: Right,
    field_type: &'static str,
    field_length: u32,
}

impl Serialize for FieldProperties {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some((members, level)) = self.0 else {
            return serializer.serialize_map(Some(0))?.end();
        };
        let field_right = match level {
            Level::Full => Right { mask: "Update", reason: "" },
        };
        let mut map = serializer.serialize_map(Some(members.len()))?;
        for member in members {
            map.serialize_entry(
                member.name,
                &FieldProperty { field_right, field_type: member.field_type, field_length: member.field_length },
            )?;
        }
        map.end()
    }
}
