//! Messages and the macros that describe them, once each.

use super::description::{MessageDescription, Schema};
use super::reader::{Element, ReadError};
use super::value::Value;
use super::writer::Writer;

/// A message, or a part of one that has members, as `message!` generates it.
pub trait Message: Default {
    /// The name and the members.
    const DESCRIPTION: &'static MessageDescription;

    /// Writes the members, each as an element.
    fn write_members(&self, out: &mut Writer);

    /// Reads a member, or skips an element that is none.
    ///
    /// # Errors
    /// If the member does not fit.
    fn read_member(&mut self, name: &str, element: Element<'_, '_>) -> Result<(), ReadError>;

    /// Returns the text of the member with this name on the wire; `None` if the message has no such member, or the member
    /// is null or no text.
    fn text_member(&self, name: &str) -> Option<&str>;

    /// Adds the secrets in the message to `found`.
    fn secrets<'v>(&'v self, found: &mut Vec<&'v str>);
}

/// Reads a message.
///
/// # Errors
/// If a member does not fit.
pub(super) fn read_message<M: Message>(element: Element<'_, '_>) -> Result<M, ReadError> {
    let mut message = M::default();
    element.children(|name, member| message.read_member(name, member))?;
    Ok(message)
}

impl<M: Message> Value for Option<M> {
    const SCHEMA: Schema = Schema::Message(M::DESCRIPTION);

    fn write(&self, out: &mut Writer) {
        match self {
            Some(message) => message.write_members(out),
            None => out.nil(),
        }
    }

    fn read(element: Element<'_, '_>) -> Result<Self, ReadError> {
        if element.is_nil() { element.skip().map(|()| None) } else { read_message(element).map(Some) }
    }

    fn secrets<'v>(&'v self, found: &mut Vec<&'v str>) {
        if let Some(message) = self {
            message.secrets(found);
        }
    }
}

impl<M: Message> Value for Option<Vec<M>> {
    const SCHEMA: Schema = Schema::MessageList(M::DESCRIPTION);

    fn write(&self, out: &mut Writer) {
        match self {
            Some(items) => {
                for item in items {
                    out.element(M::DESCRIPTION.name, |out| item.write_members(out));
                }
            }
            None => out.nil(),
        }
    }

    fn read(element: Element<'_, '_>) -> Result<Self, ReadError> {
        if element.is_nil() {
            return element.skip().map(|()| None);
        }
        let mut items = Vec::new();
        element.items(|item| {
            items.push(read_message(item)?);
            Ok(())
        })?;
        Ok(Some(items))
    }

    fn secrets<'v>(&'v self, found: &mut Vec<&'v str>) {
        for message in self.iter().flatten() {
            message.secrets(found);
        }
    }
}

