//! The vendor's word for an object that travels: a carrier.
//!
//! A carrier is described once, with [`carrier!`](crate::carrier), and everything follows from it: reading with
//! names in any letter case (the vendor's own TypeScript client sends camelCase), writing in PascalCase and in the
//! vendor's order, `$select`, the caller's language, the columns' limits, `FieldProperties`, and the OpenAPI document's
//! schema.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::At;
use super::read::{Limit, Read, Scalar, Shape, expects, read_shape};
use super::schema::{Describe, Schema};

/// A member of a carrier, as `FieldProperties` describes it.
#[derive(Debug)]
pub struct Member {
    /// The name on the wire.
    pub name: &'static str,
    /// The .NET name of its type.
    pub field_type: &'static str,
    /// Bytes of a number, characters of a text, 0 for lists and dictionaries.
    pub field_length: i32,
    /// What its column takes.
    pub limit: Limit,
    /// What it is, in words.
    pub about: &'static str,
    /// What its values look like.
    pub schema: Schema,
}

/// What [`carrier!`](crate::carrier) gives a type.
pub trait Carrier: Default + Describe {
    /// The members, in the vendor's order, less `TableRight` and `FieldProperties`.
    const MEMBERS: &'static [Member];
    /// The name of a list of them in XML.
    const ARRAY: &'static str;
    /// The .NET name of the type.
    const TYPE: &'static str;
    /// The same of a list of them.
    const LIST_TYPE: &'static str;

    /// Reads the value of the member called `name` in any letter case; false where there is none.
    ///
    /// # Errors
    /// Those of the value.
    fn read_member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A, at: &At<'_>) -> Result<bool, A::Error>;

    /// Checks every member against its column's limits.
    ///
    /// # Errors
    /// One line that names the first property that breaks its limit.
    fn check_members(&self, at: &At<'_>) -> Result<(), String>;
}

impl<C: Carrier> Read for Option<C> {
    const TYPE: &'static str = C::TYPE;
    const SIZE: i32 = 0;

    fn read<'de, D: Deserializer<'de>>(source: D, at: &At<'_>) -> Result<Self, D::Error> {
        read_shape::<Nullable<C>, D>(source, at).map(|read| read.0)
    }

    fn check(&self, _: Limit, at: &At<'_>) -> Result<(), String> {
        self.as_ref().map_or(Ok(()), |carrier| carrier.check_members(at))
    }
}

impl<C: Carrier> Shape for Option<Vec<C>> {
    const EXPECTED: &'static str = "a list of objects";
    const HINT: &'static str = expects::LIST;

    fn from_scalar(scalar: &Scalar<'_>) -> Option<Self> {
        matches!(scalar, Scalar::Null).then_some(None)
    }

    fn from_list<'de, A: SeqAccess<'de>>(mut list: A, at: &At<'_>) -> Result<Self, A::Error> {
        let mut items = Vec::new();
        loop {
            let at = At::Item(at, items.len());
            match list.next_element_seed(seed::<Option<C>>(&at))? {
                Some(Some(item)) => items.push(item),
                Some(None) => return Err(A::Error::custom(format_args!("{at}: expected an object, found null"))),
                None => return Ok(Some(items)),
            }
        }
    }
}

impl<C: Carrier> Read for Option<Vec<C>> {
    const TYPE: &'static str = C::LIST_TYPE;
    const SIZE: i32 = 0;

    fn read<'de, D: Deserializer<'de>>(source: D, at: &At<'_>) -> Result<Self, D::Error> {
        read_shape(source, at)
    }

    fn check(&self, _: Limit, at: &At<'_>) -> Result<(), String> {
        let mut items = self.iter().flatten().enumerate();
        items.try_for_each(|(index, item)| item.check_members(&At::Item(at, index)))
    }
}

/// A carrier or null. Not implemented for the option itself, whose shapes are those of the other types.
struct Nullable<C>(Option<C>);

impl<C: Carrier> Shape for Nullable<C> {
    const EXPECTED: &'static str = "an object";
    const HINT: &'static str = expects::CARRIER;

    fn from_scalar(scalar: &Scalar<'_>) -> Option<Self> {
        matches!(scalar, Scalar::Null).then_some(Nullable(None))
    }

    // Unknown members are ignored, and the last of two of one name wins, as on the vendor's server.
    fn from_object<'de, A: MapAccess<'de>>(mut object: A, at: &At<'_>) -> Result<Self, A::Error> {
        let mut carrier = C::default();
        while let Some(Name(name)) = object.next_key_seed(NameSeed)? {
            if !carrier.read_member(&name, &mut object, at)? {
                object.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Nullable(Some(carrier)))
    }
}

/// A member's name, borrowed from the body where it can be.
struct Name<'de>(Cow<'de, str>);

struct NameSeed;

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = Name<'de>;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Self::Value, D::Error> {
        source.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for NameSeed {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a property name")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Name(Cow::Borrowed(name)))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Name(Cow::Owned(name.to_owned())))
    }
}

