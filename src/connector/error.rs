//! The failure of a call.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::envelope::Fault;
use super::outbound::Forbidden;
use super::responses::{ErrorCode, Refusal};

/// The failure of a call. Its `Display` output is for the log: it describes the connector's response and repeats parts of
/// it, without secrets.
#[derive(Debug)]
pub struct CallError {
    /// The operation that was called.
    pub operation: &'static str,
    /// The cause.
    pub cause: Cause,
}

/// The cause of a failure. Texts of the connector are without secrets, and shortened where they are called excerpts.
#[derive(Debug)]
pub enum Cause {
    /// The connector's address must not be called.
    Forbidden(Forbidden),
    /// No connection to the connector: its name is unknown, its port closed, or its certificate not trusted.
    Connect(String),
    /// The connector did not accept the connection in time.
    ConnectTimeout(Duration),
    /// The response did not arrive in time.
    Timeout(Duration),
    /// The connection broke before the response was complete.
    Interrupted(String),
    /// The connector reported an error by itself.
    Refused {
        /// The error, with the user's explanation as it came.
        refusal: Refusal,
        /// The error in a line, without secrets.
        text: String,
    },
    /// The connector responded with a SOAP fault.
    Fault {
        /// The HTTP status, which should be 500.
        status: u16,
        /// The fault.
        fault: Fault,
    },
    /// The connector redirected the call, which is not followed.
    Redirect {
        /// The HTTP status.
        status: u16,
        /// The target without its query, shortened.
        location: String,
    },
    /// The connector responded with an HTTP error that is no SOAP fault.
    Status {
        /// The HTTP status.
        status: u16,
        /// The media type, shortened.
        content_type: String,
        /// The beginning of the body.
        excerpt: String,
    },
    /// The response is an HTML page.
    Html {
        /// The beginning of the page.
        excerpt: String,
    },
    /// The response has no body.
    Empty {
        /// The HTTP status.
        status: u16,
    },
    /// The response is in another charset than UTF-8.
    Charset(String),
    /// The response is compressed, which was not asked for.
    Encoding(String),
    /// The response is larger than this number of bytes.
    TooLarge(usize),
    /// The response is not one to the request.
    Invalid {
        /// The media type, shortened.
        content_type: String,
        /// The reason.
        problem: String,
        /// The beginning of the body.
        excerpt: String,
    },
}

impl CallError {
    /// Whether the connector does not know the connection, so that its settings have to be sent again.
    #[must_use]
    pub fn is_unknown_connection(&self) -> bool {
        self.code() == Some(&ErrorCode::UnknownConnectionId)
    }

    /// Returns the code of an error that the connector reported by itself, if it has one.
    #[must_use]
    pub fn code(&self) -> Option<&ErrorCode> {
        let Cause::Refused { refusal, .. } = &self.cause else { return None };
        refusal.code.as_ref()
    }

