//! The connections that this server has saved, on their way to the worker.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// The most connections in the queue. The walk finds the others.
const MOST_WAITING: usize = 10_000;

/// The connections that were saved or deleted since the worker has asked last. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct DeliveryQueue(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// `None` if there is no worker.
    saved: Mutex<Option<Saved>>,
    wake: Notify,
}

/// The connections that were saved or deleted.
#[derive(Debug, Default)]
pub(super) struct Saved {
    /// The keys of connector and connection, in the order of the saves.
    pub keys: Vec<(i32, i32)>,
    /// Further connections were saved.
    pub is_incomplete: bool,
}

impl DeliveryQueue {
    /// Wakes the worker to tell a connector of a connection, after the commit.
    pub fn push(&self, connector: i32, connection: i32) {
        let mut saved = self.0.saved.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(saved) = &mut *saved else { return };
        if saved.keys.len() < MOST_WAITING {
            saved.keys.push((connector, connection));
        } else {
            saved.is_incomplete = true;
        }
        self.0.wake.notify_one();
    }

    /// Begins to fill the queue.
    pub(super) fn open(&self) {
        self.take();
    }

    /// Waits for a save. May return without one.
    pub(super) async fn changed(&self) {
        self.0.wake.notified().await;
    }

    /// Empties the queue.
    pub(super) fn take(&self) -> Saved {
        self.0.saved.lock().unwrap_or_else(PoisonError::into_inner).replace(Saved::default()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queue_is_bounded_and_empty_without_a_worker() {
        let queue = DeliveryQueue::default();
        queue.push(1, 1);
        assert!(queue.take().keys.is_empty());
        for connection in 0..10_001 {
            queue.push(1, connection);
        }
        let saved = queue.take();
        assert_eq!((saved.keys.len(), saved.is_incomplete), (MOST_WAITING, true));
        assert!(!queue.take().is_incomplete);
    }
}
