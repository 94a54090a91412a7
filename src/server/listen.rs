//! Accepting connections, HTTP/1.1 on them, and graceful shutdown.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use super::proxies::TrustedProxies;
use super::shutdown::ShutdownSignal;
use crate::config::Limits;

/// The maximum number of headers of a request.
const MAX_HEADERS: usize = 100;
/// The maximum size of a request's line and headers, in bytes.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// The connections that wait to be accepted at most. The system discards the first packet of a further one, which its
/// client sends again after a second.
const BACKLOG: u32 = 1024;
/// The pause after a connection could not be accepted.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);

/// The configuration of a listener.
pub struct ListenerConfig {
    /// Performs TLS handshakes; `None` for plain HTTP.
    pub tls: Option<TlsAcceptor>,
    /// The proxies whose forwarding headers are trusted.
    pub proxies: TrustedProxies,
    /// How long connections are accepted after the shutdown signal.
    pub stop_delay: Duration,
    /// The limits of connections.
    pub limits: Limits,
}

/// Raises the limit of open files to its maximum, as each connection is one.
pub fn raise_open_file_limit() {
    let mut files = getrlimit(Resource::Nofile);
    files.current = files.maximum;
    if let Err(problem) = setrlimit(Resource::Nofile, files) {
        tracing::debug!(%problem, "the limit of open files cannot be raised");
    }
}

/// Binds a listener to an address.
///
/// # Errors
/// One line with the address, for example where another program uses it.
pub fn bind(address: SocketAddr) -> Result<TcpListener, String> {
    let listener = bound(address).and_then(|socket| socket.listen(BACKLOG));
    listener.map_err(|problem| refusal(address, &problem))
}

/// Refuses an address on which another program listens. The address is free again when the function returns.
///
/// # Errors
/// One line with the address.
pub fn refuse_used(address: SocketAddr) -> Result<(), String> {
    // Without `listen`, so that no client connects to the socket.
    match bound(address) {
        Err(problem) if problem.kind() == ErrorKind::AddrInUse => Err(refusal(address, &problem)),
        // The listener reports other problems.
        _ => Ok(()),
    }
}

fn bound(address: SocketAddr) -> std::io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

fn refusal(address: SocketAddr, problem: &std::io::Error) -> String {
    format!("cannot listen on {address}: {problem}")
}

/// Serves `app` until the shutdown signal, and then finishes the requests in flight, within the limit.
pub async fn serve(listener: TcpListener, config: ListenerConfig, app: Router, mut shutdown: ShutdownSignal) {
    let ListenerConfig { tls, proxies, stop_delay, limits } = config;
    let permits = Arc::new(Semaphore::new(limits.max_connections as usize));
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES);
    let connection =
        Connection { http, app, proxies, write_timeout: limits.header_timeout, shutdown: shutdown.clone() };
    // Closed when the server no longer accepts connections: it aborts the TLS handshakes that are not complete then.
    let (accepting, handshake_abort) = watch::channel(());
    let mut delay_over = std::pin::pin!(wait_to_stop(shutdown.clone(), stop_delay));
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &permits) => accepted,
            () = &mut delay_over => break,
        };
        let (stream, permit) = match accepted {
            Ok(accepted) => accepted,
            Err(problem) => {
                // Usually there are no more file descriptors, until another connection ends.
                tracing::warn!(%problem, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
                continue;
            }
        };
        let Ok(peer) = stream.peer_addr() else { continue };
        // Nagle's algorithm would only delay responses, as each is written at once.
        let _ = stream.set_nodelay(true);
        let (connection, watcher) = (connection.clone(), graceful.watcher());
        let Some(tls) = tls.clone() else {
            tokio::spawn(async move {
                connection.serve(stream, peer, false, watcher).await;
                drop(permit);
            });
            continue;
        };
        let (timeout, mut abort) = (limits.header_timeout, handshake_abort.clone());
        tokio::spawn(async move {
            let handshake = tokio::select! {
                handshake = tokio::time::timeout(timeout, tls.accept(stream)) => handshake,
                _ = abort.changed() => return,
            };
            match handshake {
                Ok(Ok(stream)) => connection.serve(stream, peer, true, watcher).await,
                Ok(Err(problem)) => tracing::debug!(%peer, %problem, "TLS handshake failed"),
                Err(_) => tracing::debug!(%peer, "TLS handshake timed out"),
            }
            drop(permit);
        });
    }
    drop((listener, accepting));
    tracing::info!(connections = graceful.count(), "stopping: finishing what is in flight");
    tokio::select! {
        () = graceful.shutdown() => {}
        () = tokio::time::sleep(limits.drain_timeout) => tracing::warn!("stopping: some requests did not finish in time"),
        () = shutdown.received(2) => tracing::warn!("stopping at once: a second signal was received"),
    }
}

/// Waits for the shutdown signal, and then for the time that proxies need to notice that the server is not ready.
async fn wait_to_stop(mut shutdown: ShutdownSignal, delay: Duration) {
    shutdown.received(1).await;
    if !delay.is_zero() {
        tracing::info!(seconds = delay.as_secs_f64(), "stopping: no longer ready, still serving");
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = shutdown.received(2) => {}
        }
    }
}

/// The service of a connection.
#[derive(Clone)]
struct Connection {
    http: http1::Builder,
    app: Router,
    proxies: TrustedProxies,
    /// How long a client may take to read a part of a response.
    write_timeout: Duration,
    shutdown: ShutdownSignal,
}

impl Connection {
    async fn serve<S>(self, stream: S, peer: SocketAddr, is_tls: bool, watcher: Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Connection { http, app, proxies, write_timeout, shutdown } = self;
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request: Request = request.map(axum::body::Body::new);
            let client = proxies.client(peer.ip(), is_tls, request.headers());
            request.extensions_mut().insert(client);
            let (response, shutdown) = (app.clone().oneshot(request), shutdown.clone());
            async move {
                let mut response = response.await;
                if let Ok(response) = &mut response
                    && shutdown.is_received()
                {
                    // Otherwise the client may send another request while the server closes the connection.
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                response
            }
        });
        // Without a time limit a client that never reads would keep the connection, and the unsent data in memory.
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(write_timeout));
        let stream = Box::pin(stream);
        if let Err(problem) = watcher.watch(http.serve_connection(TokioIo::new(stream), service)).await {
            // Not logged at a higher level, as the client's disconnection or slowness is the cause.
            tracing::debug!(%peer, %problem, "connection ended");
        }
    }
}

/// Accepts a connection once there are fewer than the maximum.
async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, permit))
}
