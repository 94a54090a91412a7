//! The signals that ask the server to shut down.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Counts the signals SIGTERM, SIGINT and SIGHUP, which a closed terminal sends. The first one asks for a graceful
/// shutdown, the second one for an immediate one.
#[derive(Clone, Debug)]
pub struct ShutdownSignal(watch::Receiver<u8>);

impl ShutdownSignal {
    /// Installs the signal handlers.
    ///
    /// # Errors
    /// One line where signals cannot be received.
    pub fn install() -> Result<Self, String> {
        let handler = |kind| signal(kind).map_err(|problem| format!("cannot receive signals: {problem}"));
        let (mut terminate, mut interrupt) = (handler(SignalKind::terminate())?, handler(SignalKind::interrupt())?);
        let mut hang_up = handler(SignalKind::hangup())?;
        let (sender, receiver) = watch::channel(0_u8);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                    _ = hang_up.recv() => {}
                }
                sender.send_modify(|count| *count = count.saturating_add(1));
            }
        });
        Ok(ShutdownSignal(receiver))
    }

    /// Whether a signal was received.
    #[must_use]
    pub fn is_received(&self) -> bool {
        *self.0.borrow() > 0
    }

    /// Waits until `count` signals were received.
    pub async fn received(&mut self, count: u8) {
        // The task with the sender lives as long as the process.
        let _ = self.0.wait_for(|received| *received >= count).await;
    }
}
