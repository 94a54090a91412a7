//! Calls of connectors over HTTP.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Certificate;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE as CONTENT_TYPE_HEADER, HeaderMap, HeaderName, LOCATION};
use reqwest::redirect::Policy;

use super::call_record::CallRecord;
use super::deadline::time_left;
use super::envelope::{CONTENT_TYPE, soap_action, write_request};
use super::error::{CallError, Cause};
use super::journal::Journal;
use super::operations::{Operation, SaveConnection};
use super::outbound::OutboundPolicy;
use super::received::{Received, read_result};
use super::redaction::Secrets;
use super::resolver::{Lookup, PolicyResolver};
use super::url::ConnectorUrl;
use super::writer::Writer;

/// The time that an unused connection is kept. Servers close one after 5 seconds at the earliest (Node.js); a call on a
/// connection that is being closed fails, and cannot be repeated safely.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// The number of ports for which clients are kept.
const MAX_CLIENTS: usize = 64;

/// The size of a response beyond which it is read on a thread of its own: reading 64 MiB would delay other requests.
const LARGE_BODY_BYTES: usize = 256 * 1024;

/// The limits and the trust of a [`Client`].
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// The time for a connection, with its TLS handshake.
    pub connect_timeout: Duration,
    /// The time for a whole call.
    pub timeout: Duration,
    /// The size of the largest response, in bytes.
    pub max_response_bytes: usize,
    /// Authorities that may sign a connector's certificate, besides those that the system trusts.
    pub authorities: Vec<Certificate>,
    /// The addresses that may be called.
    pub policy: OutboundPolicy,
    /// The look-up of host names.
    pub lookup: Lookup,
    /// The journal of the calls.
    pub journal: Arc<Journal>,
}

impl Default for ClientOptions {
    fn default() -> Self {
        ClientOptions {
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_mins(1),
            max_response_bytes: 64 * 1024 * 1024,
            authorities: Vec::new(),
            policy: OutboundPolicy::default(),
            lookup: Lookup::default(),
            journal: Arc::default(),
        }
    }
}

/// Calls connectors. Keeps connections open for the next call.
#[derive(Debug)]
pub struct Client {
    options: ClientOptions,
    policy: Arc<OutboundPolicy>,
    /// One HTTP client for each port, as a client's resolver does not learn the port. The server's own connector has a
    /// client of its own.
    clients: Mutex<BTreeMap<(u16, bool), reqwest::Client>>,
}

impl Client {
    /// Creates a client. The certificates that the system trusts are loaded with the first call, unless there are
    /// authorities besides them.
    ///
    /// # Errors
    /// One line if the certificate of an authority is invalid.
    pub fn new(options: ClientOptions) -> Result<Self, String> {
        // Fails where it is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let policy = Arc::new(options.policy.clone());
        let client = Client { options, policy, clients: Mutex::default() };
        if !client.options.authorities.is_empty() {
            client.client_for(443, false).map_err(|problem| problem.to_string())?;
        }
        Ok(client)
    }

    /// Calls an operation. The result's outcome is a success. A call that is dropped is recorded, too.
    ///
    /// # Errors
    /// If the connector cannot be called, its response is not valid, or it reports an error.
    pub async fn call<O: Operation>(&self, url: &ConnectorUrl, request: &O) -> Result<O::Response, CallError> {
        let record = CallRecord::begin(&self.options.journal, url, request);
        let secrets = Secrets::of(request);
        let (result, received, secrets) = match self.exchange_in_time(url, request, &secrets).await {
            Ok(received) => read::<O>(received, secrets).await,
            Err(cause) => (Err(cause), None, secrets),
        };
        let result = result.map_err(|cause| CallError { operation: O::NAME, cause });
        record.end(&result, received.as_ref(), secrets);
        result
    }

