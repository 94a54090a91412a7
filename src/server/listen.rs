//! Accepting connections, speaking HTTP/1.1 on them, and stopping without dropping a request.

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
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use super::proxies::Proxies;
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

/// What is in front of the router.
pub struct Front {
    /// Speaks TLS, if it does.
    pub tls: Option<TlsAcceptor>,
    /// The proxies that are believed.
    pub proxies: Proxies,
    /// How long it goes on after it was asked to stop.
    pub stop_delay: Duration,
}

/// Lets this process have as many open files as it may: a connection is one.
pub fn allow_open_files() {
    let mut files = getrlimit(Resource::Nofile);
    files.current = files.maximum;
    if let Err(problem) = setrlimit(Resource::Nofile, files) {
        tracing::debug!(%problem, "the limit of open files stays");
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
pub async fn serve(listener: TcpListener, front: Front, app: Router, limits: &Limits, mut stop: Stop) {
    let connections = Arc::new(Semaphore::new(limits.max_connections as usize));
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES);
    let talk = Talk { http, app, proxies: front.proxies, patience: limits.header_timeout, stop: stop.clone() };
    // Ends with its sender: who has not shaken hands by then need not.
    let (listens, listening) = watch::channel(());
    let mut stopped = std::pin::pin!(stop_after(stop.clone(), front.stop_delay));
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &connections) => accepted,
            () = &mut stopped => break,
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
        let (talk, watcher) = (talk.clone(), graceful.watcher());
        let Some(tls) = front.tls.clone() else {
            tokio::spawn(async move {
                talk.with(stream, peer, false, watcher).await;
                drop(permit);
            });
            continue;
        };
        let (time, mut listening) = (limits.header_timeout, listening.clone());
        tokio::spawn(async move {
            let shaken = tokio::select! {
                shaken = tokio::time::timeout(time, tls.accept(stream)) => shaken,
                _ = listening.changed() => return,
            };
            match shaken {
                Ok(Ok(stream)) => talk.with(stream, peer, true, watcher).await,
                Ok(Err(problem)) => tracing::debug!(%peer, %problem, "no TLS"),
                Err(_) => tracing::debug!(%peer, "no TLS in time"),
            }
            drop(permit);
        });
    }
    drop((listener, listens));
    tracing::info!(connections = graceful.count(), "stopping: finishing what is in flight");
    tokio::select! {
        () = graceful.shutdown() => {}
        () = tokio::time::sleep(limits.drain_timeout) => tracing::warn!("stopping: some requests did not finish in time"),
        () = stop.asked(2) => tracing::warn!("stopping at once: asked twice"),
    }
}

/// Waits until it is asked to stop, and then for as long as proxies may need to notice that it is no longer ready.
async fn stop_after(mut stop: Stop, delay: Duration) {
    stop.asked(1).await;
    if !delay.is_zero() {
        tracing::info!(seconds = delay.as_secs_f64(), "stopping: no longer ready, still serving");
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = stop.asked(2) => {}
        }
    }
}

/// What is said on every connection.
#[derive(Clone)]
struct Talk {
    http: http1::Builder,
    app: Router,
    proxies: Proxies,
    /// For a client to read what is written.
    patience: Duration,
    stop: Stop,
}

impl Talk {
    async fn with<S>(self, stream: S, peer: SocketAddr, is_tls: bool, watcher: Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Talk { http, app, proxies, patience, stop } = self;
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request: Request = request.map(axum::body::Body::new);
            let caller = proxies.caller(peer.ip(), is_tls, request.headers());
            request.extensions_mut().insert(caller);
            let (answer, stop) = (app.clone().oneshot(request), stop.clone());
            async move {
                let mut answer = answer.await;
                if let Ok(response) = &mut answer
                    && stop.is_asked()
                {
                    // Else the client might send its next request in the moment in which the connection ends.
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                answer
            }
        });
        // Whoever asks and never reads would keep his connection, and what was to be written to it, for good.
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(patience));
        let stream = Box::pin(stream);
        // A client that hangs up or never finishes its headers is no event of ours.
        if let Err(problem) = watcher.watch(http.serve_connection(TokioIo::new(stream), service)).await {
            tracing::debug!(%peer, %problem, "connection ended");
        }
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
