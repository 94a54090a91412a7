//! Accepting connections, speaking HTTP/1.1 on them, and stopping without dropping a request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;

use crate::auth::PeerAddress;
use crate::config::Limits;

/// The most headers of a request.
const MAX_HEADERS: usize = 100;
/// The most bytes of a request's line and headers.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Tells whether the server was asked to stop: 0 not, 1 when it is through, 2 at once.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<u8>);

impl Stop {
    /// Asked by SIGTERM, SIGINT, or SIGHUP, as when the terminal goes; a second one is impatient.
    ///
    /// # Errors
    /// One line where signals cannot be received.
    pub fn on_signals() -> Result<Self, String> {
        let signals = |kind| signal(kind).map_err(|problem| format!("cannot receive signals: {problem}"));
        let (mut terminate, mut interrupt) = (signals(SignalKind::terminate())?, signals(SignalKind::interrupt())?);
        let mut hang_up = signals(SignalKind::hangup())?;
        let (asked, stop) = watch::channel(0_u8);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                    _ = hang_up.recv() => {}
                }
                asked.send_modify(|times| *times = times.saturating_add(1));
            }
        });
        Ok(Stop(stop))
    }

    /// Whether it was asked to.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        *self.0.borrow() > 0
    }

    /// Waits until it was asked so many times.
    pub async fn asked(&mut self, times: u8) {
        // The sender lives as long as the process.
        let _ = self.0.wait_for(|asked| *asked >= times).await;
    }
}

/// Takes the address.
///
/// # Errors
/// One line that names it, as where another program has it.
pub async fn open(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|problem| format!("cannot listen on {address}: {problem}"))
}

/// Serves until it is asked to stop, and then finishes what is in flight, within the limit.
pub async fn serve(listener: TcpListener, app: Router, limits: &Limits, mut stop: Stop) {
    let connections = Arc::new(Semaphore::new(limits.max_connections as usize));
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &connections) => accepted,
            () = stop.asked(1) => break,
        };
        let (stream, permit) = match accepted {
            Ok(accepted) => accepted,
            Err(problem) => {
                // Out of file descriptors, as a rule: some will come free.
                tracing::warn!(%problem, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Ok(peer) = stream.peer_addr() else { continue };
        // Answers are written whole: waiting for more to send would only delay them.
        let _ = stream.set_nodelay(true);
        let app = app.clone();
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request: Request = request.map(axum::body::Body::new);
            request.extensions_mut().insert(PeerAddress(peer.ip()));
            app.clone().oneshot(request)
        });
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // A client that hangs up or never finishes its headers is no event of ours.
            if let Err(problem) = connection.await {
                tracing::debug!(%peer, %problem, "connection ended");
            }
            drop(permit);
        });
    }
    drop(listener);
    tracing::info!(connections = graceful.count(), "stopping: finishing what is in flight");
    tokio::select! {
        () = graceful.shutdown() => {}
        () = tokio::time::sleep(limits.drain_timeout) => tracing::warn!("stopping: some requests did not finish in time"),
        () = stop.asked(2) => tracing::warn!("stopping at once: asked twice"),
    }
}

async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(connections).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, permit))
}