    /// Calls an operation of a saved connection. If the connector does not know the connection, `saved` is sent to it, and
    /// the operation is called once more.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn call_saved<O: Operation>(
        &self,
        url: &ConnectorUrl,
        request: &O,
        saved: &SaveConnection,
    ) -> Result<O::Response, CallError> {
        match self.call(url, request).await {
            Err(problem) if problem.is_unknown_connection() => {
                self.call(url, saved).await?;
                self.call(url, request).await
            }
            result => result,
        }
    }

    async fn exchange_in_time<O: Operation>(
        &self,
        url: &ConnectorUrl,
        request: &O,
        secrets: &Secrets,
    ) -> Result<Received, Cause> {
        let limit = time_left(self.options.timeout);
        let exchange = self.exchange(url, request, secrets);
        tokio::time::timeout(limit, exchange).await.unwrap_or(Err(Cause::Timeout(limit)))
    }

    /// Sends a request and receives the response.
    async fn exchange<O: Operation>(
        &self,
        url: &ConnectorUrl,
        request: &O,
        secrets: &Secrets,
    ) -> Result<Received, Cause> {
        self.check_literal(url)?;
        let failed = |problem| Cause::of_client(problem, self.options.connect_timeout);
        let client = self.client_for(url.port(), url.is_own()).map_err(failed)?;
        let mut response = client
            .post(url.as_url().clone())
            .header(CONTENT_TYPE_HEADER, CONTENT_TYPE)
            .header("SOAPAction", soap_action::<O>())
            .body(write_request(request, Writer::default()))
            .send()
            .await
            .map_err(failed)?;
        let status = response.status();
        let header = |name| secrets.redact(&text_of(response.headers(), &name));
        if status.is_redirection() {
            return Err(Cause::Redirect { status: status.as_u16(), location: header(LOCATION) });
        }
        let encoding = header(CONTENT_ENCODING);
        if !matches!(encoding.as_str(), "" | "identity") {
            return Err(Cause::Encoding(encoding));
        }
        let content_type = header(CONTENT_TYPE_HEADER);
        let limit = self.options.max_response_bytes;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > limit {
                return Err(Cause::TooLarge(limit));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Received { status, content_type, body })
    }

    /// Checks the address in a URL that has no host name. Those of host names are checked by the resolver. The server's own
    /// connector may be called whatever addresses others may have.
    fn check_literal(&self, url: &ConnectorUrl) -> Result<(), Cause> {
        if url.is_own() {
            return Ok(());
        }
        let host = url.as_url().host_str().unwrap_or_default();
        let Ok(ip) = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() else { return Ok(()) };
        self.policy.check(host, SocketAddr::new(ip, url.port())).map_err(Cause::Forbidden)
    }

    fn client_for(&self, port: u16, is_own: bool) -> reqwest::Result<reqwest::Client> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&(port, is_own)) {
            return Ok(client.clone());
        }
        let options = &self.options;
        let (lookup, policy) = (options.lookup.clone(), Arc::clone(&self.policy));
        // A proxy would connect to addresses that are not checked, and a redirect could lead away from the connector that
        // the operator has chosen.
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .no_gzip()
            .no_brotli()
            .referer(false)
            .dns_resolver(PolicyResolver { lookup, policy, port })
            .connect_timeout(options.connect_timeout)
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .tls_certs_merge(options.authorities.clone())
            // The server's certificate names its public host, and not the address of its listener, which is what the own
            // connector is called at: the connection does not leave this machine.
            .tls_danger_accept_invalid_certs(is_own)
            .user_agent(concat!("erpsync/", env!("CARGO_PKG_VERSION")))
            .build()?;
        if clients.len() == MAX_CLIENTS {
            clients.pop_first();
        }
        clients.insert((port, is_own), client.clone());
        Ok(client)
    }
}

/// Reads the result in a response, and returns it with the response and the secrets.
async fn read<O: Operation>(
    received: Received,
    secrets: Secrets,
) -> (Result<O::Response, Cause>, Option<Received>, Secrets) {
    let is_large = received.body.len() > LARGE_BODY_BYTES;
    let read = move || (read_result::<O>(&received, &secrets), Some(received), secrets);
    if !is_large {
        return read();
    }
    tokio::task::spawn_blocking(read).await.unwrap_or_else(|problem| resume_unwind(problem.into_panic()))
}

/// Returns the text of a header; empty if the header is absent or no text.
fn text_of(headers: &HeaderMap, name: &HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}
