//! A TCP proxy in front of the shared PostgreSQL, which causes network faults.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;

use super::TestDatabase;
use super::postgres::socket_directory;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Forward,
    Slow,
    DropResponses,
    Stalled,
    HalfClosed,
    Refuse,
    Reset,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    ToDatabase,
    ToClient,
}

impl Mode {
    fn forwards(self, direction: Direction) -> bool {
        match self {
            Mode::Forward | Mode::Slow => true,
            Mode::DropResponses => direction == Direction::ToDatabase,
            Mode::Stalled | Mode::HalfClosed | Mode::Refuse | Mode::Reset => false,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct State {
    mode: Mode,
    /// Connections of earlier generations are closed.
    generation: u64,
}

impl State {
    /// Whether a connection of `generation` is closed.
    fn closes(self, generation: u64) -> bool {
        matches!(self.mode, Mode::Refuse | Mode::Reset) || self.generation != generation
    }
}

/// A running proxy.
pub struct Proxy {
    /// The port on the loopback address.
    pub port: u16,
    state: Arc<watch::Sender<State>>,
    to_cut: Arc<AtomicUsize>,
}

impl Proxy {
    /// Starts a proxy without a fault.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(watch::channel(State { mode: Mode::Forward, generation: 0 }).0);
        let to_cut = Arc::new(AtomicUsize::new(0));
        let (watched, cut) = (Arc::clone(&state), Arc::clone(&to_cut));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let cut = cut.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
                if cut.is_err() {
                    tokio::spawn(forward(client, watched.subscribe()));
                }
            }
        });
        Proxy { port, state, to_cut }
    }

    /// Returns the URL for `--database-url`.
    pub fn url(&self, database: &TestDatabase) -> String {
        format!("postgres://erpsync@127.0.0.1:{}/{}?sslmode=disable", self.port, database.name())
    }

    /// Closes every connection and refuses new ones.
    pub fn refuse(&self) {
        self.set(Mode::Refuse);
    }

    /// Closes the next `count` connections as soon as they are accepted.
    pub fn cut_next(&self, count: usize) {
        self.to_cut.store(count, Ordering::Relaxed);
    }

    /// Returns the number of connections that are still to be closed.
    pub fn still_to_cut(&self) -> usize {
        self.to_cut.load(Ordering::Relaxed)
    }

    /// Resets every connection and refuses new ones.
    pub fn reset(&self) {
        self.set(Mode::Reset);
    }

    /// Forwards nothing, and keeps connections open.
    pub fn stall(&self) {
        self.set(Mode::Stalled);
    }

    /// Forwards requests to the database, but none of its responses.
    pub fn drop_responses(&self) {
        self.set(Mode::DropResponses);
    }

    /// Closes every connection once. New connections are forwarded.
    pub fn close_once(&self) {
        self.state.send_modify(|state| *state = State { mode: Mode::Forward, generation: state.generation + 1 });
    }

    /// Closes the direction to the client on every connection, and forwards nothing in the other one.
    pub fn half_close(&self) {
        self.set(Mode::HalfClosed);
    }

    /// Forwards 64 bytes every 20 ms.
    pub fn slow_down(&self) {
        self.set(Mode::Slow);
    }

    /// Ends the fault.
    pub fn restore(&self) {
        self.set(Mode::Forward);
    }

    fn set(&self, mode: Mode) {
        self.state.send_modify(|state| state.mode = mode);
    }
}

async fn forward(client: TcpStream, state: watch::Receiver<State>) {
    let State { mode, generation } = *state.borrow();
    if mode == Mode::Refuse || mode == Mode::Reset {
        return;
    }
    let socket = format!("{}/.s.PGSQL.5432", socket_directory());
    let database = UnixStream::connect(socket).await.unwrap();
    let (mut client_in, client_out) = client.into_split();
    let (database_in, database_out) = database.into_split();
    tokio::select! {
        () = copy(&mut client_in, database_out, state.clone(), generation, Direction::ToDatabase) => {}
        () = copy(database_in, client_out, state.clone(), generation, Direction::ToClient) => {}
    }
    if state.borrow().mode == Mode::Reset {
        let _ = client_in.as_ref().set_zero_linger();
    }
}

/// Copies one direction of a connection until it is closed.
async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut state: watch::Receiver<State>,
    generation: u64,
    direction: Direction,
) {
    let is_half_closed = |state: &State| direction == Direction::ToClient && state.mode == Mode::HalfClosed;
    let mut buffer = [0; 8192];
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => Some(read),
            _ = state.wait_for(|state| state.closes(generation) || is_half_closed(state)) => None,
        };
        let Some(read) = read else {
            let _ = to.shutdown().await;
            // The other direction of a half-closed connection stays open.
            let _ = state.wait_for(|state| state.closes(generation)).await;
            return;
        };
        let Ok(length @ 1..) = read else { return };
        let ready = state.wait_for(|state| state.closes(generation) || state.mode.forwards(direction)).await;
        let Ok(State { mode, .. }) = ready.map(|state| *state) else { return };
        if state.borrow().closes(generation) {
            return;
        }
        let piece_length = if mode == Mode::Slow { 64 } else { length };
        for piece in buffer[..length].chunks(piece_length) {
            if mode == Mode::Slow {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            if to.write_all(piece).await.is_err() {
                return;
            }
        }
    }
}
