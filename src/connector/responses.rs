//! The results of operations, and the meaning of their outcome.

use std::fmt;

use super::carriers::{ErpActor, FieldMetadata};
use super::dictionary::Dictionary;
use super::message::{Message, message, wire_enumeration};

wire_enumeration! {
    /// The state of a result. All but `Error` are a success; the explanations then are remarks.
    pub enum ResponseState: "ResponseStateWS" {
        Ok = 0,
        OkWithInfo = 1,
        Warning = 2,
        Error = 3,
    }
}

message! {
    /// The outcome of a call. Operations without a value have it as their result, the others have it in their result.
    pub struct Outcome: "ConnectorResultBaseWS" {
        /// The code of the error, if any; see [`ErrorCode`].
        error_code: Option<String> = "ErrorCode",
        /// Whether the call succeeded. If the member is absent, the state alone decides.
        is_ok: bool = "IsOk" or true,
        /// The state.
        state: ResponseState = "State",
        /// An explanation for the operator, which can name internals of the ERP system.
        tech_explanation: Option<String> = "TechExplanation",
        /// An explanation for users; multi-language.
        user_explanation: Option<String> = "UserExplanation",
    }
}

/// The code of a connector's error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// The connector has lost the settings of the connection, or never had them.
    UnknownConnectionId,
    /// The connector has no such field.
    UnknownFieldKey,
    /// The connector has no such list item.
    UnknownListItemId,
    /// A code of the connector's own.
    Other(String),
}

impl ErrorCode {
    /// Returns the code with this spelling on the wire; `None` if it is blank.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim() {
            "" => None,
            "UNKNOWN_CONNECTION_ID" => Some(ErrorCode::UnknownConnectionId),
            "UNKOWN_FIELDKEY" => Some(ErrorCode::UnknownFieldKey),
            "UNKOWN_LISTITEM_ID" => Some(ErrorCode::UnknownListItemId),
            other => Some(ErrorCode::Other(other.to_owned())),
        }
    }
}

impl fmt::Display for ErrorCode {
    /// Writes the code as it is spelled on the wire; two of the vendor's have a letter missing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ErrorCode::UnknownConnectionId => "UNKNOWN_CONNECTION_ID",
            ErrorCode::UnknownFieldKey => "UNKOWN_FIELDKEY",
            ErrorCode::UnknownListItemId => "UNKOWN_LISTITEM_ID",
            ErrorCode::Other(code) => code,
        })
    }
}

/// An error that a connector reports by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The code, if there is one.
    pub code: Option<ErrorCode>,
    /// The explanation for users; multi-language.
    pub user_explanation: Option<String>,
    /// The explanation for the operator.
    pub tech_explanation: Option<String>,
}

impl Outcome {
    /// Whether the call succeeded: the state is not `Error`, and `IsOk` does not deny it.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.is_ok && self.state != ResponseState::Error
    }

    /// Returns the error, if the call failed.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        (!self.is_success()).then(|| Refusal {
            code: self.error_code.as_deref().and_then(ErrorCode::parse),
            user_explanation: self.user_explanation.clone(),
            tech_explanation: self.tech_explanation.clone(),
        })
    }
}

impl From<Refusal> for Outcome {
    fn from(refusal: Refusal) -> Self {
        Outcome {
            error_code: refusal.code.map(|code| code.to_string()),
            is_ok: false,
            state: ResponseState::Error,
            tech_explanation: refusal.tech_explanation,
            user_explanation: refusal.user_explanation,
        }
    }
}

/// The result of an operation.
pub trait Response: Message + Send + 'static {
    /// Returns the outcome.
    fn outcome(&self) -> &Outcome;

    /// Returns the outcome, to change it.
    fn outcome_mut(&mut self) -> &mut Outcome;
}

impl Response for Outcome {
    fn outcome(&self) -> &Outcome {
        self
    }

    fn outcome_mut(&mut self) -> &mut Outcome {
        self
    }
}

/// Defines the result of an operation that has a value.
macro_rules! response {
    ($(#[doc = $about:literal])* $response:ident: $name:literal { $($members:tt)* }) => {
        message! {
            $(#[doc = $about])*
            pub struct $response: $name extends outcome: Outcome { $($members)* }
        }

        impl Response for $response {
            fn outcome(&self) -> &Outcome {
                &self.outcome
            }

            fn outcome_mut(&mut self) -> &mut Outcome {
                &mut self.outcome
            }
        }
    };
}

response! {
    /// A result with descriptions of fields.
    FieldsResponse: "FieldMetadataInfoArrayPluginResponseWS" {
        /// The fields.
        fields: Option<Vec<FieldMetadata>> = "FieldMetaDataObjects",
    }
}

response! {
    /// A result with texts.
    TextsResponse: "StringArrayPluginResponseWS" {
        /// The texts.
        items: Option<Vec<String>> = "Items",
    }
}

response! {
    /// A result with actors.
    ActorsResponse: "ActorArrayPluginResponseWS" {
        /// The actors.
        actors: Option<Vec<ErpActor>> = "Actors",
    }
}

response! {
    /// A result with one actor.
    ActorResponse: "ActorPluginResponseWS" {
        /// The actor.
        actor: Option<ErpActor> = "Actor",
    }
}

response! {
    /// A result with items of a list: texts by key, multi-language.
    ListItemsResponse: "ListItemArrayPluginResponseWS" {
        /// The items.
        list_items: Option<Dictionary> = "ListItems",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_that_is_no_error_is_a_success_unless_is_ok_denies_it() {
        for (state, is_ok, success) in [
            (ResponseState::Ok, true, true),
            (ResponseState::OkWithInfo, true, true),
            (ResponseState::Warning, true, true),
            (ResponseState::Error, true, false),
            (ResponseState::Ok, false, false),
        ] {
            let outcome = Outcome { is_ok, state, ..Outcome::default() };
            assert_eq!((outcome.is_success(), outcome.refusal().is_none()), (success, success), "{state:?} {is_ok}");
        }
        assert!(Outcome::default().is_success());
    }

    #[test]
    fn error_codes_have_the_vendors_spelling() {
        for code in ["UNKNOWN_CONNECTION_ID", "UNKOWN_FIELDKEY", "UNKOWN_LISTITEM_ID", "MINE"] {
            assert_eq!(ErrorCode::parse(&format!(" {code}\n")).map(|code| code.to_string()).as_deref(), Some(code));
        }
        assert_eq!(ErrorCode::parse(" "), None);
        assert_eq!(ErrorCode::parse("MINE"), Some(ErrorCode::Other("MINE".to_owned())));
    }
}
