//! The routes of an agent: every method becomes a route in the same way.

use std::future::Future;

use axum::Router;
use axum::extract::{Extension, FromRef, OriginalUri, State};
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;

use super::operation::Operation;
use super::request::{AgentRequest, Arguments};
use super::response::{IntoAgentResponse, ResponseFormat};
use crate::protocol::error::Error;
use crate::protocol::rule_error::RuleError;
use crate::protocol::value::{ValueWriter, WriteContext, WriteValue};

/// The routes of an agent's methods, by the authentication that they need.
#[derive(Clone)]
pub struct Routes<S> {
    /// Methods that need an authenticated principal.
    pub authenticated: Router<S>,
    /// Methods that accept a cached principal, as their SQL statement checks the principal's rights.
    pub cached_authentication: Router<S>,
}

/// An agent under construction. `S` is the state of its rules.
pub struct Agent<S> {
    name: &'static str,
    routes: Routes<S>,
    methods: Vec<(String, String)>,
    operations: Vec<Operation>,
}

impl<S: Clone + Send + Sync + 'static> Agent<S> {
    /// Creates an agent without methods, below `/api/v1/Agents/<name>`.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        let routes = Routes { authenticated: Router::new(), cached_authentication: Router::new() };
        Agent { name, routes, methods: Vec::new(), operations: Vec::new() }
    }

    /// Adds a method: POST runs `rule`, GET describes the call with `summary`, any other HTTP method is refused.
    ///
    /// `P` is the principal, an extension of the request. The authentication layer sets it, so the routes must stand
    /// below that layer. `C` is the part of the state that the rule takes.
    #[must_use]
    pub fn method<C, P, I, T, E, F, R>(mut self, name: &'static str, summary: &'static str, rule: F) -> Self
    where
        C: FromRef<S> + Send + 'static,
        P: Clone + Send + Sync + 'static,
        I: Arguments + Send + 'static,
        T: IntoAgentResponse,
        E: RuleError,
        F: Fn(C, P, I) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Result<T, E>> + Send,
    {
        self.operations.push(Operation::of::<I, T, E>(name, summary));
        let (path, route) = self.route(name, summary.to_owned(), post(rule));
        self.routes.authenticated = self.routes.authenticated.route(&path, route);
        self
    }

    /// Adds a method whose SQL statement checks the rights of a cached principal; otherwise the same as
    /// [`Agent::method`].
    #[must_use]
    pub fn cached_authentication_method<C, P, I, T, E, F, R>(
        mut self,
        name: &'static str,
        summary: &'static str,
        rule: F,
    ) -> Self
    where
        C: FromRef<S> + Send + 'static,
        P: Clone + Send + Sync + 'static,
        I: Arguments + Send + 'static,
        T: IntoAgentResponse,
        E: RuleError,
        F: Fn(C, P, I) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Result<T, E>> + Send,
    {
        self.operations.push(Operation::of::<I, T, E>(name, summary));
        let (path, route) = self.route(name, summary.to_owned(), post(rule));
        self.routes.cached_authentication = self.routes.cached_authentication.route(&path, route);
        self
    }

    /// Adds a method of the vendor's that this program does not have yet: POST is refused with 501.
    #[must_use]
    pub fn not_implemented<I: Arguments, T: IntoAgentResponse>(
        mut self,
        name: &'static str,
        summary: &'static str,
    ) -> Self {
        let refuse = move || async move { Error::not_implemented(name) };
        self.operations.push(Operation::not_implemented::<I, T>(name, summary));
        let post = MethodRouter::new().post(refuse);
        let (path, route) = self.route(name, format!("Not implemented yet. {summary}"), post);
        self.routes.authenticated = self.routes.authenticated.route(&path, route);
        self
    }

    /// Returns the path and the route of a method. The path is in lower case, as the server lowers the path of every
    /// request: the vendor's server matches paths without regard to case.
    fn route(&mut self, name: &'static str, summary: String, post: MethodRouter<S>) -> (String, MethodRouter<S>) {
        let path = format!("/api/v1/Agents/{}/{name}", self.name);
        let lower = path.to_ascii_lowercase();
        self.methods.push((path.clone(), summary.clone()));
        let describe = move |format: ResponseFormat| {
            let response = format.write(&Description { path: &path, summary: &summary });
            async move { response }
        };
        (lower, only("GET, POST", post.get(describe)))
    }

    /// The paths of the methods, each with its summary.
    #[must_use]
    pub fn methods(&self) -> &[(String, String)] {
        &self.methods
    }

    /// The methods, as the OpenAPI document describes them.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// Returns the routes, with paths in lower case.
    #[must_use]
    pub fn routes(self) -> Routes<S> {
        self.routes
    }
}

/// Returns the POST handler that runs `rule`.
fn post<S, C, P, I, T, E, F, R>(rule: F) -> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
    C: FromRef<S> + Send + 'static,
    P: Clone + Send + Sync + 'static,
    I: Arguments + Send + 'static,
    T: IntoAgentResponse,
    E: RuleError,
    F: Fn(C, P, I) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Result<T, E>> + Send,
{
    MethodRouter::new().post(
        move |State(state): State<C>, Extension(principal): Extension<P>, request: AgentRequest<I>| async move {
            let AgentRequest { arguments, format } = request;
            let result = rule(state, principal, arguments).await;
            let result = result.map_err(|error| format.localize(error.into_error()))?;
            Ok::<Response, Error>(result.into_agent_response(&format))
        },
    )
}

/// The response to a GET of a method, in the shape of the vendor's list of all methods.
struct Description<'d> {
    path: &'d str,
    summary: &'d str,
}

impl WriteValue for Description<'_> {
    const ELEMENT: &'static str = "StringDictionary";

    fn write<W: ValueWriter>(&self, out: &mut W, _: WriteContext<'_>) {
        out.dictionary(|out| {
            out.entry("StringKeyValuePair", self.path, |out| {
                out.dictionary(|out| out.entry("StringKeyValuePair", "POST", |out| out.text(self.summary)));
            });
        });
    }
}

/// Restricts a route to the `allowed` HTTP methods; any other gets the 405 of the vendor's framework. HEAD, which axum
/// would answer like GET, is refused too unless it is among them.
pub fn only<S: Clone + Send + Sync + 'static>(allowed: &'static str, route: MethodRouter<S>) -> MethodRouter<S> {
    let refuse = move |method: Method| async move { Error::method_not_allowed(&method, allowed) };
    let route = if allowed.contains("HEAD") { route } else { route.head(refuse) };
    route.fallback(refuse)
}

/// The handler of unknown paths.
pub async fn path_not_found(OriginalUri(uri): OriginalUri) -> Response {
    Error::path_not_found(&uri).into_response()
}
