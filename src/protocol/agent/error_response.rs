//! Errors as responses: the layer that writes their bodies, and their description for the OpenAPI document.

use axum::extract::Request;
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::response::write;
use crate::protocol::error::{Error, ErrorBody};
use crate::protocol::negotiate::negotiate;
use crate::protocol::value::{ValueWriter, WriteContext, WriteValue, schema};
use crate::protocol::write::json as json_format;

/// The header that carries the request's id, in requests and responses.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The message of an internal error, as the vendor's framework has it.
const INTERNAL: &str = "An error has occurred.";

impl WriteValue for ErrorBody {
    const ELEMENT: &'static str = "Error";
    const HAS_NULLS: bool = false;

    fn write<W: ValueWriter>(&self, out: &mut W, _: WriteContext<'_>) {
        out.object(|out| match self {
            ErrorBody::Service { error_type, message, error_source } => {
                out.member("Error", |out| out.boolean(true));
                out.member("ErrorType", |out| out.text(error_type));
                out.member("Message", |out| out.text(message));
                out.member("ErrorSource", |out| out.text(error_source));
            }
            ErrorBody::Framework { message, message_detail } => {
                out.member("Message", |out| out.text(message));
                if let Some(detail) = message_detail {
                    out.member("MessageDetail", |out| out.text(detail));
                }
            }
            ErrorBody::Internal => out.member("Message", |out| out.text(INTERNAL)),
        });
    }
}

/// The outermost layer of the protocol. Writes the body of every [`Error`] in the format that the caller accepts, and
/// adds its [`LogReason`](crate::protocol::error::LogReason) to the response's extensions.
pub async fn write_errors(request: Request, next: Next) -> Response {
    let request_id = request_id(request.headers());
    let format = negotiate(request.headers());
    let mut response = next.run(request).await;
    let Some(error) = response.extensions_mut().remove::<Error>() else { return response };
    let mut written = match error.body() {
        ErrorBody::Internal => write(&internal(request_id.as_deref()), WriteContext::WHOLE, &format),
        body => write(body, WriteContext::WHOLE, &format),
    };
    *written.status_mut() = error.status();
    written.extensions_mut().insert(error.log_reason());
    if let Some((name, value)) = error.header() {
        written.headers_mut().insert(name, value.clone());
    }
    // The headers that inner layers have added stay.
    for (name, value) in response.headers().iter().filter(|(name, _)| **name != CONTENT_LENGTH) {
        written.headers_mut().append(name, value.clone());
    }
    written
}

/// The body of an internal error: the caller gets only the request's id, under which the log has the cause.
fn internal(request_id: Option<&str>) -> ErrorBody {
    ErrorBody::Framework {
        message: INTERNAL.into(),
        message_detail: request_id.map(|id| format!("The server's log has it under {id}.")),
    }
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    headers.get(REQUEST_ID)?.to_str().ok().map(ToOwned::to_owned)
}

/// An example of an error response, for the OpenAPI document.
#[derive(Debug)]
pub struct ErrorExample {
    /// The status.
    pub status: StatusCode,
    body: ErrorBody,
}

impl From<Error> for ErrorExample {
    fn from(error: Error) -> Self {
        ErrorExample { status: error.status(), body: error.body().clone() }
    }
}

impl ErrorExample {
    /// The example of an internal error.
    #[must_use]
    pub fn internal() -> Self {
        let body = internal(Some("0d6e2c1a-5a8e-4c0e-9d0e-1f5f3c9b7a10"));
        ErrorExample { status: StatusCode::INTERNAL_SERVER_ERROR, body }
    }

    /// The body in JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&json_format::write(&self.body, WriteContext::WHOLE)).unwrap_or_default()
    }

    /// The schema of the body.
    #[must_use]
    pub fn schema(&self) -> Value {
        let mut schema = schema::infer(&self.body);
        schema["xml"] = json!({ "name": ErrorBody::ELEMENT });
        let names = schema["properties"].as_object().into_iter().flat_map(Map::keys).cloned();
        schema["required"] = names.filter(|name| name != "MessageDetail").collect();
        schema
    }
}
