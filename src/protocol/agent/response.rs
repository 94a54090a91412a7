//! The one responder of every agent method: writes a rule's result in the format, selection and language that the
//! request asks for.

use std::convert::Infallible;
use std::future::ready;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::header::{CONTENT_TYPE, VARY};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};

use super::paged_list::PagedList;
use crate::protocol::error::Error;
use crate::protocol::localization::Localization;
use crate::protocol::negotiate::{Negotiated, Syntax, negotiate};
use crate::protocol::select::Selection;
use crate::protocol::value::{Carrier, Describe, ListItem, Schema, WriteContext, WriteValue};
use crate::protocol::write::{ListWriter, json, xml};

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
        let mut response = write(result, self.context(), &self.negotiated);
        self.localization.add_headers(response.headers_mut());
        response
    }

    /// Localizes an error as the response would be.
    pub(super) fn localize(&self, error: Error) -> Error {
        error.localized(|message| self.localization.localize(message).into_owned())
    }

    /// Returns a response that is written while the pages of a list are read.
    fn stream<I: ListItem + Send + 'static>(
        &self,
        pages: impl Stream<Item = Result<Vec<I>, Error>> + Send + 'static,
    ) -> Response {
        let format = self.clone();
        let list = ListWriter::new::<I>(self.negotiated.media_type.syntax);
        let parts = stream::try_unfold(Some((list, Box::pin(pages))), move |state| {
            let format = format.clone();
            async move {
                let Some((mut list, mut pages)) = state else { return Ok(None) };
                Ok::<_, Error>(Some(match pages.try_next().await? {
                    Some(items) => (list.write(&items, format.context()), Some((list, pages))),
                    None => (list.end(), None),
                }))
            }
        });
        let mut response = with_headers(Body::from_stream(parts), &self.negotiated);
        self.localization.add_headers(response.headers_mut());
        response.extensions_mut().insert(Streamed);
        response
    }

    fn context(&self) -> WriteContext<'_> {
        WriteContext::new(&self.selection, &self.localization)
    }
}

/// Marks a response whose body is still being written when its headers are sent. An extension of the response.
#[derive(Clone, Copy, Debug)]
pub struct Streamed;

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

impl<C: Carrier + WriteValue + Send + 'static> IntoAgentResponse for PagedList<C> {
    const SCHEMA: Option<Schema> = Some(<Vec<C>>::schema);

    fn into_agent_response(self, format: &ResponseFormat) -> Response {
        match self.further {
            None => format.write(&self.first),
            Some(further) => format.stream(stream::once(ready(Ok(self.first))).chain(further)),
        }
    }
}

/// Writes `value` in the negotiated format.
pub(super) fn write<T: WriteValue>(value: &T, context: WriteContext<'_>, format: &Negotiated) -> Response {
    let text = match format.media_type.syntax {
        Syntax::Xml => xml::write(value, context),
        Syntax::Json | Syntax::Form => json::write(value, context),
    };
    with_headers(text, format)
}

fn with_headers(body: impl Into<Body>, format: &Negotiated) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, format.media_type.header.clone());
    for name in format.vary {
        response.headers_mut().append(VARY, HeaderValue::from_name(name.clone()));
    }
    response
}
