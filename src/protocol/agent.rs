//! How a method of an agent becomes a route: the same way for every method.

use std::future::Future;

use axum::Router;
use axum::extract::{Extension, OriginalUri, State};
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;

use super::body::{Answer, Asked, Input, Reply};
use super::error::Error;
use super::operation::Operation;
use super::write::{View, Write, Writer};

/// The routes of one agent. `S` is what its rules work with, `P` who calls.
pub struct Agent<S> {
    name: &'static str,
    routes: Router<S>,
    methods: Vec<(String, String)>,
    operations: Vec<Operation>,
}

impl<S: Clone + Send + Sync + 'static> Agent<S> {
    /// An agent without methods, below `/api/v1/Agents/<name>`.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Agent { name, routes: Router::new(), methods: Vec::new(), operations: Vec::new() }
    }

    /// Adds a method: POST runs `rule`, GET describes the call with `summary`, anything else is refused.
    ///
    /// `P` is put into the request by the layer that authorizes it, below which the routes must stand.
    #[must_use]
    pub fn method<P, I, T, F, R>(self, name: &'static str, summary: &'static str, rule: F) -> Self
    where
        P: Clone + Send + Sync + 'static,
        I: Input + Send + 'static,
        T: Answer,
        F: Fn(S, P, I) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Result<T, Error>> + Send,
    {
        let run = move |State(state): State<S>, Extension(caller): Extension<P>, asked: Asked<I>| async move {
            let answer = rule(state, caller, asked.request).await?;
            Ok::<Response, Error>(answer.answer(&asked.reply))
        };
        self.described(Operation::of::<I, T>(name, summary)).route(
            name,
            summary.to_owned(),
            MethodRouter::new().post(run),
        )
    }

    /// Adds a method that the vendor has and this program has not: POST is refused with 501.
    #[must_use]
    pub fn not_yet(self, name: &'static str, summary: &'static str) -> Self {
        let refuse = move || async move { Error::not_implemented(name) };
        let summary_now = format!("Not here yet. {summary}");
        self.described(Operation::not_yet(name, summary)).route(name, summary_now, MethodRouter::new().post(refuse))
    }

    /// Keeps what the OpenAPI document says of a method.
    fn described(mut self, operation: Operation) -> Self {
        self.operations.push(operation);
        self
    }

    fn route(mut self, name: &'static str, summary: String, post: MethodRouter<S>) -> Self {
        let path = format!("/api/v1/Agents/{}/{name}", self.name);
        let described = (path.clone(), summary.clone());
        let describe = move |reply: Reply| {
            let answer = reply.with(&Description { path: &described.0, summary: &described.1 });
            async move { answer }
        };
        // The server looks paths up in lower case, as the vendor's takes them in any.
        let route = only("GET, POST", post.get(describe));
        self.routes = self.routes.route(&path.to_ascii_lowercase(), route);
        self.methods.push((path, summary));
        self
    }

    /// The paths of its methods, each with its summary.
    #[must_use]
    pub fn methods(&self) -> &[(String, String)] {
        &self.methods
    }

    /// Its methods, as the OpenAPI document describes them.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The routes, lower case.
    pub fn routes(self) -> Router<S> {
        self.routes
    }
}

/// What a GET is told of a method, in the shape of the vendor's list of all of them.
struct Description<'d> {
    path: &'d str,
    summary: &'d str,
}

impl Write for Description<'_> {
    const ELEMENT: &'static str = "StringDictionary";

    fn write<W: Writer>(&self, out: &mut W, _: View<'_>) {
        out.dictionary(|out| {
            out.entry("StringKeyValuePair", self.path, |out| {
                out.dictionary(|out| out.entry("StringKeyValuePair", "POST", |out| out.text(self.summary)));
            });
        });
    }
}

/// A route that refuses every method but `allowed`, as the vendor's framework does; HEAD, which would be answered like
/// GET, too, unless it is among them.
pub fn only<S: Clone + Send + Sync + 'static>(allowed: &'static str, route: MethodRouter<S>) -> MethodRouter<S> {
    let refuse = move |method: Method| async move { Error::no_such_method(&method, allowed) };
    let route = if allowed.contains("HEAD") { route } else { route.head(refuse) };
    route.fallback(refuse)
}

/// For paths that nothing answers.
pub async fn no_such_path(OriginalUri(uri): OriginalUri) -> Response {
    Error::no_such_path(&uri).into_response()
}
