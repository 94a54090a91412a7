//! The vendor's enumerations: names on the wire, numbers in the database.
//!
//! A name is taken in any letter case, and so is its number; whatever else is sent is refused with the names.

use serde::de::Deserializer;

use super::At;
use super::read::{Read, Scalar, Shape, expects, read_shape};
use super::write::{View, Write, Writer};

/// What [`enumeration!`](crate::enumeration) gives a type. The default, which `null` stands for, is its first value.
pub trait Enumeration: Copy + Default + PartialEq + 'static {
    /// The vendor's name for it.
    const NAME: &'static str;
    /// The same, as `FieldProperties` has it.
    const TYPE: &'static str;
    /// The names, in words.
    const EXPECTED: &'static str;
    /// Each value with its name.
    const ALL: &'static [(&'static str, Self)];

    /// The number in the database.
    fn number(self) -> i16;

    /// The value of a number; the default where there is none.
    #[must_use]
    fn of_number(number: i16) -> Self {
        Self::of(|_, value| value.number() == number).unwrap_or_default()
    }

    /// The name on the wire.
    #[must_use]
    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, value)| *value == self).map_or("", |(name, _)| name)
    }

    /// The first value that is the one asked for.
    #[must_use]
    fn of(is: impl Fn(&str, Self) -> bool) -> Option<Self> {
        Self::ALL.iter().find(|(name, value)| is(name, *value)).map(|(_, value)| *value)
    }
}

impl<E: Enumeration> Shape for E {
    const EXPECTED: &'static str = <E as Enumeration>::EXPECTED;
    const HINT: &'static str = expects::NUMBER;

    fn from_scalar(scalar: &Scalar<'_>) -> Option<Self> {
        let of_number = |number: i64| E::of(|_, value| i64::from(value.number()) == number);
        match scalar {
            Scalar::Null => Some(E::default()),
            Scalar::Integer(number) => of_number(*number),
            Scalar::Text(text) => E::of(|name, _| name.eq_ignore_ascii_case(text.trim()))
                .or_else(|| text.trim().parse().ok().and_then(of_number)),
            Scalar::Bool(_) | Scalar::Number => None,
        }
    }
}

impl<E: Enumeration> Read for E {
    const TYPE: &'static str = E::TYPE;
    const SIZE: i32 = 4;

    fn read<'de, D: Deserializer<'de>>(source: D, at: &At<'_>) -> Result<Self, D::Error> {
        read_shape(source, at)
    }
}

impl<E: Enumeration> Write for E {
    const ELEMENT: &'static str = E::NAME;

    fn write<W: Writer>(&self, out: &mut W, _: View<'_>) {
        out.text(self.name());
    }
}

/// Describes an enumeration: each value's name on the wire and its number in the database, the default first.
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

        impl $crate::protocol::enumeration::Enumeration for $name {
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
    };
}
