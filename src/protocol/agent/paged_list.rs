//! Lists that are read page by page.

use std::pin::Pin;

use futures_util::stream::{Stream, StreamExt};

use crate::protocol::error::Error;

/// The pages of a list.
pub type Pages<C> = Pin<Box<dyn Stream<Item = Result<Vec<C>, Error>> + Send>>;

/// A list of carriers as the result of a rule. A list of several pages is streamed: a page is read when the client has
/// received the ones before it, so that the memory of a response is that of a page.
pub struct PagedList<C> {
    pub(super) first: Vec<C>,
    pub(super) further: Option<Pages<C>>,
}

impl<C: Send + 'static> PagedList<C> {
    /// Creates a list of one page.
    #[must_use]
    pub fn complete(items: Vec<C>) -> Self {
        PagedList { first: items, further: None }
    }

    /// Creates a list of several pages. An error in `further` aborts the response, of which a part has been sent then.
    #[must_use]
    pub fn streamed(first: Vec<C>, further: impl Stream<Item = Result<Vec<C>, Error>> + Send + 'static) -> Self {
        PagedList { first, further: Some(further.boxed()) }
    }
}
