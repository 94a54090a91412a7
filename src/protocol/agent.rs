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

/// The routes of an agent's methods, by what must stand before them.
#[derive(Clone)]
pub struct Routes<S> {
    /// Those whose caller must be known for certain.
    pub certain: Router<S>,
    /// Those whose statement checks the caller's rights.
    pub checking: Router<S>,
}

/// The routes of one agent. `S` is what its rules work with, `P` who calls.
pub struct Agent<S> {
    name: &'static str,
    routes: Routes<S>,
    methods: Vec<(String, String)>,
    operations: Vec<Operation>,
}

impl<S: Clone + Send + Sync + 'static> Agent<S> {
    /// An agent without methods, below `/api/v1/Agents/<name>`.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        let routes = Routes { certain: Router::new(), checking: Router::new() };
        Agent { name, routes, methods: Vec::new(), operations: Vec::new() }
    }

    /// Adds a method: POST runs `rule`, GET describes the call with `summary`, anything else is refused.
    ///
    /// `P` is put into the request by the layer that authorizes it, below which the routes must stand.
    #[must_use]
    pub fn method<P, I, T, F, R>(mut self, name: &'static str, summary: &'static str, rule: F) -> Self
    where
        P: Clone + Send + Sync + 'static,
        I: Input + Send + 'static,
        T: Answer,
        F: Fn(S, P, I) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Result<T, Error>> + Send,
    {
        self.operations.push(Operation::of::<I, T>(name, summary));
        let (path, route) = self.route(name, summary.to_owned(), run(rule));
        self.routes.certain = self.routes.certain.route(&path, route);
        self
    }

    /// The same for a rule whose statement checks the caller's rights.
    #[must_use]
    pub fn checking<P, I, T, F, R>(mut self, name: &'static str, summary: &'static str, rule: F) -> Self
    where
        P: Clone + Send + Sync + 'static,
        I: Input + Send + 'static,
        T: Answer,
        F: Fn(S, P, I) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Result<T, Error>> + Send,
    {
        self.operations.push(Operation::of::<I, T>(name, summary));
        let (path, route) = self.route(name, summary.to_owned(), run(rule));
        self.routes.checking = self.routes.checking.route(&path, route);
        self
    }

    /// Adds a method that the vendor has and this program has not: POST is refused with 501.
    #[must_use]
    pub fn not_yet(mut self, name: &'static str, summary: &'static str) -> Self {
        let refuse = move || async move { Error::not_implemented(name) };
        self.operations.push(Operation::not_yet(name, summary));
        let post = MethodRouter::new().post(refuse);
        let (path, route) = self.route(name, format!("Not here yet. {summary}"), post);
        self.routes.certain = self.routes.certain.route(&path, route);
        self
    }

    /// The path and the route of a method. The server looks paths up in lower case, as the vendor's takes them in any.
    fn route(&mut self, name: &'static str, summary: String, post: MethodRouter<S>) -> (String, MethodRouter<S>) {
        let path = format!("/api/v1/Agents/{}/{name}", self.name);
        let lower = path.to_ascii_lowercase();
        self.methods.push((path.clone(), summary.clone()));
        let describe = move |reply: Reply| {
            let answer = reply.with(&Description { path: &path, summary: &summary });
            async move { answer }
        };
        (lower, only("GET, POST", post.get(describe)))
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
    #[must_use]
    pub fn routes(self) -> Routes<S> {
        self.routes
    }
}

/// A POST that runs `rule`.
fn run<S, P, I, T, F, R>(rule: F) -> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
    P: Clone + Send + Sync + 'static,
    I: Input + Send + 'static,
    T: Answer,
    F: Fn(S, P, I) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Result<T, Error>> + Send,
{
    MethodRouter::new().post(
        move |State(state): State<S>, Extension(caller): Extension<P>, asked: Asked<I>| async move {
            let answer = rule(state, caller, asked.request).await?;
            Ok::<Response, Error>(answer.answer(&asked.reply))
        },
    )
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
