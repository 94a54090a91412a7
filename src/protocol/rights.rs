//! `TableRight` and `FieldProperties`, which every carrier of the vendor's has.
//!
//! In JSON the masks are names of single bits joined by `, `, as the newer of the vendor's two published styles has
//! them; the vendor's TypeScript client splits them, so they are always text.

use std::sync::OnceLock;

use serde_json::{Map, Value};

use super::carrier::Member;
use super::read::Limit;
use super::schema::{Describe, dictionary, inferred};
use super::write::{Mask, Prepared, View, Writer};
use super::{json, xml};

/// What a caller may do with a row, and with the members of its carrier; the default is that nothing is known, as in
/// a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rights(Option<&'static Role>);

/// The rights of one kind of caller to one carrier, written once and used again for every answer.
#[derive(Debug)]
pub struct Role {
    members: &'static [Member],
    table: Right,
    field: Right,
    field_properties: OnceLock<Prepared>,
}

impl Role {
    /// May do everything: an administrator.
    #[must_use]
    pub const fn full(members: &'static [Member]) -> Self {
        let table = Mask { json: "Select, Update, Insert, Delete", xml: "Select Update Insert Delete" };
        Self::new(members, table, Mask { json: "Update", xml: "Read Write" }, "")
    }

    /// May read, for `reason` no more.
    #[must_use]
    pub const fn read(members: &'static [Member], reason: &'static str) -> Self {
        Self::new(members, Mask { json: "Select", xml: "Select" }, Mask { json: "Read", xml: "Read" }, reason)
    }

    const fn new(members: &'static [Member], table: Mask, field: Mask, reason: &'static str) -> Self {
        let (table, field) = (Right { mask: table, reason }, Right { mask: field, reason });
        Role { members, table, field, field_properties: OnceLock::new() }
    }
}

impl Rights {
    /// Those of `role`.
    #[must_use]
    pub const fn of(role: &'static Role) -> Self {
        Rights(Some(role))
    }

    /// What the two members look like, by what is written.
    #[must_use]
    pub fn properties() -> Map<String, Value> {
        const MEMBERS: &[Member] = &[Member {
            name: "Member",
            field_type: "",
            field_length: 0,
            limit: Limit { text: 0, key: 0 },
            about: "",
            schema: String::schema,
        }];
        static ROLE: Role = Role::full(MEMBERS);
        let written =
            json::write_content(|json| json.object(|json| Rights::of(&ROLE).write_members(json, View::WHOLE)));
        let mut schema = inferred(&serde_json::from_slice(&written).unwrap_or_default());
        // The member's name is the key of an entry.
        let entry = schema.pointer_mut("/properties/FieldProperties/properties/Member").map(Value::take);
        if let Some(fields) = schema.pointer_mut("/properties/FieldProperties") {
            *fields = dictionary(&entry.unwrap_or_default());
        }
        match schema.get_mut("properties").map(Value::take) {
            Some(Value::Object(properties)) => properties,
            _ => Map::new(),
        }
    }

    /// Writes the two members.
    pub fn write_members<W: Writer>(&self, out: &mut W, view: View<'_>) {
        view.write_member(out, "TableRight", |out, view| match self.0 {
            Some(role) => role.table.write(out, view),
            None => out.null(),
        });
        view.write_member(out, "FieldProperties", |out, view| match self.0 {
            Some(role) => role.write_field_properties(out, view),
            None => out.dictionary(|_| {}),
        });
    }
}

impl Role {
    fn write_field_properties<W: Writer>(&self, out: &mut W, view: View<'_>) {
        if !view.is_whole() {
            return self.write_fields(out, view);
        }
        // The reasons hold a single language, so that what was written once is right for every caller.
        out.prepared(self.field_properties.get_or_init(|| Prepared {
            json: json::write_content(|json| self.write_fields(json, View::WHOLE)),
            xml: xml::write_content(|xml| self.write_fields(xml, View::WHOLE)),
        }));
    }

    fn write_fields<W: Writer>(&self, out: &mut W, view: View<'_>) {
        out.dictionary(|out| {
            for member in self.members {
                let Some(view) = view.member(member.name) else { continue };
                out.entry("FieldPropertyDictionaryKeyValuePair", member.name, |out| {
                    out.object(|out| {
                        view.write_member(out, "FieldRight", |out, view| self.field.write(out, view));
                        view.write_member(out, "FieldType", |out, _| out.text(member.field_type));
                        view.write_member(out, "FieldLength", |out, _| out.integer(member.field_length));
                    });
                });
            }
        });
    }
}

/// A right and, where it is less than full, the reason.
#[derive(Clone, Copy, Debug)]
struct Right {
    mask: Mask,
    reason: &'static str,
}

impl Right {
    fn write<W: Writer>(&self, out: &mut W, view: View<'_>) {
        out.object(|out| {
            view.write_member(out, "Mask", |out, _| out.mask(self.mask));
            view.write_member(out, "Reason", |out, view| view.write_localized(out, Some(self.reason)));
        });
    }
}
