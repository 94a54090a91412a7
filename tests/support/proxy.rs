//! A TCP door to the tests' PostgreSQL that can be shut, stalled, slowed, muted, cut and more, so that a server loses its
//! database.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;

use super::TestDatabase;
use super::postgres::socket_directory;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    Open,
    Slow,
    Mute,
    Stalled,
    HalfClosed,
    Shut,
    Reset,
}

impl Door {
    /// Whether it lets through, to the database and back.
    fn lets_through(self, back: bool) -> bool {
        match self {
            Door::Open | Door::Slow => true,
            Door::Mute => !back,
            _ => false,
        }
    }
}

/// How the door stands, and how often what went through it was cut.
type State = (Door, u64);

/// The door. Shut, it ends what goes through it and refuses what comes.
pub struct Proxy {
    /// Where it listens, on loopback.
    pub port: u16,
    state: Arc<watch::Sender<State>>,
}

impl Proxy {
    /// An open door.
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(watch::channel((Door::Open, 0)).0);
        let watched = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, watched.subscribe()));
            }
        });
        Proxy { port, state }
    }

    /// For `--database-url`.
    pub fn url(&self, database: &TestDatabase) -> String {
        format!("postgres://erpsync@127.0.0.1:{}/{}?sslmode=disable", self.port, database.name())
    }

    /// Ends every connection and refuses new ones.
    pub fn shut(&self) {
        self.state.send_modify(|state| state.0 = Door::Shut);
    }

    /// Lets nothing through, and ends nothing.
    pub fn stall(&self) {
        self.state.send_modify(|state| state.0 = Door::Stalled);
    }

    /// Lets through what is said to the database, and nothing that it answers.
    pub fn mute(&self) {
        self.state.send_modify(|state| state.0 = Door::Mute);
    }

    /// Ends every connection, and lets new ones through.
    pub fn cut(&self) {
        self.state.send_modify(|state| *state = (Door::Open, state.1 + 1));
    }

    /// Ends every connection as a crash does, without a goodbye, and refuses new ones.
    pub fn reset(&self) {
        self.state.send_modify(|state| state.0 = Door::Reset);
    }

    /// Says goodbye in the database's name on every connection, and takes no more from it.
    pub fn half_close(&self) {
        self.state.send_modify(|state| state.0 = Door::HalfClosed);
    }

    /// Lets through a few bytes at a time.
    pub fn slow(&self) {
        self.state.send_modify(|state| state.0 = Door::Slow);
    }

    /// Lets through again.
    pub fn reopen(&self) {
        self.state.send_modify(|state| state.0 = Door::Open);
    }
}

async fn pass(client: TcpStream, state: watch::Receiver<State>) {
    let door = state.borrow().0;
    if door == Door::Shut || door == Door::Reset {
        return;
    }
    let socket = format!("{}/.s.PGSQL.5432", socket_directory());
    let database = UnixStream::connect(socket).await.unwrap();
    let (mut client_in, client_out) = client.into_split();
    let (database_in, database_out) = database.into_split();
    let cuts = state.borrow().1;
    tokio::select! {
        () = copy(&mut client_in, database_out, state.clone(), cuts, false) => {}
        () = copy(database_in, client_out, state.clone(), cuts, true) => {}
    }
    if state.borrow().0 == Door::Reset {
        let _ = client_in.as_ref().set_zero_linger();
    }
}

/// Passes on while the door lets through, until it is shut or cut; `back` is from the database.
async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut state: watch::Receiver<State>,
    cuts: u64,
    back: bool,
) {
    let is_over = |state: &State| matches!(state.0, Door::Shut | Door::Reset) || state.1 != cuts;
    let mut buffer = [0; 8192];
    loop {
        // Half closed, the other way stays as it is.
        let is_half_closed = |state: &State| back && state.0 == Door::HalfClosed;
        let read = tokio::select! {
            read = from.read(&mut buffer) => Some(read),
            _ = state.wait_for(|state| is_over(state) || is_half_closed(state)) => None,
        };
        let Some(read) = read else {
            let _ = to.shutdown().await;
            let _ = state.wait_for(is_over).await;
            return;
        };
        let Ok(length @ 1..) = read else { return };
        let opened = state.wait_for(|state| is_over(state) || state.0.lets_through(back)).await;
        let Ok((door, is_over)) = opened.map(|state| (state.0, is_over(&state))) else { return };
        if is_over {
            return;
        }
        let pieces = if door == Door::Slow { 64 } else { length };
        for piece in buffer[..length].chunks(pieces) {
            if door == Door::Slow {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            if to.write_all(piece).await.is_err() {
                return;
            }
        }
    }
}
