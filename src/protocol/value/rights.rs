//! `TableRight` and `FieldProperties`, the last members of every carrier of the vendor's.
//!
//! In JSON a mask is the names of single bits joined by `, `, the newer of the vendor's two published styles. A mask is
//! always a text: the vendor's TypeScript client splits it.

use serde_json::Value;

use super::member::Member;
use super::read::Limit;
use super::schema::{Describe, Schemas, all_nullable, dictionary, infer_content};
use super::write::{Mask, ValueWriter, WriteCache, WriteContext};

/// The caller's rights to a row and to the members of its carrier. The default is unknown rights, as in a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rights(Option<&'static Role>);

/// The rights of one role to one carrier. A role is a static: its `FieldProperties` are written once for each format.
#[derive(Debug)]
pub struct Role {
    members: &'static [Member],
    table: Right,
    field: Right,
    field_properties: WriteCache,
}

impl Role {
    /// The role of an administrator: all rights.
    #[must_use]
    pub const fn full(members: &'static [Member]) -> Self {
        let table = Mask { json: "Select, Update, Insert, Delete", xml: "Select Update Insert Delete" };
        Self::new(members, table, Mask { json: "Update", xml: "Read Write" }, "")
    }

    /// A role that may only read; `reason` says why.
    #[must_use]
    pub const fn read(members: &'static [Member], reason: &'static str) -> Self {
        Self::new(members, Mask { json: "Select", xml: "Select" }, Mask { json: "Read", xml: "Read" }, reason)
    }

    const fn new(members: &'static [Member], table: Mask, field: Mask, reason: &'static str) -> Self {
        let (table, field) = (Right { mask: table, reason }, Right { mask: field, reason });
        Role { members, table, field, field_properties: WriteCache::new() }
    }
}

impl Rights {
    /// The names of the two members.
    pub const MEMBERS: [&str; 2] = ["TableRight", "FieldProperties"];

    /// The rights of a role.
    #[must_use]
    pub const fn of(role: &'static Role) -> Self {
        Rights(Some(role))
    }

    /// Returns the names of the two members with references to their schemas, which have the vendor's names.
    pub(super) fn schemas(schemas: &mut Schemas) -> [(&'static str, Value); 2] {
        const MEMBERS: &[Member] = &[Member {
            name: "Member",
            field_type: "",
            field_length: 0,
            limit: Limit { text: 0, key: 0 },
            about: "",
            schema: String::limited_schema,
        }];
        static ROLE: Role = Role::full(MEMBERS);
        let mut schema = infer_content(|out| {
            out.object(|out| Rights::of(&ROLE).write_members(out, WriteContext::WHOLE));
        });
        let [table_name, fields_name] = Self::MEMBERS;
        let table_right = schema["properties"][table_name].take();
        let mut field = schema["properties"][fields_name]["additionalProperties"].take();
        let field_right = field["properties"]["FieldRight"].take();
        field["properties"]["FieldRight"] = schemas.named("FieldRight", |_| all_nullable(field_right));
        let field = schemas.named("FieldProperty", |_| all_nullable(field));
        [
            (table_name, schemas.named("TableRight", |_| all_nullable(table_right))),
            (fields_name, schemas.named("FieldPropertyDictionary", |_| dictionary(&field))),
        ]
    }

    /// Writes the two members.
    pub fn write_members<W: ValueWriter>(&self, out: &mut W, context: WriteContext<'_>) {
        context.write_member(out, "TableRight", |out, context| match self.0 {
            Some(role) => role.table.write(out, context),
            None => out.null(),
        });
        context.write_member(out, "FieldProperties", |out, context| match self.0 {
            Some(role) => role.write_field_properties(out, context),
            None => out.dictionary(|_| {}),
        });
    }
}

impl Role {
    fn write_field_properties<W: ValueWriter>(&self, out: &mut W, context: WriteContext<'_>) {
        if context.is_whole() {
            // The reasons hold a single language, so the cached bytes are right for every caller.
            out.cached(&self.field_properties, |out| self.write_fields(out, WriteContext::WHOLE));
        } else {
            self.write_fields(out, context);
        }
    }

    fn write_fields<W: ValueWriter>(&self, out: &mut W, context: WriteContext<'_>) {
        out.dictionary(|out| {
            for member in self.members {
                let Some(context) = context.member(member.name) else { continue };
                out.entry("FieldPropertyDictionaryKeyValuePair", member.name, |out| {
                    out.object(|out| {
                        context.write_member(out, "FieldRight", |out, context| self.field.write(out, context));
                        context.write_member(out, "FieldType", |out, _| out.text(member.field_type));
                        context.write_member(out, "FieldLength", |out, _| out.integer(member.field_length));
                    });
                });
            }
        });
    }
}

/// A right and, if it is limited, the reason.
#[derive(Clone, Copy, Debug)]
struct Right {
    mask: Mask,
    reason: &'static str,
}

impl Right {
    fn write<W: ValueWriter>(&self, out: &mut W, context: WriteContext<'_>) {
        out.object(|out| {
            context.write_member(out, "Mask", |out, _| out.mask(self.mask));
            context.write_member(out, "Reason", |out, context| context.write_localized(out, Some(self.reason)));
        });
    }
}
