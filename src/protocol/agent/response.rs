//! The one responder of every agent method: writes a rule's result in the format, selection and language that the
//! request asks for.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::{CONTENT_TYPE, VARY};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::protocol::localization::Localization;
use crate::protocol::negotiate::{Negotiated, Syntax, negotiate};
use crate::protocol::select::Selection;
use crate::protocol::value::{Describe, Schema, WriteContext, WriteValue};
use crate::protocol::write::{json, xml};

/// The format of a response: media type, selected members, language.
#[derive(Clone, Debug)]
pub struct ResponseFormat {
    negotiated: Negotiated,
    selection: Selection,
    localization: Localization,
}

impl ResponseFormat {
    /// Reads the format from a request's headers and query.
    #[must_use]
    pub fn of_request(request: &Parts) -> Self {
        ResponseFormat {
            negotiated: negotiate(&request.headers),
            selection: request.uri.query().map_or(Selection::All, Selection::of_query),
            localization: Localization::of_headers(&request.headers),
        }
    }

    /// Writes a result as a response.
    #[must_use]
    pub fn write<T: WriteValue>(&self, result: &T) -> Response {
        let context = WriteContext::new(&self.selection, &self.localization);
        let mut response = write(result, context, &self.negotiated);
        self.localization.add_headers(response.headers_mut());
        response
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ResponseFormat {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(ResponseFormat::of_request(parts))
    }
}

/// The result of a rule: a value, or `()`, which becomes 204.
pub trait IntoAgentResponse {
    /// The schema of the value; `None` for a response without a body.
    const SCHEMA: Option<Schema>;

    /// Converts the result into a response.
    fn into_agent_response(self, format: &ResponseFormat) -> Response;
}

impl<T: WriteValue + Describe> IntoAgentResponse for T {
    const SCHEMA: Option<Schema> = Some(T::schema);

    fn into_agent_response(self, format: &ResponseFormat) -> Response {
        format.write(&self)
    }
}

impl IntoAgentResponse for () {
    const SCHEMA: Option<Schema> = None;

    fn into_agent_response(self, _: &ResponseFormat) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

/// Writes `value` in the negotiated format.
pub(super) fn write<T: WriteValue>(value: &T, context: WriteContext<'_>, format: &Negotiated) -> Response {
    let text = match format.media_type.syntax {
        Syntax::Xml => xml::write(value, context),
        Syntax::Json | Syntax::Form => json::write(value, context),
    };
    let mut response = text.into_response();
    response.headers_mut().insert(CONTENT_TYPE, format.media_type.header.clone());
    for name in format.vary {
        response.headers_mut().append(VARY, HeaderValue::from_name(name.clone()));
    }
    response
}
