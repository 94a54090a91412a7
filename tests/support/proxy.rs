//! A TCP door to the tests' PostgreSQL that can be shut, stalled, muted or cut, so that a server loses its database.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;

use super::TestDatabase;
use super::postgres::socket_directory;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Door {
    Open,
    Mute,
    Stalled,
    Shut,
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

    /// Lets through again.
    pub fn reopen(&self) {
        self.state.send_modify(|state| state.0 = Door::Open);
    }
}

async fn pass(client: TcpStream, state: watch::Receiver<State>) {
    if state.borrow().0 == Door::Shut {
        return;
    }
    let socket = format!("{}/.s.PGSQL.5432", socket_directory());
    let database = UnixStream::connect(socket).await.unwrap();
    let (client_in, client_out) = client.into_split();
    let (database_in, database_out) = database.into_split();
    let cuts = state.borrow().1;
    tokio::select! {
        () = copy(client_in, database_out, state.clone(), cuts, &[Door::Open, Door::Mute]) => {}
        () = copy(database_in, client_out, state, cuts, &[Door::Open]) => {}
    }
}

/// Passes on while the door stands as in `passable`, until it is shut or cut.
async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut state: watch::Receiver<State>,
    cuts: u64,
    passable: &[Door],
) {
    let is_over = |state: &State| state.0 == Door::Shut || state.1 != cuts;
    let mut buffer = [0; 8192];
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read,
            _ = state.wait_for(is_over) => return,
        };
        let Ok(length @ 1..) = read else { return };
        let opened = state.wait_for(|state| is_over(state) || passable.contains(&state.0)).await;
        if opened.is_ok_and(|state| !is_over(&state)) && to.write_all(&buffer[..length]).await.is_ok() {
            continue;
        }
        return;
    }
}