/// Defines a message, or a part of one that has members.
///
/// ```text
/// message! {
///     /// A doc comment.
///     pub struct ErpActor: "ErpActorWS" {
///         /// A doc comment of the member.
///         actor_type: String = "ActorType",
///     }
/// }
/// ```
///
/// The members stand in the order in which WCF writes them: those of the vendor's base class first, then alphabetically. A
/// .NET peer ignores a member out of this order without an error. A message is read in any order.
///
/// `extends outcome: Outcome` after the vendor's name adds a field whose members come first. `or VALUE` after a member's
/// name is the value of a member that is absent. `secrets PATH` after the members is a function that adds further secrets.
macro_rules! message {
    (
        $(#[doc = $about:literal])*
        pub struct $message:ident: $message_name:literal $(extends $base:ident: $base_type:ty)? {
            $(
                $(#[doc = $member_about:literal])*
                $member:ident: $type:ty = $name:literal $(or $absent:literal)?,
            )*
        }
        $(secrets $secrets:path)?
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $message {
            $(
                /// The outcome of the call.
                pub $base: $base_type,
            )?
            $(
                $(#[doc = $member_about])*
                pub $member: $type,
            )*
        }

        impl Default for $message {
            fn default() -> Self {
                $message {
                    $($base: Default::default(),)?
                    $($member: $crate::connector::message::message!(@absent $($absent)?),)*
                }
            }
        }

        impl $crate::connector::message::Message for $message {
            const DESCRIPTION: &'static $crate::connector::description::MessageDescription =
                &$crate::connector::description::MessageDescription {
                    name: $message_name,
                    base: $crate::connector::message::message!(@base $($base_type)?),
                    members: &[$(
                        $crate::connector::description::MemberDescription {
                            name: $name,
                            schema: <$type as $crate::connector::value::Value>::SCHEMA,
                        },
                    )*],
                };

            fn write_members(&self, _out: &mut $crate::connector::writer::Writer) {
                $(self.$base.write_members(_out);)?
                $(_out.element($name, |out| $crate::connector::value::Value::write(&self.$member, out));)*
            }

            fn read_member(
                &mut self,
                name: &str,
                element: $crate::connector::reader::Element<'_, '_>,
            ) -> Result<(), $crate::connector::reader::ReadError> {
                $(
                    if name.eq_ignore_ascii_case($name) {
                        self.$member = $crate::connector::value::Value::read(element)?;
                        return Ok(());
                    }
                )*
                $crate::connector::message::message!(@unknown self name element $($base)?)
            }

            fn text_member(&self, _name: &str) -> Option<&str> {
                $(
                    if _name == $name {
                        return $crate::connector::value::Value::as_text(&self.$member);
                    }
                )*
                $crate::connector::message::message!(@text_member self _name $($base)?)
            }

            fn secrets<'v>(&'v self, _found: &mut Vec<&'v str>) {
                $($crate::connector::value::Value::secrets(&self.$member, _found);)*
                $($secrets(self, _found);)?
            }
        }
    };
    (@absent) => { Default::default() };
    (@absent $absent:literal) => { $absent };
    (@base) => { None };
    (@base $base:ty) => { Some(<$base as $crate::connector::message::Message>::DESCRIPTION) };
    (@unknown $self:ident $name:ident $element:ident) => {{
        let _ = $name;
        $element.skip()
    }};
    (@text_member $self:ident $name:ident) => { None };
    (@text_member $self:ident $name:ident $base:ident) => { $self.$base.text_member($name) };
    (@unknown $self:ident $name:ident $element:ident $base:ident) => { $self.$base.read_member($name, $element) };
}
pub(crate) use message;

/// Defines an enumeration of the connector's interface, whose values travel by name. The first value is the default.
macro_rules! wire_enumeration {
    (
        $(#[doc = $about:literal])*
        pub enum $enumeration:ident: $enumeration_name:literal {
            $first:ident = $first_number:literal,
            $($value:ident = $number:literal,)*
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[allow(missing_docs, clippy::allow_attributes, reason = "the names are the vendor's and say it all")]
        pub enum $enumeration {
            #[default]
            $first = $first_number,
            $($value = $number,)*
        }

        impl $enumeration {
            /// All values.
            pub const ALL: &'static [Self] = &[Self::$first, $(Self::$value,)*];

            /// Returns the vendor's number, by which the value is known on the agent's side.
            #[must_use]
            pub fn number(self) -> i16 {
                self as i16
            }

            /// Returns the name on the wire.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    Self::$first => stringify!($first),
                    $(Self::$value => stringify!($value),)*
                }
            }
        }

        impl $crate::connector::value::Value for $enumeration {
            const SCHEMA: $crate::connector::description::Schema = $crate::connector::description::Schema::Enumeration(
                $enumeration_name,
                &[(stringify!($first), $first_number), $((stringify!($value), $number),)*],
            );

            fn write(&self, out: &mut $crate::connector::writer::Writer) {
                out.text(self.name());
            }

            fn read(
                element: $crate::connector::reader::Element<'_, '_>,
            ) -> Result<Self, $crate::connector::reader::ReadError> {
                element.scalar(concat!("a value of ", $enumeration_name), |text| {
                    Self::ALL.iter().find(|value| value.name().eq_ignore_ascii_case(text)).copied()
                })
            }
        }
    };
}
pub(crate) use wire_enumeration;
