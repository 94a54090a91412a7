//! A TCP door to the tests' PostgreSQL that can be shut, so that a server loses its database.

use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;

use super::TestDatabase;
use super::postgres::socket_directory;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Door {
    Open,
    Stalled,
    Shut,
}

/// The door. Shut, it ends what goes through it and refuses what comes.
pub struct Proxy {
    port: u16,
    door: Arc<watch::Sender<Door>>,
}

impl Proxy {
    /// An open door.
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let door = Arc::new(watch::channel(Door::Open).0);
        let watched = Arc::clone(&door);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, watched.subscribe()));
            }
        });
        Proxy { port, door }
    }

    /// For `--database-url`.
    pub fn url(&self, database: &TestDatabase) -> String {
        format!("postgres://erpsync@127.0.0.1:{}/{}?sslmode=disable", self.port, database.name())
    }

    /// Ends every connection and refuses new ones.
    pub fn shut(&self) {
        self.door.send_replace(Door::Shut);
    }

    /// Lets nothing through, and ends nothing.
    pub fn stall(&self) {
        self.door.send_replace(Door::Stalled);
    }

    /// Lets through again.
    pub fn reopen(&self) {
        self.door.send_replace(Door::Open);
    }
}

async fn pass(client: TcpStream, door: watch::Receiver<Door>) {
    if *door.borrow() == Door::Shut {
        return;
    }
    let socket = format!("{}/.s.PGSQL.5432", socket_directory());
    let database = UnixStream::connect(socket).await.unwrap();
    let (client_in, client_out) = client.into_split();
    let (database_in, database_out) = database.into_split();
    tokio::select! {
        () = copy(client_in, database_out, door.clone()) => {}
        () = copy(database_in, client_out, door) => {}
    }
}

async fn copy(
    mut from: impl tokio::io::AsyncRead + Unpin,
    mut to: impl tokio::io::AsyncWrite + Unpin,
    mut door: watch::Receiver<Door>,
) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut buffer = [0; 8192];
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read,
            _ = door.wait_for(|door| *door == Door::Shut) => return,
        };
        let Ok(length @ 1..) = read else { return };
        if door.wait_for(|door| *door != Door::Stalled).await.is_err() || *door.borrow() == Door::Shut {
            return;
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
