//! A connector on this machine whose responses are given by a test.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::super::url::ConnectorUrl;

/// The reaction of the connector to one request.
pub enum Script {
    /// Sends these bytes and closes the connection.
    Respond(Vec<u8>),
    /// Sends these bytes and keeps the connection for further requests.
    KeepAlive(Vec<u8>),
    /// Sends these bytes and nothing more, without closing the connection.
    Hang(Vec<u8>),
    /// Sends this head, and zeros until the client closes the connection.
    Endless(Vec<u8>),
}

/// A connector that handles each request by a [`Script`].
pub struct FakeConnector {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    scripts: Mutex<Vec<Script>>,
    requests: Mutex<Vec<String>>,
    connections: Mutex<usize>,
}

/// An HTTP response with a body.
pub fn response(status: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// A response of SOAP with status 200.
pub fn soap(body: &[u8]) -> Script {
    Script::KeepAlive(response("200 OK", "text/xml; charset=utf-8", body))
}

impl FakeConnector {
    /// Starts a connector that handles its requests by these scripts, in order.
    pub async fn start(scripts: impl IntoIterator<Item = Script>) -> Self {
        Self::start_with(None, scripts).await
    }

    /// Starts a connector, with TLS if `tls` is given.
    pub async fn start_with(tls: Option<TlsAcceptor>, scripts: impl IntoIterator<Item = Script>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut scripts: Vec<Script> = scripts.into_iter().collect();
        scripts.reverse();
        let shared = Shared { scripts: Mutex::new(scripts), requests: Mutex::default(), connections: Mutex::default() };
        let shared = Arc::new(shared);
        let server = tokio::spawn({
            let shared = Arc::clone(&shared);
            async move {
                loop {
                    let (stream, _) = listener.accept().await.expect("a connection");
                    *shared.connections.lock().expect("no panic") += 1;
                    let (shared, tls) = (Arc::clone(&shared), tls.clone());
                    tokio::spawn(async move {
                        match tls {
                            None => shared.serve(stream).await,
                            Some(tls) => {
                                if let Ok(stream) = tls.accept(stream).await {
                                    shared.serve(stream).await;
                                }
                            }
                        }
                    });
                }
            }
        });
        FakeConnector { address, shared, server }
    }

    pub fn url(&self) -> ConnectorUrl {
        self.url_at("http", &self.address.ip().to_string())
    }

    /// The URL with another scheme and host.
    pub fn url_at(&self, scheme: &str, host: &str) -> ConnectorUrl {
        let url = format!("{scheme}://{host}:{}/ErpConnectorWS.svc?ConnectorName=a", self.address.port());
        ConnectorUrl::parse(&url, |_| None).expect("a URL")
    }

    /// Returns the requests, heads with bodies.
    pub fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().expect("no panic").clone()
    }

    /// Returns the number of accepted connections.
    pub fn connections(&self) -> usize {
        *self.shared.connections.lock().expect("no panic")
    }
}

impl Drop for FakeConnector {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Shared {
    async fn serve(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        while let Some(request) = read_request(&mut stream).await {
            self.requests.lock().expect("no panic").push(request);
            let script = self.scripts.lock().expect("no panic").pop();
            // The client may close the connection at any time.
            match script.expect("a script for each request") {
                Script::KeepAlive(bytes) => {
                    let _ = stream.write_all(&bytes).await;
                }
                Script::Respond(bytes) => {
                    let _ = stream.write_all(&bytes).await;
                    let _ = stream.shutdown().await;
                    return;
                }
                Script::Hang(bytes) => {
                    let _ = stream.write_all(&bytes).await;
                    let _ = stream.read_u8().await;
                    return;
                }
                Script::Endless(head) => {
                    let _ = stream.write_all(&head).await;
                    while stream.write_all(&[b' '; 4096]).await.is_ok() {}
                    return;
                }
            }
        }
    }
}

/// Reads a request with `Content-Length`; `None` if the client closes the connection.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1).expect("a length").split("\r\n").next();
            if body.len() >= length.expect("a length").parse().expect("a number") {
                return Some(text.into_owned());
            }
        }
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.ok()?;
        request.extend_from_slice(&buffer[..read]);
        if read == 0 {
            return None;
        }
    }
}
