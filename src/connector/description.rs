//! Descriptions of operations and messages, as a WSDL document needs them.

/// An operation of `IErpConnectorWS`.
#[derive(Debug, PartialEq, Eq)]
pub struct OperationDescription {
    /// The vendor's name, such as `WSGetActors`.
    pub name: &'static str,
    /// The type of the parameter `request`; `None` if the operation has no parameter.
    pub request: Option<&'static MessageDescription>,
    /// The type of the result.
    pub response: &'static MessageDescription,
}

/// A message, or a part of one that has members.
#[derive(Debug, PartialEq, Eq)]
pub struct MessageDescription {
    /// The vendor's name of the type.
    pub name: &'static str,
    /// The type whose members come first, if any.
    pub base: Option<&'static MessageDescription>,
    /// The members, in the order in which they are written.
    pub members: &'static [MemberDescription],
}

impl MessageDescription {
    /// Returns all members, those of the base first.
    pub fn all_members(&self) -> impl Iterator<Item = &'static MemberDescription> {
        self.base.into_iter().flat_map(|base| base.members).chain(self.members)
    }
}

/// A member of a message.
#[derive(Debug, PartialEq, Eq)]
pub struct MemberDescription {
    /// The name on the wire.
    pub name: &'static str,
    /// The type.
    pub schema: Schema,
}

/// The type of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// `xs:boolean`.
    Boolean,
    /// `xs:int`.
    Integer,
    /// `xs:string`, which can be nil.
    Text,
    /// `ArrayOfstring`, which can be nil.
    TextList,
    /// `ArrayOfKeyValueOfstringstring`, which can be nil.
    Dictionary,
    /// An enumeration: its name, and its values by name and number.
    Enumeration(&'static str, &'static [(&'static str, i16)]),
    /// A message, which can be nil.
    Message(&'static MessageDescription),
    /// A list of messages, which can be nil.
    MessageList(&'static MessageDescription),
}
