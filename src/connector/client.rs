//! Calls of connectors over HTTP.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE as CONTENT_TYPE_HEADER, HeaderMap, HeaderName, LOCATION};
use reqwest::{Certificate, Url};

use super::call_record::CallRecord;
use super::deadline::time_left;
use super::envelope::{CONTENT_TYPE, soap_action, write_request};
use super::error::{CallError, Cause};
use super::http_clients::HttpClients;
use super::journal::Journal;
use super::operations::{Operation, SaveConnection};
use super::outbound::OutboundPolicy;
use super::received::{EXCERPT_CHARS, Received, read_result};
use super::redaction::Secrets;
use super::resolver::Lookup;
use super::url::ConnectorUrl;
use super::writer::Writer;

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
    timeout: Duration,
    max_response_bytes: usize,
    journal: Arc<Journal>,
    clients: HttpClients,
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
        let ClientOptions { connect_timeout, timeout, max_response_bytes, authorities, policy, lookup, journal } =
            options;
        let has_authorities = !authorities.is_empty();
        let clients = HttpClients::new(connect_timeout, authorities, policy, lookup);
        if has_authorities {
            clients.client(443, false)?;
        }
        Ok(Client { timeout, max_response_bytes, journal, clients })
    }

    /// Calls an operation. The result's outcome is a success. A call that is dropped is recorded, too.
    ///
    /// # Errors
    /// If the connector cannot be called, its response is not valid, or it reports an error.
    pub async fn call<O: Operation>(&self, url: &ConnectorUrl, request: &O) -> Result<O::Response, CallError> {
        self.call_with(url, request, Secrets::of(request)).await
    }

    /// Calls an operation of a saved connection. The connector knows the config fields of `saved`, which its response can
    /// repeat: they are kept out of the journal and of the error.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn call_for<O: Operation>(
        &self,
        url: &ConnectorUrl,
        request: &O,
        saved: &SaveConnection,
    ) -> Result<O::Response, CallError> {
        let mut secrets = Secrets::of(request);
        secrets.add(saved);
        self.call_with(url, request, secrets).await
    }

    async fn call_with<O: Operation>(
        &self,
        url: &ConnectorUrl,
        request: &O,
        mut secrets: Secrets,
    ) -> Result<O::Response, CallError> {
        secrets.add_query(url.as_url());
        let secrets = Arc::new(secrets);
        let record = CallRecord::begin(&self.journal, url, request, Arc::clone(&secrets));
        let (result, received) = match self.exchange_in_time(url, request, &secrets).await {
            Ok(received) => read::<O>(received, secrets).await,
            Err(cause) => (Err(cause), None),
        };
        let result = result.map_err(|cause| CallError { operation: O::NAME, cause });
        record.end(&result, received.as_ref());
        result
    }

    async fn exchange_in_time<O: Operation>(
        &self,
        url: &ConnectorUrl,
        request: &O,
        secrets: &Secrets,
    ) -> Result<Received, Cause> {
        let limit = time_left(self.timeout);
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
        self.clients.check_literal(url).map_err(Cause::Forbidden)?;
        let failed = |problem| Cause::of_client(problem, self.clients.connect_timeout());
        let client = self.clients.client(url.port(), url.is_own()).map_err(Cause::Connect)?;
        let mut response = client
            .post(url.as_url().clone())
            .header(CONTENT_TYPE_HEADER, CONTENT_TYPE)
            .header("SOAPAction", soap_action::<O>())
            .body(write_request(request, Writer::default()))
            .send()
            .await
            .map_err(failed)?;
        let status = response.status();
        let header = |name| text_of(response.headers(), &name);
        if status.is_redirection() {
            let location = secrets.shorten(&without_query(&header(LOCATION)), EXCERPT_CHARS);
            return Err(Cause::Redirect { status: status.as_u16(), location });
        }
        let encoding = header(CONTENT_ENCODING);
        if !matches!(encoding.as_str(), "" | "identity") {
            return Err(Cause::Encoding(secrets.shorten(&encoding, EXCERPT_CHARS)));
        }
        let content_type = header(CONTENT_TYPE_HEADER);
        let limit = self.max_response_bytes;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > limit {
                return Err(Cause::TooLarge(limit));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Received { status, content_type, body })
    }
}

/// Reads the result in a response, and returns it with the response.
async fn read<O: Operation>(
    received: Received,
    secrets: Arc<Secrets>,
) -> (Result<O::Response, Cause>, Option<Received>) {
    let is_large = received.body.len() > LARGE_BODY_BYTES;
    let read = move || (read_result::<O>(&received, &secrets), Some(received));
    if !is_large {
        return read();
    }
    tokio::task::spawn_blocking(read).await.unwrap_or_else(|problem| resume_unwind(problem.into_panic()))
}

/// Returns the text of a header; empty if the header is absent or no text.
fn text_of(headers: &HeaderMap, name: &HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// Returns a URL without its query and without credentials, as both can be secret.
fn without_query(location: &str) -> String {
    match Url::parse(location) {
        Ok(url) => format!("{}{}", url.origin().ascii_serialization(), url.path()),
        // A relative URL.
        Err(_) => location.split(['?', '#']).next().unwrap_or_default().to_owned(),
    }
}
