//! The macro that defines a carrier.

/// Defines a carrier.
///
/// ```text
/// carrier! {
///     /// A doc comment of the carrier, which the OpenAPI document shows too.
///     pub struct ErpThing {
///         /// A doc comment of the member, likewise.
///         erp_thing_id: i32 = "ErpThingId",
///         display_name: Option<String> = "DisplayName" [254] multi_language,
///         config_fields: Option<StringDictionary> = "ConfigFields" [254 => 1023],
///     }
///     rights
/// }
/// ```
///
/// A member has a Rust name, a type, the name on the wire and, if its column has one, a length limit: `[254]` for a text,
/// `[254 => 1023]` for the keys and values of a dictionary. The text of a member with `multi_language` is resolved to
/// the caller's language.
///
/// `rights` after the members adds the vendor's `TableRight` and `FieldProperties`: written from the field `rights`,
/// ignored in a request.
///
/// The macro generates the struct, with public fields, and its implementations of
/// [`Carrier`](crate::protocol::value::Carrier), [`WriteValue`](crate::protocol::value::WriteValue) and
/// [`Describe`](crate::protocol::value::Describe).
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
                /// The caller's rights.
                pub $rights: $crate::protocol::value::Rights,
            )?
        }

        impl $crate::protocol::value::Carrier for $carrier {
            const MEMBERS: &'static [$crate::protocol::value::Member] = &[$(
                $crate::protocol::value::Member {
                    name: $name,
                    field_type: <$type as $crate::protocol::value::ReadValue>::TYPE,
                    field_length: <$type as $crate::protocol::value::ReadValue>::SIZE
                        $(+ $crate::carrier!(@field_length $limit $($value_limit)?))?,
                    limit: $crate::carrier!(@limit $($limit $($value_limit)?)?),
                    about: concat!($($member_about),*),
                    schema: <$type as $crate::protocol::value::Describe>::limited_schema,
                },
            )*];

            const ARRAY: &'static str = concat!("ArrayOf", stringify!($carrier));
            const TYPE: &'static str = concat!("SuperOffice.CRM.Services.", stringify!($carrier));
            const LIST_TYPE: &'static str = concat!("SuperOffice.CRM.Services.", stringify!($carrier), "[]");

            fn read_member<'de, A: ::serde::de::MapAccess<'de>>(
                &mut self,
                name: &str,
                map: &mut A,
                path: &$crate::protocol::path::Path<'_>,
            ) -> Result<bool, A::Error> {
                $(
                    if name.eq_ignore_ascii_case($name) {
                        let path = $crate::protocol::path::Path::Member(path, $name);
                        self.$member = map.next_value_seed($crate::protocol::value::read::ValueSeed::new(&path))?;
                        return Ok(true);
                    }
                )*
                Ok(false)
            }

            fn check_members(&self, path: &$crate::protocol::path::Path<'_>) -> Result<(), String> {
                $(
                    $crate::protocol::value::ReadValue::check(
                        &self.$member,
                        $crate::carrier!(@limit $($limit $($value_limit)?)?),
                        &$crate::protocol::path::Path::Member(path, $name),
                    )?;
                )*
                Ok(())
            }
        }

        impl $crate::protocol::value::Describe for $carrier {
            fn schema(schemas: &mut $crate::protocol::value::Schemas) -> ::serde_json::Value {
                const HAS_RIGHTS: bool = false $(|| !stringify!($rights).is_empty())?;
                $crate::protocol::value::carrier::schema::<Self>(
                    schemas,
                    stringify!($carrier),
                    concat!($($about),*),
                    HAS_RIGHTS,
                )
            }
        }

        impl $crate::protocol::value::WriteValue for $carrier {
            const ELEMENT: &'static str = stringify!($carrier);

            fn write<W: $crate::protocol::value::ValueWriter>(
                &self,
                out: &mut W,
                context: $crate::protocol::value::WriteContext<'_>,
            ) {
                out.object(|out| {
                    $(if W::RIGHTS_FIRST {
                        self.$rights.write_members(out, context);
                    })?
                    $(context.write_member(out, $name, |out, context| {
                        $crate::carrier!(@write self.$member, out, context $(, $kind)?);
                    });)*
                    $(if !W::RIGHTS_FIRST {
                        self.$rights.write_members(out, context);
                    })?
                });
            }
        }
    };
    (@write $value:expr, $out:ident, $context:ident) => {
        $crate::protocol::value::WriteValue::write(&$value, $out, $context)
    };
    (@write $value:expr, $out:ident, $context:ident, multi_language) => {
        $context.write_localized($out, $value.as_deref())
    };
    (@field_length $key:literal $value:literal) => { 0 };
    (@field_length $text:literal) => { $text };
    (@limit) => { $crate::protocol::value::Limit { text: 0, key: 0 } };
    (@limit $text:literal) => { $crate::protocol::value::Limit { text: $text, key: 0 } };
    (@limit $key:literal $value:literal) => { $crate::protocol::value::Limit { text: $value, key: $key } };
}
