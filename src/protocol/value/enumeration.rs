//! The vendor's enumerations: names on the wire, numbers in the database.
//!
//! A request may give a value as its name, in any letter case, or as its number. The error for any other value lists the
//! names.

use serde::de::{Deserializer, SeqAccess};
use serde_json::{Value, json};

use super::read::{FromShape, ReadValue, Scalar, ValueSeed, hint, read_from_shape};
use super::schema::{Describe, Schemas, list, nullable};
use super::write::{ValueWriter, WriteContext, WriteValue};
use crate::protocol::path::Path;

/// An enumeration, as [`enumeration!`](crate::enumeration) generates it. The default, which `null` is read as, is the
/// first value.
pub trait Enumeration: Copy + Default + PartialEq + 'static {
    /// The vendor's name of the enumeration.
    const NAME: &'static str;
    /// The .NET name of the enumeration, for `FieldProperties`.
    const TYPE: &'static str;
    /// The .NET name of a list of its values.
    const LIST_TYPE: &'static str;
    /// The XML element of a list of its values.
    const ARRAY: &'static str;
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

/// A list of an enumeration's values. A type of its own, since a `Vec` is a list of carriers.
#[derive(Clone, Debug)]
pub struct EnumerationList<E>(pub Vec<E>);

impl<E: Enumeration> FromShape for Option<EnumerationList<E>> {
    const EXPECTED: &'static str = "a list";
    const HINT: &'static str = hint::LIST;

    fn from_scalar(scalar: &Scalar<'_>) -> Option<Self> {
        matches!(scalar, Scalar::Null).then_some(None)
    }

    fn from_list<'de, A: SeqAccess<'de>>(mut list: A, path: &Path<'_>) -> Result<Self, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(ValueSeed::new(&Path::Item(path, items.len())))? {
            items.push(item);
        }
        Ok(Some(EnumerationList(items)))
    }
}

impl<E: Enumeration> ReadValue for Option<EnumerationList<E>> {
    const TYPE: &'static str = E::LIST_TYPE;
    const SIZE: i32 = 0;

    fn read<'de, D: Deserializer<'de>>(source: D, path: &Path<'_>) -> Result<Self, D::Error> {
        read_from_shape(source, path)
    }
}

impl<E: Enumeration> WriteValue for Option<EnumerationList<E>> {
    const ELEMENT: &'static str = E::ARRAY;

    fn write<W: ValueWriter>(&self, out: &mut W, context: WriteContext<'_>) {
        match self {
            Some(EnumerationList(items)) => {
                out.carrier_list(E::ELEMENT, items, |out, item| item.write(out, context));
            }
            None => out.null(),
        }
    }
}

impl<E: Enumeration> Describe for Option<EnumerationList<E>> {
    fn schema(schemas: &mut Schemas) -> Value {
        nullable(list(E::schema(schemas), E::NAME))
    }
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
            const LIST_TYPE: &'static str = concat!("SuperOffice.CRM.Services.", stringify!($name), "[]");
            const ARRAY: &'static str = concat!("ArrayOf", stringify!($name));
            const EXPECTED: &'static str =
                concat!("one of ", stringify!($first) $(, ", ", stringify!($value))*);
            const ALL: &'static [(&'static str, Self)] =
                &[(stringify!($first), Self::$first) $(, (stringify!($value), Self::$value))*];

            fn number(self) -> i16 {
                self as i16
            }
        }
    };
}