    /// Whether the connector was too slow.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self.cause, Cause::ConnectTimeout(_) | Cause::Timeout(_))
    }

    /// Returns the connector's explanation for users, if it gave one. It is part of the response's body.
    #[must_use]
    pub fn user_explanation(&self) -> Option<&str> {
        let Cause::Refused { refusal, .. } = &self.cause else { return None };
        refusal.user_explanation.as_deref().filter(|text| !text.trim().is_empty())
    }

    /// Returns a message for callers that have no right to change connections. It has no part of the response's body, and
    /// no address.
    #[must_use]
    pub fn summary(&self) -> String {
        match &self.cause {
            Cause::Forbidden(_) => "The connector's address is not allowed.".to_owned(),
            Cause::Connect(_) => "The connector cannot be reached.".to_owned(),
            Cause::ConnectTimeout(_) | Cause::Timeout(_) => "The connector did not respond in time.".to_owned(),
            Cause::Interrupted(_) => "The connection to the connector broke.".to_owned(),
            Cause::Refused { .. } | Cause::Fault { .. } => "The connector reported an error.".to_owned(),
            Cause::Redirect { status, .. } | Cause::Status { status, .. } => {
                format!("The connector responded with HTTP status {status}.")
            }
            Cause::Html { .. }
            | Cause::Empty { .. }
            | Cause::Charset(_)
            | Cause::Encoding(_)
            | Cause::TooLarge(_)
            | Cause::Invalid { .. } => "The connector's response is not valid.".to_owned(),
        }
    }

    /// Returns a word for the kind of the failure, for the log and the journal.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.cause {
            Cause::Forbidden(_) => "forbidden",
            Cause::Connect(_) => "connect",
            Cause::ConnectTimeout(_) | Cause::Timeout(_) => "timeout",
            Cause::Interrupted(_) => "interrupted",
            Cause::Refused { .. } => "error",
            Cause::Fault { .. } => "fault",
            Cause::Redirect { .. } | Cause::Status { .. } => "status",
            Cause::Html { .. }
            | Cause::Empty { .. }
            | Cause::Charset(_)
            | Cause::Encoding(_)
            | Cause::TooLarge(_)
            | Cause::Invalid { .. } => "invalid",
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.operation)?;
        match &self.cause {
            Cause::Forbidden(forbidden) => write!(f, "the connector's address {forbidden}"),
            Cause::Connect(problem) => write!(f, "no connection to the connector: {problem}"),
            Cause::ConnectTimeout(limit) => write!(f, "no connection to the connector within {limit:?}"),
            Cause::Timeout(limit) => write!(f, "no complete response within {limit:?}"),
            Cause::Interrupted(problem) => {
                write!(f, "the connection broke before the response was complete: {problem}")
            }
            Cause::Refused { text, .. } => write!(f, "the connector reports an error: {text}"),
            Cause::Fault { status, fault } => {
                write!(f, "SOAP fault \"{}\" with HTTP status {status}: \"{}\"", fault.code, fault.reason)
            }
            Cause::Redirect { status, location } => {
                write!(f, "HTTP status {status} redirects to {location:?}, which is not followed")
            }
            Cause::Status { status, content_type, excerpt } => {
                write!(f, "HTTP status {status} without a SOAP fault; {content_type:?}, \"{excerpt}\"")
            }
            Cause::Html { excerpt } => write!(f, "an HTML page and no SOAP response: \"{excerpt}\""),
            Cause::Empty { status } => write!(f, "a response without a body, with HTTP status {status}"),
            Cause::Charset(name) => write!(f, "a response in {name}; only UTF-8 is read"),
            Cause::Encoding(name) => write!(f, "a response with Content-Encoding {name:?}, which was not asked for"),
            Cause::TooLarge(limit) => write!(f, "a response of more than {limit} bytes"),
            Cause::Invalid { content_type, problem, excerpt } => {
                write!(f, "{problem}; {content_type:?}, \"{excerpt}\"")
            }
        }
    }
}

impl Error for CallError {}

impl Cause {
    /// Returns the cause in an error of the HTTP client. `connect_timeout` is the limit that it has.
    pub(super) fn of_client(problem: reqwest::Error, connect_timeout: Duration) -> Self {
        // The URL may hold a key in its query.
        let problem = problem.without_url();
        if let Some(forbidden) = sources(&problem).find_map(|source| source.downcast_ref::<Forbidden>()) {
            return Cause::Forbidden(forbidden.clone());
        }
        let text = describe_with_sources(&problem);
        match (problem.is_connect(), problem.is_timeout()) {
            (true, true) => Cause::ConnectTimeout(connect_timeout),
            (true, false) => Cause::Connect(text),
            _ => Cause::Interrupted(text),
        }
    }
}

/// Describes an error with its sources, which many errors display without.
pub fn describe_with_sources(problem: &(dyn Error + 'static)) -> String {
    sources(problem).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// An error and its sources, from the outermost inwards.
fn sources<'e>(problem: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(problem), |problem| (*problem).source())
}
