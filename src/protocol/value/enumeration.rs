//! The vendor's enumerations: names on the wire, numbers in the database.
//!
//! A request may give a value as its name, in any letter case, or as its number. The error for any other value lists the
//! names.

use serde::de::Deserializer;
use serde_json::{Value, json};

use super::read::{FromShape, ReadValue, Scalar, hint, read_from_shape};
use super::schema::{Describe, Schemas, list};
use super::write::{ValueWriter, WriteContext, WriteValue};
use crate::protocol::path::Path;

/// An enumeration, as [`enumeration!`](crate::enumeration) generates it. The default, which `null` is read as, is the
/// first value.
pub trait Enumeration: Copy + Default + PartialEq + 'static {
    /// The vendor's name of the enumeration.
    const NAME: &'static str;
    /// The .NET name of the enumeration, for `FieldProperties`.
    const TYPE: &'static str;
    /// The list of names, for error messages.
    const EXPECTED: &'static str;
    /// Each value with its name.
    const ALL: &'static [(&'static str, Self)];

    /// Returns the number that the database stores.
    fn number(self) -> i16;

    /// Returns the value with this number, or the default if no value has it.
    #[must_use]
    fn of_number(number: i16) -> Self {
        Self::find(|_, value| value.number() == number).unwrap_or_default()
    }

    /// Returns the name on the wire.
    #[must_use]
    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, value)| *value == self).map_or("", |(name, _)| name)
    }

    /// Returns the first value that `matches`.
    #[must_use]
    fn find(matches: impl Fn(&str, Self) -> bool) -> Option<Self> {
        Self::ALL.iter().find(|(name, value)| matches(name, *value)).map(|(_, value)| *value)
    }
}

impl<E: Enumeration> FromShape for E {
    const EXPECTED: &'static str = <E as Enumeration>::EXPECTED;
    const HINT: &'static str = hint::NUMBER;

    fn from_scalar(scalar: &Scalar<'_>) -> Option<Self> {
        let of_number = |number: i64| E::find(|_, value| i64::from(value.number()) == number);
        match scalar {
            Scalar::Null => Some(E::default()),
            Scalar::Integer(number) => of_number(*number),
            Scalar::Text(text) => E::find(|name, _| name.eq_ignore_ascii_case(text.trim()))
                .or_else(|| text.trim().parse().ok().and_then(of_number)),
            Scalar::Bool(_) | Scalar::Number => None,
        }
    }
}

impl<E: Enumeration> ReadValue for E {
    const TYPE: &'static str = E::TYPE;
    const SIZE: i32 = 4;

    fn read<'de, D: Deserializer<'de>>(source: D, path: &Path<'_>) -> Result<Self, D::Error> {
        read_from_shape(source, path)
    }
}

impl<E: Enumeration> WriteValue for E {
    const ELEMENT: &'static str = E::NAME;

    fn write<W: ValueWriter>(&self, out: &mut W, _: WriteContext<'_>) {
        out.text(self.name());
    }
}

impl<E: Enumeration> Describe for E {
    fn schema(schemas: &mut Schemas) -> Value {
        let names: Vec<_> = E::ALL.iter().map(|(name, _)| *name).collect();
        schemas.named(E::NAME, |_| json!({ "type": "string", "enum": names }))
    }
}

/// Writes a list of an enumeration's values.
pub fn write_list<E: Enumeration, W: ValueWriter>(values: &[E], out: &mut W, context: WriteContext<'_>) {
    out.carrier_list(E::ELEMENT, values, |out, value| value.write(out, context));
}

/// Returns the schema of a list of an enumeration's values.
pub fn list_schema<E: Enumeration>(schemas: &mut Schemas) -> Value {
    list(E::schema(schemas), E::NAME)
}

/// Defines an enumeration of the vendor's: each value's name on the wire and its number in the database, the default
/// first.
#[macro_export]
macro_rules! enumeration {
    (
        $(#[$attribute:meta])*
        pub enum $name:ident {
            $(#[$first_attribute:meta])*
            $first:ident = $first_number:literal,
            $($(#[$value_attribute:meta])* $value:ident = $number:literal,)*
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[repr(i16)]
        pub enum $name {
            $(#[$first_attribute])*
            #[default]
            $first = $first_number,
            $($(#[$value_attribute])* $value = $number,)*
        }

        impl $crate::protocol::value::Enumeration for $name {
            const NAME: &'static str = stringify!($name);
            const TYPE: &'static str = concat!("SuperOffice.CRM.Services.", stringify!($name));
            const EXPECTED: &'static str =
                concat!("one of ", stringify!($first) $(, ", ", stringify!($value))*);
            const ALL: &'static [(&'static str, Self)] =
                &[(stringify!($first), Self::$first) $(, (stringify!($value), Self::$value))*];

            fn number(self) -> i16 {
                self as i16
            }
        }

        impl $crate::protocol::value::ListItem for $name {
            type Read = Self;

            const LIST_TYPE: &'static str = concat!("SuperOffice.CRM.Services.", stringify!($name), "[]");
            const LIST_ELEMENT: &'static str = concat!("ArrayOf", stringify!($name));
            const EXPECTED_LIST: &'static str = "a list";
            const EXPECTED_ITEM: &'static str = <Self as $crate::protocol::value::Enumeration>::EXPECTED;

            fn write_list<W: $crate::protocol::value::ValueWriter>(
                items: &[Self],
                out: &mut W,
                context: $crate::protocol::value::WriteContext<'_>,
            ) {
                $crate::protocol::value::enumeration::write_list(items, out, context);
            }

            fn list_schema(schemas: &mut $crate::protocol::value::Schemas) -> ::serde_json::Value {
                $crate::protocol::value::enumeration::list_schema::<Self>(schemas)
            }
        }
    };
}