/// Describes a carrier: each member's Rust name, type, name on the wire and, where the column sets one, its limit
/// (`[254]` for a text, `[254 => 1023]` for the keys and values of a dictionary). A text that ends with
/// `multi_language` is shown in the caller's language.
///
/// With `rights` at its end the carrier has the vendor's `TableRight` and `FieldProperties` as its last members:
/// written from the field `rights`, ignored in a request.
#[macro_export]
macro_rules! carrier {
    (
        $(#[doc = $about:literal])*
        pub struct $carrier:ident {
            $(
                $(#[doc = $member_about:literal])*
                $member:ident: $type:ty = $name:literal
                    $([$limit:literal $(=> $value_limit:literal)?])? $($kind:ident)?,
            )*
        }
        $($rights:ident)?
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug, Default)]
        #[allow(clippy::struct_field_names, clippy::allow_attributes, reason = "the names are the vendor's")]
        pub struct $carrier {
            $(
                $(#[doc = $member_about])*
                pub $member: $type,
            )*
            $(
                /// What the caller may do with it.
                pub $rights: $crate::protocol::rights::Rights,
            )?
        }

        impl $crate::protocol::carrier::Carrier for $carrier {
            const MEMBERS: &'static [$crate::protocol::carrier::Member] = &[$(
                $crate::protocol::carrier::Member {
                    name: $name,
                    field_type: <$type as $crate::protocol::Read>::TYPE,
                    field_length: <$type as $crate::protocol::Read>::SIZE
                        $(+ $crate::carrier!(@length $limit $($value_limit)?))?,
                    limit: $crate::carrier!(@limit $($limit $($value_limit)?)?),
                    about: concat!($($member_about),*),
                    schema: <$type as $crate::protocol::schema::Describe>::schema,
                },
            )*];

            const ARRAY: &'static str = concat!("ArrayOf", stringify!($carrier));
            const TYPE: &'static str = concat!("SuperOffice.CRM.Services.", stringify!($carrier));
            const LIST_TYPE: &'static str = concat!("SuperOffice.CRM.Services.", stringify!($carrier), "[]");

            fn read_member<'de, A: ::serde::de::MapAccess<'de>>(
                &mut self,
                name: &str,
                map: &mut A,
                at: &$crate::protocol::At<'_>,
            ) -> Result<bool, A::Error> {
                $(
                    if name.eq_ignore_ascii_case($name) {
                        let at = $crate::protocol::At::Member(at, $name);
                        self.$member = map.next_value_seed($crate::protocol::carrier::seed(&at))?;
                        return Ok(true);
                    }
                )*
                Ok(false)
            }

            fn check_members(&self, at: &$crate::protocol::At<'_>) -> Result<(), String> {
                $(
                    $crate::protocol::Read::check(
                        &self.$member,
                        $crate::carrier!(@limit $($limit $($value_limit)?)?),
                        &$crate::protocol::At::Member(at, $name),
                    )?;
                )*
                Ok(())
            }
        }

        impl $crate::protocol::schema::Describe for $carrier {
            fn schema(schemas: &mut $crate::protocol::schema::Schemas) -> ::serde_json::Value {
                const HAS_RIGHTS: bool = false $(|| !stringify!($rights).is_empty())?;
                schemas.carrier::<Self>(stringify!($carrier), concat!($($about),*), HAS_RIGHTS)
            }
        }

        impl $crate::protocol::write::Write for $carrier {
            const ELEMENT: &'static str = stringify!($carrier);

            fn write<W: $crate::protocol::write::Writer>(
                &self,
                out: &mut W,
                view: $crate::protocol::write::View<'_>,
            ) {
                out.object(|out| {
                    $(if W::RIGHTS_FIRST {
                        self.$rights.write_members(out, view);
                    })?
                    $(view.write_member(out, $name, |out, view| {
                        $crate::carrier!(@write self.$member, out, view $(, $kind)?);
                    });)*
                    $(if !W::RIGHTS_FIRST {
                        self.$rights.write_members(out, view);
                    })?
                });
            }
        }
    };
    (@write $value:expr, $out:ident, $view:ident) => { $crate::protocol::write::Write::write(&$value, $out, $view) };
    (@write $value:expr, $out:ident, $view:ident, multi_language) => {
        $view.write_localized($out, $value.as_deref())
    };
    (@length $key:literal $value:literal) => { 0 };
    (@length $text:literal) => { $text };
    (@limit) => { $crate::protocol::carrier::limit(0, 0) };
    (@limit $text:literal) => { $crate::protocol::carrier::limit(0, $text) };
    (@limit $key:literal $value:literal) => { $crate::protocol::carrier::limit($key, $value) };
}

/// For [`carrier!`](crate::carrier): the reader of the value at `at`.
#[doc(hidden)]
#[must_use]
pub fn seed<'p, T>(at: &'p At<'p>) -> super::read::Seed<'p, T> {
    super::read::Seed::new(at)
}

/// For [`carrier!`](crate::carrier): the limit of a member.
#[doc(hidden)]
#[must_use]
pub const fn limit(key: i32, text: i32) -> Limit {
    Limit { text, key }
}
