//! Whether a server serves the demo connector.

use tokio::sync::watch;

/// Whether a server serves the demo connector: its database has the demo data, and either `--demo` is given or one of the
/// demo logins is live. It is known once the logins have been checked at the server's start.
#[derive(Clone, Debug)]
pub struct DemoConnectorState(watch::Receiver<Option<bool>>);

impl DemoConnectorState {
    /// Creates a state that is known.
    #[must_use]
    pub fn known(is_served: bool) -> Self {
        DemoConnectorState(watch::channel(Some(is_served)).1)
    }

    /// Creates a state that becomes known when it is sent to the returned channel.
    #[must_use]
    pub fn unknown() -> (watch::Sender<Option<bool>>, Self) {
        let (sender, receiver) = watch::channel(None);
        (sender, DemoConnectorState(receiver))
    }

    /// Waits until it is known whether the demo connector is served.
    pub async fn is_served(&self) -> bool {
        let mut state = self.0.clone();
        state.wait_for(Option::is_some).await.is_ok_and(|known| *known == Some(true))
    }
}
